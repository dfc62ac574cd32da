"""The linear member of a blend: a ridge logistic regression on ramps, missing flags and codes.

Each number becomes ramps that rise from 0 to 1 between neighbouring quantiles, so that its effect
bends but never runs away; each frequent code becomes a column, rare and never-seen codes share the
base.  An additive model: its Shapley values are exact, ``coefficient * (column - mean)`` summed
over the columns of a feature.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.logistic import fit_logistic
from models.stored import StoredTable
from models.terms import TERM, design, sums, worths

Floats = NDArray[np.float64]
Table = NDArray[np.float32]
Records = NDArray[np.void]

_ROWS_AT_ONCE = 512
_FEWEST_OF_A_CODE = 20
_SMALLEST_SHARE = 0.002


@dataclass(frozen=True)
class LinearSettings:
    """How the line is fitted.

    ``strength`` of the ridge; ``ramps`` a number is cut into; ``rows`` at most are learnt from,
    drawn by ``seed``; ``monotone``: per feature 1, -1 or 0, empty for no direction.
    """

    strength: float = 100.0
    ramps: int = 4
    rows: int = 15_000
    seed: int = 0
    monotone: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the settings by name, as they are written beside a model."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Columns:
    """What the columns of the design are; all of shape (n_columns,), ascending in ``place``.

    A column is ``clip((x - low) / width, 0, 1)`` of the feature at ``place``, with ``fill`` where
    x is missing.  A flag of missing has a width of infinity and a fill of 1.  A code has a width
    of 0: the column is 1 where x equals ``low``.
    """

    place: NDArray[np.int64]
    low: Floats
    width: Floats
    fill: Floats

    def of(self, X: Table) -> Floats:
        """Return the design of some rows, shape (n, n_columns)."""
        found = np.empty((len(X), len(self.place)))
        nothing = np.zeros(len(self.place))
        design(self.terms(nothing, nothing), _exact(X), found)
        return found

    def terms(self, coefficients: Floats, means: Floats) -> Records:
        """Return the columns as records of `TERM`, for compiled code."""
        found = np.zeros(len(self.place), TERM)
        for name, values in (("coefficient", coefficients), ("mean", means), *vars(self).items()):
            found[name] = values
        return found

    def take(self, kept: NDArray[np.bool_]) -> "Columns":
        """Return some of the columns."""
        return Columns(self.place[kept], self.low[kept], self.width[kept], self.fill[kept])


class Linear:
    """A fitted line; the log odds are ``intercept`` plus each column's share above its mean."""

    def __init__(
        self, n_features: int, columns: Columns, coefficients: Floats, means: Floats, base: float
    ) -> None:
        self.n_features = n_features
        self.base = base
        self.terms = columns.terms(coefficients, means)
        self.offset = base - float(coefficients @ means)
        self._columns = columns
        self._coefficients = coefficients
        self._means = means

    def margin(self, X: ArrayLike) -> Floats:
        """Return the log odds of 1, shape (n,)."""
        rows = np.atleast_2d(np.asarray(X))
        found = np.empty(len(rows))
        for some in _some(len(rows)):
            sums(self.terms, _exact(rows[some]), found[some])
        return found + self.offset

    def contributions(self, X: ArrayLike) -> Floats:
        """Return SHAP values in log odds, shape (n, n_features + 1), the base in the last."""
        rows = np.atleast_2d(np.asarray(X))
        found = np.zeros((len(rows), self.n_features + 1))
        found[:, -1] = self.base
        for some in _some(len(rows)):
            worths(self.terms, _exact(rows[some]), found[some])
        return found

    def to_text(self) -> str:
        """Return the line as JSON; every number comes back to the bit."""
        columns = self._columns
        return json.dumps(
            {
                "n_features": self.n_features,
                "base": self.base,
                "place": columns.place.tolist(),
                "low": columns.low.tolist(),
                "width": np.where(np.isinf(columns.width), -1.0, columns.width).tolist(),
                "fill": columns.fill.tolist(),
                "coefficient": self._coefficients.tolist(),
                "mean": self._means.tolist(),
            }
        )

    @classmethod
    def from_text(cls, text: str) -> "Linear":
        """Return the line that `to_text` wrote."""
        said = json.loads(text)
        width = np.array(said["width"], dtype=np.float64)
        columns = Columns(
            np.array(said["place"], dtype=np.int64),
            np.array(said["low"], dtype=np.float64),
            np.where(width < 0, np.inf, width),
            np.array(said["fill"], dtype=np.float64),
        )
        coefficients = np.array(said["coefficient"], dtype=np.float64)
        means = np.array(said["mean"], dtype=np.float64)
        return cls(said["n_features"], columns, coefficients, means, said["base"])


