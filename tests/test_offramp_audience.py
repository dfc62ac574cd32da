"""`offramp audience` as a user runs it: day after day, for findings, conditions and events."""

import json
from pathlib import Path

import pandas as pd
import pytest

from rootcause.findings import write_findings
from tests.offramp_run import Command, Run
from tests.rootcause_world import DEFINITION, START, SmallWorld, findings_of, small_world


@pytest.fixture
def run(call: Command, folder: Path) -> Run:
    def audience(day: int, *words: object) -> tuple[int, str]:
        on = ["--events", folder / f"day-{day}.parquet", "--journey", folder / "journey.yaml"]
        said = call("audience", *on, *words)
        return said.code, said.words

    return audience


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(3000, seed=3)


@pytest.fixture(scope="module")
def folder(world: SmallWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the log as it stood on two days, the definition, and findings."""
    place = tmp_path_factory.mktemp("audience")
    events = world.log.events
    for day in (90, 100):
        events[events["time"] <= START + pd.Timedelta(days=day)].to_parquet(
            place / f"day-{day}.parquet"
        )
    (place / "journey.yaml").write_text(json.dumps(DEFINITION.as_dict()))
    write_findings(world.findings, place / "findings.json")
    write_findings(findings_of(), place / "none.json")
    return place


def test_a_list_is_made_compared_and_graded_from_day_to_day(run: Run, folder: Path) -> None:
    found = ["--findings", folder / "findings.json", "--hold-out", "0.4"]
    code, said = run(90, *found, "--out", folder / "a.csv")
    assert code == 0, said
    assert "at risk" in said
    assert "held out" in said
    told = folder / "told.json"
    code, said = run(
        100, *found, "--previous", folder / "a.csv", "--out", folder / "b.parquet", "--json", told
    )
    assert code == 0, said
    assert "Since the earlier list" in said
    assert "Looking back" in said
    people = pd.read_parquet(folder / "b.parquet")
    (summary,) = json.loads(told.read_text())["audiences"]
    for state in ("affected", "at_risk", "left"):
        assert summary[state] == (people["state"] == state).sum()
    assert summary["affected"] > summary["at_risk"] > 0
    assert summary["entered"] == (people["change"] == "entered").sum() > 0
    assert summary["grade"]["precision"] is not None
    assert "secret" not in told.read_text()
    assert "secret" not in said


def test_a_finding_that_is_gone_empties_its_audience(run: Run, folder: Path) -> None:
    run(90, "--findings", folder / "findings.json", "--out", folder / "c.csv")
    code, said = run(
        100, "--findings", folder / "none.json", "--previous", folder / "c.csv", "--out",
        folder / "d.csv",
    )  # fmt: skip
    assert code == 0, said
    assert "was not found again" in said
    gone = pd.read_csv(folder / "d.csv")
    assert set(gone["state"]) == {"left"}
    assert len(gone) == len(pd.read_csv(folder / "c.csv"))


def test_a_condition_is_saved_and_asked_again(run: Run, folder: Path) -> None:
    words = ["--where", "region == 'north' and silence_hours > 12"]
    code, said = run(90, *words, "--save", folder / "north.yaml", "--out", folder / "e.jsonl")
    assert code == 0, said
    code, said = run(90, "--segment", folder / "north.yaml", "--out", folder / "f.jsonl")
    assert code == 0, said
    assert said.startswith("north:")
    one, other = (pd.read_json(folder / name, lines=True) for name in ("e.jsonl", "f.jsonl"))
    assert list(one["journey"]) == list(other["journey"])
    assert len(one) > 0


def test_who_is_before_an_event_is_listed(run: Run, folder: Path) -> None:
    code, said = run(90, "--before", "done", "--within", "2d", "--out", folder / "g.csv")
    assert code == 0, said
    assert "in the next 2 days" in said
    assert set(pd.read_csv(folder / "g.csv")["audience"]) == {"before_done"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Nobody is asked for"),
        (["--findings", "none.json"], "holds none"),
        (["--where", "region = 'north'"], "write '==' for equal"),
        (["--where", "p_leakage > 0.5"], "--model"),
        (["--before", "don"], "closest: 'done'"),
        (["--before", "done", "--within", "soon"], "not a duration"),
        (["--where", "region == 'north'", "--within", "2d"], "within belongs to before"),
        (["--findings", "findings.json", "--hold-out", "0.9"], "hold-out of 0.9"),
        (["--findings", "findings.json", "--days", "0"], "--days 7"),
        (["--findings", "findings.json", "--previous", "findings.json"], "must end in"),
        (["--save", "x.yaml"], "no condition to save"),
        (["--segment", "none.yaml"], "cannot be read"),
        (["--findings", "findings.json", "--finding", "f_9"], "No finding has"),
    ],
)
def test_a_fault_is_one_clear_message_and_no_file(
    run: Run, folder: Path, words: list[str], said: str
) -> None:
    files = [folder / word if word.endswith((".json", ".yaml")) else word for word in words]
    code, told = run(90, *files, "--out", folder / "never.csv")
    assert code == 1
    assert said in told
    assert "Traceback" not in told
    assert not (folder / "never.csv").exists()
