"""Exposures: the step first reached, what was known then, and only what came after it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.exposure import MISSING, Exposures, exposed_to, exposures_of

DEFINITION = Definition.from_dict(
    {
        "name": "loan",
        "start": {"activity": "begun"},
        "success": {"activity": "paid", "within": "10d"},
        "abandoned_after": "4d",
        "leakage": {"channel": "call_centre", "within": "3d"},
        "attributes": {"context": ["region"], "technical": ["os"], "numeric": ["amount"]},
    }
)
START = pd.Timestamp("2026-01-01", tz="UTC")


def log_of(*journeys: list[tuple[float, str, str, object]], copies: int = 60) -> pd.DataFrame:
    """Return events; per journey (day, activity, channel, os), each journey many times over."""
    rows = [
        (f"c{copy:03d}-{number}", START + pd.Timedelta(days=day), activity, channel, os)
        for copy in range(copies)
        for number, events in enumerate(journeys)
        for day, activity, channel, os in events
    ]
    columns = ["customer_id", "time", "activity", "channel", "os"]
    return pd.DataFrame(rows, columns=columns).assign(region="north", amount=1.0)


def exposures_in(events: pd.DataFrame) -> Exposures:
    log = event_log(events, DEFINITION)
    return exposures_of(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")


def at(exposures: Exposures, step: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return exposures.meets({"activity": step})


LATE = [(30.0, "begun", "app", "Web")]  # keeps the log open long enough to know the rest


def test_a_step_counts_once_with_what_was_last_known_of_the_customer() -> None:
    journey = [
        (0.0, "begun", "app", "iOS"),
        (0.5, "asked", "email", None),
        (0.6, "upload", "app", "Android"),
        (0.7, "upload", "app", "Web"),
    ]
    exposures = exposures_in(log_of(journey, LATE))
    assert at(exposures, "upload").sum() == 60
    assert exposures.meets({"activity": "asked", "os": "iOS"}).sum() == 60
    assert exposures.meets({"activity": "upload", "os": "Android"}).sum() == 60
    assert not exposures.meets({"os": "unheard of"}).any()
    assert not exposures.meets({"colour": "red"}).any()


def test_missing_is_a_value() -> None:
    exposures = exposures_in(log_of([(0.0, "begun", "app", None)], LATE))
    assert exposures.meets({"activity": "begun", "os": MISSING}).sum() == 60


def test_only_what_follows_the_step_counts_against_it() -> None:
    journey = [
        (0.0, "begun", "app", "iOS"),
        (1.0, "call", "call_centre", None),
        (1.5, "upload", "app", "iOS"),
        (2.0, "call", "call_centre", None),
    ]
    exposures = exposures_in(log_of(journey, LATE))
    assert exposures.steps == ("begun",)  # after a contact nobody is at risk of a first one
    assert (exposures.bad[exposures.meets({"os": "iOS"})] == 1.0).all()


def test_outcomes_contacts_and_ends_are_no_steps() -> None:
    journey = [(0.0, "begun", "app", "iOS"), (1.0, "paid", "email", None)]
    other = [(0.0, "begun", "app", "iOS"), (1.0, "call", "call_centre", None)]
    assert exposures_in(log_of(journey, other, LATE)).steps == ("begun",)


def test_an_exposure_counts_only_when_its_horizon_has_passed() -> None:
    """A call known early near the end of the log must not count while its siblings are unknown."""
    early = [(0.0, "begun", "app", "iOS"), (1.0, "call", "call_centre", None)]
    last = [(29.0, "begun", "app", "Web"), (29.5, "call", "call_centre", None)]
    exposures = exposures_in(log_of(early, last, LATE))
    assert np.isnan(exposures.bad[exposures.meets({"os": "Web"})]).all()
    assert (exposures.bad[exposures.meets({"os": "iOS"})] == 1.0).all()


@given(ends=st.floats(16.0, 30.0), seed=st.integers(0, 5))
@examples(max_examples=10)
def test_what_happens_after_a_horizon_has_passed_changes_nothing(ends: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    days = rng.uniform(0, 28, 300)
    journeys = [
        [(day, "begun", "app", "iOS"), (day + rng.exponential(3), "call", "call_centre", None)]
        for day in days
    ]
    whole = log_of(*journeys, LATE, copies=1)
    cut = whole[whole["time"] <= START + pd.Timedelta(days=ends)]
    known, later = outcomes(cut), outcomes(whole)
    assert known
    assert {key: later[key] for key in known} == known


def test_exposed_are_all_who_met_the_conditions_since_the_onset() -> None:
    early = [(0.0, "begun", "app", "iOS")]
    late = [(5.0, "begun", "app", "iOS")]
    events = log_of(early, late, LATE)
    log = event_log(events, DEFINITION)
    finding = SimpleNamespace(conditions={"activity": "begun", "os": "iOS"}, onset="2026-01-05")
    exposed = exposed_to(log, find_journeys(log, DEFINITION), DEFINITION, finding)
    assert len(exposed) == 60
    assert (exposed["time"] == START + pd.Timedelta(days=5)).all()


def outcomes(events: pd.DataFrame) -> dict[tuple[str, int], float]:
    """Return what is known to have followed each customer's exposure at each instant."""
    exposures = exposures_in(events)
    customers = event_log(events, DEFINITION).events["customer_id"].cat.categories
    keys = zip(customers[exposures.customer], map(int, exposures.time), strict=True)
    found = dict(zip(keys, map(float, exposures.bad), strict=True))
    return {key: bad for key, bad in found.items() if not np.isnan(bad)}
