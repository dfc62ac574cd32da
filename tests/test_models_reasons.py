"""Reasons: they add up, the strongest stands first, and each is said in words."""

import numpy as np
import pytest
from numpy.typing import NDArray

from features.plan import Plan
from models.outcome import OutcomeModel, fit_outcome
from models.part import Part, part_of
from models.reasons import reasons_of
from models.recipe import recipe_of
from models.trees import TreeSettings
from tests.features_logs import PLAN
from training.train import Trained

PLANTED = [feature.name for feature in PLAN.features].index("elapsed_hours")
Table = NDArray[np.float32]


@pytest.fixture(scope="module")
def rows(trained: Trained) -> Table:
    return trained.data.X[::400]


@pytest.fixture(scope="module")
def model(trained: Trained) -> OutcomeModel:
    return trained.bundle.outcomes["leakage"]


@pytest.fixture(scope="module")
def plan(trained: Trained) -> Plan:
    return trained.bundle.plan


def planted(n: int = 1500) -> Part:
    """Noise in every feature; the outcome comes to those whose journey is long."""
    rng = np.random.default_rng(0)
    X = np.zeros((n, len(PLAN.features)), dtype=np.float32)
    X[:, PLANTED] = rng.exponential(50, n)
    X[:, PLANTED + 1] = rng.exponential(50, n)
    y = (rng.random(n) < np.where(X[:, PLANTED] > 60, 0.9, 0.1)).astype(float)
    return part_of(X, y, np.arange(n))


def test_the_planted_feature_is_the_first_reason() -> None:
    part = planted()
    settings = TreeSettings(trees=30, leaves=5, feature_share=1.0)
    model = fit_outcome(part, part, categorical=PLAN.categorical, recipe=recipe_of(settings))
    told = reasons_of(model, part.X[:50], PLAN)
    assert {reasons[0].feature for reasons in told} == {"elapsed_hours"}
    signs = [reasons[0].points > 0 for reasons in told]
    assert signs == list(part.X[:50, PLANTED] > 60)


def test_contributions_add_up_to_the_margin(model: OutcomeModel, rows: Table) -> None:
    assert np.allclose(model.contributions(rows).sum(axis=1), model.margin(rows))


def test_the_strongest_come_first_and_their_sign_is_their_contributions(
    model: OutcomeModel, rows: Table, plan: Plan
) -> None:
    place = {feature.name: i for i, feature in enumerate(plan.features)}
    parts = model.contributions(rows)
    for row, reasons in enumerate(reasons_of(model, rows, plan, most=7)):
        worth = np.array([parts[row, place[reason.feature]] for reason in reasons])
        assert 0 < len(reasons) <= 7
        assert (np.diff(np.abs(worth)) <= 0).all()
        assert np.abs(worth[0]) == np.abs(parts[row, :-1]).max()
        assert [np.sign(reason.points) for reason in reasons] == list(np.sign(worth))


def test_points_are_what_the_probability_would_lose(
    model: OutcomeModel, rows: Table, plan: Plan
) -> None:
    parts = model.contributions(rows[:1])
    first = reasons_of(model, rows[:1], plan, most=1)[0][0]
    strongest = np.abs(parts[:, :-1]).argmax()
    without = model.at(model.margin(rows[:1]) - parts[0, strongest]).p[0]
    assert first.points == pytest.approx(model.predict(rows[:1]).p[0] - without)


def test_every_reason_is_said_in_words(model: OutcomeModel, rows: Table, plan: Plan) -> None:
    told = [reason for reasons in reasons_of(model, rows, plan) for reason in reasons]
    assert all(reason.text and reason.value and "{" not in reason.text for reason in told)
    assert not any("nan" in f"{reason.text} {reason.value}".split() for reason in told)
    assert {reason.tier for reason in told} <= {"context", "technical", "behaviour"}


def test_a_model_that_knows_nothing_gives_no_reason(rows: Table, plan: Plan) -> None:
    nothing = part_of(rows, np.zeros(len(rows)), np.arange(len(rows)))
    model = fit_outcome(nothing, nothing, categorical=plan.categorical)
    assert reasons_of(model, rows[:2], plan) == [[], []]


def test_no_row_has_no_reasons(model: OutcomeModel, rows: Table, plan: Plan) -> None:
    assert reasons_of(model, rows[:0], plan) == []
