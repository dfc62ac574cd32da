"""Segments ask what is known of a journey in flight, and nothing that must not be asked."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from journeys.errors import OfframpError, SegmentError
from journeys.find import journey_ids
from journeys.samples import samples_at_end
from journeys.segment_file import Segment, load_segment, save_segment
from rootcause.audience import audience_of
from rootcause.fields import in_flight
from rootcause.listing import COLUMNS, Terms
from rootcause.segment import Sought, segment_of
from rootcause.where import read_condition
from tests.rootcause_world import DEFINITION, SmallWorld, small_world

SENSITIVE = DEFINITION.model_copy(
    update={"attributes": DEFINITION.attributes.model_copy(update={"sensitive": ("age_band",)})}
)


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(6000, seed=2)


@pytest.fixture(scope="module")
def members(world: SmallWorld) -> pd.DataFrame:
    return audience_of(world.log, world.journeys, DEFINITION, world.finding, outcome="leakage")


def listed(
    world: SmallWorld,
    where: str = "",
    *,
    before: str = "",
    terms: Terms | None = None,
    **known: pd.DataFrame,
) -> pd.DataFrame:
    """Return who is in a segment, and hold the summary to it."""
    log, journeys = world.log, world.journeys
    flying = in_flight(log, journeys, SENSITIVE, **known)
    sought = Sought("mine", read_condition(where) if where else None, before)
    people, told = segment_of(
        log, journeys, SENSITIVE, flying, sought=sought, terms=terms or Terms()
    )
    assert list(people.columns) == list(COLUMNS)
    assert told.at_risk == (people["state"] != "left").sum()
    assert not people["journey"].duplicated().any()
    return people


def open_events(world: SmallWorld) -> pd.DataFrame:
    """Return the last event of each journey in flight."""
    open_ = world.journeys[world.journeys["state"] == "open"]
    return world.log.events.iloc[open_["last"].to_numpy()]


def test_where_a_journey_stands_can_be_asked(world: SmallWorld) -> None:
    last = open_events(world)
    found = listed(world, "stage == 'upload' and activity == 'upload' and silence_hours > 24")
    silent = last["time"] < world.log.ends - pd.Timedelta(hours=24)
    meant = last[(last["activity"] == "upload") & silent]
    assert len(found) > 0
    assert set(found["customer_id"]) == set(meant["customer_id"])
    assert set(found["state"]) == {"matching"}
    assert found["probability"].isna().all()
    assert found["reason"].str.match(r"stage upload; activity upload; silence_hours \d").all()


def test_last_known_attributes_and_contacts_can_be_asked(world: SmallWorld) -> None:
    last = open_events(world)
    found = listed(world, "region == 'north' and os in ('iOS',) and version != '8.2'")
    meant = (last["region"] == "north") & (last["os"] == "iOS") & (last["version"] != "8.2")
    assert set(found["customer_id"]) == set(last[meant]["customer_id"])
    called = listed(world, "contacts > 0 and channel == 'phone'")
    assert set(called["customer_id"]) <= set(last[last["activity"] == "call"]["customer_id"])
    assert len(called) > 0
    assert (called["suppress"] == "upsell").mean() > 0.5


def test_findings_and_states_can_be_asked(world: SmallWorld, members: pd.DataFrame) -> None:
    name = world.finding.id
    found = listed(world, f"finding == '{name}' and state == 'at_risk'", members=members)
    at_risk = members[members["state"] == "at_risk"]
    assert set(found["journey"]) == set(at_risk["journey"])
    flying = world.journeys[world.journeys["state"] == "open"]
    ids = set(journey_ids(world.log, flying, DEFINITION))
    others = listed(world, "finding is None", members=members)
    assert set(others["journey"]) == ids - set(members["journey"])
    with pytest.raises(SegmentError, match="is never 'f_0'"):
        listed(world, "finding == 'f_0'", members=members)


def test_one_in_two_audiences_is_listed_once(world: SmallWorld, members: pd.DataFrame) -> None:
    both = pd.concat([members, members.assign(audience="f_2")], ignore_index=True)
    found = listed(world, "state == 'affected' or state == 'at_risk'", members=both)
    assert len(found) > 0


def test_scores_can_be_asked_of_those_who_have_one(world: SmallWorld) -> None:
    samples = samples_at_end(world.log, world.journeys)
    flying = world.journeys.iloc[samples["journey"].to_numpy()]
    ids = journey_ids(world.log, flying, DEFINITION)
    p = np.where(np.arange(len(ids)) % 2 == 0, np.nan, 0.7)
    scores = pd.DataFrame({"journey_id": ids, "p_leakage": p})
    found = listed(world, "p_leakage > 0.5", scores=scores)
    assert set(found["journey"]) == set(ids[1::2])
    assert set(listed(world, "p_leakage is None", scores=scores)["journey"]) == set(ids[::2])


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("age_band == '75+'", "sensitive"),
        ("p_leakage > 0.5", "--model"),
        ("p_churn > 0.5", "no rule for churn"),
        ("state == 'at_risk'", "--findings"),
        ("regio == 'north'", "closest: 'region'"),
        ("stage == 'uplod'", "closest: 'upload'"),
    ],
)
def test_what_cannot_be_asked_says_why(world: SmallWorld, where: str, words: str) -> None:
    with pytest.raises(SegmentError, match=words):
        listed(world, where)


def test_who_will_come_to_an_event_is_listed_by_chance(world: SmallWorld) -> None:
    people = listed(world, before="done", terms=Terms(days=3))
    assert set(people["state"]) == {"ahead"}
    assert people["probability"].is_monotonic_decreasing
    assert (people["probability"] == people["reach"]).all()
    assert (people["low"] <= people["probability"]).all()
    # in this world whoever comes to it does so within three days of the last event
    assert (world.log.ends - people["since"]).max() < pd.Timedelta(days=3.5)
    assert (world.log.ends - open_events(world)["time"]).max() > pd.Timedelta(days=4)
    assert len(people) > 20
    assert ((people["until"] - people["as_of"]) == pd.Timedelta(days=3)).all()


def test_a_condition_narrows_who_comes_to_an_event(world: SmallWorld) -> None:
    everybody = listed(world, before="done").set_index("journey")
    north = listed(world, "region == 'north'", before="done").set_index("journey")
    assert 0 < len(north) < len(everybody)
    assert set(north.index) <= set(everybody.index)
    assert np.allclose(north["probability"], everybody.loc[north.index, "probability"])


def test_an_event_that_never_occurs_has_its_closest(world: SmallWorld) -> None:
    with pytest.raises(SegmentError, match="closest: 'upload'"):
        listed(world, before="uplaod")


def test_a_segment_has_its_comings_and_goings(world: SmallWorld) -> None:
    first = listed(world, "region == 'north'", terms=Terms(hold_out=0.3))
    then = listed(world, "silence_hours > 20", terms=Terms(hold_out=0.3, previous=first))
    changes = then["change"].value_counts()
    assert set(changes.index) == {"entered", "stayed", "left"}
    gone = then[then["state"] == "left"]
    assert set(gone["reason"]) == {"no longer meets the condition"}
    assert (then.loc[then["change"] == "stayed", "held_out"]).any()


def test_a_segment_comes_back_from_its_file(tmp_path: Path) -> None:
    segment = Segment(
        name="gold", about="Für Gold", where="tier == 'gold'", before="bill", within="3d"
    )
    save_segment(segment, tmp_path / "gold.yaml")
    assert load_segment(tmp_path / "gold.yaml") == segment
    assert segment.within == timedelta(days=3)
    assert "within: 3d" in (tmp_path / "gold.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: gold", "give a condition under where"),
        ("name: gold\nwhere: a == 1\nwithin: 3d", "within belongs to before"),
        ("name: gold\nwere: a == 1", "closest: 'where'"),
        ("name: go ld\nwhere: a == 1", "name"),
        ("name: gold\nbefore: bill\nwithin: soon", "not a duration"),
        ("- gold", "set of keys"),
        ("where: 'a == 1' b", "not YAML"),
        ("where: a == 1", "name"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_a_broken_segment_file_is_one_message(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(SegmentError, match=words):
        load_segment(tmp_path / "s.yaml")


def test_a_segment_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(OfframpError, match="cannot be read"):
        load_segment(tmp_path / "none.yaml")
