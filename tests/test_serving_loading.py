"""Which model answers: the registry's, the cache's, or base rates; all on a real MLflow store."""

import shutil
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.registry_faults import damaged, register
from journeys.errors import BundleError, RegistryAwayError
from models import load_bundle, save_bundle
from serving.loading import Loaded, Loader
from serving.model_cache import ModelCache
from serving.registry import registered_name
from serving.registry_process import RegistryProcess
from serving.road import Scorer
from serving.scoring import Scoring, answer_as_dict
from serving.without_model import BaseRates
from tests.serving_bundle import body_of, small_bundle

CHAMPION = "models:/offramp-loaded_loan@champion"
STAYING = "models:/offramp-staying_loan@champion"
NOW = 1_700_000_000_000_000
EVENTS = [{"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bundle(small_bundle(), tmp_path_factory.mktemp("loading") / "bundle")


@pytest.fixture(scope="module")
def store(mlflow_store: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the database of an empty store, which may be taken away for a while."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    with sqlite3.connect(mlflow_store.removeprefix("sqlite:///")) as made:
        made.execute("VACUUM INTO ?", (str(path),))  # a new one takes seconds to make
    return path


@pytest.fixture(scope="module")
def process(store: Path) -> Iterator[RegistryProcess]:
    with pytest.MonkeyPatch.context() as patch, RegistryProcess() as process:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
        yield process


@pytest.fixture
def loader(process: RegistryProcess, tmp_path: Path) -> Loader:
    return Loader(process, ModelCache(tmp_path / "cache"), (), lambda: NOW)


def registered(store: Path, bundle: Path, address: str) -> None:
    """Register a bundle as the next champion of an address."""
    register({"MLFLOW_TRACKING_URI": f"sqlite:///{store}"}, bundle, registered_name(address) or "")


def test_with_nothing_at_all_base_rates_say_that_they_are_no_prediction(
    process: RegistryProcess, loader: Loader, tmp_path: Path
) -> None:
    nowhere = "models:/offramp-never_trained@champion"
    with pytest.raises(BundleError, match="has not a model 'offramp-never_trained'"):
        loader.load(nowhere)
    definition = small_bundle().plan.definition.model_copy(update={"name": "never_trained"})
    cache = ModelCache(tmp_path / "cache")
    found = Loader(process, cache, (definition,), lambda: NOW).load(nowhere)
    answer = said(found)
    assert isinstance(found.answering, BaseRates)
    assert found.origin.source == "nothing"
    assert answer["p"] == {}
    assert answer["base_rate"] == dict.fromkeys(definition.outcomes)
    assert (answer["abstain"], answer["step"]) == ("no_model", "begun")


def test_a_damaged_champion_is_refused_for_the_best_there_is(
    loader: Loader, store: Path, bundle: Path, tmp_path: Path
) -> None:
    hurt = damaged(bundle, tmp_path / "damaged")
    registered(store, hurt, CHAMPION)
    degraded = loader.load(CHAMPION)
    assert isinstance(degraded.answering, BaseRates)
    assert degraded.answering.rates == small_bundle().manifest["label_rates"]
    assert told(degraded) == ("nothing", None, "refused", "1")
    answer = said(degraded)
    assert set(answer["interval"].values()) == {(0.0, 1.0)}
    assert answer["p"] == answer["base_rate"]
    assert answer["abstain"] == "no_model"

    assert told(loader.again(degraded, wished=False)) == ("nothing", None, "refused", "1")

    registered(store, bundle, CHAMPION)
    good = loader.again(degraded, wished=False)
    assert isinstance(good.answering, Scorer)
    assert told(good) == ("registry", "2", "loaded", "2")

    registered(store, hurt, CHAMPION)
    assert told(loader.again(good, wished=False)) == ("registry", "2", "refused", "3")
    assert told(loader.load(CHAMPION)) == ("cache", "2", "refused", "3")


def test_without_the_registry_the_model_stays_also_at_a_restart(
    loader: Loader, store: Path, bundle: Path
) -> None:
    registered(store, bundle, STAYING)
    good = loader.load(STAYING)
    store.rename(store.with_suffix(".away"))
    away = loader.again(good, wished=False)
    assert away.answering is good.answering
    assert away.origin.away_since == NOW
    from_cache = loader.load(STAYING)
    assert told(from_cache) == ("cache", "1", "away", None)
    assert from_cache.origin.away_since == NOW

    store.with_suffix(".away").rename(store)
    registered(store, bundle, STAYING)
    back = loader.again(from_cache, wished=False)
    assert told(back) == ("registry", "2", "loaded", "2")
    assert back.origin.away_since is None


def test_a_folder_is_read_again_only_if_it_has_changed(bundle: Path, tmp_path: Path) -> None:
    served = tmp_path / "served"
    shutil.copytree(bundle, served)
    loader = Loader(RegistryProcess(), ModelCache(tmp_path / "cache"), (), lambda: NOW)
    before = loader.load(str(served))
    same = loader.again(before, wished=True)
    assert same.answering is before.answering
    assert told(same)[2] == "unchanged"
    shutil.rmtree(served)
    save_bundle(replace(small_bundle(), manifest=small_bundle().manifest | {"seed": 8}), served)
    after = loader.again(before, wished=True)
    assert after.answering is not before.answering
    assert told(after)[2] == "loaded"
    shutil.rmtree(served)
    gone = loader.again(after, wished=True)
    assert gone.answering is after.answering
    assert told(gone)[2] == "refused"


def test_the_cache_keeps_the_last_two_good_versions_whole(bundle: Path, tmp_path: Path) -> None:
    cache = ModelCache(tmp_path / "cache")
    for version in ("1", "2", "3", "2"):
        with cache.room() as room:
            cache.keep(
                CHAMPION, "sqlite:///a.db", version, Path(shutil.copytree(bundle, room / "b"))
            )
    kept = cache.kept(CHAMPION, "sqlite:///a.db")
    assert [one.version for one in kept] == ["2", "3"]
    assert all(load_bundle(one.folder).journey == "loan" for one in kept)
    assert cache.kept(CHAMPION, "sqlite:///b.db") == []
    (place,) = (tmp_path / "cache").iterdir()
    assert {path.name for path in place.iterdir()} == {"good.json", "2", "3"}


@pytest.mark.parametrize("content", ["", "{}", "null", '["9"]', "[[1]]", "\x00"])
def test_a_cache_that_was_tampered_with_is_an_empty_one(
    content: str, bundle: Path, tmp_path: Path
) -> None:
    cache = ModelCache(tmp_path / "cache")
    with cache.room() as room:
        cache.keep(CHAMPION, "a", "1", Path(shutil.copytree(bundle, room / "b")))
    (place,) = (tmp_path / "cache").iterdir()
    (place / "good.json").write_text(content)
    assert cache.kept(CHAMPION, "a") == []


def test_a_cache_that_cannot_be_written_to_is_no_reason_not_to_answer(
    bundle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken = tmp_path / "file"
    taken.write_text("no folder")
    cache = ModelCache(taken / "cache")
    with cache.room() as room:
        cache.keep(CHAMPION, "a", "1", Path(shutil.copytree(bundle, room / "b")))
    assert "--cache" in caplog.text
    assert cache.kept(CHAMPION, "a") == []


def test_a_registry_that_hangs_is_away_and_asked_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, RegistryProcess() as process:
        port = silent.getsockname()[1]
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        with pytest.raises(RegistryAwayError, match="no answer from the registry within 0 s"):
            process.fetch(CHAMPION, [], tmp_path, seconds=0.1)


def told(loaded: Loaded) -> tuple[str, str | None, str, str | None]:
    """Return source and version of what answers, result and version of the last try."""
    origin = loaded.origin
    assert origin.reload is not None
    return origin.source, origin.version, origin.reload.result, origin.reload.version


def said(loaded: Loaded) -> Any:
    """Return what is answered about the journey of one customer."""
    scoring = Scoring([loaded.answering])
    answer = scoring.answer(scoring.read(body_of([{"customer_id": "c", "events": EVENTS}])))
    assert answer.degraded is loaded.answering.degraded
    return answer_as_dict(answer)["predictions"][0]["journeys"][0]  # type: ignore[index]
