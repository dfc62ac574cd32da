"""Starting the service: a real process that answers, and every refusal to start in one message."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.served import Running, running, until
from journeys.errors import BundleError, OfframpError
from models import save_bundle
from serving.run import serve
from serving.settings import Settings
from tests.serving_bundle import body_of, small_bundle

SECRET = "customer-4711"
EVENT = {"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bundle(small_bundle(), tmp_path_factory.mktemp("served") / "bundle")


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("log"), "--model", str(folder)) as server:
        yield server


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Give other tests back the logging that `serve` sets up for a process of its own."""
    loggers = [logging.getLogger(name) for name in ("offramp", "uvicorn")]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_a_server_answers_over_http(server: Running) -> None:
    status, answer = server.ask("/v1/score", body_of([{"customer_id": SECRET, "events": [EVENT]}]))
    assert status == 200
    assert answer["predictions"][0]["journeys"][0]["step"] == "begun"
    assert server.ask("/healthz") == (200, {"status": "ok"})
    assert "127.0.0.1" in server.address
    assert server.model()["source"] == "folder"


def test_the_log_is_a_json_object_a_line_and_names_no_customer(server: Running) -> None:
    server.ask("/v1/score", body_of([{"customer_id": SECRET, "events": [EVENT]}]))
    until(lambda: '"path":"/v1/score"' in server.log.read_text())
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert all({"at", "level", "from"} <= set(line) for line in lines)
    asked = next(line for line in lines if line.get("path") == "/v1/score")
    assert {"request_id", "method", "status", "ms"} <= set(asked)
    assert SECRET not in str(lines)


def test_a_port_in_use_is_named(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OfframpError, match=f"port {port}: Address already in use"):
            serve(Settings((str(folder),), port=port))


def test_a_port_that_cannot_be_is_named(folder: Path) -> None:
    with pytest.raises(OfframpError, match="port 70000"):
        serve(Settings((str(folder),), port=70_000))


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_strangers_are_not_let_in_without_keys(host: str, folder: Path) -> None:
    with pytest.raises(OfframpError, match=f"--host {host}.*offramp keys add"):
        serve(Settings((str(folder),), host=host, port=0))


@pytest.mark.parametrize("name", ["success.boosted.txt", "vocabulary.json", "calibration.json"])
def test_a_changed_byte_is_a_refusal_to_start(name: str, tmp_path: Path) -> None:
    folder = save_bundle(small_bundle(), tmp_path / "bundle")
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} of the bundle .* is not the one that was saved"):
        serve(Settings((str(folder),), port=0))


def test_no_model_and_two_of_one_journey_are_refused(folder: Path) -> None:
    with pytest.raises(OfframpError, match="'loan' is served by several"):
        serve(Settings((str(folder), str(folder)), port=0))
    with pytest.raises(OfframpError, match="no model to serve"):
        serve(Settings(()))


def test_a_model_that_nobody_has_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle at 'nowhere'"):
        serve(Settings(("nowhere",), port=0, cache=tmp_path))


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
