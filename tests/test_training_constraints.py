"""Constraints: named by feature, bound by place, and refused where they cannot hold."""

import numpy as np
import pytest

from journeys.definition import Definition
from journeys.definition_file import definition_text, parse_definition
from journeys.errors import DefinitionError
from journeys.log import event_log
from models.part import part_of
from models.recipe import Recipe, recipe_for
from models.trees import TreeSettings
from tests.features_logs import PLAN
from tests.test_training_train import SHORT, mixed
from training.constraints import constrained, require_constraints_hold
from training.train import train

NAMES = [feature.name for feature in PLAN.features]


def asking(constraints: str, text: str = SHORT) -> Definition:
    return parse_definition(f"{text}constraints: {constraints}\n", source="a test")


def default() -> Recipe:
    rows = np.zeros((4, len(NAMES)), dtype=np.float32)
    return recipe_for(part_of(rows, np.arange(4) % 2.0, np.arange(4)))


def test_directions_and_groups_stand_in_every_members_settings() -> None:
    said = asking("{success: {monotone: {elapsed_hours: down}, apart: [silence_hours]}}")
    recipe = constrained(default(), said, "success", PLAN.features)
    elapsed, silence = NAMES.index("elapsed_hours"), NAMES.index("silence_hours")
    assert recipe.calibration == "one"
    for one in recipe.ingredients:
        signs = one.settings.monotone
        assert [place for place, sign in enumerate(signs) if sign] == [elapsed]
        assert signs[elapsed] == -1
    trees = [one.settings for one in recipe.ingredients if isinstance(one.settings, TreeSettings)]
    rest = tuple(place for place in range(len(NAMES)) if place != silence)
    assert [one.interaction_groups for one in trees] == [((silence,), rest)] * 2


def test_an_outcome_without_constraints_keeps_its_recipe() -> None:
    said = asking("{success: {monotone: {elapsed_hours: down}}}")
    assert constrained(default(), said, "leakage", PLAN.features) == default()


@pytest.mark.parametrize(
    ("constraints", "told"),
    [
        ("{success: {monotone: {elapsed_hour: up}}}", "'elapsed_hour' .closest: 'elapsed_hours'."),
        ("{success: {apart: [[channel, silnce_hours]]}}", "closest: 'silence_hours'"),
        ("{success: {monotone: {channel: up}}}", "direction of 'channel', whose values have no"),
    ],
)
def test_what_cannot_be_bound_is_refused_before_anything_is_fitted(
    constraints: str, told: str
) -> None:
    with pytest.raises(DefinitionError, match=told):
        require_constraints_hold(asking(constraints), PLAN.features)


@pytest.mark.parametrize(
    ("constraints", "told"),
    [
        (
            "{success: {monotone: {x: downn}}}",
            "line 9: .*monotone.x: Input should be 'up' or 'down'",
        ),
        ("{success: {monoton: {x: up}}}", "line 9: 'monoton' .closest: 'monotone'."),
        ("{sucess: {apart: [x]}}", "line 9: constraints.sucess: Input should be 'success'"),
        ("{churn: {apart: [x]}}", "line 9: constraints name churn, for which there is no rule"),
        ("{success: {apart: [[x, y], y]}}", "line 9: .*'y' stands in two groups"),
        ("{success: {apart: [[]]}}", "line 9: .*has no feature"),
    ],
)
def test_a_constraint_that_cannot_be_read_is_told_with_its_line(
    constraints: str, told: str
) -> None:
    with pytest.raises(DefinitionError, match=told):
        asking(constraints)


def test_a_definition_with_constraints_is_written_and_read_again() -> None:
    said = asking("{success: {monotone: {x: up}, apart: [x, [y, z]]}}")
    assert said.constraints["success"].apart == (("x",), ("y", "z"))
    assert parse_definition(definition_text(said), source="again") == said
    assert Definition.from_dict(said.as_dict()) == said


def test_a_trained_model_keeps_its_direction_and_says_so_in_the_manifest() -> None:
    said = asking("{success: {monotone: {elapsed_hours: up}}}")
    trained = train(event_log(mixed(120), said), said, outcomes=["success"])
    model, plan = trained.bundle.outcomes["success"], trained.bundle.plan
    place = [feature.name for feature in plan.features].index("elapsed_hours")
    for row in trained.data.X[:15]:
        rows = np.tile(row, (50, 1))
        rows[:, place] = np.linspace(0, 100, 50)
        assert (np.diff(model.predict(rows).p) >= -1e-12).all()
    (written,) = trained.bundle.manifest["recipes"].values()  # type: ignore[attr-defined]
    assert all(one["settings"]["monotone"][place] == 1 for one in written["ingredients"])
