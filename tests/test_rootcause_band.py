"""The band: silent where nothing changes, soon where it does, and the past alone decides."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.portfolio import all_alarms
from benchmarks.portfolio_world import DEFINITION as STILL
from benchmarks.portfolio_world import START as STILL_START
from benchmarks.portfolio_world import still_world
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.known_event import KnownEvent
from journeys.log import EventLog, event_log
from rootcause.band import Alarm, alarms_of
from rootcause.band_cells import steps_of
from rootcause.band_expected import expected_from, expected_volume, weekdays_of
from rootcause.band_watch import Raised
from rootcause.decomposition import Decomposition, decomposition_of
from rootcause.kpi_seen import seen_by
from tests.rootcause_world import DEFINITION, ONSET, START, SmallWorld, small_world

DAY = pd.Timedelta(days=1)


@cache
def planted() -> SmallWorld:
    """From day 40 on uploads fail on iOS 8.2, which half of iOS has."""
    return small_world(6_000)


def alarms_on(day: int, log: EventLog | None = None) -> tuple[Alarm, ...]:
    log = planted().log if log is None else log
    return alarms_of(log, find_journeys(log, DEFINITION), DEFINITION, until=START + day * DAY)


def test_a_planted_fault_is_noticed_within_days_at_its_step_and_as_a_rate() -> None:
    assert [one for one in alarms_on(40) if one.kpi != "volume"] == []
    found = {one.kpi: one for one in alarms_on(48)}
    for kpi in ("leakage", "errors"):
        alarm = found[kpi]
        assert alarm.step == "upload"
        assert abs(pd.Timestamp(alarm.day) - pd.Timestamp(ONSET)) <= 4 * DAY
        assert pd.Timestamp(alarm.noticed) <= pd.Timestamp(ONSET) + 8 * DAY
        assert alarm.value > alarm.high >= alarm.expected >= alarm.low
        assert alarm.mix + alarm.rate == pytest.approx(alarm.value - alarm.expected)
        assert alarm.rate > 3 * abs(alarm.mix)
        assert "“upload”" in alarm.words
        assert alarm.split is not None
        assert alarm.split.rate[1] > 0.0
    assert (
        json.loads(json.dumps(found["leakage"].as_dict(), allow_nan=False))
        == found["leakage"].as_dict()
    )


def test_an_alarm_of_one_day_stands_the_day_after_as_it_was_raised() -> None:
    before = {(one.kpi, one.day, one.noticed) for one in alarms_on(48)}
    after = {(one.kpi, one.day, one.noticed) for one in alarms_on(49)}
    assert before
    assert before <= after


def test_the_same_day_twice_says_the_same() -> None:
    assert alarms_on(50) == alarms_on(50)


@given(
    more=st.lists(
        st.tuples(st.floats(0.01, 20.0), st.sampled_from(["started", "upload", "call", "new"])),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=4)
def test_events_after_until_change_nothing(more: list[tuple[float, str]]) -> None:
    day = 50
    past = planted().log.events
    past = past[past["time"] <= START + day * DAY]
    future = pd.DataFrame(
        {
            "customer_id": [f"secret-{place}" for place in range(len(more))],
            "time": [START + (day + at) * DAY for at, _ in more],
            "activity": [what for _, what in more],
            "channel": "app",
        }
    )
    named = past.assign(**{name: past[name].astype(object) for name in past.columns[2:]})
    log = event_log(pd.concat([named, future]), DEFINITION)
    assert alarms_on(day, log) == alarms_on(day)


def test_where_nothing_changes_alarms_keep_to_their_budget() -> None:
    raised, months = 0, 0.0
    for seed in range(3):
        alarms, watched = all_alarms(
            still_world(2_500, days=260, seed=seed, mood=0.2).until(260)[0], STILL
        )
        raised += sum(since >= "2025-03-20" for _, _, since, _ in alarms)
        months += watched
    assert raised <= months  # twice the budget


@given(
    times=st.integers(2, 6),
    asked=st.lists(st.integers(20, 60), min_size=30, max_size=30),
    seed=st.integers(0, 99),
)
@settings(max_examples=20)
def test_so_many_times_the_counts_are_so_many_times_the_evidence(
    times: int, asked: list[int], seed: int
) -> None:
    many = np.array(asked, dtype=np.float64).reshape(1, 1, -1)
    hit = np.random.default_rng(seed).binomial(many.astype(int), 0.2).astype(np.float64)
    expected = expected_from(many, hit, weekdays_of(np.arange(30)))
    odds = np.log([0.5, 2.0])
    day = many[:, :, 0], hit[:, :, 0]
    once = expected.log_ratio(*day, 3, odds)
    assert expected.scatter[0] >= 1.0
    assert expected.log_ratio(times * day[0], times * day[1], 3, odds) == pytest.approx(
        times * once
    )
    assert (once <= 1e-9).any()  # a day cannot speak for more and for less at once


@given(scale=st.integers(2, 20))
def test_volume_is_expected_in_proportion_to_what_was(scale: int) -> None:
    days = np.arange(56)
    begun = 30.0 + 10.0 * (days % 7) + (days % 3)
    one = expected_volume(begun, days, weekdays_of(days), 60)
    many = expected_volume(scale * begun, days, weekdays_of(days), 60)
    assert one is not None
    assert many is not None
    assert many.begun == pytest.approx(scale * one.begun)


def test_a_weekday_s_usual_volume_is_no_alarm_and_a_lasting_change_is() -> None:
    frame = still_world(4_000, days=140, seed=3).frame
    fewer = frame["customer_id"] % 2 == 0
    gone = fewer & (frame["time"] >= STILL_START + 110 * DAY) & (frame["activity"] == "started")
    log = event_log(frame[~gone], STILL)
    journeys = find_journeys(log, STILL)
    standing = alarms_of(log, journeys, STILL, until=STILL_START + 130 * DAY)
    volume = [one for one in standing if one.kpi == "volume"]
    assert len(volume) == 1
    assert volume[0].value < volume[0].low
    assert abs(pd.Timestamp(volume[0].day, tz="UTC") - (STILL_START + 110 * DAY)) <= 3 * DAY
    assert "Fewer" in volume[0].words
    assert volume[0].split is not None
    assert volume[0].split.rate[2] < 0.0


def test_what_the_calendar_knows_is_no_alarm_and_a_fault_beside_it_still_is() -> None:
    frame = still_world(4_000, days=140, seed=3).frame
    fewer = (frame["customer_id"] % 2 == 0) & (frame["activity"] == "started")
    strike = frame["time"].between(STILL_START + 100 * DAY, STILL_START + 110 * DAY)
    known = {"what": "strike", "from": STILL_START + 100 * DAY, "until": STILL_START + 109 * DAY}
    told = STILL.model_copy(update={"calendar": (KnownEvent.model_validate(known),)})

    def volume_on(day: int, frame: pd.DataFrame, definition: Definition) -> list[Alarm]:
        log = event_log(frame, definition)
        journeys, until = find_journeys(log, definition), STILL_START + day * DAY
        standing = alarms_of(log, journeys, definition, until=until)
        return [one for one in standing if one.kpi == "volume"]

    struck = frame[~(fewer & strike)]
    assert len(volume_on(112, struck, STILL)) == 1
    assert volume_on(112, struck, told) == []
    lasting = frame[~(fewer & (frame["time"] >= STILL_START + 100 * DAY))]
    (found,) = volume_on(135, lasting, told)
    assert pd.Timestamp(found.day, tz="UTC") >= STILL_START + 110 * DAY


def split_of(share_of_ill: float, harm_now: float) -> Decomposition:
    """Return the split of a change at the start: the ill call more, and there may be more of them.

    Before day 60 three in ten are ill; of the ill half call, of the well a tenth.
    """
    rng = np.random.default_rng(5)
    n = 4_000
    day = np.sort(rng.uniform(0, 100, n))
    now = day >= 60
    ill = rng.random(n) < np.where(now, share_of_ill, 0.3)
    calls = rng.random(n) < np.where(ill, 0.5, 0.1) + np.where(now, harm_now, 0.0)
    who = np.arange(n).astype(str)
    frame = pd.DataFrame(
        {
            "customer_id": np.concatenate([who, who[calls]]),
            "time": START + pd.to_timedelta(np.concatenate([day, day[calls] + 0.3]), unit="D"),
            "activity": ["begun"] * n + ["agent_call"] * int(calls.sum()),
            "channel": ["app"] * n + ["phone"] * int(calls.sum()),
            "health": np.concatenate(
                [np.where(ill, "ill", "well")] * 1 + [np.where(ill, "ill", "well")[calls]]
            ),
        }
    )
    definition = Definition.from_dict(
        {
            "name": "help",
            "start": {"activity": "begun"},
            "abandoned_after": "3d",
            "leakage": {"activity": "agent_call", "within": "1d"},
            "attributes": {"context": ["health"]},
        }
    )
    log = event_log(frame, definition)
    seen = seen_by(log, find_journeys(log, definition), definition, None)
    alarm = Raised(0, 1.0, 62, 70, np.arange(5, 55), None)
    return decomposition_of(
        seen, steps_of(seen), "leakage", alarm, days=(_first(log), _first(log) + 101)
    )


def _first(log: EventLog) -> int:
    return int(log.times.min() // 86_400_000_000)


def test_more_of_those_who_always_called_is_mix() -> None:
    split = split_of(share_of_ill=0.7, harm_now=0.0)
    assert split.total[0] == pytest.approx(0.16, abs=0.04)
    assert split.mix[1] > 0.1
    assert split.rate[1] <= 0.0 <= split.rate[2]
    assert split.by_attribute[0]["attribute"] == "health"


def test_the_same_people_calling_more_is_rate() -> None:
    split = split_of(share_of_ill=0.3, harm_now=0.15)
    assert split.rate[1] > 0.1
    assert split.mix[1] <= 0.0 <= split.mix[2] or abs(split.mix[0]) < 0.02
    assert split.mix[0] + split.rate[0] == pytest.approx(split.total[0])
    assert split.by_step[0]["step"] == "begun"


def test_a_log_too_short_to_know_what_is_usual_raises_nothing() -> None:
    log, journeys = still_world(500, days=20, seed=1).until(20)
    assert alarms_of(log, journeys, STILL) == ()
