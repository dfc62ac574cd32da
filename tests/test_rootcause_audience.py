"""The audience is as long as the finding says, and those at risk can still be hit."""

import numpy as np
import pandas as pd
import pytest

from journeys.errors import FindingsError
from rootcause.audience import COLUMNS, audience_of
from tests.rootcause_world import DEFINITION, HARM, SmallWorld, small_world


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(6000)


@pytest.fixture(scope="module")
def audience(world: SmallWorld) -> pd.DataFrame:
    return audience_of(world.log, world.journeys, DEFINITION, world.finding)


def test_the_affected_are_as_many_as_the_finding_says(
    world: SmallWorld, audience: pd.DataFrame
) -> None:
    affected = audience[audience["state"] == "affected"]
    assert list(audience.columns) == list(COLUMNS)
    assert len(affected) == world.finding.exposed_journeys > 0
    assert (affected["probability"] == HARM).all()
    assert affected["since"].min() >= pd.Timestamp(world.finding.onset, tz="UTC")


def test_those_at_risk_are_open_have_not_come_to_the_step_and_meet_the_rest(
    world: SmallWorld, audience: pd.DataFrame
) -> None:
    at_risk = audience[audience["state"] == "at_risk"]
    events = world.log.events
    theirs = events[events["customer_id"].isin(at_risk["customer_id"])]
    assert len(at_risk) > 0
    assert not (theirs["activity"] == "upload").any()
    assert set(theirs["os"]) == {"iOS"}
    assert set(theirs["version"]) == {"8.2"}
    open_now = world.journeys[world.journeys["state"] == "open"]["customer"]
    keys = events["customer_id"].cat.categories[open_now.to_numpy()]
    assert set(at_risk["customer_id"]) <= set(keys)


def test_nobody_at_risk_who_meets_all_is_left_out(
    world: SmallWorld, audience: pd.DataFrame
) -> None:
    journeys = world.journeys[world.journeys["state"] == "open"]
    waiting = journeys[journeys["first"] == journeys["last"]]
    rows = world.log.events.iloc[waiting["first"].to_numpy()]
    meets = (rows["os"] == "iOS") & (rows["version"] == "8.2")
    assert set(rows[meets]["customer_id"]) == set(
        audience[audience["state"] == "at_risk"]["customer_id"]
    )


def test_the_chance_is_that_to_reach_the_step_times_the_effect(audience: pd.DataFrame) -> None:
    at_risk = audience[audience["state"] == "at_risk"]
    assert (at_risk["low"] <= at_risk["probability"]).all()
    assert (at_risk["probability"] <= at_risk["high"]).all()
    # in this world everybody who started comes to the step, within a day and a half
    fresh = at_risk["probability"].max()
    assert 0.9 * HARM < fresh <= HARM


def test_a_finding_without_exposures_has_nobody(world: SmallWorld) -> None:
    nobody = type(world.finding)(
        **{**vars(world.finding), "conditions": {"activity": "upload", "os": "Symbian"}}
    )
    found = audience_of(world.log, world.journeys, DEFINITION, nobody)
    assert len(found) == 0
    assert list(found.columns) == list(COLUMNS)


def test_a_finding_of_another_log_is_a_clear_fault(world: SmallWorld) -> None:
    other = type(world.finding)(
        **{**vars(world.finding), "conditions": {"activity": "upload", "regio": "north"}}
    )
    with pytest.raises(FindingsError, match="closest: 'region'"):
        audience_of(world.log, world.journeys, DEFINITION, other)


def test_nothing_is_missing_and_nobody_is_listed_twice(audience: pd.DataFrame) -> None:
    assert audience.notna().all().all()
    assert not audience["journey"].duplicated().any()
    assert np.isfinite(audience[["probability", "low", "high"]].to_numpy()).all()
