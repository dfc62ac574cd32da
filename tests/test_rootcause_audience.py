"""The audience is as long as the finding says, those at risk can still be hit, the past is past."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.errors import FindingsError
from journeys.find import find_journeys
from journeys.log import event_log, microseconds
from journeys.samples import samples_at_end
from rootcause.audience import CLOSED, audience_of, gathered
from rootcause.exposed_then import exposed_then
from rootcause.forecast import expected_count
from rootcause.listing import COLUMNS, Terms
from rootcause.position import samples_at
from rootcause.reach import chance_to_reach, past_of, standing_of, still_ahead
from tests.rootcause_world import CONDITIONS, DAYS, DEFINITION, HARM, START, SmallWorld, small_world


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(6000)


@pytest.fixture(scope="module")
def audience(world: SmallWorld) -> pd.DataFrame:
    return audience_of(world.log, world.journeys, DEFINITION, world.finding, outcome="leakage")


def test_the_affected_are_as_many_as_the_finding_says(
    world: SmallWorld, audience: pd.DataFrame
) -> None:
    affected = audience[audience["state"] == "affected"]
    assert list(audience.columns) == list(COLUMNS)
    assert len(affected) == world.finding.exposed_journeys > 0
    assert affected["since"].min() >= pd.Timestamp(world.finding.onset, tz="UTC")


def test_no_effect_is_given_to_whom_nothing_can_happen_any_more(
    world: SmallWorld, audience: pd.DataFrame
) -> None:
    """It was given to every exposed customer, also to those who had called long ago."""
    affected = audience[audience["state"] == "affected"].set_index("customer_id")
    events = world.log.events
    calls = events[events["activity"] == "call"].groupby("customer_id", observed=True)["time"].max()
    called = affected.index.isin(calls.index)
    watched = affected["since"] + pd.Timedelta(days=4) <= world.log.ends
    assert called.sum() > 100
    assert (affected.loc[called | watched, "probability"] == 0).all()
    open_ = affected[~called & ~watched]
    assert len(open_) > 0
    assert open_["probability"].between(0, HARM).all()
    assert (affected["probability"] > 0).sum() <= len(open_)


def test_the_longer_a_customer_was_spared_the_less_is_still_to_come(
    audience: pd.DataFrame,
) -> None:
    affected = audience[(audience["state"] == "affected") & (audience["probability"] > 0)]
    by_age = affected.sort_values("since")["probability"].to_numpy()
    assert (np.diff(by_age) >= -1e-12).all()
    assert by_age[-1] > 0.8 * HARM


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
    listed = set(audience[audience["state"] == "at_risk"]["customer_id"])
    # whoever has been silent for longer than anybody who came is not expected any more
    fresh = rows["time"] > world.log.ends - pd.Timedelta(days=1.4)
    assert set(rows[meets & fresh]["customer_id"]) <= listed
    assert listed <= set(rows[meets]["customer_id"])


def test_the_chance_is_reach_times_exposed_times_effect(audience: pd.DataFrame) -> None:
    at_risk = audience[audience["state"] == "at_risk"]
    product = at_risk["reach"] * at_risk["exposed"] * at_risk["effect"]
    assert np.allclose(at_risk["probability"], product)
    for name in ("reach", "exposed", "effect"):
        assert (at_risk[f"{name}_low"] <= at_risk[name]).all()
        assert (at_risk[name] <= at_risk[f"{name}_high"]).all()
    assert (at_risk["low"] <= at_risk["probability"]).all()
    assert (at_risk["probability"] <= at_risk["high"]).all()
    # in this world everybody who started comes to the step, within a day and a half
    fresh = at_risk["probability"].max()
    assert 0.9 * HARM < fresh <= HARM


def test_nothing_is_missing_and_nobody_is_in_both_states(audience: pd.DataFrame) -> None:
    assert audience.drop(columns="suppress_until").notna().all().all()
    assert not audience["journey"].duplicated().any()
    assert np.isfinite(audience[["probability", "low", "high"]].to_numpy()).all()


@pytest.mark.parametrize("step", ["upload", "sleep"])
def test_a_finding_without_exposures_has_nobody(world: SmallWorld, step: str) -> None:
    """A step that nobody had reached ended in a ValueError."""
    nobody = replace(world.finding, conditions={"activity": step, "os": "Symbian"})
    found = audience_of(world.log, world.journeys, DEFINITION, nobody, outcome="leakage")
    assert len(found) == 0
    assert list(found.columns) == list(COLUMNS)


def test_a_finding_of_another_log_is_a_clear_fault(world: SmallWorld) -> None:
    other = replace(world.finding, conditions={"activity": "upload", "regio": "north"})
    with pytest.raises(FindingsError, match="closest: 'region'"):
        audience_of(world.log, world.journeys, DEFINITION, other, outcome="leakage")


@pytest.mark.parametrize("state", CLOSED)
def test_the_audience_of_a_closed_finding_is_empty_and_everybody_left(
    world: SmallWorld, audience: pd.DataFrame, state: str
) -> None:
    done = replace(world.finding, state=state)
    terms = Terms(previous=audience)
    people, told = gathered(
        world.log, world.journeys, DEFINITION, done, outcome="leakage", terms=terms
    )
    assert set(people["state"]) == {"left"}
    assert told.left == len(people) == len(audience)
    assert (told.affected, told.at_risk, told.entered) == (0, 0, 0)
    assert told.left_because == {f"the finding is {state}": len(audience)}
    assert "empty" in told.sentence


def test_the_summary_counts_the_list_and_names_nobody(world: SmallWorld) -> None:
    people, told = gathered(
        world.log,
        world.journeys,
        DEFINITION,
        world.finding,
        outcome="leakage",
        terms=Terms(hold_out=0.2),
    )
    at_risk = people["state"] == "at_risk"
    assert (told.affected, told.at_risk) == ((~at_risk).sum(), at_risk.sum())
    assert told.held_out == people["held_out"].sum() > 0
    for value, low, high in (told.expected_reached, told.expected_harmed):
        assert low <= value <= high <= told.at_risk
    assert "secret" not in json.dumps(told.as_dict())


def test_a_log_of_a_day_says_that_it_does_not_know(world: SmallWorld) -> None:
    events = world.log.events
    young = event_log(events[events["time"] > world.log.ends - pd.Timedelta(days=1)], DEFINITION)
    journeys = find_journeys(young, DEFINITION)
    people, told = gathered(
        young, journeys, DEFINITION, world.finding, outcome="leakage", terms=Terms()
    )
    at_risk = people[people["state"] == "at_risk"]
    assert told.checked is None
    assert (at_risk["reach_low"] == 0).all()
    assert (at_risk["reach_high"] == 1).all()


@settings(max_examples=25)
@given(st.floats(20, 109))
def test_the_journeys_in_flight_on_a_past_day_are_those_of_a_log_that_ends_then(
    day: float,
) -> None:
    """What is learnt from the past must not know what came after it."""
    whole = _SMALL
    events = whole.log.events
    cut = event_log(events[events["time"] <= START + pd.Timedelta(days=day)], DEFINITION)
    journeys = find_journeys(cut, DEFINITION)
    at_end = samples_at_end(cut, journeys)
    ends = int(cut.times.max())
    then = samples_at(whole.log, whole.journeys, np.array([ends]))
    names = [
        log.events["customer_id"].cat.categories[found["customer"].to_numpy()[samples["journey"]]]
        for log, found, samples in (
            (cut, journeys, at_end),
            (whole.log, whole.journeys, then),
        )
    ]
    assert list(names[0]) == list(names[1])
    one = standing_of(cut, journeys, DEFINITION, at_end, "upload")
    other = standing_of(whole.log, whole.journeys, DEFINITION, then, "upload")
    assert np.array_equal(one[:, 2:], other[:, 2:], equal_nan=True)


_SMALL = small_world(300, seed=4)


def test_the_reach_is_calibrated_on_days_that_nobody_had_seen() -> None:
    """The steps of these journeys come at exponential times: half of them within the horizon."""
    frame = _waiting(2500, seed=1)
    definition = DEFINITION.model_copy(update={"abandoned_after": pd.Timedelta(days=20)})
    forecast, came = [], []
    whole = event_log(frame, definition)
    for day in (60, 80):
        at = START + pd.Timedelta(days=day)
        cut = event_log(frame[frame["time"] <= at], definition)
        journeys = find_journeys(cut, definition)
        samples = samples_at_end(cut, journeys)
        samples = samples[still_ahead(cut, journeys, samples, "upload")].reset_index(drop=True)
        past = past_of(cut, journeys, definition, "upload", days=3)
        X = standing_of(cut, journeys, definition, samples, "upload")
        reach = chance_to_reach(past, X, days=3)
        keys = cut.events["customer_id"].iloc[samples["seen"].to_numpy()].astype(str)
        uploads = whole.events[whole.events["activity"] == "upload"]
        soon = uploads[uploads["time"].between(cut.ends, cut.ends + pd.Timedelta(days=3))]
        forecast.append(reach.rate)
        came.append(keys.isin(soon["customer_id"].astype(str)).to_numpy())
        assert reach.check is not None
        assert abs(reach.check.expected / reach.check.reached - 1) < 0.15
    told, true = np.concatenate(forecast), np.concatenate(came)
    assert abs(told.mean() - true.mean()) < 0.06
    assert 0.3 < true.mean() < 0.9


def _waiting(customers: int, *, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    began = rng.uniform(0, DAYS, customers)
    uploads = began + rng.exponential(3.0, customers)
    days = np.concatenate([began, uploads])
    frame = pd.DataFrame(
        {
            "customer_id": np.tile([f"C{n}" for n in range(customers)], 2),
            "time": START + pd.to_timedelta(days, unit="D"),
            "activity": np.repeat(["started", "upload"], customers),
            "channel": "app",
            "region": "north",
            "os": "iOS",
            "version": "8.2",
        }
    )
    return frame[days < DAYS]


def test_who_is_on_the_old_version_may_come_to_the_step_on_the_new_one() -> None:
    """At risk was only whoever had the release already: half of those hit next had it not."""
    rng = np.random.default_rng(2)
    frame = _waiting(2000, seed=2).assign(version="8.1")
    late = (frame["time"] > START + pd.Timedelta(days=90)) & (frame["activity"] == "upload")
    updates = late & (rng.random(len(frame)) < 0.5)
    frame.loc[updates, "version"] = "8.2"
    log = event_log(frame, DEFINITION)
    journeys = find_journeys(log, DEFINITION)
    samples = samples_at_end(log, journeys)
    samples = samples[still_ahead(log, journeys, samples, "upload")]
    then = exposed_then(log, journeys, CONDITIONS, samples["seen"].to_numpy(), days=7)
    assert not then.meets.any()
    assert 0.35 < then.rate.mean() < 0.6
    assert (then.low < 0.5).all()
    assert (then.high > 0.5).all()


def test_of_sure_things_all_are_expected_and_of_coins_about_half() -> None:
    sure = pd.DataFrame({"reach": [1.0] * 40, "reach_low": [1.0] * 40, "reach_high": [1.0] * 40})
    assert expected_count(sure, ["reach"])[1] >= 39
    value, low, high = expected_count(sure * 0.5, ["reach"])
    assert value == 20
    assert 10 < low < 18
    assert 22 < high < 30
    assert expected_count(sure[:0], ["reach"]) == (0.0, 0.0, 0.0)


def test_times_are_those_of_the_log(audience: pd.DataFrame, world: SmallWorld) -> None:
    assert (audience["as_of"] == world.log.ends).all()
    assert (microseconds(audience["until"]) > microseconds(audience["as_of"])).all()
