"""What a dated change did: better, worse, no change larger than what matters, or not known yet."""

import json
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from benchmarks.fix_measures import known_until
from benchmarks.fix_worlds import DEFINITION, OUTCOME, FixPlan, FixWorld, date, fix_world
from journeys.errors import RequestError
from rootcause.dated_change import ChangeEffect, effect_of_change

PLAN = FixPlan("partner", a_day=110, harm=0.25, onset=30, fixed=66, days=96, left=0.0, seed=9)


@cache
def world(harm: float, left: float) -> FixWorld:
    return fix_world(replace(PLAN, harm=harm, left=left, onset=PLAN.fixed if left else 0))


def effect(
    harm: float = 0.0,
    left: float = 1.0,
    *,
    conditions: dict[str, str] | None = None,
    at: float = PLAN.fixed,
    until: float = PLAN.days,
    smallest: float = 0.06,
) -> ChangeEffect:
    log, journeys = known_until(world(harm, left), until)
    return effect_of_change(
        log,
        journeys,
        DEFINITION,
        outcome=OUTCOME,
        conditions=conditions or PLAN.conditions,
        changed_at=date(at),
        smallest=smallest,
    )


def test_a_change_that_does_harm_is_worse() -> None:
    found = effect(harm=0.25)
    assert found.verdict == "worse"
    assert found.effect is not None
    assert 0.1 < found.effect < 0.3
    assert found.sentence.startswith("Worse: partner broker")
    assert not found.drifting


def test_a_change_that_ends_harm_is_better() -> None:
    """The same fault from the first day on, until the change takes it away."""
    found = effect(harm=0.25, left=0.0)
    assert found.verdict == "better"
    assert found.effect is not None
    assert -0.3 < found.effect < -0.1
    assert "less reaching the contact centre" in found.sentence


def test_the_past_of_a_young_release_is_believed() -> None:
    """Four weeks of a faulty release were once taken for a level that says little."""
    plan = replace(PLAN, kind="release", onset=40, harm=0.3)
    log, journeys = known_until(fix_world(plan), PLAN.days)
    found = effect_of_change(
        log,
        journeys,
        DEFINITION,
        outcome=OUTCOME,
        conditions=plan.conditions,
        changed_at=date(PLAN.fixed),
    )
    assert found.verdict == "better"
    assert found.effect is not None
    assert -0.33 < found.effect < -0.12


def test_no_effect_and_not_known_are_two_answers() -> None:
    known, unknown = effect(), effect(until=PLAN.fixed + 9.0)
    assert known.verdict == "no change"
    assert known.sentence.startswith("No change larger than 6.0 points")
    assert known.effect_interval is not None
    assert -0.06 < known.effect_interval[0] < 0 < known.effect_interval[1] < 0.06
    assert unknown.verdict == "cannot tell yet"
    assert unknown.days_missing is not None
    assert f"About {unknown.days_missing} more day" in unknown.sentence


def test_a_smaller_change_that_matters_takes_longer() -> None:
    waits = [effect(until=PLAN.fixed + 9.0, smallest=size).days_missing for size in (0.1, 0.06)]
    assert waits[0] is not None
    assert waits[1] is not None
    assert waits[0] < waits[1]


def test_before_any_outcome_is_in_nothing_is_claimed() -> None:
    found = effect(harm=0.25, until=PLAN.fixed + 3.0)
    assert found.verdict == "cannot tell yet"
    assert found.effect is None
    assert found.days_missing is not None
    json.dumps(found.as_dict(), allow_nan=False)


def test_two_sides_that_moved_apart_before_are_told_of() -> None:
    """Harm since day 30 and nothing on day 48: half of the time before was already different."""
    plan = replace(PLAN, onset=24, fixed=96, harm=0.3)
    log, journeys = known_until(fix_world(plan), 96)
    found = effect_of_change(
        log,
        journeys,
        DEFINITION,
        outcome=OUTCOME,
        conditions=plan.conditions,
        changed_at=date(48),
    )
    assert found.drifting
    assert "already moving apart" in found.sentence
    assert found.verdict == "cannot tell yet"


@pytest.mark.parametrize(
    ("conditions", "at", "said"),
    [
        ({"activity": "upload"}, PLAN.fixed, "told from the season"),
        ({"partner": "broker"}, PLAN.fixed, "add --where activity="),
        ({"activity": "upload", "partner": "brokr"}, PLAN.fixed, "closest: 'broker'"),
        ({"activity": "upload", "partnr": "broker"}, PLAN.fixed, "There is no attribute"),
        ({"activity": "upload", "partner": "broker"}, -3.0, "there is no before"),
    ],
)
def test_what_cannot_be_compared_is_said(conditions: dict[str, str], at: float, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        effect(conditions=conditions, at=at)


def test_a_size_that_is_no_probability_is_refused() -> None:
    with pytest.raises(RequestError, match="probability"):
        effect(smallest=2.0)


def test_a_time_without_a_zone_is_utc() -> None:
    log, journeys = known_until(world(0.0, 1.0), PLAN.days)
    naive, aware = (
        effect_of_change(
            log,
            journeys,
            DEFINITION,
            outcome=OUTCOME,
            conditions=PLAN.conditions,
            changed_at=at,
        )
        for at in (pd.Timestamp(date(PLAN.fixed).date()), date(PLAN.fixed))
    )
    assert naive == aware
