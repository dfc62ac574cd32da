"""Thresholds: numbers as conditions that a reader understands, and that mean what they say."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.exposure import MISSING
from rootcause.search import find_causes
from rootcause.thresholds import codes_of, cuts_of, lies, names_of

NUMBERS = st.lists(st.floats(-1e9, 1e9, allow_subnormal=False) | st.just(np.nan), max_size=60)


@given(numbers=NUMBERS)
def test_what_a_cut_is_called_picks_out_what_its_codes_say(numbers: list[float]) -> None:
    known = np.array(numbers, dtype=np.float64)
    cuts = cuts_of(known)
    assert cuts == sorted(set(cuts))
    assert len(cuts) <= 9
    for cut in cuts:
        codes = codes_of(known, cut)
        for code, name in enumerate(names_of(cut)):
            assert np.array_equal(lies(known, name), codes == code)
        assert (codes == 0).any()
        assert (codes == 1).any()


def test_cuts_are_said_as_a_person_would() -> None:
    amounts = np.random.default_rng(0).lognormal(9.5, 0.8, 5000)
    cuts = cuts_of(amounts)
    assert all(len(f"{cut:.0f}".rstrip("0")) <= 2 for cut in cuts)
    shares = np.searchsorted(np.sort(amounts), cuts) / len(amounts)
    assert shares == pytest.approx(np.arange(1, 10) / 10, abs=0.03)
    assert names_of(25000.0) == ("≤ 25,000", "> 25,000", MISSING)


@pytest.mark.parametrize("said", ["", "25", "> many", "about 3", "=> 5"])
def test_what_is_no_threshold_is_met_by_nothing(said: str) -> None:
    assert not lies(np.array([1.0, 30.0, np.nan]), said).any()


@pytest.mark.parametrize("numbers", [[], [np.nan], [5.0] * 9])
def test_a_number_that_parts_nobody_has_no_cut(numbers: list[float]) -> None:
    assert cuts_of(np.array(numbers)) == []


def test_a_fault_above_an_amount_is_named_by_the_amount() -> None:
    rng = np.random.default_rng(0)
    n = 6000
    day, amount = np.sort(rng.uniform(0, 60, n)), rng.lognormal(10, 0.6, n)
    broken = (amount > np.quantile(amount, 0.6)) & (day > 35)
    calls = rng.random(n) < np.where(broken, 0.4, 0.1)
    begun = pd.DataFrame(
        {
            "customer_id": np.arange(n).astype(str),
            "time": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(day, unit="D"),
            "activity": "begun",
            "channel": "app",
            "amount": amount,
            "region": rng.choice(["north", "south"], n),
        }
    )
    call = begun[calls].assign(activity="call", channel="call_centre")
    events = pd.concat([begun, call.assign(time=call["time"] + pd.Timedelta(hours=3))])
    definition = Definition.from_dict(
        {
            "name": "loan",
            "start": {"activity": "begun"},
            "abandoned_after": "4d",
            "leakage": {"channel": "call_centre", "within": "3d"},
            "attributes": {"context": ["region"], "numeric": ["amount"]},
        }
    )
    log = event_log(events, definition)
    (finding,) = find_causes(log, find_journeys(log, definition), definition, "leakage").findings
    assert set(finding.conditions) == {"activity", "amount"}
    side, cut = finding.conditions["amount"].split()
    assert side == ">"
    assert 0.55 <= (amount < float(cut.replace(",", ""))).mean() <= 0.65
