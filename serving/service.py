"""The service: the parts that its routes are made of, in one frozen hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import time_ns

from serving.keys import Keys
from serving.known_issues import NONE, KnownIssues
from serving.metrics import Metrics
from serving.pseudonym import Pseudonym
from serving.served import Models
from serving.store import Store


def now() -> int:
    """Return the time in microseconds since the epoch, UTC."""
    return time_ns() // 1_000


@dataclass(frozen=True)
class Service:
    """What every route module gets: ``add_X(app, service)``.

    ``models`` is what answers now; ``store`` keeps events (None: nothing is kept, the paths that
    need it say so); ``state`` is the folder of `offramp watch` with its findings (None: none are
    known) and ``issues`` what is open in it; ``pseudonym`` is what a customer's key is called
    inside; ``keys`` who may ask (None: nobody has to show one, on loopback only); ``clock``
    microseconds since the epoch, UTC.
    """

    models: Models
    store: Store | None = None
    state: Path | None = None
    issues: KnownIssues = NONE
    pseudonym: Pseudonym = field(default_factory=Pseudonym)
    keys: Keys | None = None
    metrics: Metrics = field(default_factory=Metrics)
    clock: Callable[[], int] = now
