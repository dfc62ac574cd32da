"""The doubly robust effect holds the truth, even where the expected rate is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from rootcause.contrast import adjusted_for
from rootcause.robust import RobustEffect, disagreement, robust_effect
from tests.rootcause_contrast import EFFECT, ONSET, blind, made_up


def test_the_interval_holds_the_planted_effect_about_as_often_as_it_says() -> None:
    found = [robust_effect(made_up(seed, n=3000)) for seed in range(60)]
    covered = [one is not None and one.low <= EFFECT <= one.high for one in found]
    assert sum(covered) >= 54  # a 95 % interval does so with 98 % probability
    errors = [one.effect - EFFECT for one in found if one is not None]
    assert abs(np.mean(errors)) < 0.01


def test_an_expected_rate_that_knows_nobody_is_put_right_by_those_alike() -> None:
    worlds = [blind(made_up(seed, level=-0.05)) for seed in range(8)]
    simple = [float(world.residual[world.met & world.later].mean()) for world in worlds]
    robust = [robust_effect(world) for world in worlds]
    assert np.mean(simple) < EFFECT - 0.05
    assert np.mean([one.effect for one in robust if one]) == pytest.approx(EFFECT, abs=0.015)


def test_what_was_there_before_the_onset_is_taken_off() -> None:
    found = [robust_effect(made_up(seed, level=0.1)) for seed in range(8)]
    assert np.mean([one.effect for one in found if one]) == pytest.approx(EFFECT, abs=0.015)


def test_a_release_without_a_past_has_no_level_to_take_off() -> None:
    found = [robust_effect(made_up(seed, born=ONSET)) for seed in range(8)]
    assert np.mean([one.effect for one in found if one]) == pytest.approx(EFFECT, abs=0.015)


def test_without_an_onset_the_whole_log_is_compared() -> None:
    world = made_up(1, level=0.1, effect=0.0)
    found = robust_effect(replace(world, since=None))
    assert found is not None
    assert found.low <= 0.1 <= found.high


def test_nobody_to_compare_with_is_said_and_not_guessed() -> None:
    world = made_up(1)
    alone = replace(world, here=world.here & (world.met | ~world.later))
    assert robust_effect(alone) is None
    assert "too few" in disagreement((0.2, 0.15, 0.25), None)


def test_an_attribute_that_says_the_condition_again_is_not_adjusted_for() -> None:
    world = made_up(1)
    codes = world.exposures.codes.copy()
    codes[:, 3] = np.where(world.met, 0, 1 + codes[:, 3] % 3)
    twin = replace(world, exposures=replace(world.exposures, codes=codes))
    assert 3 in adjusted_for(world)[0]
    assert 3 not in adjusted_for(twin)[0]


def test_estimates_that_lie_apart_are_said_to_disagree() -> None:
    assert disagreement((0.20, 0.16, 0.24), RobustEffect(0.19, 0.02)) == ""
    said = disagreement((0.20, 0.16, 0.24), RobustEffect(0.05, 0.02))
    assert "20 points" in said
    assert "5.0 points (1.1 to 8.9 points)" in said
