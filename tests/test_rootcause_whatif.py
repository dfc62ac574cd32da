"""What a fix would save: the adjusted effect times those who are coming, both uncertain."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.fix_measures import finding_of, known_until, measured, seen
from benchmarks.fix_worlds import DEFINITION, OUTCOME, FixPlan, FixWorld, fix_world
from journeys.definition import Definition
from journeys.errors import RequestError
from rootcause.exposure import MICROS_A_DAY, Exposures, exposures_of
from rootcause.exposures_ahead import expected_exposures
from rootcause.findings import Finding
from rootcause.whatif import Saving, saving_of

PLAN = FixPlan("region", a_day=110, harm=0.3, onset=40, fixed=70, days=84, left=1.0, seed=3)
NOW = 70.0


@cache
def world() -> FixWorld:
    return fix_world(PLAN)


@cache
def finding() -> Finding:
    return measured(world(), NOW)


def saving(one: Finding | None = None, *, days: int = 7, **values: object) -> Saving:
    log, journeys = known_until(world(), NOW)
    written = DEFINITION.as_dict()
    definition = Definition.from_dict({**written, "values": values} if values else written)
    return saving_of(log, journeys, definition, one or finding(), outcome=OUTCOME, days=days)


def test_the_weeks_that_follow_are_mostly_as_foretold() -> None:
    """Eight worlds, the effect known to five points: 95 % intervals may miss a week or two."""
    exposed, harmed = 0, 0
    for seed in range(8):
        plan = replace(PLAN, seed=seed, kind=("region", "release")[seed % 2])
        drawn = fix_world(plan)
        true = float(drawn.effect[drawn.meets].mean())
        found = seen(drawn, NOW, finding_of(plan, true, (true - 0.05, true + 0.05)))
        assert found is not None
        exposed += found.exposed
        harmed += found.avoidable
    assert exposed >= 5
    assert harmed >= 6


def test_what_is_avoidable_is_the_effect_and_not_the_rate() -> None:
    """They call anyway, too: their rate set to nought, or to the rest's, would promise more."""
    told = saving()
    share = told.avoidable_per_week[0] / told.exposed_per_week[0]
    assert share == pytest.approx(finding().effect, rel=0.03)
    assert share < finding().rate


def test_both_uncertainties_are_in_the_interval() -> None:
    certain = replace(finding(), effect_interval=(finding().effect, finding().effect))
    widths = [
        high - low for _, low, high in (saving(one).next_avoidable for one in (finding(), certain))
    ]
    assert widths[1] < widths[0]
    value, low, high = saving(certain).next_exposed
    assert low < value < high


def test_estimates_that_disagree_make_the_interval_hold_both() -> None:
    one = replace(
        finding(),
        effect_robust=0.05,
        effect_robust_interval=(0.02, 0.08),
        effect_disagreement="The two estimates disagree.",
    )
    assert saving(one).so_far[1] < saving().so_far[1]
    assert saving(one).so_far[2] == saving().so_far[2]


def test_twice_the_price_is_twice_the_money() -> None:
    once, twice = (saving(contact=price, currency="CHF") for price in (5.0, 10.0))
    assert once.money_per_week is not None
    assert twice.money_per_week == pytest.approx([2 * end for end in once.money_per_week], abs=0.02)
    assert "CHF" in twice.sentence


def test_without_a_value_no_money_is_named() -> None:
    told = saving(success=900.0)
    assert told.money_per_week is None
    assert "worth" not in told.sentence
    assert any("No money is named" in line for line in told.assumptions)


def test_two_weeks_bring_about_twice_as_much_as_one() -> None:
    one, two = saving(), saving(days=14)
    assert 1.6 < two.next_avoidable[0] / one.next_avoidable[0] < 2.4
    assert two.avoidable_per_week == one.avoidable_per_week


def test_a_saving_is_plain_data() -> None:
    written = json.loads(json.dumps(saving().as_dict(), allow_nan=False))
    assert written["finding"] == finding().id
    assert len(written["next_avoidable"]) == 3
    with pytest.raises(RequestError, match="at least 1"):
        saving(days=0)


def test_where_nobody_came_lately_few_are_expected() -> None:
    log, journeys = known_until(world(), NOW)
    exposures = exposures_of(log, journeys, DEFINITION, OUTCOME)
    long_ago = exposures.meets(PLAN.conditions) & (exposures.day < exposures.day.max() - 30)
    found = expected_exposures(exposures, long_ago, ends=int(log.times.max()), days=7)
    assert 0 < found.mean < 2


@pytest.mark.parametrize("young", [12, 60])
def test_counts_that_come_evenly_are_forecast_within_their_interval(young: int) -> None:
    """Forty worlds of Poisson counts: about 38 of the weeks that follow lie within 95 %."""
    covered = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        day = np.sort(rng.uniform(0, 67, rng.poisson(67 * 30)))
        seen = day < 60
        exposures = _exposures(day[seen])
        asked = day[seen] >= 60 - young
        found = expected_exposures(exposures, asked, ends=60 * MICROS_A_DAY, days=7)
        low, high = found.mean * np.exp(np.array([-1.96, 1.96]) * found.error)
        covered += low <= (~seen).sum() <= high
    assert covered >= 34


def _exposures(day: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Exposures:
    n = len(day)
    nothing = np.zeros(n, dtype=np.int64)
    return Exposures(
        steps=("upload",),
        attributes=(),
        numeric=(),
        names=(),
        step=nothing,
        journey=np.arange(n),
        row=nothing,
        customer=np.arange(n),
        lot=np.arange(n),
        time=(day * MICROS_A_DAY).astype(np.int64),
        day=day.astype(np.int64),
        codes=np.empty((n, 0), dtype=np.int32),
        numbers=np.empty((n, 0)),
        bad=np.zeros(n),
        at_risk=np.ones(n, dtype=np.bool_),
    )
