"""What is learnt and reported of a log on Spark is what one machine makes of it, to the byte."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.spark import SparkShards, spark_events, spark_session
from journeys.log import event_log
from journeys.shards import HeldShards
from models.bundle import Bundle, save_bundle
from serving.registry import fetch_bundle
from tests.offramp_run import Command
from tests.spark_world import columns_of
from tests.test_training_train import SHORT, definition, mixed
from training.at_scale import Means, Task, train_over
from training.room import Room, room_for

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

CUSTOMERS = 200
SPARK = ["--engine", "spark", "--spark-master", "local[2]"]


def errands() -> pd.DataFrame:
    """Return events whose customers are numbers: 9 comes before 10, not behind 199."""
    made = mixed(CUSTOMERS)
    return made.assign(customer_id=made["customer_id"].str[1:].astype("int64"))


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    made = errands()
    for number, rows in enumerate((made.iloc[::2], made.iloc[1::2])):
        pq.write_table(columns_of(rows), folder / f"{number}.parquet")
    (tmp_path / "journey.yaml").write_text(SHORT)
    return folder


def files_of(bundle: Bundle, folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in save_bundle(bundle, folder).iterdir()}


@pytest.fixture(scope="module")
def session() -> Iterator["SparkSession"]:
    """Yield a session that the commands find running, and leave so."""
    with spark_session("local[2]") as session:
        yield session


def test_a_model_learnt_from_disk_over_spark_is_that_of_one_machine_to_the_byte(
    lake: Path, tmp_path: Path, session: "SparkSession", monkeypatch: pytest.MonkeyPatch
) -> None:
    said, task = definition(), Task(["leakage"])
    held = HeldShards(said, event_log(errands(), said))
    monkeypatch.setattr(Room, "holds_from_disk", lambda _self, _customers: True)
    means = Means(customers="all", memory=room_for(held, memory=1.0).gib_of(150), folder=tmp_path)
    shards = SparkShards(said, spark_events(session, str(lake)), size=100, partitions=3)
    trained = train_over(shards, task, means)
    assert trained.bundle.manifest["learnt_from"]["road"] == "disk"  # type: ignore[index]
    here = files_of(train_over(held, task, means).bundle, tmp_path / "here")
    assert files_of(trained.bundle, tmp_path / "there") == here


@pytest.mark.usefixtures("session", "mlflow_store")
def test_train_on_spark_registers_the_model_that_train_registers(
    lake: Path, tmp_path: Path, call: Command
) -> None:
    on = ["--events", lake, "--journey", tmp_path / "journey.yaml", "--outcome", "leakage"]
    files = []
    for engine, more in (("local", []), ("spark", SPARK)):
        told = tmp_path / f"{engine}.json"
        answer = call("train", *on, "--customers", "all", "--json", told, *more)
        assert answer.code == 0, answer.words
        version = json.loads(told.read_text())["version"]
        bundle = fetch_bundle(f"models:/offramp-errand/{version}")
        manifest = {**bundle.manifest, "version": ""}  # the registry's number is each one's own
        files.append(files_of(replace(bundle, manifest=manifest), tmp_path / engine))
    assert files[0] == files[1]


@pytest.mark.usefixtures("session")
def test_the_report_on_spark_is_the_report(lake: Path, tmp_path: Path, call: Command) -> None:
    told = []
    for engine, more in (("local", []), ("spark", SPARK)):
        page = tmp_path / f"{engine}.html"
        asked = ["--events", lake, "--journey", tmp_path / "journey.yaml", "--out", page]
        answer = call("report", *asked, *more)
        assert answer.code == 0, answer.words
        told.append(json.loads(page.with_suffix(".json").read_text()))
    here, there = told
    del here["health"], there["health"]  # shards are told of without a look at all rows at once
    assert there == here
    assert here["ranking"][0]["rows"]


@pytest.mark.usefixtures("session")
def test_the_watch_on_spark_keeps_the_state_of_the_watch(
    lake: Path, tmp_path: Path, call: Command
) -> None:
    """Also of the day before, for which the shards are cut."""
    for engine, more in (("local", []), ("spark", SPARK)):
        asked = ["--events", lake, "--journey", tmp_path / "journey.yaml", "--outcome", "leakage"]
        for until in ("2026-02-10T00:00:00Z", "2026-02-12T00:00:00Z"):
            state = ["--state", tmp_path / engine, "--until", until]
            answer = call("watch", *asked, *state, *more)
            assert answer.code == 0, answer.words
    assert files_in(tmp_path / "spark") == files_in(tmp_path / "local")
    assert (tmp_path / "spark" / "watch.json").stat().st_size > 500


def files_in(state: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in state.iterdir() if path.name != ".lock"}
