"""Callers who ask too slowly, too much at once, or for too long a journey."""

import json
import re
import shutil
import socket
import subprocess
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic, sleep
from typing import Any

from benchmarks.served import Running, running
from models import load_bundle
from serving.client import Offramp, OfframpAway, OfframpRefused
from serving.example import example_request

Row = dict[str, object]

_DRIBBLERS = 200
_PEAK, _OVERLOAD = 32, 320  # connections that ask again at once
_SECONDS = 5
_EVENTS = 10_000
_SCRIPT = """
local file = io.open("{body}", "rb")
wrk.method, wrk.body = "POST", file:read("*a")
wrk.headers["Content-Type"] = "application/json"
file:close()
"""


def slow_clients(bundle: Path) -> Row:
    """Let callers dribble bodies, a byte a second, while others ask."""
    request = example_request(load_bundle(bundle))
    with TemporaryDirectory() as folder, running(Path(folder), "--model", str(bundle)) as server:
        dribblers = [_connected(server) for _ in range(_DRIBBLERS)]
        head = b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
        for one in dribblers:
            one.sendall(head)
        answered, lost, begun = 0, 0, monotonic()
        with Offramp(server.address, patience=0) as client:
            while monotonic() - begun < 24:
                lost += not _answers(client, request)
                answered += 1
                sleep(0.2)
                for one in dribblers:
                    _dribbled(one)
        told = Counter(_status(one) for one in dribblers)
        for one in dribblers:
            one.close()
    well = "; ".join(f"{many} dribblers got {what} after 20 s" for what, many in told.items())
    well += "; the others were answered"
    tried = f"{_DRIBBLERS} dribblers, {answered} others"
    return {"fault": "slow clients", "tried": tried, "lost": lost, "behaviour": well}


def long_journey(bundle: Path) -> Row:
    """Score a journey of ten thousand events, and one more than that."""
    request = example_request(load_bundle(bundle))
    history: dict[str, Any] = request["histories"][0]  # type: ignore[index]  # plain data
    first = history["events"][0]
    with (
        TemporaryDirectory() as folder,
        running(Path(folder), "--model", str(bundle)) as server,
        Offramp(server.address, timeout=60) as client,
    ):
        begun = monotonic()
        answer = client.score([history | {"events": [first] * _EVENTS}])
        took = monotonic() - begun
        try:
            client.score([history | {"events": [first] * (_EVENTS + 1)}])
            refused = 0
        except OfframpRefused as error:
            refused = error.status
    good = bool(answer["predictions"][0]["journeys"])
    told = f"answered in {1_000 * took:,.0f} ms with reasons; one event more is a {refused}"
    return {
        "fault": "a journey of 10,000 events",
        "tried": "1",
        "lost": 1 - good,
        "behaviour": told,
    }


def overload(bundle: Path) -> Row:
    """Ask with ten times the connections that keep the process busy; one caller is patient."""
    fault, tried = "10 x overload", f"{_PEAK}, then {_OVERLOAD} connections"
    if shutil.which("wrk") is None:
        return {"fault": fault, "tried": "nothing: wrk is not here", "lost": 0, "behaviour": ""}
    request = example_request(load_bundle(bundle)) | {"explain": 0}
    with TemporaryDirectory() as folder, running(Path(folder), "--model", str(bundle)) as server:
        body = Path(folder) / "body.json"
        body.write_text(json.dumps(request))
        _asked_by(server, body, _PEAK)  # to warm up
        peak, _ = _asked_by(server, body, _PEAK)
        waits: list[float] = []
        patient = Thread(target=_patient, args=(server, request, waits))
        patient.start()
        good, refused = _asked_by(server, body, _OVERLOAD)
        patient.join()
        after, _ = _asked_by(server, body, _PEAK)
    told = (
        f"{good:,.0f} good answers/s at {peak:,.0f}/s peak ({good / peak:.0%}), {refused:,.0f} "
        f"refusals/s; a patient caller waited {max(waits, default=0):.1f} s at most; "
        f"{after:,.0f}/s after it"
    )
    return {"fault": fault, "tried": tried, "lost": sum(w == 0 for w in waits), "behaviour": told}


def _patient(server: Running, request: object, waits: list[float]) -> None:
    until = monotonic() + _SECONDS
    with Offramp(server.address, patience=20) as client:
        while monotonic() < until:
            begun = monotonic()
            good = _answers(client, request)
            waits.append(monotonic() - begun if good else 0.0)
            sleep(0.1)


def _answers(client: Offramp, request: object) -> bool:
    try:
        return bool(client.ask("POST", "/v1/score", request))
    except (OfframpAway, OfframpRefused):
        return False


def _asked_by(server: Running, body: Path, connections: int) -> tuple[float, float]:
    """Return good answers and refusals per second, as wrk counts them."""
    script = body.with_suffix(".lua")
    script.write_text(_SCRIPT.format(body=body))
    length = [f"-d{_SECONDS}s", "-t2", f"-c{connections}", "--timeout", "20s"]
    said = subprocess.run(
        ["wrk", *length, "-s", str(script), f"{server.address}/v1/score"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    made = re.search(r"(\d+) requests in", said)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    refused = int(wrong[1]) if wrong else 0
    return ((int(made[1]) if made else 0) - refused) / _SECONDS, refused / _SECONDS


def _connected(server: Running) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def _status(connection: socket.socket) -> str:
    """Return the status that a connection was answered with, or how it ended without one."""
    try:
        answer = connection.recv(100)
    except OSError as fault:
        return type(fault).__name__
    return f"a {answer[9:12].decode()}" if answer.startswith(b"HTTP/1.1 ") else "no answer"


def _dribbled(connection: socket.socket) -> None:
    try:
        connection.sendall(b" ")
    except OSError:
        return  # it has been told
