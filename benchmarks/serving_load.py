"""Loaders: as many requests as a server takes (wrk, or our own), or a constant rate of arrivals.

At a constant rate (an open loop) a latency counts from the moment at which the request was meant to
be sent: a server that stalls is charged for everybody who would have come meanwhile.
"""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

Told = tuple[float, int]
"""How long an answer took, in seconds, and its status."""

CONNECTIONS = 8
_MILLI = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}
_MOST_AT_ONCE = 64
_COARSE = 0.002  # seconds; a sleep ends late by up to a millisecond
_SCRIPT = """
local file = io.open("{body}", "rb")
wrk.method, wrk.body = "POST", file:read("*a")
wrk.headers["Content-Type"] = "application/json"
file:close()
"""


@dataclass(frozen=True)
class Loaded:
    """What a server did under load; latencies in milliseconds, errors: not 2xx."""

    requests: int
    seconds: float
    p50: float
    p99: float
    errors: int

    @property
    def per_second(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Asked:
    """One HTTP request: where it goes, and its body; without one it is a GET."""

    port: int
    path: str
    body: bytes = b""

    @property
    def written(self) -> bytes:
        """The request as it goes over the wire."""
        method = "POST" if self.body else "GET"
        head = f"{method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        if self.body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n"
        return f"{head}\r\n".encode() + self.body


def at_full_load(asked: Asked, seconds: float) -> Loaded:
    """Send as many requests as are answered over eight connections; by wrk if it is there."""
    if shutil.which("wrk"):
        return _by_wrk(asked, seconds)
    return asyncio.run(_closed_loop([asked], seconds))


def loader() -> str:
    """Return what sends the requests at full load."""
    return "wrk" if shutil.which("wrk") else "in-house"


def at_rate(asked: Sequence[Asked], rate: float, seconds: float) -> Loaded:
    """Send requests at a constant rate, one after the other of those given, and then again."""
    return asyncio.run(_open_loop(asked, rate, seconds))


def at_full_load_in_turn(asked: Sequence[Asked], seconds: float) -> Loaded:
    """Send as many requests as are answered, one after the other of those given: by our own."""
    return asyncio.run(_closed_loop(asked, seconds))


def _by_wrk(asked: Asked, seconds: float) -> Loaded:
    with TemporaryDirectory() as folder:
        body, script = Path(folder) / "body.json", Path(folder) / "post.lua"
        body.write_bytes(asked.body)
        script.write_text(_SCRIPT.format(body=body) if asked.body else "")
        url = f"http://127.0.0.1:{asked.port}{asked.path}"
        length = [f"-d{round(seconds)}s", "-t1", f"-c{CONNECTIONS}", "--timeout", "20s"]
        ran = subprocess.run(
            ["wrk", *length, "--latency", "-s", str(script), url],
            capture_output=True,
            text=True,
            check=True,
        )
    return _as_wrk_says(ran.stdout)


def _as_wrk_says(text: str) -> Loaded:
    requests, took = re.search(r"(\d+) requests in ([\d.]+\w+),", text).groups()  # type: ignore[union-attr]  # wrk says so
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    lost = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    p50, p99 = (re.search(rf"(?m)^\s*{p}%\s+(\S+)", text).group(1) for p in (50, 99))  # type: ignore[union-attr]  # the same
    return Loaded(
        int(requests),
        _milliseconds(took) / 1e3,
        _milliseconds(p50),
        _milliseconds(p99),
        int(wrong.group(1) if wrong else 0) + sum(map(int, lost.groups() if lost else ())),
    )


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr]  # wrk writes both
    return float(number) * _MILLI[unit]


class _Connection(asyncio.Protocol):
    """One connection that is kept open: one request at a time, its answer told by its status."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[int] | None = None
        self._seen = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        self.transport = transport

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        """Send a request; the future has the status, 0 where the connection was lost."""
        self._answer = asyncio.get_running_loop().create_future()
        self._seen.clear()
        self.transport.write(request)  # type: ignore[attr-defined]  # a TCP transport
        return self._answer

    def end(self) -> None:
        """Hang up."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Tell the status once the whole answer is there."""
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if found and self._answer and len(body) >= int(length.group(1) if length else 0):
            answer, self._answer = self._answer, None
            answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Tell that there will be no answer."""
        if self._answer and not self._answer.done():
            self._answer.set_result(0)


async def _connected(port: int) -> _Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(_Connection, "127.0.0.1", port)
    return connection


async def _closed_loop(asked: Sequence[Asked], seconds: float) -> Loaded:
    turn, told = cycle([one.written for one in asked]), list[Told]()
    begun = time.perf_counter()

    async def keep_asking() -> None:
        connection = await _connected(asked[0].port)
        while (sent := time.perf_counter()) < begun + seconds:
            status = await connection.ask(next(turn))
            told.append((time.perf_counter() - sent, status))
        connection.end()

    await asyncio.gather(*(keep_asking() for _ in range(CONNECTIONS)))
    return _loaded(told, time.perf_counter() - begun)


async def _open_loop(asked: Sequence[Asked], rate: float, seconds: float) -> Loaded:
    turn, told = cycle([one.written for one in asked]), list[Told]()
    waiting = asyncio.Queue[float | None]()

    async def answer_waiting(connection: _Connection) -> None:
        while (meant := await waiting.get()) is not None:
            status = await connection.ask(next(turn))
            told.append((time.perf_counter() - meant, status))
        connection.end()

    connections = [await _connected(asked[0].port) for _ in range(_MOST_AT_ONCE)]
    begun = time.perf_counter()
    asking = [asyncio.create_task(answer_waiting(one)) for one in connections]
    for number in range(round(rate * seconds)):
        meant = begun + number / rate
        while (ahead := meant - time.perf_counter()) > 0:
            await asyncio.sleep(ahead - _COARSE if ahead > _COARSE else 0)
        waiting.put_nowait(meant)
    for _ in asking:
        waiting.put_nowait(None)
    await asyncio.gather(*asking)
    return _loaded(told, time.perf_counter() - begun)


def _loaded(told: Sequence[Told], seconds: float) -> Loaded:
    took = np.array([seconds for seconds, _ in told])
    p50, p99 = (float(each) * 1e3 for each in np.quantile(took, (0.5, 0.99)))
    return Loaded(len(told), seconds, p50, p99, sum(status // 100 != 2 for _, status in told))
