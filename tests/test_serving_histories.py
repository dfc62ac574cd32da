"""Histories as an event log: whole, in order, without keys, each known until its own instant."""

import pandas as pd
import pytest

from journeys.find import ends_of, find_journeys
from journeys.log import event_log
from journeys.samples import samples_at_end
from serving.histories import read_instant, timed
from serving.messages import History
from tests.serving_bundle import definition_named, random_events
from tests.serving_oracle import as_of_each, log_of

LOAN = definition_named("loan")
BEGUN, LOOKED = (
    {"time": f"2026-02-01T{hour}:00:00Z", "activity": activity, "channel": "app"}
    for hour, activity in ((10, "begun"), (11, "looked"))
)


def test_histories_become_customers_in_their_order_without_their_keys() -> None:
    histories = [
        timed(History(customer_id="same key", events=[LOOKED, BEGUN]), index, [LOAN])
        for index in range(12)
    ]
    log = log_of(histories, LOAN)
    assert log.events["customer_id"].cat.categories.tolist() == [str(i) for i in range(12)]
    assert log.events["activity"].tolist() == ["begun", "looked"] * 12
    assert log.offsets.tolist() == list(range(0, 26, 2))


def test_attributes_nobody_sent_are_missing() -> None:
    log = log_of([timed(History(customer_id="a", events=[BEGUN]), 0, [LOAN])], LOAN)
    assert log.events[["region", "app_version", "amount"]].isna().all(axis=None)


@pytest.mark.parametrize("as_of", [None, "2026-02-01T11:00:00Z", "2026-02-09"])
def test_a_history_is_known_until_as_of_or_its_last_event(as_of: str | None) -> None:
    history = timed(History(customer_id="a", events=[LOOKED, BEGUN], as_of=as_of), 0, [LOAN])
    known_until = pd.to_datetime(as_of_each([history]), unit="us", utc=True)[0]
    assert known_until == pd.Timestamp(as_of or LOOKED["time"]).tz_localize(None).tz_localize("UTC")


def test_known_until_the_end_of_the_log_is_the_default() -> None:
    log = event_log(random_events(50, seed=6), LOAN)
    journeys = find_journeys(log, LOAN)
    ends = ends_of(log)
    pd.testing.assert_frame_equal(find_journeys(log, LOAN, ends=ends), journeys)
    pd.testing.assert_frame_equal(
        samples_at_end(log, journeys, ends=ends), samples_at_end(log, journeys)
    )


def test_a_customer_known_until_an_own_instant_is_as_in_a_log_that_ends_there() -> None:
    events = random_events(30, seed=7)
    log = event_log(events, LOAN)
    ends = log.times[log.offsets[1:] - 1]
    journeys = find_journeys(log, LOAN, ends=ends)
    samples = samples_at_end(log, journeys, ends=ends)
    for customer, key in enumerate(log.events["customer_id"].cat.categories):
        alone = event_log(events[events["customer_id"] == key], LOAN)
        of_one = find_journeys(alone, LOAN)
        chosen = journeys["customer"] == customer
        assert journeys.loc[chosen, "state"].tolist() == of_one["state"].tolist()
        assert journeys.loc[chosen, "end"].tolist() == of_one["end"].tolist()
        at = samples.loc[chosen.to_numpy()[samples["journey"]], "cutoff"]
        assert at.tolist() == samples_at_end(alone, of_one)["cutoff"].tolist()


@pytest.mark.parametrize("text", ["-2026-03-03T09:30:00Z", "12026-03-03T09:30:00Z"])
def test_a_year_that_no_calendar_of_ours_has_is_no_time(text: str) -> None:
    """Once, a year before the first one was a fault of the service."""
    assert read_instant(text) is None
