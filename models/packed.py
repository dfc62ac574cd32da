"""Outcome models packed into arrays, and the compiled calls that ask all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import called, compiled, sources_beside
from models.along import value_at
from models.blend import Member
from models.calibration import Calibration
from models.descent import Descent, descent_of, walk, write_columns
from models.flat_trees import flat_trees, joined
from models.lanes import LANES
from models.linear import Linear
from models.outcome import OutcomeModel
from models.terms import TERM, add_worths, sum_of_terms
from models.tree_shap import Shape, add_values, shape_of
from models.trees import Trees

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]
Row = NDArray[np.float32]

ROUNDING = 1e-9  # log odds up to here are none

MEMBER = np.dtype(
    [
        ("outcome", "i8"),
        ("is_line", "i8"),
        ("first", "i8"),  # tree, or term of a line
        ("last", "i8"),  # the one behind it
        ("weight", "f8"),
        ("share", "f8"),  # what the sum of trees is multiplied by
        ("offset", "f8"),  # what is added to the sum of a line
        ("base", "f8"),  # what the margin is if no feature is known
    ],
    align=True,
)
CURVE = np.dtype(
    [
        ("first_knot", "i8"),
        ("last_knot", "i8"),
        ("first_value", "i8"),  # of the first stage's probabilities, before low and high
        ("column", "i8"),  # of the hours that tell the stage
        ("first_edge", "i8"),
        ("last_edge", "i8"),
    ],
    align=True,
)


@dataclass(frozen=True, eq=False)
class Packed:
    """Models of some outcomes as ``arrays``, which `answer` and `explain` take.

    They are: the trees' descent, their shape, terms, records of `MEMBER`, curves; each but the
    terms and the members a tuple of arrays.
    """

    arrays: Any
    n_features: int
    descent: Descent
    shape: Shape

    def room(self) -> Any:
        """Return room to `answer` for one row: that of the walk."""
        return self.descent.room()

    def room_to_explain(self) -> Any:
        """Return room to `explain` one row: its columns, and that of its Shapley values."""
        columns, _, _ = self.descent.room()
        return columns, self.shape.room(self.n_features)


def _answer_compiled_from(sources: int) -> Any:
    @compiled
    def answer(models: Any, row: Row, room: Any, found: Floats) -> None:
        """Write margin, probability, low and high of each outcome, (n_outcomes, 4)."""
        _ = sources  # numba's cache looks at it, see `features.compiled`
        descent, _shape, terms, members, curves = models
        walk(descent, row, room)
        for outcome in range(len(found)):
            found[outcome, 0] = 0.0
        for place in range(len(members)):
            one = members[place]
            if one.is_line:
                margin = sum_of_terms(terms, one.first, one.last, row) + one.offset
            else:
                margin = _sum(room[2], one.first, one.last) * one.share
            found[one.outcome, 0] += one.weight * margin
        for outcome in range(len(found)):
            stage = stage_of(curves, outcome, row)
            for which in range(3):
                at = probability_at(curves, outcome, (stage, which), found[outcome, 0])
                found[outcome, 1 + which] = at

    return answer


def _explain_compiled_from(sources: int) -> Any:
    @compiled
    def explain(models: Any, row: Row, room: Any, found: Floats) -> None:
        """Add SHAP values of each outcome to (n_outcomes, n_features + 1), the base last."""
        _ = sources
        descent, shape, terms, members, _curves = models
        columns, swept = room
        write_columns(descent, row, columns)
        for place in range(len(members)):
            one = members[place]
            of_outcome = found[one.outcome]
            of_outcome[len(row)] += one.weight * one.base
            if one.is_line:
                add_worths(terms, (one.first, one.last), one.weight, row, of_outcome)
            else:
                add_values(descent, shape, (one.first, one.last), columns, swept)
                _take(swept[0], one.weight * one.share, of_outcome)

    return explain


def _strongest_compiled_from(sources: int) -> Any:
    @compiled
    def strongest(models: Any, row: Row, worths: Floats, places: Ints, points: Floats) -> None:
        """Write the features of largest worth for each outcome, (n_outcomes, most), and points.

        ``worths`` are those of `explain`; a place of -1: no other feature is worth anything.
        """
        _ = sources
        curves = models[4]
        for outcome in range(len(worths)):
            margin = 0.0
            for feature in range(worths.shape[1]):
                margin += worths[outcome, feature]
            stage = stage_of(curves, outcome, row)
            p = probability_at(curves, outcome, (stage, 0), margin)
            before, place = np.inf, -1
            for rank in range(places.shape[1]):
                place = _next(worths[outcome], before, place)
                worth = worths[outcome, place] if place >= 0 else 0.0
                without = probability_at(curves, outcome, (stage, 0), margin - worth)
                places[outcome, rank], points[outcome, rank] = place, p - without
                before = abs(worth)

    return strongest


@called
def _sum(said: Any, first: int, last: int) -> float:
    """Return what some trees say together, added in their order, as LightGBM does."""
    total = 0.0
    for tree in range(first, last):
        total += said[tree]
    return total


@called
def _take(lanes: Any, weight: float, found: Any) -> None:
    """Add the sum of each feature's lanes by weight, and leave them empty for the next member."""
    for feature in range(len(lanes)):
        total = 0.0
        for lane in range(LANES):
            total += lanes[feature, lane]
            lanes[feature, lane] = 0.0
        found[feature] += weight * total


