"""A planted cause has the effect it was given, touches nothing else, and is found if strong."""

from dataclasses import fields, replace

import numpy as np
import pytest

from journeys.errors import RequestError
from rootcause.exposure import MICROS_A_DAY, STEP, Exposures
from rootcause.figures import png_bytes
from rootcause.inject import Planted, check_conditions, plant, usual_rate
from rootcause.inject_summary import by_effect, detection_figure
from rootcause.inject_trials import (
    Ground,
    Trial,
    draw_causes,
    ground_of,
    is_there_already,
    searched_as_it_is,
    try_out,
    with_effects,
)
from tests.rootcause_world import DEFINITION, ONSET_DAY, small_world

CAUSE = Planted({STEP: "upload", "region": "south", "os": "Android"}, "2026-02-20", 0.4)
WITHIN = 4 * MICROS_A_DAY


@pytest.fixture(scope="module")
def ground() -> Ground:
    """A world in which nothing is wrong, searched once."""
    world = small_world(2500, fixed_day=ONSET_DAY)
    found = ground_of(world.log, world.journeys, DEFINITION, "leakage")
    return searched_as_it_is(found, seed=0)


@pytest.fixture(scope="module")
def success() -> Ground:
    world = small_world(1200, fixed_day=ONSET_DAY)
    return ground_of(world.log, world.journeys, DEFINITION, "success")


def planted_in(ground: Ground, cause: Planted, *, seed: int = 0) -> Exposures:
    return plant(ground.exposures, cause, outcome=ground.outcome, within=ground.within, seed=seed)


def known_and_met(ground: Ground, cause: Planted) -> np.ndarray:
    return np.asarray(cause.met(ground.exposures) & ~np.isnan(ground.exposures.bad))


@pytest.mark.parametrize("effect", [0.1, 0.4])
def test_the_rate_rises_by_the_effect(ground: Ground, effect: float) -> None:
    cause = replace(CAUSE, effect=effect)
    met = known_and_met(ground, cause)
    added = [
        (planted_in(ground, cause, seed=seed).bad - ground.exposures.bad)[met].mean()
        for seed in range(30)
    ]
    assert np.mean(added) == pytest.approx(effect, abs=0.015)
    assert np.std(added) > 0.0


def test_nothing_but_the_outcome_of_those_journeys_changes(ground: Ground) -> None:
    before, after = ground.exposures, planted_in(ground, CAUSE)
    for field in fields(Exposures):
        if field.name not in ("bad", "at_risk"):
            assert getattr(after, field.name) is getattr(before, field.name)
    changed = ~np.isclose(before.bad, after.bad, equal_nan=True)
    affected = before.journey[CAUSE.met(before)]
    assert changed.any()
    assert np.isin(before.journey[changed], affected).all()
    assert (after.bad[before.bad == 1.0] == 1.0).sum() + np.isnan(
        after.bad[before.bad == 1.0]
    ).sum() == (before.bad == 1.0).sum()


def test_a_call_is_one_fact_for_the_steps_before_and_after_it(ground: Ground) -> None:
    before, after = ground.exposures, planted_in(ground, CAUSE)
    harmed = CAUSE.met(before) & (before.bad == 0.0) & (after.bad == 1.0)
    upload = dict(zip(before.journey[harmed], before.time[harmed], strict=True))
    checked = {"before": 0, "after": 0}
    for journey, at in upload.items():
        for row in np.flatnonzero((before.journey == journey) & (before.time != at)):
            earlier = before.time[row] < at
            checked["before" if earlier else "after"] += 1
            if not earlier:
                assert np.isnan(after.bad[row])
                assert not after.at_risk[row]
            elif at - before.time[row] <= WITHIN and not np.isnan(before.bad[row]):
                assert after.bad[row] == 1.0
    assert checked["before"] > 20


