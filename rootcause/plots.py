"""The pictures of training: reliability and precision-recall.

Each returns a figure; `rootcause.figures` makes it a PNG. The functions draw numbers that
somebody else computed, so that a picture can never disagree with the table beside it.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from rootcause.figures import BLUE, GREY, drawing


def reliability_figure(bins: pd.DataFrame, *, words: str) -> Figure:
    """Draw what happened against what was predicted.

    Parameters
    ----------
    bins : DataFrame, one row per bin
        ``predicted``, ``observed`` and its interval ``low``, ``high``
    words : what is predicted, for the axis
    """
    with drawing(3.1) as (figure, axes):
        top = min(1.0, 1.08 * float(np.nanmax([*bins["predicted"], *bins["high"], 0.05])))
        axes.plot([0, top], [0, top], color=GREY, linestyle="--", linewidth=1.2)
        axes.annotate(
            "as predicted",
            (0.97 * top, 0.99 * top),
            ha="right",
            va="bottom",
            color=GREY,
            rotation=0,
        )
        axes.errorbar(
            bins["predicted"],
            bins["observed"],
            yerr=_arms(bins["observed"], bins["low"], bins["high"]),
            color=BLUE,
            marker="o",
            markersize=5,
            linewidth=1.5,
            capsize=3,
        )
        _percent_axes(axes, top)
        axes.set_xlabel(f"predicted: {words}")
        axes.set_ylabel("observed")
    return figure


def precision_recall_figure(rows: pd.DataFrame, *, base_rate: float) -> Figure:
    """Draw precision over recall, with the base rate as the line to beat.

    Parameters
    ----------
    rows : DataFrame with ``recall`` and ``precision``, one row per threshold
    """
    with drawing() as (figure, axes):
        rows = rows.sort_values("recall")
        axes.plot(rows["recall"], rows["precision"], color=BLUE, linewidth=1.8)
        axes.axhline(base_rate, color=GREY, linestyle="--", linewidth=1.2)
        axes.annotate("base rate", (0.99, base_rate), ha="right", va="bottom", color=GREY)
        axes.set_xlabel("recall: share of those it happens to")
        axes.set_ylabel("precision")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
    return figure


def _arms(middle: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """Return the lengths of error bars, shape (2, n), never negative."""
    at, down, up = (np.asarray(one, dtype=np.float64) for one in (middle, low, high))
    return np.maximum(np.vstack([at - down, up - at]), 0.0)


def _percent_axes(axes: Axes, top: float) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
        axis.set_major_locator(MaxNLocator(5))
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
