"""Promotion: equal and better models pass, worse, miscalibrated and lopsided ones do not."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.comparison import FEWEST
from training.metrics import TestPart
from training.promotion import (
    MARGINS,
    Verdict,
    compare,
    of_use,
    verdict_alone,
    verdict_over_champion,
)
from training.stages import STAGES

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """Customers whose true log odds are known; a model sees them through noise of its own."""

    odds: Floats
    y: Floats
    customers: Codes
    stage: Codes
    seed: int

    def model(self, noise: float, seed: int, where: NDArray[np.bool_] | None = None) -> Floats:
        """Return the probabilities of a calibrated model that sees the odds with some noise."""
        rng = np.random.default_rng([self.seed, seed])
        spread = np.full(len(self.y), noise) if where is None else np.where(where, noise, 0.3)
        seen = self.odds + rng.normal(0, 1, len(self.y)) * spread
        return sigmoid(
            seen / (1 + spread**2)
        )  # the mean of odds of variance one, given what is seen

    def verdict(self, champion: Floats, challenger: Floats) -> Verdict:
        return compare(champion, challenger, y=self.y, customers=self.customers, stage=self.stage)

    def part(self, p: Floats) -> TestPart:
        return TestPart(self.y, p, self.customers, np.zeros(len(self.y)))


def sigmoid(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-odds)))


def world(customers: int, seed: int, samples: int = 3) -> World:
    rng = np.random.default_rng(seed)
    whose = np.repeat(np.arange(customers), samples)
    odds = rng.normal(0, 0.8, customers)[whose] + rng.normal(0, 0.6, len(whose))
    y = (rng.random(len(whose)) < sigmoid(odds)).astype(np.float64)
    return World(odds, y, whose, rng.integers(0, len(STAGES), len(whose)), seed)


@pytest.fixture(scope="module")
def large() -> World:
    return world(2_500, seed=1)


def test_a_model_is_no_worse_than_itself(large: World) -> None:
    p = large.model(0.3, seed=1)
    found = large.verdict(p, p)
    assert found.promote
    assert found.state == "no worse"
    assert all(row.gain == row.low == row.high == 0 for row in found.comparisons)


def test_a_better_model_is_promoted_and_called_better(large: World) -> None:
    found = large.verdict(large.model(1.0, seed=1), large.model(0.3, seed=2))
    assert found.promote
    assert found.state == "better"


def test_a_worse_model_is_refused_with_its_numbers(large: World) -> None:
    found = large.verdict(large.model(0.3, seed=1), large.model(1.0, seed=2))
    assert not found.promote
    assert found.state == "worse"
    assert any("AUC 0." in reason and "At most 0.01 less" in reason for reason in found.reasons)


def test_a_model_that_knows_nothing_is_refused(large: World) -> None:
    """As one that has learnt from shuffled labels: everybody gets about the base rate."""
    shuffled = 0.5 + np.random.default_rng(3).normal(0, 0.02, len(large.y))
    assert not large.verdict(large.model(1.0, seed=1), shuffled).promote


def test_a_model_of_the_same_ranking_but_off_probabilities_is_refused(large: World) -> None:
    p = large.model(0.3, seed=1)
    found = large.verdict(p, p**3)
    assert not found.promote
    assert any("off by" in reason for reason in found.reasons)
    ranked = [row for row in found.comparisons if row.what == "auc"]
    assert all(row.gain == 0 for row in ranked)


def test_a_model_that_falls_behind_in_one_stage_is_refused(large: World) -> None:
    """A gain elsewhere does not buy it back."""
    late = large.stage == len(STAGES) - 1
    lopsided = np.where(late, large.model(2.0, seed=2), large.model(0.0, seed=2))
    found = large.verdict(large.model(0.5, seed=1), lopsided)
    assert not found.promote
    assert [row.where for row in found.comparisons if row.state == "worse"] == [STAGES[-1]]
    assert STAGES[-1] in found.reasons[0]


def test_few_customers_cannot_tell_and_do_not_promote_alone() -> None:
    few = world(FEWEST, seed=4)
    p = few.model(0.3, seed=1)
    found = few.verdict(p, p)
    assert not found.promote
    assert found.state == "cannot tell"
    assert "Too few customers" in found.reasons[0]


def test_a_stage_of_few_customers_decides_nothing(large: World) -> None:
    stage = np.full(len(large.y), 0)
    stage[: 3 * FEWEST] = 1
    p = large.model(0.3, seed=1)
    worse = np.where(stage == 1, large.model(5.0, seed=2), p)
    found = replace(large, stage=stage).verdict(p, worse)
    assert [row.state for row in found.comparisons if row.where == STAGES[1]] == ["cannot tell"]
    assert found.promote


def test_no_journey_to_compare_on_is_told() -> None:
    nobody = np.zeros(0)
    found = compare(
        nobody, nobody, y=nobody, customers=nobody.astype(int), stage=nobody.astype(int)
    )
    assert found.state == "cannot tell"
    assert not found.promote


@settings(max_examples=3)
@given(seed=st.integers(0, 10_000))
def test_what_is_worse_one_way_is_not_better_the_other_way(seed: int) -> None:
    small = world(250, seed)
    one, other = small.model(0.3, seed=1), small.model(0.9, seed=2)
    forth, back = (list(small.verdict(*pair).comparisons) for pair in ((one, other), (other, one)))
    for a, b in zip(forth, back, strict=True):
        assert (a.gain is None) == (b.gain is None)
        if a.gain is not None and b.gain is not None:
            assert a.gain == pytest.approx(-b.gain)
            assert a.low == pytest.approx(-(b.high or 0.0))
            assert not (a.state == "better" and b.state == "better")


@settings(max_examples=3)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_the_samples_changes_nothing(seed: int) -> None:
    small = world(200, seed)
    order = np.random.default_rng(seed).permutation(len(small.y))
    p, q = small.model(0.3, seed=1), small.model(0.5, seed=2)
    mixed = World(
        small.odds[order], small.y[order], small.customers[order], small.stage[order], seed
    )
    there, here = small.verdict(p, q), mixed.verdict(p[order], q[order])
    assert there.state == here.state
    for one, other in zip(there.comparisons, here.comparisons, strict=True):
        assert one.gain == pytest.approx(other.gain, abs=1e-9)


@pytest.mark.proof
def test_how_often_equals_are_promoted_and_worse_ones_refused() -> None:
    """Of equal models most pass; of those worse by three margins hardly one."""
    equal = worse = 0
    for seed in range(10):
        here = world(2_500, seed=100 + seed)
        champion = here.model(0.3, seed=1)
        equal += here.verdict(champion, here.model(0.3, seed=2)).promote
        worse += here.verdict(champion, here.model(0.75, seed=2)).promote
    assert equal >= 7
    assert worse <= 1


def test_alone_a_model_of_use_passes(large: World) -> None:
    found = of_use(large.part(large.model(0.3, seed=1)))
    assert (found.promote, found.state) == (True, "better")


def test_alone_a_model_that_misleads_does_not(large: World) -> None:
    p = large.model(0.3, seed=1)
    assert of_use(large.part(p**4)).state == "worse"
    assert of_use(large.part(1 - p)).state == "worse"


def test_alone_a_model_that_knows_only_the_base_rate_is_told_apart_from_too_few(
    large: World,
) -> None:
    rng = np.random.default_rng(5)
    rate = float(large.y.mean())
    guesses = rate + rng.normal(0, 1e-3, len(large.y))
    assert of_use(large.part(guesses)).state == "no worse"
    few = world(40, seed=6)
    assert of_use(few.part(guesses[: len(few.y)])).state == "cannot tell"


def verdicts(*states: str) -> dict[str, Verdict]:
    return {
        f"outcome {number}": Verdict(state in ("better", "no worse"), state, (state,))
        for number, state in enumerate(states)
    }


@pytest.mark.parametrize(
    ("states", "promote"),
    [
        (("better", "better"), True),
        (("better", "cannot tell"), True),
        (("better", "no worse"), True),
        (("cannot tell", "cannot tell"), True),
        (("cannot tell", "no worse"), True),
        (("no worse", "no worse"), False),
        (("better", "worse"), False),
        (("cannot tell", "worse"), False),
    ],
)
def test_a_first_model_is_of_use_somewhere_and_misleads_nowhere(
    states: tuple[str, ...], promote: bool
) -> None:
    found = verdict_alone(verdicts(*states))
    assert found.promote is promote
    told = (*found.reasons, *found.warnings)
    assert promote is False or all(any(state in one for one in told) for state in states)


@pytest.mark.parametrize(
    ("states", "promote"),
    [
        (("better", "better"), True),
        (("no worse", "no worse"), True),
        (("no worse", "cannot tell"), True),
        (("cannot tell", "cannot tell"), False),
        (("better", "worse"), False),
        (("cannot tell", "worse"), False),
    ],
)
def test_a_challenger_is_shown_no_worse_somewhere_and_worse_nowhere(
    states: tuple[str, ...], promote: bool
) -> None:
    found = verdict_over_champion(verdicts(*states))
    assert found.promote is promote
    assert found.reasons
    assert any("cannot tell" in one for one in found.warnings) is (
        promote and "cannot tell" in states
    )


@pytest.mark.parametrize(
    ("known", "new", "promote"),
    [
        ("cannot tell", "better", False),
        ("cannot tell", "no worse", False),
        ("no worse", "cannot tell", True),
        ("no worse", "worse", False),
    ],
)
def test_a_new_outcome_may_not_mislead_and_makes_up_for_nothing(
    known: str, new: str, promote: bool
) -> None:
    """A useless new outcome counted as one that was shown no worse than the champion's."""
    found = verdict_over_champion(verdicts(known), {"new": verdicts(new)["outcome 0"]})
    assert found.promote is promote


def test_the_margins_are_those_of_the_decision_record() -> None:
    record = (Path(__file__).parent.parent / "docs/adr/0011-promotion.md").read_text()
    for name, margin in vars(MARGINS).items():
        assert f"| `{name}` | {margin} |" in record
