"""One thread that writes: whatever waits shares one transaction, and so one sync of the disk.

A request is answered only once its transaction is durable.  A request that fails undoes the whole
group, and then each of the group is tried by itself: nobody pays for a neighbour's fault.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Full, Queue
from threading import Thread
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine

from journeys.errors import StoreAwayError
from serving.database import store_faults

MOST_WAITING = 2_000

_MOST_TOGETHER = 256
Request = TypeVar("Request")


class GroupCommit(Generic[Request]):
    """Writes requests together, in the order they came."""

    def __init__(
        self, engine: Engine, together: Callable[[Connection, Sequence[Request]], list[Any]]
    ) -> None:
        """Take what writes several requests in one transaction and answers each."""
        self._engine = engine.execution_options(writes=True)
        self._together = together
        self._waiting: Queue[tuple[Request, Future[Any]] | None] = Queue(MOST_WAITING)
        self._thread = Thread(target=self._run, name="event store", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> "Future[Any]":
        """Return the answer to come; raise `StoreAwayError` when too many wait already."""
        answer: Future[Any] = Future()
        if not self._thread.is_alive():
            raise StoreAwayError("The event store has been closed; nothing was kept.")
        try:
            self._waiting.put_nowait((request, answer))
        except Full:
            raise StoreAwayError(
                f"More than {MOST_WAITING:,} requests wait for the event store. Send this one "
                "again in a few seconds; nothing of it was kept."
            ) from None
        return answer

    def close(self) -> None:
        """Write what waits, then stop."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            group = [first]
            while len(group) < _MOST_TOGETHER and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:  # to be met again, after this group
                    self._waiting.put(None)
                    break
                group.append(following)
            # Whoever has hung up while waiting is not written for.
            self._write([one for one in group if one[1].set_running_or_notify_cancel()])

    def _write(self, group: Sequence[tuple[Request, "Future[Any]"]]) -> None:
        if not group:
            return
        try:
            with store_faults(), self._engine.begin() as connection:
                answers = self._together(connection, [request for request, _ in group])
        except Exception as fault:
            if len(group) == 1 or isinstance(fault, StoreAwayError):
                for _, answer in group:
                    answer.set_exception(fault)
            else:
                for one in group:
                    self._write([one])
        else:
            for (_, answer), found in zip(group, answers, strict=True):
                answer.set_result(found)
