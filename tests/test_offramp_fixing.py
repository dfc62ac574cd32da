"""`offramp verify` and `offramp whatif`, as a user runs them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from benchmarks.fix_measures import measured
from benchmarks.fix_worlds import DEFINITION, FixPlan, date, fix_world
from journeys.simulate import SCENARIOS
from offramp.planting import conditions_of
from rootcause.findings import write_findings
from tests.offramp_run import Run
from tests.rootcause_world import findings_of

PLAN = FixPlan("partner", a_day=90, harm=0.3, onset=40, fixed=62, days=92, left=0.0, seed=21)
FIXED = date(PLAN.fixed).strftime("%Y-%m-%d")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world that was fixed: its log, its definition, its finding."""
    place = tmp_path_factory.mktemp("fixes")
    world = fix_world(PLAN)
    world.events.to_parquet(place / "events.parquet")
    (place / "journey.yaml").write_text(yaml.safe_dump(DEFINITION.as_dict()))
    one = replace(measured(world, PLAN.fixed), id="f_5c1e00000000")
    write_findings(findings_of(one), place / "findings.json")
    write_findings(findings_of(), place / "nothing.json")
    return place


def on(folder: Path) -> list[str]:
    return ["--events", str(folder / "events.parquet"), "--journey", str(folder / "journey.yaml")]


def of_finding(folder: Path, file: str = "findings.json") -> list[str]:
    return [*on(folder), "--findings", str(folder / file)]


def test_a_fix_that_works_is_said_to_and_written(run: Run, folder: Path, tmp_path: Path) -> None:
    asked = ["--finding", "f_5c1e", "--fixed-at", FIXED, "--json", tmp_path / "v.json"]
    code, said = run("verify", *of_finding(folder), *asked)
    assert code == 0
    assert "Fixed: partner broker, at the step “upload”." in said
    assert f"{FIXED} " in said
    written = json.loads((tmp_path / "v.json").read_text())
    assert written["verdict"] == "fixed"
    assert written["fixed_below"] == 0.5


def test_the_same_change_needs_no_finding(run: Run, folder: Path, tmp_path: Path) -> None:
    asked = ["--changed-at", FIXED, "--where", "activity=upload, partner=broker"]
    wanted = ["--outcome", "leakage", "--json", tmp_path / "c.json"]
    code, said = run("verify", *on(folder), *asked, *wanted)
    assert code == 0
    written = json.loads((tmp_path / "c.json").read_text())
    assert written["conditions"] == {"activity": "upload", "partner": "broker"}
    assert written["verdict"] in ("better", "cannot tell yet")
    assert written["sentence"] in said


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--changed-at", FIXED],
        ["--changed-at", FIXED, "--fixed-at", FIXED],
        ["--finding", "f_5c1e", "--fixed-at", FIXED],
    ],
)
def test_half_a_question_is_a_wrong_usage(run: Run, folder: Path, words: list[str]) -> None:
    code, said = run("verify", *on(folder), *words)
    assert code == 2
    assert "give either" in said


def test_what_mlflow_leaves_empty_is_not_given(run: Run, folder: Path) -> None:
    empty = ["--changed-at", "", "--where", "", "--outcome", "", "--json", ""]
    asked = ["--finding", "f_5c1e", "--fixed-at", FIXED, *empty]
    code, said = run("verify", *of_finding(folder), *asked)
    assert code == 0
    assert "Fixed" in said


def test_a_time_that_is_none_is_one_message(run: Run, folder: Path) -> None:
    code, said = run("verify", *of_finding(folder), "--finding", "f_5c1e", "--fixed-at", "soon")
    assert code == 1
    assert "'soon' is not a time; write --fixed-at" in said


def test_what_if_says_how_many_and_how_much(run: Run, folder: Path, tmp_path: Path) -> None:
    code, said = run("whatif", *of_finding(folder), "--days", 14, "--json", tmp_path / "s.json")
    assert code == 0
    (saving,) = json.loads((tmp_path / "s.json").read_text())["savings"]
    assert saving["next_days"] == 14
    assert saving["sentence"] in said
    assert "A fix is worth EUR" in said
    assert all(line in said for line in saving["assumptions"])


def test_what_if_nothing_was_found_there_is_nothing_to_save(run: Run, folder: Path) -> None:
    code, said = run("whatif", *of_finding(folder, "nothing.json"))
    assert code == 1
    assert "nothing was found" in said


def test_conditions_stand_one_by_one_or_in_a_row() -> None:
    expected = {"activity": "upload", "os": "iOS"}
    assert conditions_of(["activity=upload", "os=iOS"]) == expected
    assert conditions_of(["activity=upload, os=iOS"]) == expected
    assert conditions_of(["activity=upload; os=iOS"]) == expected
    assert conditions_of(["amount=> 25,000, os=iOS"]) == {"amount": "> 25,000", "os": "iOS"}


def test_help_names_every_scenario(run: Run) -> None:
    code, said = run("simulate", "--help")
    assert code == 0
    joined = said.replace("│", "").replace(" ", "")
    assert all(name in joined for name in SCENARIOS)
