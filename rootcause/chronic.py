"""Chronic excesses: conditions after which the bad outcome follows more often, and always has.

Against an additive model of all attributes and the date (trees that see one feature each): a single
value against what its rows would do with the others' contribution of its attribute, a conjunction
against the sum of what its values contribute. It must show in both halves of the log.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from models.trees import TreeSettings, fit_trees, probability_of
from rootcause.association import Association
from rootcause.count import summed
from rootcause.expected import features_of, has_newborn_value, leaf_of, weights_of
from rootcause.exposure import STEP, Codes, Floats, Ints
from rootcause.findings import finding_id
from rootcause.scan import FEWEST_ROWS, MISFIT_LOGITS, groups_of, weighted_residuals
from rootcause.settle import Look
from rootcause.significance import FALSE_DISCOVERY_RATE
from rootcause.source import Source
from rootcause.step_rows import StepRows
from rootcause.tally import Conditions, members, quantiles_of

SMALLEST_CHRONIC = 0.05

_MOST = 10
_IN_EACH_HALF = 2.0
_BEST_OF_STEP = 40
_AS_LARGE = 0.8
_SAME_ROWS = 0.5
_FEWEST = 40
_Z_95 = float(norm.ppf(0.975))


@dataclass(frozen=True)
class _Excess:
    """How much more often at one step; ``error`` allows for days that scatter and for misfit."""

    look: Look
    conditions: Conditions
    effect: float
    error: float

    @property
    def z(self) -> float:
        return self.effect / self.error


@dataclass(frozen=True)
class _Additive:
    """The additive model of a step: log odds of each row, in all and by feature, shape (n, f)."""

    margin: Floats
    contributions: Floats


def associations_in(
    source: Source, looks: Sequence[Look], *, journey: str, outcome: str, seed: int = 0
) -> tuple[Association, ...]:
    """Return the chronic excesses of at least five points, the surest first, at most ten.

    At a family-wise error of 5 % over every conjunction at every step (Bonferroni).

    Parameters
    ----------
    looks : at the exposures that no cause explains
    """
    asked = [
        look for look in looks if len(look.rows) and 0 < look.rows.bad.sum() < look.rows.n.sum()
    ]
    tested = max(sum(sum(look.scanned.slices) for look in asked), 1)
    strictness = norm.isf(FALSE_DISCOVERY_RATE / tested)
    sure = [
        one
        for look in asked
        for one in _excesses(look, seed=seed)
        if one.effect >= SMALLEST_CHRONIC and one.z >= strictness
    ]
    chosen = _each_once(_where_they_arise(_simplest(sure)))
    return tuple(_told(one, tested, source, journey, outcome) for one in chosen)


def _excesses(look: Look, *, seed: int) -> list[_Excess]:
    """Return what is in excess in both halves of the log at one step, the surest first."""
    additive = _additive(look.rows, seed=seed)
    found = [*_of_single_values(look, additive), *_of_conjunctions(look, additive)]
    return sorted(found, key=lambda one: -one.z)[:_BEST_OF_STEP]


def _additive(rows: StepRows, *, seed: int) -> _Additive:
    X = features_of(rows, range(rows.n_whole))
    settings = TreeSettings(
        trees=120,
        leaves=4,
        learning_rate=0.1,
        min_leaf=leaf_of(rows, _FEWEST),
        feature_share=1.0,
        seed=seed,
        interaction_groups=tuple((place,) for place in range(X.shape[1])),
    )
    trees = fit_trees(
        X,
        rows.bad / rows.n,
        settings=settings,
        categorical=range(rows.n_whole),
        weight=weights_of(rows),
    )
    contributions = trees.contributions(X)
    return _Additive(contributions.sum(axis=1), contributions[:, :-1])


def _of_single_values(look: Look, additive: _Additive) -> Iterator[_Excess]:
    """Yield the values whose rows would do better with what the others' value contributes."""
    rows = look.rows
    for attribute, base in enumerate(rows.bases):
        if has_newborn_value(rows, attribute):
            continue
        feature = additive.contributions[:, base]
        counts = np.bincount(rows.codes[:, attribute], rows.n)
        for code in np.flatnonzero((counts >= FEWEST_ROWS) & (counts < rows.total)):
            inside = rows.codes[:, attribute] == code
            usual = float(np.average(feature[~inside], weights=rows.n[~inside]))
            expected = probability_of(additive.margin - feature + usual)
            number = np.where(inside, 0, -1).astype(np.int32)
            yield from _in_both_halves(look, ((attribute,), np.array([[code]])), number, expected)


