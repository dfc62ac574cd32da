"""What moved since the training: inputs, values never seen, scores; each against chance.

The size of a move is the population stability index, the sum of (now - then) ln(now / then) over
the bins (below .1 small, above .25 large: Siddiqi 2006). Whether it is beyond chance is asked by a
chi-square test of the shares then and now, divided by the design effect, because samples of one
customer are alike (Rao and Scott 1981); false discoveries over all features are held at 1 %
(Benjamini and Hochberg 1995). An input has **moved** if both say so, and if the move is twice what
the two halves of the reference differ by: what grows with the log moves by itself.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.outcome import OutcomeModel
from rootcause.chance import chi_square_tail, false_discovery_rates
from training.data import TrainingData
from training.reference import (
    Window,
    binned,
    columns_of,
    new_values,
    scores_of,
    stability_index,
)

LARGE_ENOUGH = 0.1
_BEYOND_USUAL = 2.0
_FALSE_DISCOVERIES = 0.01
_UNSEEN_ENOUGH = 0.01
_MISSING_ENOUGH = 0.05
_MOST_NAMES = 5
_FEWEST_EVENTS = 100

Reference = Mapping[str, Any]


def moved_features(
    data: TrainingData, window: Window, reference: Reference
) -> list[dict[str, object]]:
    """Return how far each feature has moved, the furthest first.

    Features that the reference does not know are left out.
    """
    X, customers = data.X[window.samples], data.customers[window.samples]
    rows: list[dict[str, object]] = []
    for place, feature in enumerate(data.plan.features):
        then = reference["features"].get(feature.name)
        if then is None:
            continue
        codes = len(then["shares"]) - 2 if feature.labels else 0
        column = X[:, place].astype(np.float64)
        now = binned(column, customers, edges=then["edges"], codes=codes)
        sizes = (int(reference["samples"]), len(column))
        rows.append({"feature": feature.name, **compared(then, now, sizes)})
    q_values = false_discovery_rates(np.array([float(str(row.pop("p_value"))) for row in rows]))
    for row, q_value in zip(rows, q_values, strict=True):
        row["q_value"] = float(q_value)
        usual = float(reference["features"][row["feature"]].get("usual", 0.0))
        row["usual"] = usual
        enough = max(LARGE_ENOUGH, _BEYOND_USUAL * usual)
        row["moved"] = bool(q_value < _FALSE_DISCOVERIES and float(str(row["psi"])) >= enough)
    return sorted(rows, key=lambda row: -float(str(row["psi"])))


def compared(
    then: Mapping[str, Any], now: Mapping[str, Any], sizes: tuple[int, int]
) -> dict[str, float]:
    """Return ``psi``, ``by_chance`` (its mean if nothing moved) and ``p_value`` of two sketches.

    Parameters
    ----------
    then, now : from `training.reference.binned`, of the same bins
    sizes : samples then and now
    """
    before, after = (np.array(one["shares"], dtype=np.float64) for one in (then, now))
    noise = float(then["effect"]) / sizes[0] + float(now["effect"]) / sizes[1]
    pooled = (before * sizes[0] + after * sizes[1]) / (sizes[0] + sizes[1])
    used = pooled > 0
    statistic = ((after - before)[used] ** 2 / pooled[used]).sum() / noise
    degrees = float(max(used.sum() - 1, 1))
    p_value = chi_square_tail(np.array([statistic]), np.array([degrees]))[0]
    size = stability_index(before, after, floor=0.5 / min(sizes))
    return {"psi": size, "by_chance": degrees * noise, "p_value": float(p_value)}


def moved_columns(
    data: TrainingData, window: Window, reference: Reference
) -> list[dict[str, object]]:
    """Return the shares of never seen and missing values of each column, then and now.

    ``unseen_values`` names the most frequent of the new ones; ``unseen`` says that at least 1 % of
    the events have a value that even the reference did not, ``moved`` that they have, or that 5 %
    more (or fewer) are missing than at the training.
    """
    found = []
    enough = int(window.events.sum()) >= _FEWEST_EVENTS
    for name, now in columns_of(data, window).items():
        then = reference["columns"].get(name, {"missing": 0.0, "unseen": 0.0})
        values = {} if name in data.plan.numbers else new_values(data, window, name)
        newest = [value for value in values if value not in reference["unseen"].get(name, {})]
        newer = sum(values[value] for value in newest)
        rise = max(now["unseen"] - then["unseen"], newer)
        missing = abs(now["missing"] - then["missing"]) >= _MISSING_ENOUGH
        found.append(
            {
                "column": name,
                "unseen_share": now["unseen"],
                "unseen_share_then": then["unseen"],
                "unseen_values": (newest or list(values))[:_MOST_NAMES],
                "missing_share": now["missing"],
                "missing_share_then": then["missing"],
                "unseen": enough and bool(rise >= _UNSEEN_ENOUGH),
                "moved": enough and bool(rise >= _UNSEEN_ENOUGH or missing),
            }
        )
    return found


def moved_scores(
    data: TrainingData,
    window: Window,
    models: Mapping[str, OutcomeModel],
    reference: Reference,
) -> dict[str, dict[str, object]]:
    """Return how far the predictions of each outcome have moved."""
    X, customers = data.X[window.samples], data.customers[window.samples]
    found: dict[str, dict[str, object]] = {}
    for outcome, then in reference["scores"].items():
        if outcome not in models:
            continue
        now = scores_of(models[outcome], X, customers, then["edges"])
        said = compared(then, now, (int(reference["samples"]), len(X)))
        moved = said["p_value"] < _FALSE_DISCOVERIES and said["psi"] >= LARGE_ENOUGH
        found[outcome] = {
            **said,
            "moved": bool(moved),
            "mean": now["mean"],
            "mean_then": then["mean"],
            "edges": then["edges"],
            "shares": now["shares"],
            "shares_then": then["shares"],
        }
    return found
