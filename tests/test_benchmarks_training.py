"""The clocks around a training: each step counts for itself, and LightGBM within its step."""

import time

import pytest

from benchmarks.training import LIGHTGBM, Clocks


def busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_step_inside_a_step_counts_for_itself_alone() -> None:
    clocks = Clocks()
    inner = clocks.around("evaluation", lambda _: busy(0.02))

    def outer(outcome: str) -> None:
        busy(0.04)
        inner(outcome)

    clocks.around("fitting", outer)("churn")
    assert clocks.seconds["evaluation churn"] == pytest.approx(0.02, abs=0.01)
    assert clocks.seconds["fitting churn"] == pytest.approx(0.04, abs=0.01)


def test_what_lightgbm_takes_is_told_by_step_and_once() -> None:
    clocks = Clocks()
    construct = clocks.around(LIGHTGBM, lambda: busy(0.02))
    train = clocks.around(LIGHTGBM, construct)
    clocks.around("fitting", train)()
    construct()
    assert set(clocks.inside) == {"fitting"}
    assert clocks.inside["fitting"] == pytest.approx(0.02, abs=0.01)
    assert clocks.seconds["fitting"] == pytest.approx(0.02, abs=0.01)