def _of_conjunctions(look: Look, additive: _Additive) -> Iterator[_Excess]:
    expected = probability_of(additive.margin)
    for group in groups_of(look.rows):
        if len(group.attributes) > 1:
            yield from _in_both_halves(
                look, (group.attributes, group.codes), group.number, expected
            )


def _in_both_halves(
    look: Look, named: tuple[tuple[int, ...], Ints], number: Codes, expected: Floats
) -> Iterator[_Excess]:
    rows, (attributes, codes) = look.rows, named
    middle = quantiles_of(rows.day.astype(np.float64), rows.n, np.array([0.5]))
    half = (rows.day > middle).astype(np.int32)
    weighted = weighted_residuals(rows, expected)
    sums = summed(number, len(codes), half, 2, weighted)
    of_all = np.bincount(half, weighted[:, 2], 2).astype(np.float64)
    effects, errors = _measured(sums, of_all, look.scatter)
    both = (effects > _IN_EACH_HALF * errors).all(axis=1)
    whole, error = _measured(sums.sum(axis=1), of_all.sum(), look.scatter)
    for place in np.flatnonzero(both):
        conditions = tuple(zip(attributes, map(int, codes[place]), strict=True))
        yield _Excess(look, conditions, float(whole[place]), float(error[place]))


def _measured(sums: Floats, of_all: Floats | float, scatter: float) -> tuple[Floats, Floats]:
    """Return the mean excess and its error of sums of rows, residuals and information.

    The error holds the chance of both sides: those inside, and the others (the rest of the
    information ``of_all``) that say what is usual.
    """
    n, residual, information = np.moveaxis(sums, -1, 0)
    some = np.maximum(information, 1e-9)
    chance = scatter / some + scatter / np.maximum(of_all - information, 1e-9)
    misfit = MISFIT_LOGITS * n / some
    enough = np.where(n >= FEWEST_ROWS, 1.0, np.inf)
    return residual / some, enough * np.sqrt(chance + misfit**2)


def _simplest(sure: list[_Excess]) -> list[_Excess]:
    """Return the excesses that no more general one at their step comes close to."""
    return [
        one
        for one in sure
        if not any(
            other.look is one.look
            and set(other.conditions) < set(one.conditions)
            and other.effect >= _AS_LARGE * one.effect
            for other in sure
        )
    ]


def _where_they_arise(sure: list[_Excess]) -> list[_Excess]:
    """Return each conjunction once, at the step most reach of those where it is about as large."""
    by_name: dict[Conditions, list[_Excess]] = {}
    for one in sure:
        by_name.setdefault(one.conditions, []).append(one)
    kept = []
    for same in by_name.values():
        largest = max(one.effect for one in same)
        near = [one for one in same if one.effect >= _AS_LARGE * largest]
        kept.append(max(near, key=lambda one: one.look.rows.total))
    return sorted(kept, key=lambda one: -one.z)


def _each_once(ranked: list[_Excess]) -> list[_Excess]:
    """Return the surest, without those whose conditions or rows were mostly told already."""
    told: list[_Excess] = []
    for one in ranked:
        if len(told) == _MOST:
            break
        if not any(_much_the_same(one, other) for other in told):
            told.append(one)
    return told


def _much_the_same(one: _Excess, other: _Excess) -> bool:
    named, known = set(one.conditions), set(other.conditions)
    if named <= known or known <= named:
        return True
    rows = other.look.rows
    first, second = members(rows, one.conditions), members(rows, other.conditions)
    both = rows.n[first & second].sum()
    return bool(both > _SAME_ROWS * min(rows.n[first].sum(), rows.n[second].sum()))


def _told(one: _Excess, tested: int, source: Source, journey: str, outcome: str) -> Association:
    rows = one.look.rows
    inside = members(rows, one.conditions)
    conditions = {STEP: source.steps[rows.step]}
    for pair in one.conditions:
        conditions |= source.named(*pair)
    n = float(rows.n[inside].sum())
    rate, arm = float(rows.bad[inside].sum() / n), _Z_95 * one.error
    return Association(
        id=finding_id(journey, f"{outcome} chronic", conditions),
        conditions=conditions,
        effect=round(one.effect, 4),
        effect_interval=(round(one.effect - arm, 4), round(one.effect + arm, 4)),
        q_value=min(1.0, float(norm.sf(one.z)) * tested),
        rate=round(rate, 4),
        expected_rate=round(rate - one.effect, 4),
        exposed_journeys=round(n),
    )
