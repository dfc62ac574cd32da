"""The whole service as a process, on a real MLflow store: it is not to be shaken."""

import json
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest

from benchmarks.registry_faults import damaged, register
from benchmarks.served import Asking, Running, running, until
from models import save_bundle
from tests.serving_bundle import body_of, small_bundle

MOVED, HURT = "offramp-served_moved", "offramp-served_hurt"
EVENT = {"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}
BODY = body_of([{"customer_id": "customer-4711", "events": [EVENT]}], explain=1)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bundles")
    names = ("loan", "card")
    return {name: save_bundle(small_bundle(name), folder / name) for name in names}


@pytest.fixture(scope="module")
def registry(
    mlflow_store: str, bundles: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Return the environment of a store with two champions, which may be taken away."""
    path = tmp_path_factory.mktemp("registry") / "mlflow.db"
    with sqlite3.connect(mlflow_store.removeprefix("sqlite:///")) as made:
        made.execute("VACUUM INTO ?", (str(path),))  # an empty store takes seconds to make
    environment = {"MLFLOW_TRACKING_URI": f"sqlite:///{path}"}
    register(environment, bundles["loan"], MOVED)
    register(environment, bundles["card"], HURT)
    return environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(registry: dict[str, str], folder: Path) -> Iterator[Running]:
    options = ["--model", f"models:/{MOVED}@champion", "--model", f"models:/{HURT}@champion"]
    options += ["--cache", str(folder / "cache"), "--poll", "0.5"]
    with running(folder, *options, environment=registry) as server:
        yield server


def model(server: Running, journey: str) -> dict[str, Any]:
    """Return what the server says of the model of a journey."""
    told = server.ask("/v1/model")[1]["models"]
    return next(dict(one) for one in told if one["journey"] == journey)


def test_an_alias_that_moves_is_followed_without_a_dropped_request(
    server: Running, registry: dict[str, str], bundles: dict[str, Path]
) -> None:
    with Asking(server, "/v1/score", BODY) as asking:
        until(lambda: len(asking.answers) > 5)
        version = register(registry, bundles["loan"], MOVED)
        until(lambda: model(server, "loan")["version"] == version)
        so_far = len(asking.answers)
        until(lambda: len(asking.answers) > so_far + 5)
    assert asking.lost == 0
    versions = [answer["model"]["version"] for answer in asking.answers]
    assert versions[0] == "1"
    assert versions[-1] == version
    assert model(server, "loan")["last_reload"]["result"] == "loaded"


def test_a_damaged_champion_is_refused_once_and_the_one_before_stays(
    server: Running, registry: dict[str, str], bundles: dict[str, Path], tmp_path: Path
) -> None:
    bad = register(registry, damaged(bundles["card"], tmp_path / "damaged"), HURT)
    until(lambda: model(server, "card")["last_reload"]["result"] == "refused")
    told = model(server, "card")
    assert told["version"] == "1"
    assert told["last_reload"]["version"] == bad
    assert str(tmp_path) not in json.dumps(told)
    sleep(1.5)  # three looks
    assert server.log.read_text().count("is not the one that was saved") == 1
    assert server.ask("/v1/score", BODY)[1]["degraded"] is False
    good = register(registry, bundles["card"], HURT)
    until(lambda: model(server, "card")["version"] == good)


def test_a_model_of_another_journey_is_refused(
    server: Running, registry: dict[str, str], bundles: dict[str, Path]
) -> None:
    before = model(server, "card")["version"]
    register(registry, bundles["loan"], HURT)
    until(lambda: "is now a model of the journey 'loan'" in server.log.read_text())
    assert model(server, "card")["version"] == before


def test_a_hangup_and_a_wish_over_http_have_the_registry_asked(server: Running) -> None:
    server.process.send_signal(signal.SIGHUP)
    until(lambda: model(server, "loan")["last_reload"]["result"] == "unchanged")
    before = model(server, "loan")["last_reload"]["at"]
    assert server.ask("/v1/model/reload", b"") == (202, {"status": "asked"})
    until(lambda: model(server, "loan")["last_reload"]["at"] != before)


def test_without_the_registry_a_restart_serves_from_the_cache_and_ends_in_order(
    server: Running, registry: dict[str, str], folder: Path
) -> None:
    assert model(server, "loan")["source"] == "registry"
    store = Path(registry["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///"))
    store.rename(store.with_suffix(".away"))
    try:
        options = ["--model", f"models:/{MOVED}@champion", "--cache", str(folder / "cache")]
        with running(folder, *options, "--drain", "1", environment=registry) as again:
            told = model(again, "loan")
            answer = again.ask("/v1/score", BODY)[1]
            slow = _slow_request(again)
            again.process.send_signal(signal.SIGTERM)
            until(lambda: again.ask("/readyz")[0] == 503)
            draining = again.ask("/v1/score", BODY)[0]
            status, finished = slow()
            assert again.process.wait(30) == 0
    finally:
        store.with_suffix(".away").rename(store)
    assert told["source"] == "cache"
    assert told["registry_away_since"] is not None
    assert answer["degraded"] is False
    assert answer["model"]["version"] == model(server, "loan")["version"]
    assert draining == status == 200
    assert len(finished["predictions"]) == 1000
    assert again.ask("/healthz")[0] == 0


def _slow_request(server: Running) -> Any:
    """Ask for a thousand histories in a thread; return what waits for the answer."""
    events = [EVENT | {"activity": name} for name in ("begun", "looked", "uploaded") * 30]
    body = body_of([{"customer_id": n, "events": events} for n in range(1000)], explain=20)
    answers: list[Any] = []
    thread = Thread(target=lambda: answers.append(server.ask("/v1/score", body)))
    thread.start()
    until(lambda: "offramp_requests_in_flight 2.0" in _metrics(server))

    def wait() -> Any:
        thread.join()
        return answers[0]

    return wait


def _metrics(server: Running) -> str:
    import httpx2

    return str(httpx2.get(f"{server.address}/metrics").text)
