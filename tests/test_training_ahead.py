"""Typical paths: counted by hand, from ended journeys alone, and nothing later changes them."""

from pathlib import Path

import pandas as pd
import pytest

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import event_log
from journeys.samples import samples_of
from models import Bundle, load_bundle, save_bundle
from models.ahead import Ahead, Stood, likely
from training.ahead import ahead_of
from training.train import Trained

BEGIN = pd.Timestamp("2026-01-01", tz="UTC")
DEFINITION = Definition.from_dict(
    {
        "name": "loan",
        "start": {"activity": "begun"},
        "success": {"activity": "done", "within": "10d"},
        "abandoned_after": "3d",
        "milestones": ["begun", "sent", "done"],
        "ticks": ["1d"],
    }
)
HOUR, DAY = 1.0, 24.0


def paths(*journeys: list[tuple[float, str, str]], until: float) -> Ahead:
    """Return the paths of customers whose events are (hours since the start, activity, channel)."""
    rows = [
        {
            "customer_id": f"c{customer}",
            "time": BEGIN + pd.Timedelta(hours=hours),
            "activity": activity,
            "channel": channel,
        }
        for customer, events in enumerate(journeys)
        for hours, activity, channel in events
    ]
    log = event_log(pd.DataFrame(rows), DEFINITION)
    found = find_journeys(log, DEFINITION)
    samples = samples_of(log, found, DEFINITION)
    at = BEGIN + pd.Timedelta(hours=until)
    return ahead_of(log, found, samples, DEFINITION, until=at)


def finishing(begin: float, channel: str = "web") -> list[tuple[float, str, str]]:
    steps = ((0, "begun", "app"), (HOUR, "sent", channel), (2 * HOUR, "done", "email"))
    return [(begin + hours, activity, where) for hours, activity, where in steps]


LATER = [(60 * DAY, "begun", "app")]


def test_next_steps_are_counted_by_journey_with_their_channel() -> None:
    gave_up = [(0, "begun", "app")]
    found = paths(finishing(0), finishing(1), finishing(2, "app"), gave_up, LATER, until=30 * DAY)
    begun = found.stood["begun",]
    assert begun.journeys == 4
    # One of four was silent for a day: it stood here twice, half a journey each time.
    assert set(begun.next) == {("sent", "web", 2.0), ("sent", "app", 1.0), (None, None, 1.0)}
    assert begun.reached == {"sent": 3, "done": 3}
    assert found.stood["sent",].next == (("done", "email", 3),)


def test_who_is_silent_is_answered_from_those_who_were_as_silent() -> None:
    slow = [(0, "begun", "app"), (2 * DAY, "done", "email")]
    many = [finishing(hour) for hour in range(40)] + [slow] * 35
    found = paths(*many, LATER, until=30 * DAY)
    at_once = found.reach(("begun", 0, "app", "begun"), "sent")
    silent = found.reach(("begun", 1, "app", "begun"), "sent")
    assert at_once is not None
    assert silent is not None
    assert at_once.share > 0.5
    assert silent.share == 0
    assert silent.high > 0


def test_a_journey_that_came_to_a_step_twice_counts_half_each_time() -> None:
    twice = [(0, "begun", "app"), (1, "sent", "app"), (2, "sent", "web"), (3, "done", "email")]
    found = paths(twice, finishing(0), LATER, until=30 * DAY)
    assert found.stood["sent",] == Stood(
        2.0, (("done", "email", 1.5), ("sent", "web", 0.5)), {"done": 2.0, "sent": 0.5}
    )


def test_nothing_after_the_instant_changes_the_paths() -> None:
    past = [finishing(hour) for hour in range(10)]
    after = [finishing(50 * DAY + hour, "app") for hour in range(30)]
    known = paths(*past, LATER, until=30 * DAY)
    assert paths(*past, *after, LATER, until=30 * DAY) == known
    assert known.stood


def test_journeys_still_on_their_way_are_not_counted_as_given_up() -> None:
    under_way = [[(30 * DAY - 1, "begun", "app"), (30 * DAY + 1, "done", "email")]] * 5
    found = paths(*[finishing(hour) for hour in range(10)], *under_way, LATER, until=30 * DAY)
    assert found.stood["begun",].journeys == 10


def test_a_step_never_seen_has_no_next_step() -> None:
    found = paths(finishing(0), LATER, until=30 * DAY)
    assert found.at(("teleported", 0, "app", "begun")) is None
    assert found.reach(("begun", 0, "app", "begun"), "teleported") is None
    assert found.reach(("teleported", 0, "app", "begun"), "done") is None


def test_nobody_who_has_ended_makes_empty_paths() -> None:
    assert paths(LATER, until=30 * DAY).stood == {}


@pytest.mark.parametrize(("happened", "of"), [(0, 5), (5, 5), (1.5, 2), (0, 0.5)])
def test_an_interval_holds_its_share_and_stays_within_zero_and_one(
    happened: float, of: float
) -> None:
    share, low, high, journeys = likely(happened, of)
    assert 0 <= low <= share <= high <= 1
    assert journeys == of


def test_a_trained_bundle_brings_its_paths_and_an_old_one_none(
    trained: Trained, tmp_path: Path
) -> None:
    bundle = trained.bundle
    assert bundle.ahead is not None
    assert pd.Timestamp(bundle.ahead.until) <= pd.Timestamp(str(bundle.manifest["trained_to"]))
    read = load_bundle(save_bundle(bundle, tmp_path / "new"))
    assert read.ahead == bundle.ahead
    older = Bundle(bundle.plan, bundle.outcomes, bundle.manifest)
    assert load_bundle(save_bundle(older, tmp_path / "old")).ahead is None
