"""What Offramp is compared with on planted causes: methods that name conditions, as one uses them.

All get the same exposures: attributes and step as columns, whether the bad outcome followed. None
dates anything, and none can say "nothing": each always names something. SHAP, the tree and
SliceLine are told how many conditions the cause has.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import combinations, islice

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from models.trees import TreeSettings, cross_fitted_probability

Conditions = dict[str, str]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

_RANKS = 3
_EXPLAINED, _EXPLAINED_IN_PAIRS = 2_000, 200
_PRIOR = 1.0
_FEWEST = 25
_SUPPORT = 0.005
_DIVERGENCE_SUPPORT = _SLICE_SUPPORT = 0.01
_ALPHA = 0.95  # of its paper; nearer to 1 it prunes too little to fit into memory
MOST_ROWS = 30_000


@dataclass(frozen=True)
class Table:
    """What a peer sees: text columns, the outcome (1.0 is bad), and how many conditions to name.

    ``late``: the rows to look at; the others, if any, are the time before it, for reference.
    """

    columns: pd.DataFrame
    bad: Floats
    conditions: int
    late: Flags
    seed: int = 0

    @property
    def now(self) -> "Table":
        """The rows to look at alone."""
        return self.only(np.flatnonzero(self.late))

    def only(self, rows: NDArray[np.int64]) -> "Table":
        """Return some rows."""
        return replace(
            self, columns=self.columns.iloc[rows], bad=self.bad[rows], late=self.late[rows]
        )

    def drawn(self, most: int) -> "Table":
        """Return at most so many rows, drawn at random."""
        if len(self.bad) <= most:
            return self
        rows = np.random.default_rng(self.seed).choice(len(self.bad), most, replace=False)
        return self.only(rows)


Peer = Callable[[Table], list[Conditions]]


def mean_shap(table: Table) -> list[Conditions]:
    """Name the values with the largest mean absolute SHAP among those that push towards bad."""
    table = table.now
    shown, names = _one_hot(table.columns)
    model = _boosted(shown, table)
    rows = np.random.default_rng(table.seed).permutation(len(shown))[:_EXPLAINED]
    contributions = np.asarray(model.predict(shown[rows], pred_contrib=True))[:, :-1]
    pushes = (contributions * shown[rows]).sum(axis=0) > 0
    strongest = np.argsort(-np.abs(contributions).mean(axis=0) * pushes, kind="stable")
    ranked = _of_different_attributes([names[place] for place in strongest])
    return [dict(ranked[: table.conditions]), *({name: value} for name, value in ranked[:2])]


def shap_interaction(table: Table) -> list[Conditions]:
    """Name the pairs of values with the largest mean absolute SHAP interaction."""
    table = table.now
    shap = import_module("shap")
    shown, names = _one_hot(table.columns)
    explainer = shap.TreeExplainer(_boosted(shown, table))
    rows = np.random.default_rng(table.seed).permutation(len(shown))[:_EXPLAINED_IN_PAIRS]
    strength = np.abs(explainer.shap_interaction_values(shown[rows])).mean(axis=0)
    pairs = [
        (strength[one, other], dict([names[one], names[other]]))
        for one, other in combinations(range(len(names)), 2)
        if names[one][0] != names[other][0]
    ]
    pairs.sort(key=lambda pair: -pair[0])
    return [named for _, named in pairs[:_RANKS]]


def odds_ratios(table: Table) -> list[Conditions]:
    """Name the single values with the highest odds ratio, with PostHog's prior count of one."""
    table = table.now
    n_bad, n_good = table.bad.sum(), (1 - table.bad).sum()
    found = []
    for name in table.columns:
        codes, values = pd.factorize(table.columns[name])
        bad = np.bincount(codes, table.bad, len(values))
        good = np.bincount(codes, 1 - table.bad, len(values))
        odds = (bad + _PRIOR) * (n_good - good + _PRIOR)
        odds /= (good + _PRIOR) * (n_bad - bad + _PRIOR)
        enough = bad + good >= min(_FEWEST, 0.02 * len(table.bad))
        found += [
            (float(rate), {str(name): str(value)})
            for rate, value in zip(odds[enough], values[enough], strict=True)
        ]
    found.sort(key=lambda one: -one[0])
    return [named for _, named in found[:_RANKS]]


def decision_tree(table: Table) -> list[Conditions]:
    """Name the paths to the leaves with the highest rates; what a path excludes is left out."""
    table = table.now
    shown, names = _one_hot(table.columns)
    leaves = max(50, int(_SUPPORT * len(shown)))
    depth = table.conditions + 2
    tree = DecisionTreeClassifier(
        max_depth=depth, min_samples_leaf=leaves, random_state=table.seed
    ).fit(shown, table.bad)
    paths = list(_paths(tree.tree_, names))
    paths.sort(key=lambda path: -path[0])
    return [named for _, named in paths if named][:_RANKS]


