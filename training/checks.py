"""Checks that must come out clean before a number is believed, each with what it found.

They hold the split, the labels and the feature table *as trained on* against what could have been
known: a column that knows the label or the future does not pass, whoever made it.
"""

import numpy as np

from journeys.definition import Outcome
from journeys.log import microseconds
from models.draws import of_some_customers
from models.trees import TreeSettings, fit_trees
from training.data import TrainingData
from training.future import changed_without_the_future
from training.metrics import Codes, Flags, Floats, auc

Check = dict[str, object]
"""``check`` its name, ``passed``, ``value`` and ``limit`` (passed: at most, in size), ``words``."""

_TOO_WELL = 0.97
_TOLERANCE = 0.02
_Z_99 = 2.576
_PERMUTATIONS = 40
_FITS, _FITS_IF_THOROUGH = 2, 8
_ROWS, _ROWS_IF_THOROUGH = 6_000, 24_000
_CUTOFFS, _CUTOFFS_IF_THOROUGH = 100, 1_000
_BINS = 32
_FEWEST = 10


def checks_of(
    data: TrainingData, outcome: Outcome, *, seed: int, thorough: bool = False
) -> list[Check]:
    """Return the checks of one outcome; those that this log is too small for are left out."""
    rows, fits = (_ROWS_IF_THOROUGH, _FITS_IF_THOROUGH) if thorough else (_ROWS, _FITS)
    cutoffs = _CUTOFFS_IF_THOROUGH if thorough else _CUTOFFS
    found = (
        shuffled_labels(data, outcome, fits=fits, most_rows=rows, seed=seed),
        customers_apart(data, outcome),
        labels_known_in_time(data, outcome),
        future_removed(data, outcome, cutoffs=cutoffs, seed=seed),
        no_single_feature(data, outcome, most_rows=rows, seed=seed),
    )
    return [one for one in found if one is not None]


def shuffled_labels(
    data: TrainingData, outcome: Outcome, *, fits: int, most_rows: int, seed: int
) -> Check | None:
    """Deal the labels out anew among customers, learn and test again: nothing may be found.

    Each customer gets the label of another, on both sides of the split, so whatever tells customers
    apart on both sides, as a customer in both parts would, shows as an AUC above .50. The AUC is
    the mean over the fits; the limit is .02 or, on few customers, the 99 % range of that mean if
    the labels of the test part are dealt out among its customers once more.
    """
    split = data.splits[outcome]
    train, test = (
        np.flatnonzero(of_some_customers(data.customers, part, most_rows=most_rows, seed=seed))
        for part in (split.train, split.test)
    )
    if not len(train) or not len(test):
        return None
    rng = np.random.default_rng(seed)
    found = [_auc_of_luck(data, outcome, (train, test), rng) for _ in range(fits)]
    known = np.array([one for one in found if np.isfinite(one).all()])
    if not len(known):
        return None
    value = float(known[:, 0].mean())
    limit = max(_TOLERANCE, _Z_99 * float(np.sqrt((known[:, 1] ** 2).mean() / len(known))))
    words = f"with labels dealt out anew among customers the AUC is {value:.3f}, .50 ± {limit:.3f}"
    return _check("shuffled labels", abs(value - 0.5) <= limit, value - 0.5, limit, words)


def _auc_of_luck(
    data: TrainingData, outcome: Outcome, rows: tuple[Codes, Codes], rng: np.random.Generator
) -> tuple[float, float]:
    """Return the AUC on labels that mean nothing, and its standard deviation by chance."""
    train, test = rows
    y = data.labels[outcome]["y"].to_numpy()
    both = np.concatenate([train, test])
    luck = _dealt(data.customers[both], y[both], rng)
    settings = TreeSettings(trees=40, leaves=8, learning_rate=0.1, feature_share=0.3)
    trees = fit_trees(
        data.X[train],
        luck[data.customers[train]],
        settings=settings,
        categorical=data.plan.categorical,
    )
    p, whose = trees.margin(data.X[test]), data.customers[test]
    names, member = np.unique(whose, return_inverse=True)
    again = [auc(rng.permutation(luck[names])[member], p) for _ in range(_PERMUTATIONS)]
    return auc(luck[whose], p), float(np.std(again))


