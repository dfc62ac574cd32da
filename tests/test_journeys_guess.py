"""Guessing a definition: the mapping is found whatever the columns are called, and is of use."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.outcome import DATA, shared_data
from journeys.check import check_log
from journeys.definition import Definition
from journeys.definition_file import load_definition, parse_definition
from journeys.errors import EventLogError
from journeys.guess import guess
from journeys.guess_attributes import guess_attributes
from journeys.guess_columns import guess_columns
from journeys.guess_stub import stub_of
from journeys.log import event_log
from journeys.simulate import simulate
from tests.offramp_run import Run
from training.train import train

OURS = ("customer_id", "time", "activity", "channel")
LOGS = shared_data() / "event-logs"
CASE = {"customer_id": "case:concept:name", "time": "time:timestamp", "activity": "concept:name"}


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return simulate("ios_upload_bug", customers=400, seed=11).events


def renamed(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the table with columns shuffled under names that say nothing, and the names."""
    order = np.random.default_rng(seed).permutation(len(frame.columns))
    names = {str(frame.columns[place]): f"f{n}" for n, place in enumerate(order)}
    return frame.rename(columns=names)[list(names.values())], names


def found(frame: pd.DataFrame) -> dict[str, str | None]:
    columns = guess_columns(frame)
    return {
        "customer_id": columns.customer.column,
        "time": columns.time.column,
        "activity": columns.activity.column,
        "channel": columns.channel.column,
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_the_columns_are_found_under_names_that_say_nothing(
    events: pd.DataFrame, seed: int
) -> None:
    table, names = renamed(events, seed)
    assert found(table) == {ours: names[ours] for ours in OURS}


def test_times_that_are_numbers_are_found_with_their_unit(events: pd.DataFrame) -> None:
    micros = events["time"].astype("datetime64[us, UTC]").astype("int64")
    table, names = renamed(events.assign(time=micros // 1000), seed=3)
    columns = guess_columns(table)
    assert (columns.time.column, columns.time_unit) == (names["time"], "ms")
    stub = stub_of(guess(table, name="x"))
    definition = parse_definition(stub, source="stub")
    assert definition.time_unit == "ms"
    assert len(event_log(table, definition)) == len(events)


def test_a_session_is_not_taken_for_the_customer_that_it_belongs_to(events: pd.DataFrame) -> None:
    day = events["time"].dt.strftime("%Y%m").astype(str)
    table = events.assign(visit=events["customer_id"].astype(str) + day)
    assert guess_columns(table).customer.column == "customer_id"
    unnamed = table.rename(columns={"customer_id": "f1", "visit": "f2"})
    assert guess_columns(unnamed).customer.column == "f1"
    assert guess_columns(unnamed).customer.others == ("f2",)


def test_an_id_of_every_event_is_nobody(events: pd.DataFrame) -> None:
    table = events.assign(message_id=[f"m{n}" for n in range(len(events))])
    assert guess_columns(table).customer.column == "customer_id"
    kinds = {one.column: one.tier for one in guess_attributes(table, "customer_id", "activity")}
    assert kinds["message_id"] == "nothing"


def test_attributes_are_told_by_what_they_hold(events: pd.DataFrame) -> None:
    """Names that say nothing: values alone tell systems, versions, numbers, ages and genders."""
    rng = np.random.default_rng(0)
    known = ["os", "amount", "age_band", "region", "customer_id", "activity"]
    table = events[known].rename(columns={name: f"f_{n}" for n, name in enumerate(known)})
    table = table.assign(sex=rng.choice(["m", "f"], len(table)), constant="x")
    table = table.rename(columns={"sex": "f_7"})
    tiers = {one.column: one.tier for one in guess_attributes(table, "f_4", "f_5")}
    assert tiers == {
        "f_0": "technical",
        "f_1": "numeric",
        "f_2": "sensitive",
        "f_3": "context",
        "f_7": "sensitive",
        "constant": "nothing",
    }


def test_the_stub_of_a_simulated_log_says_what_its_authors_say(events: pd.DataFrame) -> None:
    stub = stub_of(guess(events, name="guessed"))
    definition = parse_definition(stub, source="stub")
    shipped = load_definition("journeys/definitions/money_transfer.yaml")
    for rule in ("start", "failure", "churn"):
        assert getattr(definition, rule).where == getattr(shipped, rule).where
    assert definition.success is not None
    assert definition.success.where == {"activity": ("transfer_completed",)}
    assert definition.leakage is not None
    assert set(definition.leakage.where["channel"]) == {"call_centre", "ivr"}
    assert definition.milestones == shipped.milestones
    assert definition.attributes.sensitive == ("age_band",)
    now = pd.Timestamp("2027-01-01", tz="UTC")
    assert check_log(events, definition, now=now).faults == ()
    assert "AMBIGUOUS: it might as well be refinance_started" in stub.replace("\n# ", " ")


@pytest.mark.slow
def test_a_model_is_trained_with_a_guessed_definition() -> None:
    world = simulate("ios_upload_bug", customers=700, seed=5)
    table, _ = renamed(world.events, seed=5)
    definition = parse_definition(stub_of(guess(table, name="guessed")), source="stub")
    trained = train(event_log(table, definition), definition, outcomes=["success"])
    assert trained.bundle.manifest["evaluation"]["success"]["metrics"]["auc"]["value"] > 0.6


@pytest.mark.parametrize("name", ["bpic2012", "bpic2013_incidents", "helpdesk_italy", "sepsis"])
def test_the_columns_of_real_logs_are_found(name: str) -> None:
    """Under their names all four, and the stub loads and holds."""
    if not (LOGS / f"{name}.parquet").is_file():
        pytest.skip(f"the shared data are not there; name them with {DATA}")
    table = pd.read_parquet(LOGS / f"{name}.parquet").head(8_000)
    definition = parse_definition(stub_of(guess(table, name=name)), source=name)
    assert {ours: definition.column(ours) for ours in CASE} == CASE
    assert definition.start is None
    assert check_log(table, definition, now=pd.Timestamp.now(tz="UTC")).faults == ()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": []}), "is empty"),
        (pd.DataFrame({"a": ["x", "y"] * 9}), "can be read as times"),
        (pd.DataFrame({"t": pd.date_range("2026", periods=9)}), "comes back as a customer's key"),
        (
            pd.DataFrame({"t": pd.date_range("2026", periods=9), "who": list("abcabcabc")}),
            "changes from event to event",
        ),
    ],
)
def test_what_is_no_log_is_said(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(EventLogError, match=message):
        guess(frame, name="x")


def test_names_that_yaml_takes_for_something_else_are_read_back() -> None:
    rows = [("c1", "no"), ("c1", "8.10: {x}"), ("c2", "no"), ("c2", "8.10: {x}")] * 20
    frame = pd.DataFrame(rows, columns=["who: #1", "what, [is]"])
    frame["when"] = pd.date_range("2026-01-01", periods=len(frame), freq="h", tz="UTC")
    frame["who: #1"] += (np.arange(len(frame)) // 4).astype(str)
    stub = stub_of(guess(frame, name="x"))
    definition = parse_definition(stub, source="stub")
    assert definition.column("customer_id") == "who: #1"
    assert definition.column("activity") == "what, [is]"
    assert set(definition.milestones) <= {"no", "8.10: {x}"}
    assert isinstance(definition, Definition)


def test_check_without_a_definition_writes_one_that_check_takes(
    events: pd.DataFrame, tmp_path: Path, run: Run
) -> None:
    log, journey = tmp_path / "my log.parquet", tmp_path / "journey.yaml"
    events.to_parquet(log)
    code, said = run("check", "--events", log, "--out", journey)
    assert code == 0, said
    assert "2 guesses marked AMBIGUOUS" in said
    assert load_definition(journey).name == "my_log"
    code, said = run("check", "--events", log, "--journey", journey)
    assert code == 0, said
    assert "start: {activity: transfer_started}" in run("check", "--events", log)[1]
    named = run("check", "--events", log, "--journey", journey, "--guess")[1]
    assert "name: my_log" in named