def fit_linear(
    X: ArrayLike | StoredTable,
    y: ArrayLike,
    *,
    settings: LinearSettings,
    categorical: Sequence[int] = (),
    weight: ArrayLike | None = None,
) -> Linear:
    """Return a line fitted to a 0/1 outcome; parameters as in `fit_trees`."""
    table = X if isinstance(X, StoredTable) else np.asarray(X, dtype=np.float32)
    labels = np.asarray(y, dtype=np.float64)
    weights = np.ones(len(labels)) if weight is None else np.asarray(weight, dtype=np.float64)
    if len(np.unique(labels)) < 2:
        return _constant(labels, table.shape[1])
    chosen = np.arange(len(labels))
    if len(labels) > settings.rows:
        chosen = np.random.default_rng(settings.seed).choice(len(labels), settings.rows, False)
        chosen.sort()
    rows, labels, weights = table[chosen], labels[chosen], weights[chosen]
    columns = _columns(rows, set(categorical), settings.ramps)
    centred = np.empty((len(rows), len(columns.place)), dtype=np.float32)
    for some in _some(len(rows)):
        centred[some] = columns.of(rows[some])
    means = centred.mean(axis=0, dtype=np.float64)
    centred -= means.astype(np.float32)
    signs = _signs(columns, settings.monotone)
    found, base = fit_logistic(centred, labels, weights, strength=settings.strength, signs=signs)
    kept = found != 0
    return Linear(rows.shape[1], columns.take(kept), found[kept], means[kept], base)


def _some(n: int) -> list[slice]:
    """Return slices of so many rows, each few enough to be copied."""
    return [slice(at, at + _ROWS_AT_ONCE) for at in range(0, n, _ROWS_AT_ONCE)]


def _exact(rows: NDArray[np.generic]) -> Floats:
    return np.ascontiguousarray(rows, dtype=np.float64)


def _constant(labels: Floats, n_features: int) -> Linear:
    share = (labels.sum() + 0.5) / (len(labels) + 1.0)
    nothing = np.empty(0)
    columns = Columns(np.empty(0, dtype=np.int64), nothing, nothing, nothing)
    return Linear(n_features, columns, nothing, nothing, float(np.log(share / (1 - share))))


def _columns(X: Table, categorical: set[int], ramps: int) -> Columns:
    """Return the columns that these rows support: something in them differs."""
    made: list[tuple[float, float, float, float]] = []
    for place in range(X.shape[1]):
        x = X[:, place].astype(np.float64)
        known = x[~np.isnan(x)]
        if place in categorical:
            made += [(place, code, 0.0, 0.0) for code in _frequent(known, len(x))]
            continue
        if 0 < len(known) < len(x):
            made.append((place, 0.0, np.inf, 1.0))
        made += [(place, *ramp) for ramp in _ramps(known, ramps)]
    table = np.array(made, dtype=np.float64).reshape(-1, 4)
    return Columns(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])


def _frequent(codes: Floats, n: int) -> Floats:
    values, count = np.unique(codes, return_counts=True)
    return np.asarray(values[count >= max(_FEWEST_OF_A_CODE, _SMALLEST_SHARE * n)])


def _ramps(known: Floats, ramps: int) -> list[tuple[float, float, float]]:
    """Return low, width and fill of the ramps between the quantiles of a number."""
    known = known[np.isfinite(known)]
    if len(known) == 0 or known.min() == known.max():
        return []
    edges = np.unique(np.quantile(known, np.linspace(0, 1, ramps + 1)))
    middle = float(np.median(known))
    return [
        (low, high - low, min(max((middle - low) / (high - low), 0.0), 1.0))
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]


def _signs(columns: Columns, monotone: tuple[int, ...]) -> NDArray[np.int8] | None:
    if not any(monotone):
        return None
    ramp = (columns.width > 0) & np.isfinite(columns.width)
    return np.where(ramp, np.array(monotone)[columns.place], 0).astype(np.int8)
