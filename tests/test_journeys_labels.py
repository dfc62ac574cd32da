"""Labels: a slow oracle agrees, and no label knows what had not happened yet."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.find import find_journeys, journey_ids
from journeys.labels import at_risk_of, bad_outcome, labels_of
from journeys.log import EventLog, event_log
from journeys.samples import samples_of

DAY0 = pd.Timestamp("2026-01-01", tz="UTC")
Event = tuple[str, int, str]
LEAK, CHURN, INACTIVE = 3, 7, 8
WRITTEN = {
    "name": "x",
    "start": {"activity": "start"},
    "success": {"activity": "won", "within": "12d"},
    "failure": {"activity": "lost"},
    "abandoned_after": "6d",
    "leakage": {"activity": "call", "within": f"{LEAK}d"},
    "churn": {"activity": "left", "within": f"{CHURN}d"},
    "ticks": ["1d", "3d"],
}
DEFINITION = Definition.from_dict(WRITTEN)
OPEN_ENDED = Definition.from_dict({**WRITTEN, "leakage": {"activity": "call"}})
SILENT = Definition.from_dict({**WRITTEN, "churn": {"inactive_for": f"{INACTIVE}d"}})
EVENTS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 40),
        st.sampled_from(["start", "look", "call", "won", "lost", "left"]),
    ),
    min_size=1,
    max_size=30,
)


def log_of(events: list[Event], definition: Definition) -> EventLog:
    frame = pd.DataFrame(events, columns=["customer_id", "day", "activity"])
    frame["time"] = DAY0 + pd.to_timedelta(frame["day"], unit="D")
    return event_log(frame, definition)


def labelled(events: list[Event], outcome: str, definition: Definition) -> pd.DataFrame:
    """One row per sample: journey's id, day of the cutoff, y and the day on which it was known."""
    log = log_of(events, definition)
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    label = labels_of(log, journeys, samples, definition)[outcome]
    return pd.DataFrame(
        {
            "id": journey_ids(log, journeys, definition)[samples["journey"]],
            "customer": log.events["customer_id"].to_numpy()[samples["seen"]],
            "day": (samples["cutoff"] - DAY0).dt.days,
            "start": (journeys["start"] - DAY0).dt.days.to_numpy()[samples["journey"]],
            "y": label["y"],
            "known": (label["known_at"] - DAY0).dt.days,
            "closed": (label["closed_at"] - DAY0).dt.days,
        }
    )


def test_success_is_known_at_the_end_of_the_journey() -> None:
    found = labelled([("a", 0, "start"), ("a", 1, "look"), ("a", 2, "won")], "success", DEFINITION)
    assert found["y"].tolist() == [1.0, 1.0]
    assert found["known"].tolist() == [2, 2]


def test_an_open_journey_is_censored_and_not_a_failure() -> None:
    found = labelled([("a", 0, "start"), ("b", 2, "look")], "success", DEFINITION)
    assert found["y"].isna().all()
    assert found["known"].isna().all()


def test_after_a_first_contact_leakage_is_asked_no_more() -> None:
    events = [("a", 0, "start"), ("a", 1, "call"), ("a", 2, "look"), ("b", 20, "look")]
    found = labelled(events, "leakage", DEFINITION)
    assert found.loc[found["day"] == 0, "y"].tolist() == [1.0]
    assert found.loc[found["day"] >= 1, "y"].isna().all()


def test_the_closed_samples_of_the_last_days_of_a_log_are_not_all_contacts() -> None:
    """A contact was known when it came, its absence days later: the end of a log was all ones."""
    events = [("a", 0, "start"), ("a", 1, "call"), ("b", 0, "start"), ("b", 2, "look")]
    early = labelled(events, "leakage", DEFINITION)
    assert early.loc[early["day"] == 0, "y"].tolist()[0] == 1.0
    assert early["closed"].isna().all()
    later = labelled([*events, ("c", LEAK, "look")], "leakage", DEFINITION)
    first_day = later.loc[later["day"] == 0, ["y", "known", "closed"]]
    assert first_day.to_numpy().tolist() == [[1, 1, LEAK], [0, LEAK, LEAK]]


def test_a_quick_success_is_closed_no_sooner_than_the_usual_journey() -> None:
    events = [("a", 0, "start"), ("a", 2, "won"), ("b", 30, "start"), ("b", 31, "won")]
    found = labelled(events, "success", DEFINITION)
    first_days = found[found["day"].isin([0, 30])]
    assert first_days["y"].tolist() == [1.0, 1.0]
    assert first_days["closed"].tolist()[0] == 2
    assert np.isnan(first_days["closed"].tolist()[1])