@called
def _next(worths: Any, before: float, place: int) -> int:
    """Return the feature of the largest worth after that at a place; of two the same, the first."""
    largest, found = ROUNDING, -1
    for feature in range(len(worths) - 1):
        worth = abs(worths[feature])
        if worth > largest and (worth < before or (worth == before and feature > place)):
            largest, found = worth, feature
    return found


@called
def stage_of(curves: Any, outcome: int, row: Any) -> int:
    """Return the stage of a row, from 0 on, as `calibration.Stages` does."""
    curve, edges = curves[0][outcome], curves[3]
    stage = 0
    for edge in range(curve.first_edge, curve.last_edge):
        if not row[curve.column] < edges[edge]:  # missing hours are the last stage
            stage += 1
    return stage


@called
def probability_at(curves: Any, outcome: int, which: Any, margin: float) -> float:
    """Return what a curve says of a margin; ``which``: the stage, and 0, 1 or 2: p, low or high."""
    curve, knots, values = curves[0][outcome], curves[1], curves[2]
    size = curve.last_knot - curve.first_knot
    stages = curve.last_edge - curve.first_edge + 1
    first = curve.first_value + (which[1] * stages + which[0]) * size
    here = knots[curve.first_knot : curve.last_knot]
    return float(value_at(here, values[first : first + size], margin))


_SOURCES = sources_beside(__file__)
answer = _answer_compiled_from(_SOURCES)
explain = _explain_compiled_from(_SOURCES)
strongest = _strongest_compiled_from(_SOURCES)


def packed(models: Sequence[OutcomeModel]) -> Packed | None:
    """Return outcome models as arrays; None where trees hold what is not read here."""
    asked = [
        (outcome, model.blend.weights[name], member)
        for outcome, model in enumerate(models)
        for name, member in model.blend.members.items()
    ]
    read = [flat_trees(one.to_text()) for _, _, one in asked if isinstance(one, Trees)]
    known = [flat for flat in read if flat is not None]
    if len(known) < len(read):
        return None
    n_features = models[0].blend.n_features
    flat = joined(known, n_features)
    descent, shape = descent_of(flat), shape_of(flat)
    if descent is None:
        return None
    arrays = (
        descent.arrays,
        shape.arrays,
        _terms([member for _, _, member in asked]),
        _members(asked, shape),
        _curves([model.calibration for model in models]),
    )
    return Packed(arrays, n_features, descent, shape)


def _terms(members: Sequence[Member]) -> Records:
    lines = [one.terms for one in members if isinstance(one, Linear)]
    return np.concatenate([np.empty(0, TERM), *lines])


def _members(asked: Sequence[tuple[int, float, Member]], shape: Shape) -> Records:
    found = np.zeros(len(asked), MEMBER)
    trees = terms = 0
    for place, (outcome, weight, one) in enumerate(asked):
        if isinstance(one, Linear):
            last = terms + len(one.terms)
            found[place] = (outcome, 1, terms, last, weight, 1.0, one.offset, one.base)
            terms = last
        else:
            last = trees + one.n_trees
            base = float(shape.expected[trees:last].sum()) * one.share
            found[place] = (outcome, 0, trees, last, weight, one.share, 0.0, base)
            trees = last
    return found


def _curves(calibrations: Sequence[Calibration]) -> Any:
    found = np.zeros(len(calibrations), CURVE)
    knots = values = edges = 0
    for place, one in enumerate(calibrations):
        n_edges, column = len(one.probability) - 1, one.stages.column if one.stages else 0
        ends = knots + len(one.margin), edges + n_edges
        found[place] = (knots, ends[0], values, column, edges, ends[1])
        knots, edges = ends
        values += 3 * one.probability.size
    told = [np.ravel(each) for c in calibrations for each in (c.probability, c.low, c.high)]
    hours = [c.stages.edges for c in calibrations if c.stages and len(c.probability) > 1]
    return (
        found,
        np.concatenate([each.margin for each in calibrations]),
        np.concatenate(told),
        np.concatenate([np.empty(0), *hours]),
    )
