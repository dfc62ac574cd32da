"""What is lost when the service, its database or its disk fails while events come in: nothing.

Each function does one harm to a real service with a real database and returns one row: what was
tried, how many events were acknowledged, how many of those are missing afterwards, how many are
there twice, and what callers were told meanwhile.
"""

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from benchmarks.fault_senders import Ledger, Senders, held
from benchmarks.postgresql import PostgreSQL
from benchmarks.served_process import ServedProcess
from serving.app import create_app
from serving.served import Models
from serving.service import Service, now
from serving.store import Store

Row = dict[str, object]
_HOUR = 3_600_000_000


def killed_while_ingesting(
    bundle: Path, database: str | None = None, *, times: int = 50, seed: int = 0
) -> Row:
    """Kill the service (SIGKILL) at random moments while events come in; start it again.

    ``database``: an address; None: a new SQLite file.
    """
    draw, ledger = random.Random(seed), Ledger()
    with TemporaryDirectory() as folder:
        address = database or str(Path(folder) / "events.db")
        served = _served(bundle, address, Path(folder))
        for round_ in range(times):
            senders = Senders(served.port, ledger, seed=seed * 1_000 + round_)
            time.sleep(draw.uniform(0.05, 1.0))
            served.kill()
            senders.end()
            if round_ < times - 1:
                served.start()
        kind = "PostgreSQL" if address.startswith("postgresql") else "SQLite"
        return _row(f"service killed while ingesting ({kind})", f"{times} times", ledger, address)


def database_killed(bundle: Path, *, times: int = 10, seed: int = 1) -> Row:
    """Stop PostgreSQL as a power cut does while events come in; start it again."""
    with _postgresql() as (server, address), TemporaryDirectory() as folder:
        ledger, draw = Ledger(), random.Random(seed)
        served = _served(bundle, address, Path(folder))
        senders = Senders(served.port, ledger, seed=seed)
        for _ in range(times):
            time.sleep(draw.uniform(0.2, 1.0))
            server.kill()
            time.sleep(1.0)
            server.start()
        time.sleep(2.0)
        senders.end()
        served.stop()
        return _row("database killed while ingesting", f"{times} times", ledger, address)


def database_gone_and_back(bundle: Path, *, seconds: float = 10.0, seed: int = 2) -> Row:
    """Stop PostgreSQL as an operator does, for some seconds; the service goes on by itself."""
    with _postgresql() as (server, address), TemporaryDirectory() as folder:
        ledger = Ledger()
        served = _served(bundle, address, Path(folder))
        senders = Senders(served.port, ledger, seed=seed)
        time.sleep(1.0)
        server.stop()
        time.sleep(seconds)
        lives = served.ask("GET", "/healthz")[0]
        server.start()
        begun = time.monotonic()
        back = _first(lambda: served.ask("POST", "/v1/events", [_EVENT])[0] in (200, 202))
        senders.end()
        served.stop()
        row = _row("database gone and back", f"away for {seconds:g} s", ledger, address)
        waited = f"healthz {lives}; events again {back - begun:.1f} s after it was back"
        return row | {"behaviour": f"{row['behaviour']}; {waited}"}


def disk_full(bundle: Path, *, megabytes: int = 12, seed: int = 3) -> Row:
    """Fill the disk of the SQLite file while events come in; then make room."""
    with TemporaryDirectory() as folder, _small_disk(Path(folder) / "disk", megabytes) as disk:
        ledger, address = Ledger(), str(disk.folder / "events.db")
        served = _served(bundle, address, Path(folder))
        senders = Senders(served.port, ledger, seed=seed)
        full = _first(lambda: ledger.statuses[507] >= 5)
        before = len(ledger.acknowledged)
        disk.make_room()
        again = _first(lambda: len(ledger.acknowledged) > before + 100)
        senders.end()
        served.stop()
        row = _row(f"disk full ({disk.how})", f"{megabytes} MB", ledger, address)
        healed = f"events again {again - full:.1f} s after there was room, without a restart"
        return row | {"behaviour": f"{row['behaviour']}; {healed}"}


def clock_jump(*, jumps: int = 40, seed: int = 4) -> Row:
    """Let the service's clock jump by hours, back and forth, while events come in.

    The clock is the service's own, not the machine's, which others live by.
    """
    draw, ledger, offset = random.Random(seed), Ledger(), [0]
    with TemporaryDirectory() as folder:
        address = str(Path(folder) / "events.db")
        store = Store.open(address)
        service = Service(Models(), store=store, clock=lambda: now() + offset[0])
        config = uvicorn.Config(create_app(service), port=0, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        _first(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        senders = Senders(port, ledger, seed=seed)
        for _ in range(jumps):
            offset[0] = draw.randint(-48, 48) * _HOUR
            time.sleep(0.05)
        senders.end()
        server.should_exit = True
        thread.join()
        store.close()
        return _row("clock jumps", f"{jumps} jumps of up to 48 h", ledger, address)


_EVENT = {"customer_id": "c0", "time": "2026-03-01T00:00:00Z", "activity": "seen", "number": "-"}


class _Disk:
    """A folder with little room, and what fills it."""

    def __init__(self, folder: Path, how: str) -> None:
        self.folder, self.how = folder, how
        self._filler = folder / "filler"

    def fill(self, megabytes: float) -> None:
        """Leave only some of the room."""
        self._filler.write_bytes(bytes(int(megabytes * 1e6)))

    def make_room(self) -> None:
        """Take away what fills it."""
        self._filler.unlink()


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[_Disk]:
    """Mount a disk in memory, half of it filled; it takes root."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    try:
        disk = _Disk(folder, "a tmpfs")
        disk.fill(megabytes * 0.6)
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def _postgresql() -> Iterator[tuple[PostgreSQL, str]]:
    server = PostgreSQL()
    try:
        yield server, server.new_database("faults")
    finally:
        server.throw_away()


def _served(bundle: Path, database: str, folder: Path) -> ServedProcess:
    return ServedProcess("--model", str(bundle), "--database", database, log=folder / "log")


def _first(holds: Callable[[], bool], seconds: float = 60.0) -> float:
    """Wait until something holds; return when (monotonic seconds)."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return time.monotonic()
        time.sleep(0.05)
    raise RuntimeError(f"it did not happen within {seconds:g} seconds")


def _row(fault: str, tried: str, ledger: Ledger, database: str) -> Row:
    there = held(database, ledger)
    told = ", ".join(f"{count} of {status}" for status, count in sorted(ledger.statuses.items()))
    return {
        "fault": fault,
        "tried": tried,
        "acknowledged": len(ledger.acknowledged),
        "lost": there.lost,
        "twice": there.twice,
        "behaviour": f"answers: {told}; {ledger.broken} connections broken",
    }
