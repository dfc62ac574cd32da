"""Cross-fitting: what members say of rows they have never seen, and what follows from it.

The margins of held-out rows settle all that would flatter itself on rows already seen: how many
trees to grow, what each member weighs, and the calibration.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.blend import Member, fit_member
from models.part import Part
from models.recipe import Ingredient, Recipe
from models.stored import AnyPart
from models.trees import Trees, TreeSettings

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Fold = tuple[Rows, Rows]
"""Rows to learn from, and rows to predict, whose customers are not among the former."""

_SHRINKAGE = 5.0
_TRACE = 1e-3
_STEPS = 30


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """Margins of held-out rows.

    Attributes
    ----------
    rows : of the part, shape (n,); a row may be held out more than once
    fold : in which fold, shape (n,)
    margins : log odds by each ingredient, shape (n, n_ingredients)
    trees : how many trees each ingredient grew, the median over the folds; 0 for a line
    """

    rows: Rows
    fold: Rows
    margins: Floats
    trees: tuple[int, ...]


def cross_fit(
    part: AnyPart, folds: list[Fold], recipe: Recipe, *, categorical: tuple[int, ...]
) -> CrossFitted:
    """Fit every ingredient in every fold and predict the rows that the fold holds out."""
    rows, fold, margins, trees = [], [], [], []
    for place, (earlier, later) in enumerate(folds):
        learnt, held = part.take(earlier), part.take(later)
        members = [
            fit_member(learnt, one.settings, categorical=categorical, watched=held)
            for one in recipe.ingredients
        ]
        rows.append(later)
        fold.append(np.full(len(later), place))
        margins.append(np.column_stack([member.margin(held.X) for member in members]))
        trees.append([_grown(member) for member in members])
    return CrossFitted(
        np.concatenate(rows),
        np.concatenate(fold),
        np.concatenate(margins),
        tuple(int(n) for n in np.median(trees, axis=0)),
    )


def settled(part: AnyPart, crossed: CrossFitted, recipe: Recipe) -> Recipe:
    """Return the recipe with the number of trees and the weights that held-out rows ask for."""
    grown = [_with_trees(*pair) for pair in zip(recipe.ingredients, crossed.trees, strict=True)]
    recipe = replace(recipe, ingredients=tuple(grown))
    if recipe.weighed:
        return recipe
    rows = part.take(crossed.rows)
    return recipe.with_weights(blend_weights(crossed.margins, rows))


def blend_weights(margins: Floats, rows: Part) -> Floats:
    """Return what each member's margin should weigh; none is negative, one at least is positive.

    Stacking (Wolpert 1992, Breiman 1996): logistic regression of the outcome on the members'
    margins, each first stretched to what it is worth alone.  The weights are drawn to equal ones,
    the more the fewer the customers, and kept non-negative.

    Parameters
    ----------
    margins : of held-out rows, shape (n, n_members)
    """
    n_members = margins.shape[1]
    weight = rows.weight * _worth(rows)
    slopes = np.array([_slope(margins[:, [place]], rows.y, weight) for place in range(n_members)])
    known = np.flatnonzero(slopes > 0)
    if len(known) == 0:
        return np.full(n_members, 1.0 / n_members)
    while True:
        stretched = margins[:, known] * slopes[known]
        shares = _stacked(stretched, rows.y, weight, np.full(len(known), 1.0 / len(known)))
        if (shares > 0).all() or len(known) == 1:
            break
        known = known[shares > 0] if (shares > 0).any() else known[[np.argmax(shares)]]
    found = np.zeros(n_members)
    found[known] = np.maximum(shares, 1e-3) * slopes[known]
    return found


def stretched_log_loss(margin: Floats, rows: Part) -> float:
    """Return the mean log loss of held-out rows once their margin is stretched and shifted best.

    By weight of the rows; the stretch is a logistic regression of two numbers, and not negative.
    """
    weight = rows.weight * _worth(rows)
    scaled = ((margin - margin.mean()) / max(float(margin.std()), 1e-9))[:, None]
    slope, shift = _fitted(scaled, rows.y, weight, np.zeros(1), shrinkage=_TRACE)
    if slope < 0:
        slope, shift = 0.0, _fitted(scaled * 0.0, rows.y, weight, np.zeros(1))[1]
    odds = slope * scaled[:, 0] + shift
    return float(rows.weight @ (np.logaddexp(0.0, odds) - rows.y * odds) / rows.weight.sum())


def _worth(rows: Part) -> float:
    """Return what one row counts for: those of one customer say much the same."""
    return len(np.unique(rows.customers)) / max(len(rows), 1)


def _slope(margin: Floats, y: Floats, weight: Floats) -> float:
    return float(_stacked(margin, y, weight, np.ones(1))[0])


def _stacked(margins: Floats, y: Floats, weight: Floats, towards: Floats) -> Floats:
    return _fitted(margins, y, weight, towards)[:-1]


def _fitted(
    margins: Floats,
    y: Floats,
    weight: Floats,
    towards: Floats,
    *,
    shrinkage: float = _SHRINKAGE,
) -> Floats:
    """Return slopes and shift of a logistic regression, the slopes drawn towards given ones."""
    design = np.column_stack([margins, np.ones(len(y))])
    prior = np.append(np.full(len(towards), shrinkage), 1e-3)
    centre = np.append(towards, 0.0)
    at = centre.copy()
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ at, -40, 40)))
        slope = design.T @ (weight * (p - y)) + prior * (at - centre)
        bend = (design * (weight * p * (1 - p))[:, None]).T @ design + np.diag(prior)
        step = np.linalg.solve(bend, slope)
        at = at - step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-8:
            break
    return at


def _grown(member: Member) -> int:
    return member.n_trees if isinstance(member, Trees) else 0


def _with_trees(one: Ingredient, trees: int) -> Ingredient:
    """Return an ingredient that stops where the folds stopped."""
    if not isinstance(one.settings, TreeSettings) or one.settings.boosting == "forest":
        return one
    return replace(one, settings=replace(one.settings, trees=max(trees, 1)))
