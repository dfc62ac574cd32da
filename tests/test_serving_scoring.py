"""Scoring: one history alone, in a batch and in a log get the same numbers, to the last bit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.table import table
from journeys.errors import BundleError
from journeys.find import find_journeys
from journeys.log import event_log
from journeys.samples import samples_at_end, samples_of
from journeys.times import read_times
from models import load_bundle, save_bundle
from serving.histories import timed, utc_text
from serving.messages import History, ScoreAnswer
from serving.problems import Refused
from serving.road import Scorer, model_info
from serving.scoring import Scoring, self_test
from tests.serving_bundle import body_of, histories_of, random_events, small_bundle

BEGUN = {"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}


@cache
def scoring_of(*names: str) -> Scoring:
    return Scoring([Scorer(small_bundle(name)) for name in names])


def scored(*histories: dict[str, Any], explain: int = 0) -> ScoreAnswer:
    return answered(scoring_of("loan"), *histories, explain=explain)


def answered(scoring: Scoring, *histories: dict[str, Any], explain: int = 0) -> ScoreAnswer:
    return scoring.answer(scoring.read(body_of(histories, explain=explain)))


def history(*events: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"customer_id": "a", "events": list(events)} | others


def test_a_batch_gives_each_history_what_it_gets_alone() -> None:
    histories = histories_of(random_events(30, seed=2))
    together = scored(*histories, explain=3).predictions
    alone = [scored(one, explain=3).predictions[0] for one in histories]
    assert sum(len(one.journeys) for one in together) > 5
    assert [msgspec.structs.replace(one, index=0) for one in together] == alone


def test_the_end_of_a_log_gets_what_batch_scoring_gives_it() -> None:
    bundle, events = small_bundle(), random_events(40, seed=4)
    log = event_log(events, bundle.plan.definition)
    journeys = find_journeys(log, bundle.plan.definition)
    samples = samples_at_end(log, journeys)
    X = table(log, journeys, samples, bundle.plan)
    ends = utc_text(int(log.times.max()))
    answers = scored(*[one | {"as_of": ends} for one in histories_of(events)]).predictions
    found = [journey for answer in answers for journey in answer.journeys]
    assert len(found) == len(samples) > 5
    for outcome, model in bundle.outcomes.items():
        expected = model.predict(X)
        assert [journey.p[outcome] for journey in found] == expected.p.tolist()
        intervals = [journey.interval[outcome] for journey in found]
        assert intervals == list(zip(expected.low.tolist(), expected.high.tolist(), strict=True))


def test_the_first_events_of_a_customer_get_what_training_saw_at_that_event() -> None:
    bundle, events = small_bundle(), random_events(12, seed=5)
    log = event_log(events, bundle.plan.definition)
    journeys = find_journeys(log, bundle.plan.definition)
    samples = samples_of(log, journeys, bundle.plan.definition)
    samples = samples[~samples["tick"]].iloc[:40].reset_index(drop=True)
    X = table(log, journeys, samples, bundle.plan)
    expected = bundle.outcomes["leakage"].predict(X).p
    by_key = {str(one["customer_id"]): one["events"] for one in histories_of(events)}
    keys = log.events["customer_id"].astype(str)
    for row, seen, cutoff in zip(samples.index, samples["seen"], samples["cutoff"], strict=True):
        lived: Any = by_key[keys[seen]]
        past = [event for event in lived if pd.Timestamp(event["time"]) <= cutoff]
        (journey,) = scored(history(*past)).predictions[0].journeys
        assert journey.p["leakage"] == expected[row]


def test_silence_up_to_as_of_changes_the_age_and_at_last_ends_the_journey() -> None:
    at_once, later, too_late = scored(
        history(BEGUN),
        history(BEGUN, as_of="2026-02-03T10:00:00+00:00"),
        history(BEGUN, as_of="2026-02-15T10:00:00Z"),
    ).predictions
    assert at_once.as_of == "2026-02-01T10:00:00Z"
    assert (at_once.journeys[0].age_hours, later.journeys[0].age_hours) == (0.0, 48.0)
    assert too_late.journeys == []
    assert too_late.note == "The last journey 'loan' ended at 2026-02-15T10:00:00Z: abandoned."


def test_a_history_without_an_open_journey_says_why() -> None:
    none, ended = scored(
        history(BEGUN | {"activity": "looked"}),
        history(BEGUN, BEGUN | {"activity": "funded", "time": "2026-02-02"}),
    ).predictions
    assert none.note == "No event starts the journey 'loan'."
    assert ended.note == "The last journey 'loan' ended at 2026-02-02T00:00:00Z: success."


def test_an_outcome_that_is_past_is_named() -> None:
    call = BEGUN | {"time": "2026-02-01T11:00:00Z", "activity": "called", "channel": "call_centre"}
    before, after = scored(history(BEGUN), history(BEGUN, call)).predictions
    assert before.journeys[0].happened == []
    assert after.journeys[0].happened == ["leakage"]
    assert after.journeys[0].step == "called"


def test_unknown_values_are_accepted_and_counted() -> None:
    odd = BEGUN | {"channel": "fax", "region": "moon", "app_version": 9, "shoe_size": 43}
    table_dropped = BEGUN | {"time": "2026-02-01T11:00:00Z", "activity": '"; drop table"'}
    known, unknown = scored(history(BEGUN), history(odd, table_dropped)).predictions
    assert (known.unknown_values, unknown.unknown_values) == (0, 4)
    assert unknown.journeys[0].step == '"; drop table"'


def test_events_in_any_order_and_zone_are_the_same_history() -> None:
    looked = BEGUN | {"activity": "looked", "time": "2026-02-01T11:30:00Z"}
    shifted = looked | {"time": "2026-02-01 13:30:00.000000+02:00"}
    naive = BEGUN | {"time": "2026-02-01T10:00:00"}
    one, other = scored(history(BEGUN, looked), history(shifted, naive)).predictions
    assert one.journeys == other.journeys


def test_several_journeys_are_answered_by_their_own_models() -> None:
    answer = answered(scoring_of("loan", "other_loan"), history(BEGUN), explain=1)
    assert [one.journey for one in answer.predictions[0].journeys] == ["loan", "other_loan"]
    assert [answer.model.journey, answer.other_models[0].journey] == ["loan", "other_loan"]


def test_reasons_are_as_many_as_asked_for_and_name_their_tier() -> None:
    full = BEGUN | {"region": "north", "app_version": "8.2.0", "amount": 10}
    (journey,) = scored(history(full), explain=2).predictions[0].journeys
    assert set(journey.reasons) == set(journey.p)
    assert all(len(some) <= 2 for some in journey.reasons.values())
    tiers = {reason.tier for some in journey.reasons.values() for reason in some}
    assert tiers <= {"context", "technical", "behaviour"}
    assert scored(history(full)).predictions[0].journeys[0].reasons == {}


BAD = [
    ({"activity": "begun"}, "histories[0].events[0].time is missing"),
    (BEGUN | {"time": "yesterday"}, "is 'yesterday', which is not a time"),
    (BEGUN | {"time": "-1"}, "is '-1', which is not a time"),  # a year to pandas
    (BEGUN | {"time": 1_772_530_200}, "is 1772530200, not text"),
    (BEGUN | {"time": "0001-01-01T00:00:00+14:00"}, "1700 to 2250"),
    (BEGUN | {"time": "9999-12-31T23:59:59-14:00"}, "1700 to 2250"),
    ({"time": "2026-02-01"}, "histories[0].events[0].activity is missing"),
    (BEGUN | {"activity": ""}, "activity is missing"),
    (BEGUN | {"activity": 5}, "activity is 5, not text"),
    (BEGUN | {"channel": 5}, "channel is 5, not text"),
    (BEGUN | {"amount": "a lot"}, "has 'a lot' where the journey 'loan' counts"),
    (BEGUN | {"amount": 10**400}, "where the journey 'loan' counts with a number"),
]


@pytest.mark.parametrize(("event", "words"), BAD)
def test_a_single_bad_history_is_refused_in_the_callers_words(
    event: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused) as refused:
        scored(history(event))
    assert refused.value.problem.status == 422
    assert words in refused.value.problem.detail


def test_a_bad_history_holds_up_no_other() -> None:
    bad, good = scored(history({"activity": "begun"}), history(BEGUN)).predictions
    assert bad.error is not None
    assert bad.error.status == 422
    assert bad.journeys == []
    assert good.error is None
    assert len(good.journeys) == 1


def test_only_bad_histories_are_refused_with_all_their_faults() -> None:
    with pytest.raises(Refused) as refused:
        scored(history({"activity": "begun"}), history(), history(BEGUN, as_of="2026-01-01"))
    problem = refused.value.problem
    assert [fault.index for fault in problem.errors] == [0, 1, 2]
    assert "before the last event at 2026-02-01T10:00:00Z" in problem.errors[2].detail


def test_numbers_written_as_text_and_missing_ones_are_numbers() -> None:
    answers = scored(
        history(BEGUN | {"amount": 1200}),
        history(BEGUN | {"amount": "1200.0"}),
        history(BEGUN | {"amount": None}),
        history(BEGUN),
    ).predictions
    assert answers[0].journeys == answers[1].journeys
    assert answers[2].journeys == answers[3].journeys


def test_an_attribute_may_have_the_files_name() -> None:
    bundle = small_bundle()
    mapped = bundle.plan.definition.model_copy(update={"columns": {"amount": "Amount in EUR"}})
    renamed = replace(bundle, plan=replace(bundle.plan, definition=mapped))
    ours, files = BEGUN | {"amount": 700}, BEGUN | {"Amount in EUR": 700}
    scoring = Scoring([Scorer(renamed)])
    one, other = answered(scoring, history(ours), history(files)).predictions
    assert one.journeys == other.journeys


@given(
    at=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    minutes=st.none() | st.integers(-14 * 60, 14 * 60),
)
def test_a_time_is_read_as_event_logs_read_it(at: datetime, minutes: int | None) -> None:
    zone = None if minutes is None else timezone(timedelta(minutes=minutes))
    written = at.replace(tzinfo=zone).isoformat()
    event = {"time": written, "activity": "begun"}
    (micros,) = timed(History(customer_id="a", events=[event]), 0, []).times
    assert pd.Timestamp(micros, unit="us", tz="UTC") == read_times(pd.Series([written]))[0]
    assert datetime.fromisoformat(utc_text(micros)).astimezone(UTC) == (
        at.replace(tzinfo=zone or UTC)
    )


def test_a_bundle_passes_its_self_test_and_a_broken_one_does_not() -> None:
    bundle = small_bundle()
    self_test(Scorer(bundle))
    broken = bundle.outcomes["success"].calibration
    nan = replace(broken, probability=np.full_like(broken.probability, np.nan))
    wrong = replace(bundle.outcomes["success"], calibration=nan)
    with pytest.raises(BundleError, match="'offramp-loan' fails its self-test"):
        self_test(Scorer(replace(bundle, outcomes=bundle.outcomes | {"success": wrong})))


def test_a_model_is_named_by_its_files_or_by_the_registrys_version(tmp_path: Any) -> None:
    bundle = load_bundle(save_bundle(small_bundle(), tmp_path / "bundle"))
    info = model_info(bundle)
    assert (info.name, info.journey, len(info.version)) == ("offramp-loan", "loan", 12)
    assert info.trained_to == bundle.manifest["trained_to"]
    assert info.surroundings_until is not None
    assert pd.Timestamp(info.surroundings_until) == random_events(100, seed=1)["time"].max()
    registered = replace(bundle, manifest=bundle.manifest | {"version": "7"})
    assert model_info(registered).version == "7"
