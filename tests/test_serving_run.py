"""Starting the service: a real process that answers, and every refusal to start in one message."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest

from journeys.errors import BundleError, OfframpError
from models import save_bundle
from serving.run import ALLOW_REMOTE, serve
from tests.serving_bundle import body_of, small_bundle

SECRET = "customer-4711"
EVENT = {"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bundle(small_bundle(), tmp_path_factory.mktemp("served") / "bundle")


@pytest.fixture(scope="session")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Return the address of a server process on a free port, and the file of its log."""
    log = tmp_path_factory.mktemp("log") / "serve.log"
    code = f"from serving.run import serve; serve({str(folder)!r}, port=0)"
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=out, stderr=out)
    try:
        yield _address(process, log), log
    finally:
        process.terminate()
        process.wait(20)


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    until = monotonic() + 60
    while monotonic() < until and process.poll() is None:
        found = re.search(r" at (http://[\d.:]+)", log.read_text())
        if found and _is_ready(found[1]):
            return found[1]
        sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text()}")


def _is_ready(address: str) -> bool:
    try:
        return bool(httpx2.get(f"{address}/readyz").status_code == 200)
    except httpx2.TransportError:
        return False


def test_a_server_answers_over_http(server: tuple[str, Path]) -> None:
    address, log = server
    body = body_of([{"customer_id": SECRET, "events": [EVENT]}])
    headers = {"content-type": "application/json"}
    answer = httpx2.post(f"{address}/v1/score", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["predictions"][0]["journeys"][0]["step"] == "begun"
    assert httpx2.get(f"{address}/healthz").json() == {"status": "ok"}
    assert "127.0.0.1" in address
    assert answer.headers["x-request-id"] in log.read_text()
    assert SECRET not in log.read_text()


def test_a_port_in_use_is_named(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OfframpError, match=f"port {port}: Address already in use"):
            serve(str(folder), port=port)


def test_a_port_that_cannot_be_is_named(folder: Path) -> None:
    with pytest.raises(OfframpError, match="port 70000"):
        serve(str(folder), port=70_000)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org", "192.168.1.7"])
def test_strangers_are_not_let_in_unasked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOW_REMOTE, raising=False)
    with pytest.raises(OfframpError, match=f"--host {host}.*{ALLOW_REMOTE}=1"):
        serve("nowhere", host=host)


def test_strangers_are_let_in_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOW_REMOTE, "1")
    with pytest.raises(BundleError, match="no bundle at 'nowhere'"):
        serve("nowhere", host="0.0.0.0", port=0)


def test_a_database_is_refused_rather_than_ignored(folder: Path) -> None:
    with pytest.raises(OfframpError, match="--database"):
        serve(str(folder), database="sqlite:///events.db")


@pytest.mark.parametrize("name", ["success.boosted.txt", "vocabulary.json", "calibration.json"])
def test_a_changed_byte_is_a_refusal_to_start(name: str, tmp_path: Path) -> None:
    folder = save_bundle(small_bundle(), tmp_path / "bundle")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} of the bundle .* is not the one that was saved"):
        serve(str(folder), port=0)


def test_two_models_of_one_journey_are_refused(folder: Path) -> None:
    with pytest.raises(OfframpError, match="'loan' is served by several"):
        serve([str(folder), str(folder)], port=0)


def test_a_folder_is_served_without_mlflow(folder: Path) -> None:
    code = (
        "import sys; from tests.serving_service import service_of; "
        "from serving import fetch_bundle; from serving.app import create_app; "
        f"create_app(service_of(fetch_bundle({str(folder)!r}))); print('mlflow' in sys.modules)"
    )
    said: Any = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=os.environ, text=True
    )
    assert said.stdout.strip() == "False"
