"""A log in shards is told like a log in memory: its counts, its labels, what is wrong with it."""

from pathlib import Path

import pandas as pd
import pytest

from journeys.batches import named_columns
from journeys.bucketed import bucketed
from journeys.check import LogCheck, check_log
from journeys.check_shards import check_shards
from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.read import read_frame
from journeys.simulate import MAIN_JOURNEY, simulate

NOW = pd.Timestamp("2026-12-01", tz="UTC")


def both(events: pd.DataFrame, definition: Definition, folder: Path) -> tuple[LogCheck, LogCheck]:
    path = folder / "log.parquet"
    events.to_parquet(path, index=False)
    whole = check_log(read_frame(path), definition, now=NOW)
    shards = bucketed(path, definition, folder / "kept", buckets=3, size=3000)
    return whole, check_shards(shards, now=NOW, columns=named_columns(path, definition) or ())


@pytest.fixture(scope="module")
def world() -> tuple[pd.DataFrame, Definition]:
    made = simulate("ios_upload_bug", customers=800, seed=7)
    return made.events, parse_definition(made.definitions[MAIN_JOURNEY], source="a test")


def test_a_sound_log_is_told_alike(world: tuple[pd.DataFrame, Definition], tmp_path: Path) -> None:
    whole, parts = both(*world, tmp_path)
    assert parts.as_dict() == whole.as_dict()
    assert whole.events > 10_000


def test_the_same_is_wrong_with_it(world: tuple[pd.DataFrame, Definition], tmp_path: Path) -> None:
    events, definition = world
    early = events["time"].where(events.index != 5, pd.Timestamp("1970-01-01", tz="UTC"))
    late = early.where(events.index != 9, pd.Timestamp("2027-01-01", tz="UTC"))
    odd = events.assign(time=late, device="one", region=None, amount=7.0)
    odd = odd[~odd["channel"].eq("app") | (odd["time"].dt.day_of_year % 40 > 6)]
    odd = pd.concat([odd, odd.iloc[20:30]]).sort_values("time", kind="stable", ignore_index=True)
    said = definition.model_copy(update={"milestones": (*definition.milestones, "never_there")})
    whole, parts = both(odd, said, tmp_path)
    double = [one for one in (*whole.problems, *parts.problems) if "duplicates" in one.what]
    assert [one.found for one in double] == [double[0].found] * 2
    told = [[one for one in log.problems if one not in double] for log in (whole, parts)]
    assert sorted(told[0], key=str) == sorted(told[1], key=str)
    assert len(told[0]) >= 5
    assert {one.severity for one in told[0]} == {"fault", "warning"}
