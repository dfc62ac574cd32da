"""The commands on Spark: the same answers as on one machine, and faults in one sentence."""

import json
from pathlib import Path

import pandas as pd
import pytest

from journeys.definition_file import parse_definition
from journeys.log import log_until
from journeys.simulate import MAIN_JOURNEY, simulate
from models.bundle import save_bundle
from tests.offramp_run import Command
from tests.quick_bundle import quick_bundle
from tests.spark_world import log_of, written_by_day

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a log by month, its definition, and a model of its past."""
    folder = tmp_path_factory.mktemp("world")
    made = simulate("ios_upload_bug", customers=800, seed=5)
    written = made.definitions[MAIN_JOURNEY]
    (folder / "journey.yaml").write_text(written)
    log = log_of(written_by_day(made.events, folder / "log"), parse_definition(written, source="t"))
    past = log_until(log, log.ends - pd.Timedelta(days=20))
    save_bundle(quick_bundle(past, parse_definition(written, source="t")), folder / "bundle")
    return folder


def words(world: Path, *more: object) -> list[object]:
    return ["--events", world / "log", "--journey", world / "journey.yaml", *more]


SPARK = ["--engine", "spark", "--spark-master", "local[2]"]


@pytest.mark.parametrize("every_event", [[], ["--every-event"]])
def test_scores_on_spark_are_those_of_one_machine_to_the_last_bit(
    world: Path, call: Command, every_event: list[str]
) -> None:
    files = {engine: world / f"{engine}{len(every_event)}.parquet" for engine in ("local", "spark")}
    for engine, more in (("local", []), ("spark", SPARK)):
        out = ["--model", world / "bundle", "--out", files[engine], *every_event, *more]
        answer = call("score", *words(world, *out))
        assert answer.code == 0, answer.words
        assert answer.err == ""
    here, there = (
        pd.read_parquet(file).sort_values(["customer_id", "as_of"], ignore_index=True)
        for file in files.values()
    )
    assert len(here) > 20
    pd.testing.assert_frame_equal(there, here, check_exact=True)


def test_findings_on_spark_are_those_of_one_machine(world: Path, call: Command) -> None:
    for engine, more in (("local", []), ("spark", SPARK)):
        asked = ["--outcome", "leakage", "--json", world / f"{engine}.json", *more]
        answer = call("findings", *words(world, *asked))
        assert answer.code == 0, answer.words
    here, there = (json.loads((world / f"{name}.json").read_text()) for name in ("local", "spark"))
    assert there == here


def test_a_fault_is_one_sentence_and_exit_code_1(world: Path, call: Command) -> None:
    asked = ["--journey", world / "journey.yaml", "--outcome", "leakage"]
    answer = call("findings", "--events", world / "nowhere", *asked, *SPARK)
    assert answer.code == 1
    assert "Give a folder of Parquet files, or the name of a table." in answer.words
    assert "at org.apache" not in answer.words
