"""The watcher of the registry: lets a new champion answer, without dropping a request.

One thread looks every so often, and at once when that is wished.  What it finds is fetched beside,
loaded and tested; only then is what answers swapped, as a whole.
"""

import gc
import logging
import random
from collections.abc import Callable, Sequence
from threading import Event, Thread

from journeys.errors import OfframpError
from serving.loading import Loaded, Loader
from serving.metrics import Metrics
from serving.registry import is_folder
from serving.road import Scorer
from serving.served import Models, Served
from serving.without_model import BaseRates

_JITTER = 0.2
_WHEN_AWAY = 15.0
_SECONDS_TO_END = 5.0
_logger = logging.getLogger("offramp.serving")


class Watcher:
    """Loads the models of some addresses, and keeps watching them in a thread.

    Parameters
    ----------
    every : seconds between two looks, give or take a fifth, so that many services do not ask at
        once; 0 for no look but the wished ones
    on_fault : called when nothing can be loaded at the start; the fault is in ``fault``
    """

    def __init__(
        self,
        uris: Sequence[str],
        loader: Loader,
        models: Models,
        metrics: Metrics,
        *,
        every: float,
        on_fault: Callable[[], None],
    ) -> None:
        self._uris, self._loader, self._models, self._metrics = uris, loader, models, metrics
        self._every, self._on_fault = every, on_fault
        self._loaded: list[Loaded] = []
        self._over = Event()
        self._thread = Thread(target=self._watch, name="models", daemon=True)
        self.fault: OfframpError | None = None

    def start(self) -> None:
        """Begin to load; `Models.why_not_ready` says when it is done."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch, and what it is doing."""
        self._over.set()
        self._models.reload_wanted.set()
        self._loader.end()
        self._thread.join(_SECONDS_TO_END)

    def _watch(self) -> None:
        try:
            self._start()
        except OfframpError as fault:
            self.fault = fault
        except Exception as fault:  # a thread's fault would be nobody's
            _logger.exception("loading the models failed")
            self.fault = OfframpError(f"The models cannot be loaded: {type(fault).__name__}.")
        if self.fault is not None:
            self._on_fault()
            return
        while not self._over.is_set():
            wished = self._models.reload_wanted.wait(self._pause())
            self._models.reload_wanted.clear()
            if not self._over.is_set():
                self._look(wished=wished)

    def _start(self) -> None:
        for uri in self._uris:
            found = self._loader.load(uri)
            journey = found.origin.journey
            if journey in [other.origin.journey for other in self._loaded]:
                raise OfframpError(
                    "One model per journey can be served, but "
                    f"{journey!r} is served by several. Give one of each."
                )
            self._loaded.append(found)
        self._let_answer()
        self._models.why_not_ready = None

    def _look(self, *, wished: bool) -> None:
        for place, before in enumerate(self._loaded):
            if not wished and is_folder(before.origin.uri):
                continue
            try:
                found = self._loader.again(before, wished=wished)
            except Exception:  # whatever it is, what answers goes on answering
                _logger.exception("looking for a new model failed")
                continue
            if found != before:
                self._tell(before, found)
                self._loaded[place] = found
                self._let_answer()

    def _let_answer(self) -> None:
        served = served_of(self._loaded)
        self._models.swap(served)
        self._metrics.serving(served)
        # What answers lives until it is swapped: collections need not look at it again.
        gc.collect()
        gc.freeze()
        gc.enable()

    def _tell(self, before: Loaded, found: Loaded) -> None:
        origin, last = found.origin, found.origin.reload
        if last is not None and last != before.origin.reload:
            self._metrics.reloaded(origin.journey, last.result)
            if last.result == "loaded":
                info = found.answering.info
                _logger.info("%s version %s answers now", info.name, info.version)
        if before.origin.away_since is not None and origin.away_since is None:
            _logger.info("the registry answers again")

    def _pause(self) -> float | None:
        """Return the seconds to the next look: soon, if the registry is away; None for never."""
        if self._every == 0:
            return None
        away = any(one.origin.away_since is not None for one in self._loaded)
        every = min(self._every, _WHEN_AWAY) if away else self._every
        return every * random.uniform(1 - _JITTER, 1 + _JITTER)


def served_of(loaded: Sequence[Loaded]) -> Served:
    """Return what answers, models apart from base rates."""
    answering = [one.answering for one in loaded]
    return Served(
        scorers=tuple(one for one in answering if isinstance(one, Scorer)),
        degraded=tuple(one for one in answering if isinstance(one, BaseRates)),
        origins=tuple(one.origin for one in loaded),
    )
