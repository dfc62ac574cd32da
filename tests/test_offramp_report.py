"""What `offramp report` puts together: price, lists, other journeys, and the state of a watch."""

from dataclasses import replace
from pathlib import Path

import pytest

from journeys.definition_file import definition_text
from journeys.errors import DefinitionError, OfframpError
from offramp.reported import Sources, data_of, sources_of
from rootcause.life import opened
from rootcause.register import Register, write_register
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


def test_the_state_of_a_watch_adds_owners_and_fixes(world: SmallWorld, tmp_path: Path) -> None:
    events, journey = written(world, tmp_path)
    one = world.finding
    case = opened(one, journey="loan", outcome="leakage", day="2026-02-12", at="2026-02-12")
    other = replace(mended(one), journey="another")
    alarms = tuple({"journey": name, "words": f"{name} is off"} for name in ("loan", "another"))
    register = Register(cases=(case, mended(one), other), alarms=alarms)
    write_register(register, tmp_path / "state")
    sources = sources_of(events, [journey], "", str(tmp_path / "state"))
    data = data_of(sources, world.log, [world.findings], tell=lambda _label, _share: None)
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
    data = data_of(sources, world.log, [world.findings], tell=lambda _label, _share: None)
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
