"""A real server to ask: ``offramp serve`` in a process of its own, on a free port."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, Self, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

Found = TypeVar("Found")

_SECONDS = 90.0


@dataclass(frozen=True)
class Running:
    """A server process: where it listens, and its log."""

    address: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def ask(self, path: str, body: bytes | None = None, *, seconds: float = 30) -> tuple[int, Any]:
        """GET a path, or POST a JSON body to it; return status and answer, 0 if there is none."""
        headers = {"content-type": "application/json"}
        request = Request(self.address + path, body, headers)
        try:
            with urlopen(request, timeout=seconds) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.loads(error.read())
        except (URLError, OSError):
            return 0, None

    def model(self) -> dict[str, Any]:
        """Return what it says of the (first) model that answers."""
        return dict(self.ask("/v1/model")[1]["models"][0])

    def ready(self) -> bool:
        """Return whether requests can be answered."""
        return self.ask("/readyz", seconds=2)[0] == 200


@contextmanager
def running(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run ``offramp serve`` until the end of the block; it is ready at its beginning.

    Parameters
    ----------
    folder : for its log
    options : of the command, without ``--port``
    environment : variables beside those of this process
    """
    log = folder / f"serve-{len(list(folder.glob('serve-*')))}.log"
    command = [sys.executable, "-m", "offramp", "serve", "--port", "0", *options]
    wanted = os.environ | dict(environment or {})
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=wanted)
    try:
        found = until(lambda: re.search(r" at (http://[\d.:]+)", log.read_text()), process, log)
        server = Running(found[1], process, log)
        until(server.ready, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(_SECONDS)


def until(
    found: Callable[[], Found | None],
    process: "subprocess.Popen[bytes] | None" = None,
    log: Path | None = None,
) -> Found:
    """Wait until a question has a true answer, and return it."""
    last = monotonic() + _SECONDS
    while monotonic() < last and (process is None or process.poll() is None):
        if answer := found():
            return answer
        sleep(0.05)
    raise AssertionError(f"waited in vain: {log.read_text() if log else found}")


@dataclass
class Asking:
    """Asks the same again and again, from a thread, until the end of a block; counts answers."""

    server: Running
    path: str
    body: bytes | None
    statuses: list[int] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    _over: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Begin to ask, two at a time."""
        self._threads = [Thread(target=self._ask) for _ in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop asking."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._over.is_set():
            status, answer = self.server.ask(self.path, self.body)
            self.statuses.append(status)
            self.answers.append(answer)

    @property
    def lost(self) -> int:
        """How many requests got no good answer."""
        return sum(status != 200 for status in self.statuses)