def test_without_a_horizon_the_leakage_of_quick_journeys_is_closed_no_sooner() -> None:
    """Of the journeys begun late only those that ended at once were learnt from."""
    events = [("a", 0, "start"), ("a", 8, "look"), ("b", 30, "start"), ("b", 31, "won")]
    slow = Definition.from_dict(
        {**WRITTEN, "leakage": {"activity": "call"}, "abandoned_after": "9d"}
    )
    found = labelled(events, "leakage", slow)
    assert found.loc[found["customer"] == "a", "closed"].eq(12).all()
    quick = found[(found["customer"] == "b") & (found["day"] == 30)]
    assert quick[["y", "known"]].to_numpy().tolist() == [[0, 31]]
    assert quick["closed"].isna().all()


def test_who_has_left_is_not_asked_again_and_who_comes_back_from_silence_is() -> None:
    gone = [("a", 0, "left"), ("a", 1, "start"), ("b", 30, "look")]
    assert labelled(gone, "churn", DEFINITION)["y"].isna().all()
    back = [("a", 0, "look"), ("a", 20, "start"), ("b", 40, "look")]
    assert labelled(back, "churn", SILENT)["y"].eq(1.0).all()


@settings(max_examples=30)
@given(events=EVENTS)
def test_a_slow_oracle_gives_the_same_leakage(events: list[Event]) -> None:
    log_end = max(day for _, day, _ in events)
    for row in labelled(events, "leakage", DEFINITION).itertuples():
        calls = [d for who, d, act in events if who == row.customer and act == "call"]
        # on the day of the start, only what stands after it in the file is in the journey
        had = any(row.start < day <= row.day for day in calls)
        if any(day == row.start for day in calls):
            continue
        called = any(row.day < day <= row.day + LEAK for day in calls)
        if had or (not called and row.day + LEAK > log_end):
            assert np.isnan(row.y)
        else:
            assert row.y == called


@settings(max_examples=30)
@given(events=EVENTS)
def test_a_slow_oracle_gives_the_same_churn(events: list[Event]) -> None:
    log_end = max(day for _, day, _ in events)
    for row in labelled(events, "churn", DEFINITION).itertuples():
        left = [d for who, d, act in events if who == row.customer and act == "left"]
        churned = any(row.day < day <= row.day + CHURN for day in left)
        if any(day <= row.day for day in left) or (not churned and row.day + CHURN > log_end):
            assert np.isnan(row.y)
        else:
            assert row.y == churned


@settings(max_examples=30)
@given(events=EVENTS)
def test_a_slow_oracle_gives_the_same_churn_by_silence(events: list[Event]) -> None:
    log_end = max(day for _, day, _ in events)
    for row in labelled(events, "churn", SILENT).itertuples():
        days = sorted({d for who, d, _ in events if who == row.customer})
        seen = max(day for day in days if day <= row.day)
        if row.day + INACTIVE > log_end:
            assert np.isnan(row.y)
        else:
            assert row.y == (not any(row.day < day <= seen + INACTIVE for day in days))


@settings(max_examples=30)
@given(
    events=EVENTS,
    until=st.integers(0, 40),
    definition=st.sampled_from([DEFINITION, OPEN_ENDED, SILENT]),
)
def test_no_label_knows_what_came_after_it_was_known(
    events: list[Event], until: int, definition: Definition
) -> None:
    past = [event for event in events if event[1] <= until]
    if not past:
        return
    log_end = max(day for _, day, _ in past)
    for outcome in definition.outcomes:
        order = ["id", "day"]
        whole = labelled(events, outcome, definition).drop(columns="closed")
        before = whole[whole["day"] <= log_end].sort_values(order, ignore_index=True)
        unknown_yet = before["known"] > log_end
        before.loc[unknown_yet, ["y", "known"]] = np.nan
        then = labelled(past, outcome, definition).drop(columns="closed")
        then = then.sort_values(order, ignore_index=True)
        pd.testing.assert_frame_equal(then, before, check_dtype=False)


@settings(max_examples=30)
@given(events=EVENTS)
def test_a_label_is_known_only_of_samples_at_risk_and_after_their_cutoff(
    events: list[Event],
) -> None:
    log = log_of(events, DEFINITION)
    journeys = find_journeys(log, DEFINITION)
    samples = samples_of(log, journeys, DEFINITION)
    at_risk = at_risk_of(log, journeys, samples, DEFINITION)
    for outcome, label in labels_of(log, journeys, samples, DEFINITION).items():
        known = label["y"].notna()
        assert (at_risk[outcome] | ~known).all()
        assert (label["known_at"].notna() == known).all()
        assert (label["known_at"] > samples["cutoff"])[known].all()
        assert (label["known_at"] <= log.ends)[known].all()


def test_the_bad_outcome_of_success_is_its_absence() -> None:
    y = np.array([1.0, 0.0, np.nan])
    np.testing.assert_array_equal(bad_outcome(y, "success"), [0.0, 1.0, np.nan])
    np.testing.assert_array_equal(bad_outcome(y, "churn"), y)
