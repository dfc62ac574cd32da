"""What `offramp report` puts together: price, lists, other journeys, and the state of a watch."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from journeys.definition_file import definition_text
from journeys.errors import DefinitionError, OfframpError
from journeys.shards import HeldShards
from offramp.reported import Sources, data_of, reported, sources_of
from rootcause.life import opened
from rootcause.register import Register, write_register
from rootcause.report import ReportData
from tests.report_world import mended
from tests.rootcause_world import DEFINITION, SmallWorld, small_world


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(800)


def written(world: SmallWorld, folder: Path) -> tuple[str, str]:
    """Write the log and the definition; return their places."""
    events, journey = folder / "events.parquet", folder / "journey.yaml"
    world.log.events.to_parquet(events)
    journey.write_text(definition_text(DEFINITION))
    return str(events), str(journey)


def shown_of(sources: Sources, world: SmallWorld) -> ReportData:
    shards = HeldShards(DEFINITION, world.log)
    return data_of(
        sources, shards, [world.findings], some=world.log, tell=lambda _label, _share: None
    )


def test_the_state_of_a_watch_adds_owners_and_fixes(world: SmallWorld, tmp_path: Path) -> None:
    events, journey = written(world, tmp_path)
    one = world.finding
    case = opened(one, journey="loan", outcome="leakage", day="2026-02-12", at="2026-02-12")
    other = replace(mended(one), journey="another")
    alarms = tuple({"journey": name, "words": f"{name} is off"} for name in ("loan", "another"))
    register = Register(cases=(case, mended(one), other), alarms=alarms)
    write_register(register, tmp_path / "state")
    sources = sources_of(events, [journey], "", str(tmp_path / "state"))
    data = shown_of(sources, world)
    assert [known.state for known in data.cases] == ["open", "fixed"]
    assert [saving.finding for saving in data.savings] == [one.id]
    assert [alarm["words"] for alarm in data.alarms] == ["loan is off"]
    assert [about.finding for about in data.audiences] == [one.id]
    assert data.portfolio is not None
    loss = data.portfolio.journeys[0].loss
    assert loss is not None
    assert loss.findings == (one.id,)
    assert data.savings[0].next_days == 14


def test_what_is_closed_costs_nothing_any_more(world: SmallWorld, tmp_path: Path) -> None:
    events, journey = written(world, tmp_path)
    case = opened(
        world.finding, journey="loan", outcome="leakage", day="2026-02-12", at="2026-02-12"
    )
    line = replace(case.history[0], state="closed")
    write_register(
        Register(cases=(replace(case, state="closed", history=(line,)),)), tmp_path / "s"
    )
    sources = sources_of(events, [journey], "", str(tmp_path / "s"))
    data = shown_of(sources, world)
    assert data.portfolio is not None
    loss = data.portfolio.journeys[0].loss
    assert loss is not None
    assert (loss.per_week, loss.findings) == (0.0, ())


def test_a_journey_given_twice_and_a_missing_state_are_told_before_any_search(
    world: SmallWorld, tmp_path: Path
) -> None:
    events, journey = written(world, tmp_path)
    with pytest.raises(DefinitionError, match="more than once"):
        sources_of(events, [journey, journey], "", "")
    with pytest.raises(OfframpError, match="There is no state folder 'nowhere'"):
        sources_of(events, [journey], "", "nowhere")
    assert isinstance(sources_of(events, [journey], "", ""), Sources)


def told_by(world: SmallWorld, folder: Path, name: str) -> dict[str, Any]:
    """Return what a report of the log's file says, as data."""
    place = folder / name
    place.mkdir()
    events, journey = written(world, folder)
    sources = sources_of(events, [journey], "", "")
    _, data = reported(sources, str(place / "report.html"), seed=0)
    return dict(json.loads(data.read_text()))


@pytest.mark.proof
def test_a_report_of_shards_is_that_of_the_log_and_says_what_is_of_some(
    world: SmallWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = told_by(world, tmp_path, "held")
    monkeypatch.setenv("OFFRAMP_EVENTS_IN_MEMORY", "1000")
    shards = told_by(world, tmp_path, "shards")
    assert shards == held
    assert held["cards"][0]["timelines"]
    monkeypatch.setattr("offramp.reported.SHOWN", 200)
    some = told_by(world, tmp_path, "some")
    everybody = ("overview", "headline", "ranking", "money", "checked")
    assert {name: some[name] for name in everybody} == {name: held[name] for name in everybody}
    assert [one["timelines"] for one in some["cards"]] == [
        one["timelines"] for one in held["cards"]
    ]
    assert some["breaks"]["map"]["journeys"] != held["breaks"]["map"]["journeys"]
    of = f"of {len(world.log.offsets) - 1:,} customers, chosen by a hash of their keys"
    assert some["some"].endswith(of)
    assert of in some["shown"]
    page = (tmp_path / "some" / "report.html").read_text()
    assert page.count(some["some"]) >= 4
    assert "chosen by a hash" not in (tmp_path / "shards" / "report.html").read_text()
