"""The pictures of the report and of training: reliability, precision-recall, onset, drivers.

Each returns a figure; `rootcause.figures` makes it SVG or PNG. The functions draw numbers that
somebody else computed, so that a picture can never disagree with the table beside it.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from rootcause.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, drawing

TIERS = {
    "context": "Who they are",
    "technical": "What they used",
    "behaviour": "What they did",
}
_TIER_COLOUR = {"context": PURPLE, "technical": ORANGE, "behaviour": BLUE}
_LONGEST_LABEL = 34
_SAME_DAY = pd.Timedelta(days=2)


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


def onset_figure(
    weeks: pd.DataFrame, *, onset: str, release: pd.Timestamp | None = None, outcome: str = ""
) -> Figure:
    """Draw the rate of the exposed and of the others by period, the onset marked.

    Parameters
    ----------
    weeks : DataFrame from `rootcause.weeks.weeks_of`
    onset : first day, as YYYY-MM-DD
    release : when the conditions were first seen, if inside the log
    outcome : words for the vertical axis
    """
    with drawing(3.2) as (figure, axes):
        top = 1.25 * float(np.nanmax([*weeks["high"], *weeks["others_high"], 0.05]))
        length = weeks["begins"].diff().median()
        middle = weeks["begins"] + (pd.Timedelta(0) if pd.isna(length) else length / 2)
        for prefix, colour, marker, words in (
            ("others_", GREY, "s", "same step, other conditions"),
            ("", ORANGE, "o", "these conditions"),
        ):
            known = weeks.assign(middle=middle).dropna(subset=[f"{prefix}rate"])
            if known.empty:
                continue
            axes.fill_between(
                known["middle"],
                known[f"{prefix}low"],
                known[f"{prefix}high"],
                color=colour,
                alpha=0.22,
                linewidth=0,
            )
            axes.plot(
                known["middle"], known[f"{prefix}rate"], color=colour, marker=marker, label=words,
                markersize=4.5, linewidth=1.8,
            )  # fmt: skip
        _mark_dates(axes, pd.Timestamp(onset, tz="UTC"), release, top)
        locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
        axes.set_ylim(0, top)
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1.0, decimals=0))
        axes.set_ylabel(outcome)
        figure.legend(loc="outside upper left", ncols=1)
    return figure


def drivers_figure(drivers: pd.DataFrame, *, most: int = 4) -> Figure:
    """Draw the strongest drivers of each tier as bars with intervals, the tiers kept apart.

    Parameters
    ----------
    drivers : DataFrame from `rootcause.drivers.drivers_of`
    most : how many of each tier
    """
    moving = drivers[drivers["importance"] > 0]
    rows: list[tuple[str, str, tuple[float, float, float] | None]] = []
    for tier, words in TIERS.items():
        shown = moving[moving["tier"] == tier].head(most)
        rows += [(tier, words, None)] if len(shown) else []
        rows += [
            (tier, _cut(str(row.words)), (row.importance, row.low, row.high))  # type: ignore[misc]
            for row in shown.itertuples()
        ]
    with drawing(0.7 + 0.29 * max(len(rows), 3)) as (figure, axes):
        for place, (tier, _, value) in enumerate(rows):
            if value is not None:
                middle, low, high = value
                axes.barh(-place, middle, color=_TIER_COLOUR[tier], height=0.66)
                arms = _arms([middle], [low], [high])
                axes.errorbar(middle, -place, xerr=arms, color=GREY, capsize=2.5, linewidth=1.1)
        labels = axes.set_yticks([-place for place in range(len(rows))], [row[1] for row in rows])
        for tick, (_, _, value) in zip(labels, rows, strict=True):
            if value is None:
                tick.label1.set_fontweight("bold")
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.grid(visible=False, axis="y")
        figure.supxlabel("mean influence on the prediction (log odds)", fontsize=10.5)
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


def _mark_dates(axes: Axes, onset: pd.Timestamp, release: pd.Timestamp | None, top: float) -> None:
    """Mark the onset and, where it is another day, when the conditions were first seen."""
    if release is None or abs(release - onset) < _SAME_DAY:
        words = "onset" if release is None else "first seen, onset"
        _dated_line(axes, onset, words, top)
        return
    _dated_line(axes, onset, "onset", top)
    _dated_line(axes, release, "first seen", 0.9 * top, style=":")


def _dated_line(
    axes: Axes, at: pd.Timestamp, words: str, height: float, *, style: str = "--"
) -> None:
    place = float(date2num(at))  # type: ignore[no-untyped-call]
    left, right = axes.get_xlim()
    late = place > left + 0.6 * (right - left)
    axes.axvline(place, color=GREEN, linestyle=style, linewidth=1.6)
    axes.annotate(
        words,
        (place, height),
        xytext=(-4 if late else 4, -2),
        textcoords="offset points",
        ha="right" if late else "left",
        va="top",
        color=GREEN,
    )


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1]}…"
