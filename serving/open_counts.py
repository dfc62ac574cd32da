"""How many journeys are open, counted from the store: in the background, and without haste.

Nobody waits for it: who asks gets the last count with its instant, and a count that has grown old
is made anew meanwhile.  It takes a fifth of one core while it runs and rests five times as long.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from features.find_one import OneCustomer
from journeys.definition import Definition
from journeys.errors import StoreError
from serving.histories import timed_events
from serving.messages import STARTED
from serving.service import Service
from serving.store import Store

_PAGE = 200  # customers
_PAUSE = 4.0  # times what a page took
_REST = 5.0  # times what a count took
_LEAST_REST = 60.0  # seconds
_PATIENCE = 0.5  # seconds, for the very first count
_logger = logging.getLogger("offramp.serving")

Stages = Mapping[str, int]


@dataclass(frozen=True)
class Counts:
    """Open journeys as of an instant (microseconds, UTC), by journey and the stage reached last."""

    as_of: int
    stages: Mapping[str, Stages]


class OpenCounts:
    """Counts the open journeys of a service's store, whenever somebody asks and it is time."""

    def __init__(self, service: Service, *, least_rest: float = _LEAST_REST) -> None:
        self._service, self._least_rest = service, least_rest
        self._latest: Counts | None = None
        self._task: asyncio.Task[None] | None = None
        self._rests_until = 0.0

    async def latest(self) -> Counts | None:
        """Return the last count; None without a store, and until the first is done."""
        if self._service.store is None:
            return None
        if (self._task is None or self._task.done()) and monotonic() >= self._rests_until:
            self._task = asyncio.create_task(self._count(self._service.store))
        if self._latest is None and self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=_PATIENCE)
        return self._latest

    async def _count(self, store: Store) -> None:
        began, as_of = monotonic(), self._service.clock()
        definitions = [one.definition for one in self._service.models.current().everyone]
        walks = [(one, OneCustomer(one)) for one in definitions]
        found: dict[str, Counter[str]] = {one.name: Counter() for one in definitions}
        after: str | None = None
        try:
            while True:
                at = monotonic()
                after, page = await asyncio.to_thread(_page, store, walks, after, as_of)
                for journey, stage in page:
                    found[journey][stage] += 1
                if after is None:
                    break
                await asyncio.sleep(_PAUSE * (monotonic() - at))
            self._latest = Counts(as_of, found)
        except StoreError as fault:
            _logger.warning("open journeys were not counted: %s", fault)
        finally:
            took = monotonic() - began
            self._rests_until = monotonic() + max(self._least_rest, _REST * took)


def _page(
    store: Store,
    walks: Sequence[tuple[Definition, OneCustomer]],
    after: str | None,
    as_of: int,
) -> tuple[str | None, list[tuple[str, str]]]:
    """Return (journey, stage) of the open journeys of some customers, and the last of their keys.

    The key is None where nobody is left.
    """
    definitions = [definition for definition, _ in walks]
    keys = store.customers(after, _PAGE)
    found = []
    for person in store.people(keys, as_of):
        events = store.history(person, as_of)
        if not events:
            continue
        history = timed_events(events, as_of, definitions)
        for definition, walk in walks:
            columns = {name: history.values(name, definition) for name in walk.fields}
            lived = walk.lived(history.times, columns, as_of)
            if lived.begins is not None:
                found.append((definition.name, lived.stage or STARTED))
    return (keys[-1] if len(keys) == _PAGE else None), found
