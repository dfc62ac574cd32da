"""Earliness: hours of warning by hand, and what a threshold may claim."""

import numpy as np
import pytest

from training.earliness import Course, earliness
from training.metrics import TestPart


def course(journeys: int, *, bad: int, hours: float = 30.0) -> tuple[TestPart, Course]:
    """Three samples a journey, ten hours apart; the first ``bad`` are warned of at the second."""
    journey = np.repeat(np.arange(journeys), 3)
    is_bad = journey < bad
    step = np.tile(np.arange(3), journeys)
    p = np.where(is_bad & (step >= 1), 0.75, 0.25)
    ahead = np.where(is_bad, hours - 10.0 * step, np.nan)
    whole = np.ones(len(p), dtype=np.bool_)
    part = TestPart(is_bad.astype(float), p, journey, np.zeros(len(p)))
    return part, Course(journey, ahead, whole)


def test_warnings_that_are_always_right_are_told_with_their_hours() -> None:
    said = earliness(*course(90, bad=40), bad=1.0, precision=0.8)
    assert said["threshold"] == 0.75
    assert said["precision"]["value"] == 1  # type: ignore[index]
    assert said["warned_share"]["value"] == 1  # type: ignore[index]
    assert said["median_hours"] == {"value": 20, "low": 20, "high": 20}
    assert (said["warned_journeys"], said["bad_journeys"], said["journeys"]) == (40, 40, 90)
    assert said["precision_elsewhere"] == 1


def test_a_low_precision_is_reached_by_warning_everybody_at_once() -> None:
    said = earliness(*course(60, bad=20), bad=1.0, precision=0.3)
    assert said["warned_journeys"] == 60
    assert said["precision"]["value"] == pytest.approx(1 / 3)  # type: ignore[index]
    assert said["median_hours"]["value"] == 30  # type: ignore[index]


def test_not_succeeding_is_the_bad_outcome_of_success() -> None:
    part, went = course(60, bad=20)
    turned = TestPart(1 - part.y, 1 - part.p, part.customers, part.elapsed)
    assert earliness(turned, went, bad=0.0) == earliness(part, went, bad=1.0)


def test_journeys_whose_labels_are_not_all_in_do_not_count() -> None:
    part, went = course(60, bad=20)
    some = Course(went.journeys, went.hours_ahead, went.journeys != 5)
    said = earliness(part, some, bad=1.0)
    assert (said["journeys"], said["bad_journeys"]) == (59, 19)


def test_a_precision_out_of_reach_is_said_to_be() -> None:
    rng = np.random.default_rng(0)
    part, went = course(200, bad=20)
    said = earliness(part.predicted_by(rng.random(600)), went, bad=1.0, precision=0.95)
    assert said["threshold"] is None
    assert 0 < said["best_precision"] < 0.95  # type: ignore[operator]
    assert said["curve"]


@pytest.mark.parametrize(("journeys", "bad"), [(0, 0), (5, 2), (40, 0)])
def test_too_few_journeys_or_no_bad_one_have_no_curve(journeys: int, bad: int) -> None:
    said = earliness(*course(journeys, bad=bad), bad=1.0)
    assert said["curve"] == []
    assert said["threshold"] is None


def test_a_threshold_chosen_on_chance_does_not_hold_elsewhere() -> None:
    """Of many thresholds on noise the best looks good; customers it was not set on tell."""
    gained = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        part, went = course(120, bad=40)
        said = earliness(part.predicted_by(rng.random(360)), went, bad=1.0, precision=0.45)
        if said["threshold"] is not None and said["precision_elsewhere"] is not None:
            gained.append(said["precision"]["value"] - said["precision_elsewhere"])  # type: ignore[index, operator]
    assert np.mean(gained) > 0.05
