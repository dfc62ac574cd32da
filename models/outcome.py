"""One outcome's model: a blend of members, then calibration on rows that none of them saw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.blend import Blend, Grow, fit_blend
from models.calibration import Calibration, Stages, fit_calibration
from models.crossfit import CrossFitted, Fold, cross_fit, settled
from models.part import Part
from models.recipe import Recipe, recipe_for
from models.stored import AnyPart, batches_of
from models.trees import probability_of

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Table = NDArray[np.float32]

_HALVINGS = 40


@dataclass(frozen=True)
class Prediction:
    """Calibrated probabilities with 90 % intervals; each of shape (n_samples,)."""

    p: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class OutcomeModel:
    """What predicts one outcome: members give a margin, calibration makes it a probability."""

    blend: Blend
    calibration: Calibration

    def predict(self, X: Table) -> Prediction:
        """Return the probability of the outcome for each row of features."""
        return self.at(self.margin(X), self.calibration.stage_of(X))

    def margin(self, X: Table) -> Floats:
        """Return the log odds before calibration, shape (n_samples,)."""
        return self.blend.margin(X)

    def contributions(self, X: Table) -> Floats:
        """Return exact SHAP values of the margin, (n_samples, n_features + 1), the base last."""
        return self.blend.contributions(X)

    def at(self, margin: Floats, stage: Codes | None = None) -> Prediction:
        """Return the probability at each margin, in the stage of each."""
        low, high = self.calibration.band(margin, stage)
        return Prediction(self.calibration(margin, stage), low, high)


def fit_outcome(
    earlier: Part,
    later: Part,
    *,
    categorical: tuple[int, ...],
    recipe: Recipe | None = None,
    stages: Stages | None = None,
    seed: int = 0,
) -> OutcomeModel:
    """Fit members to the earlier samples; weigh and calibrate them on the later ones.

    The later part also says when to stop growing.  Without a recipe the default for as many
    customers is taken.
    """
    both = earlier.followed_by(later)
    fold = (np.arange(len(earlier)), np.arange(len(earlier), len(both)))
    recipe = recipe or recipe_for(earlier, seed=seed)
    crossed = cross_fit(both, [fold], recipe, categorical=categorical)
    recipe = settled(both, crossed, recipe)
    blend = fit_blend(earlier, recipe, categorical=categorical)
    held = Held(later, blend.margin(later.X))
    return OutcomeModel(blend, calibrated(held, recipe, stages, seed))


def fit_refitted(  # noqa: PLR0913 - a fit has this many ingredients
    part: AnyPart,
    folds: Sequence[Fold],
    *,
    categorical: tuple[int, ...],
    recipe: Recipe | None = None,
    stages: Stages | None = None,
    seed: int = 0,
    grow: Grow | None = None,
) -> tuple[OutcomeModel, Recipe]:
    """Fit a model that has learnt from every row, and say by which recipe.

    The folds settle what must not be settled on rows already seen: when to stop growing, what
    each member weighs, and the calibration.  Then the members are fitted again, to all rows.  Of a
    stored part the rows of the folds come into memory, a side at a time; the rest stays on disk,
    and ``grow`` may fit its trees elsewhere.
    """
    recipe = recipe or recipe_for(part, seed=seed)
    crossed = cross_fit(part, list(folds), recipe, categorical=categorical)
    recipe, margin = weighed(part, crossed, recipe)
    margin = margin + level_of_each_fold(margin, part.y[crossed.rows], crossed.fold)
    calibration = calibrated(Held(part.take(crossed.rows), margin), recipe, stages, seed)
    blend = fit_blend(part, recipe, categorical=categorical, grow=grow)
    read = [(blend.margin(some), calibration.stage_of(some)) for some in batches_of(part.X)]
    margin, stage = (np.concatenate(each) for each in zip(*read, strict=True))
    level = level_of(margin, part.y, partial(calibration, stage=stage))
    return OutcomeModel(blend, calibration.moved(-level)), recipe


def level_of(margin: Floats, y: Floats, curve: Callable[[Floats], Floats]) -> float:
    """Return what must be added to the margins for the mean of the curve there to be the rate of y.

    The members of a fold have not seen the rates of later rows, those that are shipped have: what
    a fold is off by in all must not be mended twice.  So the curve learns its shape from folds
    that are each set to their own level, and is moved to the level of the members fitted last.
    """
    low, high = -20.0, 20.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if curve(margin + middle).mean() < y.mean() else (low, middle)
    return (low + high) / 2


def level_of_each_fold(margin: Floats, y: Floats, fold: Codes) -> Floats:
    """Return for each held-out row the level of its fold, shape (n,); 0 in a fold of one class."""
    levels = np.zeros(len(margin))
    for place in np.unique(fold):
        here = fold == place
        if 0 < y[here].sum() < here.sum():
            levels[here] = level_of(margin[here], y[here], probability_of)
    return levels


@dataclass(frozen=True, eq=False)
class Held:
    """Rows that no member saw, and the margin of the blend there."""

    part: Part
    margin: Floats


def weighed(part: AnyPart, crossed: CrossFitted, recipe: Recipe) -> tuple[Recipe, Floats]:
    """Return the settled recipe and the margin that its blend has on the held-out rows."""
    found = settled(part, crossed, recipe)
    weight = {one.name: one.weight for one in found.ingredients}
    weights = np.array([weight.get(one.name, 0.0) for one in recipe.ingredients])
    return found, (crossed.margins * weights).sum(axis=1)


def calibrated(held: Held, recipe: Recipe, stages: Stages | None, seed: int) -> Calibration:
    """Return the calibration that a recipe asks for, from held-out rows."""
    part = held.part
    return fit_calibration(
        held.margin,
        part.y,
        part.customers,
        seed,
        stages=stages,
        stage=None if stages is None else stages.of(part.X),
        ask=recipe.calibration,
    )
