"""`offramp portfolio`: several journeys in one log, and what it says of a fault in the input."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from journeys.simulate import simulate, write_simulation
from offramp.cli import app
from rootcause.findings import write_findings
from tests.rootcause_world import findings_of, small_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_simulation(simulate("ios_upload_bug", customers=600, seed=3), folder)
    return folder


def run(world: Path, *more: str) -> tuple[int, str]:
    words = ["portfolio", "--events", str(world / "events.parquet"), *more]
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.output if done.exception is None else str(done.exception)


def test_all_journeys_of_a_log_are_compared_at_once_and_written_as_printed(
    world: Path, tmp_path: Path
) -> None:
    names = ("journey", "money_transfer", "phone_activation")
    asked = [word for name in names for word in ("--journey", str(world / f"{name}.yaml"))]
    code, said = run(world, *asked, "--json", str(tmp_path / "p.json"))
    assert code == 0
    written = json.loads((tmp_path / "p.json").read_text())
    assert {one["journey"] for one in written["journeys"]} == {
        *("mortgage_refinance", "money_transfer", "phone_activation")
    }
    for one in written["journeys"]:
        assert one["journey"] in said
        assert one["loss"] is None
        kpis = {kpi["name"]: kpi for kpi in one["kpis"]}
        assert {"score", "volume", "completion", "leakage", "containment"} <= set(kpis)
        assert f"{100 * kpis['completion']['now']['value']:.1f} %" in said
        assert all(kpi["denominator"] in said for kpi in one["kpis"])


def test_a_journey_given_twice_is_refused(world: Path) -> None:
    file = str(world / "journey.yaml")
    code, said = run(world, "--journey", file, "--journey", file)
    assert code == 1
    assert "given more than once" in said


def test_findings_of_another_journey_are_refused(world: Path, tmp_path: Path) -> None:
    write_findings(findings_of(small_world(400).finding), tmp_path / "f.json")
    file = str(world / "journey.yaml")
    code, said = run(world, "--journey", file, "--findings", str(tmp_path / "f.json"))
    assert code == 1
    assert "none of the journeys given" in said
