"""What answers right now: immutable, and swapped as a whole when a model is reloaded.

A request takes ``models.current()`` once and keeps it to its end, so a reload changes nothing under
its feet: requests in flight finish on the models they began with.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Literal

from models import Bundle
from serving.problems import refused
from serving.road import Scorer
from serving.without_model import BaseRates

WARMING = "The models are being warmed up. Try again in a few seconds."


Source = Literal["registry", "cache", "folder", "nothing"]


@dataclass(frozen=True)
class Reload:
    """How the last try to load an address went.

    ``at`` is in microseconds since the epoch, UTC.  ``result`` says whether a version answers now,
    nothing was new, what came was refused (the one before stays), or the registry was away; ``why``
    says so in words, "" where there is nothing to say.
    """

    at: int
    result: Literal["loaded", "unchanged", "refused", "away"]
    why: str = ""
    version: str | None = None


@dataclass(frozen=True)
class Origin:
    """Where the model of one journey comes from; times in microseconds since the epoch, UTC.

    ``uri`` is the address asked for; ``source`` what gave the bundle; ``version`` is the
    registry's, None where it has none; ``away_since`` is when the registry was first found away,
    None while it answers.
    """

    uri: str
    journey: str
    source: Source
    loaded_at: int
    version: str | None = None
    reload: Reload | None = None
    away_since: int | None = None


@dataclass(frozen=True)
class Served:
    """What answers right now.

    ``scorers`` has one per journey; ``degraded`` those journeys for which only base rates are left;
    ``origins`` says of each address where its model comes from.
    """

    scorers: tuple[Scorer, ...]
    degraded: tuple[BaseRates, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def everyone(self) -> tuple[Scorer | BaseRates, ...]:
        """All that answer, one per journey: models first, then base rates."""
        return (*self.scorers, *self.degraded)

    @property
    def bundles(self) -> Sequence[Bundle]:
        """The bundles behind the scorers."""
        return [scorer.bundle for scorer in self.scorers]


@dataclass
class Models:
    """What answers now, and whether anybody may ask; the one place that changes.

    ``why_not_ready`` is None once requests can be answered.  ``draining``: the service is ending,
    what comes is still answered, but nobody should be sent here.  ``reload_wanted`` wakes the
    watcher of the registry before its time.
    """

    why_not_ready: str | None = WARMING
    draining: bool = False
    reload_wanted: Event = field(default_factory=Event)
    _served: Served = field(default_factory=lambda: Served(()))

    def current(self) -> Served:
        """Return what answers now; keep it for the whole request."""
        return self._served

    def ready(self) -> Served:
        """Return what answers now, for a route that cannot do without.

        Raises
        ------
        Refused
            503 while nothing is ready.
        """
        if self.why_not_ready is not None:
            raise refused("not-ready", self.why_not_ready)
        return self._served

    def swap(self, served: Served) -> None:
        """Let another answer from the next request on; one assignment, so no request sees half."""
        self._served = served
