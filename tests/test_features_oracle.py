"""The kernel against the oracle: fast and slow agree on logs nobody would think of."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from numpy.testing import assert_allclose

from features import feature_list, plan_of
from features import primitives as p
from features.vocabulary import BESIDE, ERROR, PAIR, PAUSE, TRIPLE
from tests.features_logs import DEFINITION, VOCABULARY, asked, frame_of, frames, random_frame
from tests.features_oracle import ORACLE, oracle

# The list of the definition, and what it does not hold: the other scope, other columns, edges.
PRIMITIVES = (
    *feature_list(DEFINITION),
    p.Count("os", "customer"),
    p.Share("os", "customer"),
    p.Since("activity", "customer"),
    p.Window("activity", "journey", length="24h"),
    p.Window("activity", length="7d"),
    p.Window("channel", length="30s"),
    p.Transition("channel", origin="app", target="call"),
    p.Transition("channel", "customer", origin="app", target="nowhere"),
    p.Switches("os", "customer"),
    p.Repeats("activity", "customer"),
    p.Gaps(scope="customer"),
    p.Clock(scope="customer"),
    p.Stats("amount", "customer"),
    p.LastValue("os", "journey"),
    p.LastK("channel", "customer", length=1),
    p.LastK("os", length=4),
    p.LastK(PAUSE, length=3),
    p.Decayed("os", "journey", half_life="30m", most=2),
    p.Decayed(ERROR, half_life="2w"),
    p.Hops("os", "journey", within="2d"),
    p.Hops("activity", within="24h"),
    p.Runs("activity", "customer", within="3d"),
    p.Runs(TRIPLE, within="90m"),
    p.EarlierGaps(scope="customer", length=2),
    p.Pace(scope="customer"),
    p.Disorder(scope="customer"),
    p.ActiveDays(scope="journey", days=1),
    p.ActiveDays(days=52),
    p.Beside(BESIDE + "question", "journey", name="question"),
    p.Count(BESIDE + "question"),
    p.Window(PAIR, length="3d"),
    p.Progress(scope="customer"),
)
PLAN = plan_of(DEFINITION, VOCABULARY, primitives=PRIMITIVES)


@settings(max_examples=60)
@given(frames())
def test_the_kernel_agrees_with_the_oracle(frame: pd.DataFrame) -> None:
    agrees(frame)


def test_the_kernel_agrees_with_the_oracle_on_a_larger_log() -> None:
    agrees(random_frame(300, seed=3))


def test_every_primitive_has_an_oracle() -> None:
    assert set(ORACLE) == set(p.Primitive.__subclasses__())
    assert {type(one) for one in PRIMITIVES} == set(ORACLE)


def test_an_event_on_the_opening_of_a_window_has_left_it() -> None:
    events = [("a", 0, "begin", "app", None, None), ("a", 24, "look", "call", None, None)]
    features = asked(frame_of(events)).keyed(PLAN).iloc[-1]
    assert features["begin_count_24h"] == 0
    assert features["channel call_count_24h"] == 1
    assert features["begin_count_7d"] == 1


@pytest.mark.parametrize("amount", [1e9, -1e-9, 0.1])
def test_the_deviation_of_equal_amounts_is_zero(amount: float) -> None:
    events = [("a", hour, "begin", "app", None, amount) for hour in range(40)]
    features = asked(frame_of(events)).keyed(PLAN).iloc[-1]
    assert features["amount_std"] == 0
    assert features["amount_mean"] == np.float32(amount)


def agrees(frame: pd.DataFrame) -> None:
    sampled = asked(frame)
    found, wanted = sampled.features(PLAN), oracle(sampled, PLAN, PRIMITIVES)
    for place, feature in enumerate(PLAN.features):
        assert_allclose(
            found[:, place], wanted[:, place], rtol=1e-6, atol=1e-6, err_msg=feature.name
        )
