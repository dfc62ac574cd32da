"""The blend: members that each give log odds, added by weight, explained by the same weights."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.linear import Linear, LinearSettings, fit_linear
from models.part import Part
from models.recipe import Recipe, Settings
from models.stored import AnyPart, StoredPart
from models.trees import Trees, TreeSettings, fit_trees

Floats = NDArray[np.float64]
Member = Trees | Linear

_SEED_STEP = 1_000


class Grow(Protocol):
    """Fits trees to a part whose rows stand in a file."""

    def __call__(
        self, part: StoredPart, settings: TreeSettings, *, categorical: tuple[int, ...]
    ) -> Trees:
        """Return the fitted trees."""


@dataclass(frozen=True, eq=False)
class Blend:
    """Fitted members by name, each with its weight; at least one."""

    members: dict[str, Member]
    weights: dict[str, float]

    @property
    def n_features(self) -> int:
        """The number of columns that every table given must have."""
        return next(iter(self.members.values())).n_features

    @property
    def n_trees(self) -> int:
        """The number of trees of all members together."""
        return sum(one.n_trees for one in self.members.values() if isinstance(one, Trees))

    def margin(self, X: ArrayLike) -> Floats:
        """Return the weighted sum of the members' log odds, shape (n,)."""
        found = np.zeros(len(np.atleast_2d(np.asarray(X))))
        for name, member in self.members.items():
            found += self.weights[name] * member.margin(X)
        return found

    def contributions(self, X: ArrayLike) -> Floats:
        """Return SHAP values of the margin, shape (n, n_features + 1), the base in the last.

        Exact: Shapley values of a weighted sum are the weighted sum of Shapley values.
        """
        found = np.zeros((len(np.atleast_2d(np.asarray(X))), self.n_features + 1))
        for name, member in self.members.items():
            found += self.weights[name] * member.contributions(X)
        return found


def fit_blend(
    part: AnyPart, recipe: Recipe, *, categorical: tuple[int, ...], grow: Grow | None = None
) -> Blend:
    """Fit every ingredient of a recipe, with its settled weight, to all rows of a part.

    ``grow`` fits trees to a stored part elsewhere (`models.on_dask`); None fits them here.
    """
    members: dict[str, Member] = {}
    weights: dict[str, float] = {}
    for one in recipe.ingredients:
        draws = recipe.seeds if not isinstance(one.settings, LinearSettings) else 1
        for draw in range(draws):
            name = one.name if draw == 0 else f"{one.name}-{draw + 1}"
            settings = reseeded(one.settings, draw)
            if grow and isinstance(part, StoredPart) and isinstance(settings, TreeSettings):
                members[name] = grow(part, settings, categorical=categorical)
            else:
                members[name] = fit_member(part, settings, categorical=categorical)
            weights[name] = one.weight / draws
    return Blend(members, weights)


def fit_member(
    part: AnyPart,
    settings: Settings,
    *,
    categorical: tuple[int, ...],
    watched: Part | None = None,
) -> Member:
    """Fit one member; ``watched`` are later rows that say when boosting should stop."""
    weight = part.weight
    if isinstance(settings, LinearSettings):
        return fit_linear(part.X, part.y, settings=settings, categorical=categorical, weight=weight)
    validation = None if watched is None else (watched.X, watched.y, watched.weight)
    return fit_trees(
        part.X,
        part.y,
        settings=settings,
        categorical=categorical,
        weight=weight,
        validation=validation,
    )


def reseeded(settings: Settings, draw: int) -> Settings:
    """Return the settings with the seed of another draw."""
    return replace(settings, seed=settings.seed + draw * _SEED_STEP)
