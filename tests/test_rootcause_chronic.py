"""Associations: what has always been worse, after adjustment, and never a word of a cause."""

import numpy as np
import pandas as pd
import pytest

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.association import Association
from rootcause.findings import Findings
from rootcause.search import find_causes

DEFINITION = Definition.from_dict(
    {
        "name": "loan",
        "start": {"activity": "begun"},
        "abandoned_after": "4d",
        "leakage": {"channel": "call_centre", "within": "3d"},
        "attributes": {"context": ["region", "plan"], "technical": ["os"], "numeric": ["amount"]},
    }
)


def findings_of(
    seed: int, *, south: float = 0.0, pair: float = 0.0, large: float = 0.0
) -> Findings:
    """Return the findings of 60 days in which something has always been worse, or nothing.

    The south has mostly the plus plan: a plan that looks bad only through its mix.
    """
    rng = np.random.default_rng(seed)
    n = 6000
    begun = pd.DataFrame(
        {
            "customer_id": np.arange(n).astype(str),
            "time": pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(np.sort(rng.uniform(0, 60, n)), unit="D"),
            "activity": "begun",
            "channel": "app",
            "region": rng.choice(["north", "south"], n, p=[0.7, 0.3]),
            "os": rng.choice(["iOS", "Android"], n),
            "amount": rng.lognormal(10, 0.8, n),
        }
    )
    is_south = (begun["region"] == "south").to_numpy()
    begun["plan"] = np.where(rng.random(n) < np.where(is_south, 0.8, 0.2), "plus", "basic")
    crossed = ((begun["os"] == "iOS") == (begun["plan"] == "plus")).to_numpy()
    chance = 0.1 + south * is_south + pair * crossed + large * (begun["amount"] > 30_000).to_numpy()
    calls = begun[rng.random(n) < chance].assign(activity="call", channel="call_centre")
    events = pd.concat([begun, calls.assign(time=calls["time"] + pd.Timedelta(hours=3))])
    log = event_log(events, DEFINITION)
    return find_causes(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")


def named(findings: Findings) -> list[dict[str, str]]:
    return [
        {name: value for name, value in one.conditions.items() if name != "activity"}
        for one in findings.chronic
    ]


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_listed_where_everybody_fares_alike(seed: int) -> None:
    assert findings_of(seed).chronic == ()


def test_a_value_is_named_and_one_that_looks_bad_through_its_mix_is_not() -> None:
    findings = findings_of(0, south=0.15)
    assert findings.findings == ()
    (one,) = findings.chronic
    assert one.conditions == {"activity": "begun", "region": "south"}
    assert one.kind == "chronic"
    assert one.effect_interval[0] < 0.15 < one.effect_interval[1]
    assert one.rate == pytest.approx(one.expected_rate + one.effect, abs=2e-4)


def test_a_pair_is_named_that_is_worse_than_its_values_add_up_to() -> None:
    pairs = named(findings_of(1, pair=0.3))
    assert {"os": "iOS", "plan": "plus"} in pairs
    assert {"os": "Android", "plan": "basic"} in pairs


def test_large_amounts_are_named_by_a_threshold_near_the_true_one() -> None:
    conditions = named(findings_of(2, large=0.2))[0]
    assert set(conditions) == {"amount"}
    assert 20_000 <= float(conditions["amount"].removeprefix("> ").replace(",", "")) <= 40_000


def test_a_number_that_never_changes_does_not_shift_the_others() -> None:
    attributes = DEFINITION.attributes.model_copy(update={"numeric": ("branches", "amount")})
    definition = DEFINITION.model_copy(update={"attributes": attributes})
    rng = np.random.default_rng(3)
    n = 6000
    begun = pd.DataFrame(
        {
            "customer_id": np.arange(n).astype(str),
            "time": pd.date_range("2026-01-01", periods=n, freq="15min", tz="UTC"),
            "activity": "begun",
            "channel": "app",
            "region": "north",
            "plan": "plus",
            "os": "iOS",
            "branches": 1.0,
            "amount": rng.lognormal(10, 0.8, n),
        }
    )
    chance = 0.1 + 0.2 * (begun["amount"] > 30_000)
    calls = begun[rng.random(n) < chance].assign(activity="call", channel="call_centre")
    events = pd.concat([begun, calls.assign(time=calls["time"] + pd.Timedelta(hours=3))])
    log = event_log(events, definition)
    found = find_causes(log, find_journeys(log, definition), definition, "leakage").chronic
    assert [set(one.conditions) for one in found] == [{"activity", "amount"}]


def test_an_association_comes_back_from_the_file_as_it_was_written() -> None:
    (one,) = findings_of(0, south=0.15).chronic
    assert Association.from_dict(one.as_dict()) == one
