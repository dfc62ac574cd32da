"""SHAP on the excess: which attributes carry what the expected rate does not explain.

Trees that start from the expected log odds (fitted without the finding's own journeys) learn only
the excess; exact SHAP values of the exposed then say by which attributes. An explainer and a
cross-check of the search, not a search: it is asked *inside* a finding, and should name the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from journeys.definition import Definition
from models.draws import customer_draws
from models.trees import TreeSettings, fit_trees
from rootcause.contrast import Contrast
from rootcause.exposure import Codes, Flags, Floats, Ints

_FEWEST = 40
_MOST_ROWS = 10_000
_MOST_EXPLAINED = 2_000
_MOST_VALUES = 200
_REFITS = 10
_SHOWN = 3
_EDGE = 1e-3
_STANDS_IN = 0.8
_FEWEST_OF_A_VALUE = 20


@dataclass(frozen=True)
class _Columns:
    """What may carry the excess: names, tiers and values, shape (n, n_columns); codes come first.

    ``stand_ins``: pairs (column, condition's column) of columns that say a condition again.
    """

    names: tuple[str, ...]
    tiers: tuple[str, ...]
    values: Floats
    n_codes: int
    stand_ins: tuple[tuple[int, int], ...] = ()


def shap_on_excess(
    contrast: Contrast,
    definition: Definition,
    same: tuple[dict[str, str], ...] = (),
    *,
    seed: int = 0,
) -> dict[str, object]:
    """Return what carries the excess inside a finding, and whether it is what the search named.

    Parameters
    ----------
    same : conditions that cannot be told apart from the finding's; naming one of them agrees, too

    Returns
    -------
    dict
        ``agrees``: whether as many attributes as there are conditions, the strongest first, are
        those of the conditions; None where another is among them, but may be by chance;
        ``attributes``: by tier, ``{"attribute", "logits", "low", "high"}``, the mean SHAP value
        over the exposed in log odds with its interval (refits over customers); ``logits``: the sum
        over all with the base, which is the excess of the exposed; ``prefers``: the attribute
        it names instead, or ""; ``words``. Empty where fewer than 40 exposed journeys have a known
        outcome.

    Notes
    -----
    Trees share the credit of a condition with whatever stands in for it (a device that only iOS
    has). What half of a stand-in's exposed reach is the condition's; what single values have beyond
    it stays their own, so that one bad device among many is still seen.
    """
    rows = np.flatnonzero(contrast.here & contrast.later)
    met = contrast.met[rows]
    if met.sum() < _FEWEST or met.all():
        return {}
    rows = _some(rows, met, seed=seed)
    columns = _columns(contrast, definition, rows)
    weights = [
        np.ones(len(rows)),
        *customer_draws(contrast.exposures.lot[rows], draws=_REFITS, seed=seed),
    ]
    means = np.array([_mean_shap(contrast, columns, rows, one, seed=seed) for one in weights])
    return _told(contrast, columns, means, same)


def _mean_shap(
    contrast: Contrast, columns: _Columns, rows: Ints, weight: Floats, *, seed: int
) -> Floats:
    """Return mean SHAP values over the exposed, the base last, shape (n_columns + 1,)."""
    p0 = np.clip(contrast.expected[rows], _EDGE, 1 - _EDGE)
    taken = weight > 0
    trees = fit_trees(
        columns.values[taken].astype(np.float32),
        contrast.exposures.bad[rows[taken]],
        settings=TreeSettings(
            trees=80, leaves=8, learning_rate=0.1, min_leaf=20, l2=5.0, feature_share=1.0, seed=seed
        ),
        categorical=range(columns.n_codes),
        weight=weight[taken],
        init_margin=np.log(p0 / (1 - p0))[taken],
    )
    exposed = np.flatnonzero(contrast.met[rows] & taken)[:_MOST_EXPLAINED]
    X = columns.values[exposed]
    shap = trees.contributions(X.astype(np.float32))
    for stand_in, condition in columns.stand_ins:
        common = _common(shap[:, stand_in], X[:, stand_in].astype(np.int64))
        shap[:, condition] += common
        shap[:, stand_in] -= common
    return np.asarray(np.average(shap, axis=0, weights=weight[exposed]))


def _common(shap: Floats, codes: Ints) -> float:
    """Return what the SHAP values have in common: what half of the rows reach, or 0."""
    counts = np.bincount(codes)
    means = np.bincount(codes, shap) / np.maximum(counts, 1)
    return max(float(np.median(means[codes])), 0.0)


def _some(rows: Ints, met: Flags, *, seed: int) -> Ints:
    """Return all exposed rows and at most so many others, drawn evenly, in their order."""
    others = rows[~met]
    if len(others) > _MOST_ROWS:
        others = np.random.default_rng(seed).choice(others, _MOST_ROWS, replace=False)
    exposed = rows[met]
    if len(exposed) > _MOST_ROWS:
        exposed = np.random.default_rng(seed).choice(exposed, _MOST_ROWS, replace=False)
    return np.sort(np.concatenate([exposed, others]))


def _columns(contrast: Contrast, definition: Definition, rows: Ints) -> _Columns:
    """Return the attributes without those of very many values, which fit any noise."""
    exposures, context = contrast.exposures, set(definition.attributes.context)
    kept = [
        place
        for place, names in enumerate(exposures.names)
        if len(names) <= _MOST_VALUES and exposures.attributes[place] not in exposures.numeric
    ]
    named, numeric = [exposures.attributes[place] for place in kept], exposures.numeric
    tiers = ["context" if name in context else "technical" for name in named]
    return _Columns(
        names=(*named, *numeric),
        tiers=(*tiers, *("context" for _ in numeric)),
        values=np.column_stack([exposures.codes[rows][:, kept], exposures.numbers[rows]]),
        n_codes=len(named),
        stand_ins=tuple(_stand_ins(contrast, named, exposures.codes[rows][:, kept], rows)),
    )


def _stand_ins(
    contrast: Contrast, names: list[str], codes: Codes, rows: Ints
) -> Iterator[tuple[int, int]]:
    """Yield (column, condition's column) where the exposed's values nearly imply the condition."""
    met = contrast.met[rows]
    for condition in (name for name in contrast.named if name in names):
        of_condition = names.index(condition)
        holds = codes[:, of_condition] == codes[np.argmax(met), of_condition]
        base = float(holds.mean())
        for place in range(len(names)):
            if names[place] in contrast.named or base == 1.0:
                continue
            share = np.bincount(codes[:, place], holds) / np.maximum(
                np.bincount(codes[:, place]), 1
            )
            implied = float(share[codes[met, place]].mean())
            if (implied - base) / (1.0 - base) >= _STANDS_IN:
                yield place, of_condition


def _told(
    contrast: Contrast, columns: _Columns, means: Floats, same: tuple[dict[str, str], ...]
) -> dict[str, object]:
    mean, error = means[0], means[1:].std(axis=0, ddof=1) * student.ppf(0.975, _REFITS - 1)
    order = np.argsort(-mean[:-1], kind="stable")
    allowed = set(contrast.named) | {name for conditions in same for name in conditions}
    first = order[: len(contrast.named)]
    rival = next((place for place in first if columns.names[place] not in allowed), None)
    agrees = True if rival is None else _beaten(contrast, columns, means, int(rival))
    return {
        "agrees": agrees,
        "prefers": "" if rival is None else columns.names[rival],
        "logits": round(float(mean.sum()), 3),
        "attributes": {
            tier: [
                {
                    "attribute": columns.names[place],
                    "logits": round(float(mean[place]), 3),
                    "low": round(float(mean[place] - error[place]), 3),
                    "high": round(float(mean[place] + error[place]), 3),
                }
                for place in order
                if columns.tiers[place] == tier
            ][:_SHOWN]
            for tier in ("context", "technical")
        },
        "words": _words([columns.names[place] for place in first], agrees),
    }


def _beaten(contrast: Contrast, columns: _Columns, means: Floats, rival: int) -> bool | None:
    """Return False where a rival beats the weakest condition beyond chance, None where it may."""
    named = [place for place, name in enumerate(columns.names) if name in contrast.named]
    weakest = min(named, key=lambda place: float(means[0, place]), default=rival)
    ahead = means[:, rival] - means[:, weakest]
    error = float(ahead[1:].std(ddof=1)) * student.ppf(0.975, _REFITS - 1)
    return False if ahead[0] > error else None


def _words(first: list[str], agrees: bool | None) -> str:
    named = " and ".join(name.replace("_", " ") for name in first)
    return {
        True: f"SHAP on the excess agrees: it names {named}.",
        None: f"SHAP on the excess names {named}, but cannot tell this from the conditions.",
        False: f"SHAP on the excess disagrees: it names {named}. Look there before you act.",
    }[agrees]