def test_a_journey_that_failed_has_failed_seen_from_every_step(success: Ground) -> None:
    before, after = success.exposures, planted_in(success, replace(CAUSE, effect=0.3))
    lost = np.unique(before.journey[(after.bad == 1.0) & (before.bad == 0.0)])
    rows = np.isin(before.journey, lost) & ~np.isnan(before.bad)
    assert (after.bad[rows] == 1.0).all()
    assert (after.at_risk == before.at_risk).all()
    assert len(np.unique(before.step[rows])) > 1


def test_a_strong_cause_is_found_exactly_and_in_time(ground: Ground) -> None:
    trial = try_out(ground, CAUSE, seed=1)
    assert trial.found
    assert trial.exact
    assert trial.added == pytest.approx(0.4, abs=0.08)
    assert trial.exposed == CAUSE.met(ground.exposures).sum()
    assert trial.days is not None
    assert 4 <= trial.days <= 28  # outcomes take four days


def test_a_weak_cause_is_not_found(ground: Ground) -> None:
    trial = try_out(ground, replace(CAUSE, effect=0.01), seed=1)
    assert not trial.found
    assert trial.days is None


def test_earlier_ends_know_neither_later_exposures_nor_open_outcomes(ground: Ground) -> None:
    ends = int(np.datetime64("2026-03-01", "us").astype(np.int64))
    early = ground.as_of(ground.exposures, ends)
    assert early.time.max() <= ends
    open_still = early.time > ends - WITHIN
    assert np.isnan(early.bad[open_still]).all()
    assert not np.isnan(early.bad[~open_still]).all()


def test_what_is_there_already_is_not_planted_again() -> None:
    world = small_world(2500)
    found = ground_of(world.log, world.journeys, DEFINITION, "leakage")
    ground = searched_as_it_is(found, seed=0)
    same = Planted({STEP: "upload", "os": "iOS", "version": "8.2"}, world.finding.onset, 0.1)
    assert is_there_already(ground, same)
    with pytest.raises(RequestError, match="in the log as it is"):
        try_out(ground, same, seed=0)


def test_random_causes_are_small_dated_and_the_same_for_a_seed(ground: Ground) -> None:
    world = small_world(1500, fixed_day=ONSET_DAY)
    exposures = ground_of(world.log, world.journeys, DEFINITION, "leakage").exposures
    rng = np.random.default_rng(0)  # a third attribute, or nothing is as small as a tenth
    codes = np.column_stack([exposures.codes, rng.integers(0, 20, len(exposures))])
    names = (*exposures.names, (*map(str, range(20)), "(missing)"))
    wide = replace(
        exposures,
        attributes=(*exposures.attributes, "branch"),
        names=names,
        codes=codes.astype(np.int32),
    )
    roomy = replace(ground, exposures=wide, already=())
    drawn = draw_causes(roomy, trials=12, largest_effect=0.2, seed=3)
    again = draw_causes(roomy, trials=12, largest_effect=0.2, seed=3)
    assert drawn == again
    for cause in drawn:
        assert 2 <= len(cause.conditions) <= 3
        here = wide.meets({STEP: cause.conditions[STEP]})
        assert 0.005 <= wide.meets(cause.conditions)[here].mean() <= 0.1
        share = (cause.day - wide.day.min()) / np.ptp(wide.day)
        assert 0.29 <= share <= 0.81


def test_where_no_cause_is_small_enough_that_is_said(ground: Ground) -> None:
    coarse = replace(
        ground.exposures,
        attributes=("region",),
        names=(ground.exposures.names[0],),
        codes=ground.exposures.codes[:, :1],
    )
    with pytest.raises(RequestError, match="--where"):
        draw_causes(replace(ground, exposures=coarse), trials=2, largest_effect=0.2, seed=0)


