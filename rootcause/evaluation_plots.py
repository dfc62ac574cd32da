"""The pictures of an evaluation: stages, earliness, subgroups, and what moved since.

As in `rootcause.plots`, they draw numbers that somebody else computed.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from rootcause.figures import BLUE, GREY, ORANGE, drawing

_MOST_ROWS = 24
_LONGEST_LABEL = 34


def stages_figure(rows: pd.DataFrame, *, across: str) -> Figure:
    """Draw the AUC at each stage of the journey, with intervals and chance as a line.

    Parameters
    ----------
    rows : DataFrame with ``stage``, ``auc``, ``low``, ``high`` (NaN: too few samples)
    across : what the stages are, for the axis
    """
    with drawing(3.1) as (figure, axes):
        place = np.arange(len(rows))
        axes.axhline(0.5, color=GREY, linestyle="--", linewidth=1.2)
        axes.annotate("chance", (len(rows) - 0.6, 0.5), ha="right", va="bottom", color=GREY)
        _with_arms(axes, place, rows)
        axes.set_xticks(place, [_cut(str(name).replace(" ", "\n", 1)) for name in rows["stage"]])
        axes.set_xlim(-0.5, len(rows) - 0.5)
        low = np.nanmin([*rows["low"], 0.5])
        axes.set_ylim(max(0.0, float(low) - 0.03), 1.02)
        axes.set_xlabel(across)
        axes.set_ylabel("AUC")
        axes.grid(visible=False, axis="x")
    return figure


def earliness_figure(rows: pd.DataFrame, *, asked: float) -> Figure:
    """Draw hours of warning and the share warned over the precision of the warnings.

    Parameters
    ----------
    rows : DataFrame by ascending threshold
        ``precision``, ``warned_share``, ``hours``, ``hours_low``, ``hours_high``
    asked : the precision at which the earliness is stated, marked
    """
    with drawing(4.2) as (figure, whole):
        whole.remove()
        above, below = figure.subplots(2, 1, sharex=True)
        for axes in (above, below):
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(visible=True, linewidth=0.6)
            axes.axvline(asked, color=GREY, linestyle="--", linewidth=1.2)
        band = (rows["hours_low"].astype(float), rows["hours_high"].astype(float))
        above.fill_between(rows["precision"], *band, color=BLUE, alpha=0.22, linewidth=0)
        above.plot(rows["precision"], rows["hours"], color=BLUE, marker="o", markersize=3.5)
        above.set_ylim(bottom=0)
        above.set_ylabel("median hours\nof warning")
        below.plot(
            rows["precision"], rows["warned_share"], color=ORANGE, marker="s", markersize=3.5
        )
        below.set_ylim(0, 1.02)
        below.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
        below.set_ylabel("share warned")
        below.xaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
        below.xaxis.set_major_locator(MaxNLocator(6))
        below.set_xlabel("precision: share of the warnings that come true")
    return figure


def subgroups_figure(rows: pd.DataFrame) -> Figure:
    """Draw how much further off each subgroup is than all others; the flagged stand out.

    Parameters
    ----------
    rows : DataFrame with ``name``, ``off``, ``low``, ``high`` (shares) and ``flagged``
    """
    shown = rows.dropna(subset=["off"]).head(_MOST_ROWS)
    names = [_cut(str(name)) for name in shown["name"]]
    with drawing(0.9 + 0.24 * max(len(shown), 3)) as (figure, axes):
        axes.axvline(0.0, color=GREY, linestyle="--", linewidth=1.2)
        for flagged, colour, marker in ((False, BLUE, "o"), (True, ORANGE, "D")):
            chosen = (shown["flagged"] == flagged).to_numpy()
            at = -np.flatnonzero(chosen)
            middle = shown["off"].to_numpy(dtype=float)[chosen]
            arms = _arms(shown[chosen])
            axes.errorbar(
                middle, at, xerr=arms, color=colour, marker=marker, linestyle="none", markersize=4.5
            )
        axes.set_yticks(-np.arange(len(shown)), names)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        figure.supxlabel("observed less predicted, beyond that of all others", fontsize=10.5)
    return figure


def moved_figure(rows: pd.DataFrame, *, limit: float) -> Figure:
    """Draw the inputs that moved most, with the limit beyond which they count.

    Parameters
    ----------
    rows : DataFrame with ``name``, ``psi`` and ``moved``, the largest first
    """
    shown = rows.head(_MOST_ROWS)
    with drawing(0.9 + 0.24 * max(len(shown), 3)) as (figure, axes):
        colours = [ORANGE if moved else BLUE for moved in shown["moved"]]
        place = -np.arange(len(shown))
        axes.barh(place, shown["psi"].astype(float), color=colours, height=0.66)
        axes.axvline(limit, color=GREY, linestyle="--", linewidth=1.2)
        axes.set_yticks(place, [_cut(str(name)) for name in shown["name"]])
        axes.set_xlim(left=0, right=max(1.25 * limit, 1.05 * float(shown["psi"].max())))
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        figure.supxlabel("population stability index since the training", fontsize=10.5)
    return figure


def scores_figure(edges: Sequence[float], then: Sequence[float], now: Sequence[float]) -> Figure:
    """Draw the share of predictions in each tenth of the training's, then and now.

    Parameters
    ----------
    edges : upper ends of the bins, ascending, one fewer than there are bins
    then, now : share of the samples in each bin
    """
    with drawing(2.9) as (figure, axes):
        place = np.arange(len(then))
        axes.bar(place - 0.2, then, width=0.4, color=GREY, label="at the training")
        axes.bar(place + 0.2, now, width=0.4, color=ORANGE, label="since")
        names = [f"≤ {edge:.0%}" for edge in edges] + ["more"]
        axes.set_xticks(place, names[: len(then)], rotation=45, ha="right")
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
        axes.set_ylabel("share of samples")
        axes.set_xlabel("predicted")
        axes.grid(visible=False, axis="x")
        figure.legend(loc="outside upper left", ncols=2)
    return figure


def _with_arms(axes: Axes, place: NDArray[np.int64], rows: pd.DataFrame) -> None:
    known = rows["auc"].notna().to_numpy()
    middle = rows["auc"].to_numpy(dtype=float)[known]
    arms = _arms(rows[known].rename(columns={"auc": "off"}))
    axes.errorbar(place[known], middle, yerr=arms, color=BLUE, marker="o", markersize=5, capsize=3)


def _arms(rows: pd.DataFrame) -> NDArray[np.float64]:
    middle, low, high = (rows[name].to_numpy(dtype=float) for name in ("off", "low", "high"))
    return np.asarray(np.maximum(np.vstack([middle - low, high - middle]), 0.0))


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1]}…"
