"""Shares and scores over rows of the benchmark of causes, each with an interval."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

Row = Mapping[str, object]
Rows = Sequence[Row]

BANDS = ((-np.inf, 7.0), (7.0, 10.0), (10.0, 12.0), (12.0, np.inf))
"""Of the z with which the oracle sees a cause."""

_WILSON_Z = 1.959964
_DRAWS = 500


def f1(worlds: Rows) -> float:
    """Return the F1 over identifiable causes: what else is named exactly counts neither way."""
    total = {
        key: sum(number(world[key]) for world in worlds)
        for key in ("identifiable_found", "identifiable", "false_findings")
    }
    both = total["identifiable"] + total["identifiable_found"] + total["false_findings"]
    return 2 * total["identifiable_found"] / both if both else float("nan")


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    if not n:
        return 0.0, 1.0
    share, z2 = successes / n, _WILSON_Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _WILSON_Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def share(true: Sequence[bool]) -> str:
    """Return a share in words, `.95 (.91 to .98), n=104`; nothing where nobody was asked."""
    if not true:
        return ""
    low, high = wilson(sum(true), len(true))
    return f"{_short(mean(true))} ({_short(low)} to {_short(high)}), n={len(true)}"


def with_bootstrap(score: Callable[[Rows], float], rows: Rows) -> str:
    """Return a score in words, with its 95 % percentile interval over draws of rows."""
    if not rows or np.isnan(score(rows)):
        return ""
    dice = np.random.default_rng(0)
    places = dice.integers(len(rows), size=(_DRAWS, len(rows)))
    draws = [score([rows[place] for place in drawn]) for drawn in places]
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return f"{score(rows):.3f} ({low:.3f} to {high:.3f})"


def rank_of(row: Row) -> int:
    """Return the rank at which a cause was named, 0 if it was not."""
    return int(number(row["rank"]))


def mean(values: Sequence[float]) -> float:
    """Return the mean, NaN of nothing."""
    return float(np.mean(values)) if values else float("nan")


def number(value: object) -> float:
    """Return a number of a row."""
    return float(str(value))


def _short(value: float) -> str:
    return f"{value:.2f}"