WRONG = {
    "no step": ({"os": "iOS"}, "2026-02-20", 0.1, "activity=STEP"),
    "no such attribute": ({STEP: "upload", "oss": "iOS"}, "2026-02-20", 0.1, "closest: 'os'"),
    "no such value": ({STEP: "upload", "os": "iOs"}, "2026-02-20", 0.1, "closest: 'iOS'"),
    "nothing but a step": ({STEP: "upload"}, "2026-02-20", 0.1, "everybody"),
    "no such step": ({STEP: "uplod", "os": "iOS"}, "2026-02-20", 0.1, "closest: 'upload'"),
    "too early": ({STEP: "upload", "os": "iOS"}, "2025-01-01", 0.1, "outside the log"),
    "too late": ({STEP: "upload", "os": "iOS"}, "2027-01-01", 0.1, "outside the log"),
    "no date": ({STEP: "upload", "os": "iOS"}, "soon", 0.1, "not a date"),
    "no effect": ({STEP: "upload", "os": "iOS"}, "2026-02-20", 0.0, "above 0"),
    "too large": ({STEP: "upload", "os": "iOS"}, "2026-02-20", 1.5, "at most 1"),
    "no room": ({STEP: "upload", "os": "iOS"}, "2026-02-20", 0.95, "no room"),
    "nobody": ({STEP: "upload", "version": "8.1"}, "2026-04-20", 0.1, "earlier onset"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_planted_is_said(what: str, ground: Ground) -> None:
    conditions, onset, effect, said = WRONG[what]
    with pytest.raises(RequestError, match=said):
        planted_in(ground, Planted(conditions, onset, effect))


def test_a_number_is_a_condition_as_findings_write_it(ground: Ground) -> None:
    amount = np.random.default_rng(0).uniform(0, 100, len(ground.exposures))
    priced = replace(ground.exposures, numeric=("amount",), numbers=amount[:, None])
    cut = replace(
        priced,
        attributes=(*priced.attributes, "amount"),
        names=(*priced.names, ("≤ 50", "> 50", "(missing)")),
        codes=np.column_stack([priced.codes, amount > 50]).astype(np.int32),
    )
    for value in ("> 50", "≤ 20", "> 12.5"):
        check_conditions(cut, {STEP: "upload", "amount": value})
    with pytest.raises(RequestError, match="amount is never '> 500'"):
        check_conditions(cut, {STEP: "upload", "amount": "> 500"})


def test_a_usual_rate_is_that_of_those_who_meet_it(ground: Ground) -> None:
    met = known_and_met(ground, CAUSE)
    assert usual_rate(ground.exposures, CAUSE) == ground.exposures.bad[met].mean()


def test_a_log_too_small_to_search_is_one_to_plant_nothing_in() -> None:
    world = small_world(20)
    with pytest.raises(RequestError, match="nothing to plant in"):
        ground_of(world.log, world.journeys, DEFINITION, "leakage")


def test_every_cause_is_tried_at_every_effect() -> None:
    tried = with_effects([CAUSE, CAUSE], [0.2, 0.1])
    assert [one.effect for one in tried] == [0.1, 0.1, 0.2, 0.2]


def test_the_table_counts_the_trials_of_each_effect() -> None:
    def trial(effect: float, *, found: bool, days: int | None = None) -> Trial:
        return Trial(
            {STEP: "upload"}, "2026-02-20", effect, 90, 80, 0.1, effect, found, False, 1, days
        )

    trials = [
        trial(0.1, found=False),
        trial(0.1, found=False),
        trial(0.2, found=True, days=7),
        trial(0.2, found=True, days=21),
    ]
    low, high = by_effect(trials)
    assert (low.found, low.days, low.days_range) == (0.0, None, None)
    assert (high.found, high.days, high.days_range) == (1.0, 14.0, (7.0, 21.0))
    assert low.found_interval[1] == pytest.approx(0.658, abs=0.001)  # Wilson, 0 of 2
    assert high.others == 2
    assert png_bytes(detection_figure([low, high]))[:4] == b"\x89PNG"
