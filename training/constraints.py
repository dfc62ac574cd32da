"""From the constraints of a definition to those of a recipe: features by place, not by name."""

from dataclasses import replace

from features.feature import Feature
from journeys.constraints import Constraints
from journeys.definition import Definition, Outcome
from journeys.errors import DefinitionError, with_closest
from models.recipe import Recipe

CLOCK = "elapsed_hours"


def require_constraints_hold(definition: Definition, features: tuple[Feature, ...]) -> None:
    """Raise a `DefinitionError` unless every constraint names a feature that it can bind."""
    coded = {one.name: bool(one.labels) for one in features}
    for outcome, asked in definition.constraints.items():
        where = f"Journey {definition.name!r}: constraints of {outcome}"
        for name in asked.names:
            if name not in coded:
                raise DefinitionError(
                    f"{where} name {with_closest(name, list(coded))}, which is not a feature of "
                    "this journey; docs/features.md says how features are called."
                )
        for name in asked.monotone:
            if coded[name]:
                raise DefinitionError(
                    f"{where} ask for a direction of {name!r}, whose values have no order; name a "
                    "number under `monotone:`, or set it `apart:`."
                )


def constrained(
    recipe: Recipe, definition: Definition, outcome: Outcome, features: tuple[Feature, ...]
) -> Recipe:
    """Return the recipe with the constraints of an outcome in the settings of every member.

    A line adds its features up, so that they are always apart.
    """
    asked = definition.constraints.get(outcome)
    if asked is None:
        return recipe
    signs = {"up": 1, "down": -1}
    monotone = tuple(signs.get(asked.monotone.get(one.name, ""), 0) for one in features)
    bound = recipe.with_settings(
        monotone=monotone if any(monotone) else (),
        interaction_groups=_groups(asked, features),
    )
    # A step from one stage's curve to the next could go against a direction asked of the clock.
    return replace(bound, calibration="one") if CLOCK in asked.monotone else bound


def _groups(asked: Constraints, features: tuple[Feature, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the groups by place, all other features together in a last one; none if none."""
    if not asked.apart:
        return ()
    place = {one.name: at for at, one in enumerate(features)}
    groups = [tuple(place[name] for name in group) for group in asked.apart]
    taken = {at for group in groups for at in group}
    rest = tuple(at for at in range(len(features)) if at not in taken)
    return tuple(group for group in [*groups, rest] if group)
