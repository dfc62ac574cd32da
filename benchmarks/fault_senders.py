"""Senders that do as orchestrators do: send events until acknowledged, and again if not."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection

from benchmarks.served_process import asked
from serving.store import Store

_CUSTOMERS = 200


@dataclass
class Ledger:
    """What the senders were told; ``acknowledged`` are ids of events that must stay."""

    acknowledged: set[str] = field(default_factory=set)
    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Held:
    """What a store holds, compared with what was acknowledged."""

    lost: int
    twice: int
    events: int


class Senders:
    """Some threads that send events to a port until they are told to end."""

    def __init__(self, port: int, ledger: Ledger, *, seed: int, threads: int = 8) -> None:
        self._port, self._ledger = port, ledger
        self._end = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(f"{seed}-{n}", random.Random(seed * 97 + n)))
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let each finish what it is asking."""
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _run(self, name: str, draw: random.Random) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        waiting: list[dict[str, object]] = []
        number = 0
        while not self._end.is_set():
            if not waiting or draw.random() < 0.8:  # else exactly the same again
                new = [
                    self._event(f"{name}-{number + n}", draw) for n in range(draw.randint(1, 40))
                ]
                number += len(new)
                waiting += new
            waiting = self._send(connection, waiting)

    def _send(
        self, connection: HTTPConnection, events: list[dict[str, object]]
    ) -> list[dict[str, object]]:
        """Send events; return those that are still to be sent."""
        try:
            status, _ = asked(connection, "POST", "/v1/events", events)
        except OSError:
            connection.close()
            with self._ledger.lock:
                self._ledger.broken += 1
            time.sleep(0.05)
            return events[-2_000:]
        with self._ledger.lock:
            self._ledger.sent += 1
            self._ledger.statuses[status] += 1
            if status in (200, 202):
                self._ledger.acknowledged.update(str(event["id"]) for event in events)
                return []
        time.sleep(0.05)
        return events[-2_000:]

    def _event(self, id_: str, draw: random.Random) -> dict[str, object]:
        return {
            "customer_id": f"c{draw.randrange(_CUSTOMERS)}",
            "time": f"2026-03-{draw.randint(1, 28):02}T09:30:00Z",
            "activity": "document_upload",
            "channel": "app",
            "source": "urn:benchmark",
            "id": id_,
            "number": id_,
        }


def held(database: str, ledger: Ledger) -> Held:
    """Read everything back from the database and compare it with what was acknowledged."""
    store = Store.open(database)
    try:
        there = Counter(
            str(event["number"])
            for customer in store.customers(limit=_CUSTOMERS + 1)
            for event in store.history(customer)
        )
    finally:
        store.close()
    lost = len(ledger.acknowledged - there.keys())
    return Held(lost, sum(count > 1 for count in there.values()), there.total())
