"""Placebo: attributes dealt anew keep the seasons and the mix, and lose what they meant."""

import numpy as np
import pandas as pd
import pytest

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.exposure import Exposures, exposures_of
from rootcause.placebo import dealt_anew, placebo_of
from rootcause.pursuit import causes_in
from rootcause.search import find_causes

DEFINITION = Definition.from_dict(
    {
        "name": "loan",
        "start": {"activity": "begun"},
        "abandoned_after": "4d",
        "leakage": {"channel": "call_centre", "within": "3d"},
        "attributes": {"context": ["region", "plan"], "technical": ["os"]},
    }
)


def broken_log(n: int = 5000) -> pd.DataFrame:
    """Return 60 days in which iOS in the south calls much more often from day 35 on."""
    rng = np.random.default_rng(0)
    day = np.sort(rng.uniform(0, 60, n))
    begun = pd.DataFrame(
        {
            "customer_id": np.arange(n).astype(str),
            "time": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(day, unit="D"),
            "activity": "begun",
            "channel": "app",
            "region": rng.choice(["north", "south"], n),
            "plan": rng.choice(["basic", "plus", "family"], n),
            "os": rng.choice(["iOS", "Android"], n),
        }
    )
    broken = (begun["os"] == "iOS") & (begun["region"] == "south") & (day > 35)
    calls = begun[rng.random(n) < np.where(broken, 0.4, 0.1)]
    calls = calls.assign(activity="call", channel="call_centre")
    return pd.concat([begun, calls.assign(time=calls["time"] + pd.Timedelta(hours=3))])


@pytest.fixture(scope="module")
def exposures() -> Exposures:
    log = event_log(broken_log(), DEFINITION)
    return exposures_of(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")


def test_dealing_anew_keeps_who_is_there_each_week_and_what_came_of_it(
    exposures: Exposures,
) -> None:
    dealt = dealt_anew(exposures, seed=1)
    week = (exposures.day - exposures.day.min()) // 7
    for number in np.unique(week):
        before = np.sort(exposures.codes[week == number] @ [100, 10, 1])
        assert np.array_equal(before, np.sort(dealt.codes[week == number] @ [100, 10, 1]))
    assert (dealt.codes != exposures.codes).any(axis=1).mean() > 0.5
    assert np.array_equal(dealt.bad, exposures.bad, equal_nan=True)


def test_a_fault_is_found_and_is_not_once_the_attributes_mean_nothing(
    exposures: Exposures,
) -> None:
    within = 3 * 86_400_000_000
    assert len(causes_in(exposures, within=within).causes) == 1
    told: list[float] = []
    placebo = placebo_of(
        exposures,
        within=within,
        runs=3,
        seed=0,
        progress=lambda _label, share: told.append(share),
    )
    assert placebo.runs == 3
    assert placebo.findings <= 1
    assert told == sorted(told)


def test_the_findings_say_how_many_placebo_findings_there_were() -> None:
    log = event_log(broken_log(3000), DEFINITION)  # in fewer the fault is only half explained
    journeys = find_journeys(log, DEFINITION)
    asked = find_causes(log, journeys, DEFINITION, "leakage", placebo=1)
    assert asked.placebo["runs"] == 1
    unasked = find_causes(log, journeys, DEFINITION, "leakage").placebo
    assert (unasked["runs"], unasked["findings"], unasked["allowance"]) == (0, 0, 1.0)