def _dealt(customers: Codes, y: Floats, rng: np.random.Generator) -> Floats:
    """Return a label per customer, each that of another's random sample; NaN for nobody's."""
    order = rng.permutation(len(customers))
    names, first = np.unique(customers[order], return_index=True)
    luck = np.full(int(customers.max()) + 1, np.nan)
    luck[names] = rng.permutation(y[order][first])
    return luck


def customers_apart(data: TrainingData, outcome: Outcome) -> Check | None:
    """No customer is learnt from and tested on."""
    split, customers = data.splits[outcome], data.customers
    if not split.train.any():
        return None
    both = len(np.intersect1d(customers[split.train], customers[split.test]))
    words = f"{both:,} customers stand in both the train and the test part"
    return _check("no customer in both parts", both == 0, both, 0, words)


def labels_known_in_time(data: TrainingData, outcome: Outcome) -> Check | None:
    """Every label learnt from was known, and closed, by the split instant."""
    if not data.splits[outcome].train.any():
        return None
    split, labels = data.splits[outcome], data.labels[outcome][data.splits[outcome].train]
    at = np.int64(split.at.value // 1_000)
    late = np.maximum(microseconds(labels["known_at"]), microseconds(labels["closed_at"])) > at
    words = f"{int(late.sum()):,} of {len(labels):,} labels learnt from were known only later"
    return _check("labels known before the split", not late.any(), int(late.sum()), 0, words)


def future_removed(
    data: TrainingData, outcome: Outcome, *, cutoffs: int, seed: int
) -> Check | None:
    """No feature changes, bit for bit, when every event after the cutoff is taken away."""
    rows = np.flatnonzero(data.splits[outcome].test | data.splits[outcome].train)
    if not len(rows):
        return None
    changed, asked = changed_without_the_future(data, rows, most=cutoffs, seed=seed)
    named = [data.plan.features[place].name for place in changed[:3]]
    told = f": {', '.join(named)}" if named else ""
    words = f"without the future of {asked:,} cutoffs {len(changed):,} features change{told}"
    return _check("future removed", not len(changed), len(changed), 0, words)


def no_single_feature(
    data: TrainingData, outcome: Outcome, *, most_rows: int, seed: int
) -> Check | None:
    """No single column tells the outcome almost by itself: that is mostly the outcome in disguise.

    The rate of each of a column's bins is learnt on half of the customers, its AUC measured on the
    other half, so that codes and bent curves are seen as well.
    """
    among = data.splits[outcome].train | data.splits[outcome].test
    rows = np.flatnonzero(of_some_customers(data.customers, among, most_rows=most_rows, seed=seed))
    y, customers = data.labels[outcome]["y"].to_numpy()[rows], data.customers[rows]
    names, member = np.unique(customers, return_inverse=True)
    learn = (np.random.default_rng(seed).permutation(len(names)) % 2 == 0)[member]
    if min(_rarer(y[learn]), _rarer(y[~learn])) < _FEWEST:
        return None
    coded = set(data.plan.categorical)
    found = np.array(
        [
            _auc_alone(data.X[rows, place].astype(np.float64), y, learn, coded=place in coded)
            for place in range(data.X.shape[1])
        ]
    )
    best = int(np.argmax(found))
    feature = data.plan.features[best].name
    words = f"the best single feature, {feature}, has an AUC of {found[best]:.3f}"
    if found[best] > _TOO_WELL:
        words += ": does it know the outcome? Leave it out, or say why it may know"
    return _check("no feature too good", found[best] <= _TOO_WELL, found[best], _TOO_WELL, words)


def _auc_alone(column: Floats, y: Floats, learn: Flags, *, coded: bool) -> float:
    known = column[learn & np.isfinite(column)]
    if not len(known):
        return 0.5
    if coded:
        place = np.where(np.isfinite(column), column + 1, 0).astype(np.int64)
    else:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
        place = np.where(np.isfinite(column), np.searchsorted(edges, column, side="right") + 1, 0)
    bins = int(place.max()) + 1
    count = np.bincount(place[learn], minlength=bins)
    rate = (np.bincount(place[learn], y[learn], bins) + y[learn].mean()) / (count + 1.0)
    return auc(y[~learn], rate[place[~learn]])


def _rarer(y: Floats) -> int:
    return int(min(y.sum(), len(y) - y.sum()))


def _check(name: str, passed: bool, value: float, limit: float, words: str) -> Check:
    said: Check = {"check": name, "passed": bool(passed)}
    return said | {"value": float(value), "limit": float(limit), "words": f"{words}."}