def pysubgroup(table: Table) -> list[Conditions]:
    """Name the subgroups of highest weighted relative accuracy, by beam search."""
    table = table.now
    ps = import_module("pysubgroup")
    frame = table.columns.assign(bad_=table.bad > 0)
    target = ps.BinaryTarget("bad_", True)
    space = ps.create_nominal_selectors(frame, ignore=["bad_"])
    task = ps.SubgroupDiscoveryTask(
        frame, target, space, result_set_size=_RANKS, depth=4, qf=ps.WRAccQF()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by the size of empty subgroups
        found = ps.BeamSearch(beam_width=20).execute(task).to_descriptions()
    return [
        {one.attribute_name: str(one.attribute_value) for one in rule.selectors}
        for _, rule in found
    ]


def sliceline(table: Table) -> list[Conditions]:
    """Name the slices of SliceLine, the bad outcomes being the errors."""
    return _slices(table.now, table.now.bad)


def sliceline_on_residuals(table: Table) -> list[Conditions]:
    """Name the slices of SliceLine on what a model of the time before does not explain.

    Where there is no time before, the model is of the same rows, out of fold.
    """
    codes = table.columns.apply(lambda column: pd.factorize(column)[0]).to_numpy(np.float32)
    fold = np.random.default_rng(table.seed).integers(0, 2, len(codes))
    if (
        not table.late.all()
    ):  # two folds, before and late: what is late is expected from what was before
        fold = table.late.astype(np.int64)
    settings = TreeSettings(trees=90, leaves=12, learning_rate=0.07, min_leaf=40)
    rate = cross_fitted_probability(
        codes, table.bad, fold, settings=settings, categorical=range(codes.shape[1])
    )
    return _slices(table.now, (table.bad * (1.0 - rate))[table.late])


def divexplorer(table: Table) -> list[Conditions]:
    """Name the frequent itemsets whose rate diverges most surely (largest t)."""
    table = table.now
    explorer = import_module("divexplorer").DivergenceExplorer
    frame = table.columns.reset_index(drop=True).assign(bad_=table.bad.astype(int))
    found = explorer(frame).get_pattern_divergence(
        min_support=_DIVERGENCE_SUPPORT, boolean_outcomes=["bad_"]
    )
    found = found.assign(length=found["itemset"].map(len))
    above = found[(found["bad__div"] > 0) & (found["length"] <= 4)]
    surest = above.sort_values(["bad__t", "length"], ascending=[False, True], kind="stable")
    return [
        dict(item.split("=", 1) for item in sorted(itemset))
        for itemset in islice(surest["itemset"], _RANKS)
    ]


PEERS: Mapping[str, Peer] = {
    "mean |SHAP|": mean_shap,
    "SHAP interaction": shap_interaction,
    "odds ratio per value (PostHog)": odds_ratios,
    "decision tree path": decision_tree,
    "pysubgroup, WRAcc beam": pysubgroup,
    "SliceLine on outcomes": sliceline,
    "SliceLine on residuals": sliceline_on_residuals,
    "DivExplorer": divexplorer,
}


def _one_hot(columns: pd.DataFrame) -> tuple[NDArray[np.float32], list[tuple[str, str]]]:
    pieces, names = [], []
    for name in columns:
        codes, values = pd.factorize(columns[name])
        pieces.append(np.equal.outer(codes, np.arange(len(values))).astype(np.float32))
        names += [(str(name), str(value)) for value in values]
    return np.concatenate(pieces, axis=1), names


def _boosted(shown: NDArray[np.float32], table: Table) -> lgb.LGBMClassifier:
    model = lgb.LGBMClassifier(
        n_estimators=100, num_leaves=15, n_jobs=1, random_state=table.seed, verbose=-1
    )
    return model.fit(shown, table.bad)


def _of_different_attributes(names: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the first value of each attribute, in order."""
    first: dict[str, str] = {}
    for name, value in names:
        first.setdefault(name, value)
    return list(first.items())


def _paths(
    tree: "object", names: list[tuple[str, str]], node: int = 0, so_far: tuple[int, ...] = ()
) -> "list[tuple[float, Conditions]]":
    """Return (rate, conditions) of every leaf; only splits that ask for a value are conditions."""
    left = tree.children_left[node]  # type: ignore[attr-defined]
    if left < 0:
        share = tree.value[node][0]  # type: ignore[attr-defined]
        return [(float(share[1] / share.sum()), dict(names[place] for place in so_far))]
    right, split = tree.children_right[node], tree.feature[node]  # type: ignore[attr-defined]
    with_value = _paths(tree, names, right, (*so_far, split))
    return _paths(tree, names, left, so_far) + with_value


def _slices(table: Table, errors: Floats) -> list[Conditions]:
    finder = import_module("sliceline.slicefinder").Slicefinder(
        alpha=_ALPHA,
        k=_RANKS,
        max_l=table.conditions,
        min_sup=int(_SLICE_SUPPORT * len(errors)),
        verbose=False,
    )
    finder.fit(table.columns.to_numpy(dtype=object), errors)
    names = list(table.columns)
    return [
        {
            str(name): str(value)
            for name, value in zip(names, found, strict=True)
            if value is not None
        }
        for found in finder.top_slices_[:_RANKS]
    ]
