"""One picture of the benchmark of causes: who names them, how strong they are, how true it is."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from benchmarks.cause_shares import BANDS, Rows, number, rank_of, wilson
from rootcause.figures import BLUE, GREY, ORANGE, drawing, png_bytes

_WIDTH, _HEIGHT = 11.0, 8.0
_SELF = "Offramp"


def picture(answers: Mapping[str, Rows]) -> bytes:
    """Return the picture as a PNG: methods, strength, onset, effect."""
    causes = answers["causes"]
    fair = [cause for cause in causes if cause["identifiable"]]
    named = [cause for cause in causes if cause["rank"]]
    with drawing() as (figure, whole):
        whole.remove()
        figure.set_size_inches(_WIDTH, _HEIGHT)
        (methods, strength), (onset, effect) = figure.subplots(2, 2)
        for axes in (methods, strength, onset, effect):
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(visible=True, linewidth=0.6)
            axes.set_axisbelow(True)
        _draw_methods(methods, fair, answers.get("peers", []))
        _draw_strength(strength, causes)
        _draw_onset(onset, named)
        _draw_effect(effect, named)
    return png_bytes(figure)


def _draw_methods(axes: Axes, fair: Rows, peers: Rows) -> None:
    """Draw the share named exactly at rank 1 and in the first three, a method a row."""
    asked = [row for row in peers if row["told_onset"] and row["identifiable"] and "rank" in row]
    ranks = {_SELF: [rank_of(cause) for cause in fair]}
    for name in dict.fromkeys(str(row["peer"]) for row in asked):
        ranks[f"{name}, told the onset"] = [rank_of(row) for row in asked if row["peer"] == name]
    place = np.arange(len(ranks))[::-1]
    for offset, colour, most, label in (
        (0.2, BLUE, 1, "at rank 1"),
        (-0.2, ORANGE, 3, "in first 3"),
    ):
        hits = [sum(1 <= rank <= most for rank in found) for found in ranks.values()]
        sizes = [len(found) for found in ranks.values()]
        _bars(axes, place + offset, list(zip(hits, sizes, strict=True)), colour, label)
    axes.set_yticks(place, list(ranks))
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of identifiable causes named exactly, 95 % interval")
    axes.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=2)
    axes.grid(visible=False, axis="y")


def _bars(
    axes: Axes, place: np.ndarray, counted: Sequence[tuple[int, int]], colour: str, label: str
) -> None:
    shares = np.array([hits / max(n, 1) for hits, n in counted])
    arms = np.abs(np.array([wilson(hits, n) for hits, n in counted]).T - shares)
    axes.barh(place, shares, 0.38, color=colour, label=label, xerr=arms, ecolor=GREY)


def _draw_strength(axes: Axes, causes: Rows) -> None:
    """Draw the share at rank 1 by how well an oracle sees the cause."""
    for place, (low, high) in enumerate(BANDS):
        inside = [cause for cause in causes if low <= number(cause["z"]) < high]
        if not inside:
            continue
        hits = sum(rank_of(cause) == 1 for cause in inside)
        share, (least, most) = hits / len(inside), wilson(hits, len(inside))
        arms = [[max(share - least, 0.0)], [max(most - share, 0.0)]]
        axes.errorbar(place, share, arms, fmt="o", color=BLUE)
        axes.annotate(f"n={len(inside)}", (place, 0.02), ha="center", color=GREY)
    names = ["below 7", *(f"{low:.0f} to {high:.0f}" for low, high in BANDS[1:-1]), "12 and more"]
    axes.set_xticks(range(len(BANDS)), names)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("z of the cause for an oracle that knows all true rates")
    axes.set_ylabel("exact at rank 1")


def _draw_onset(axes: Axes, named: Rows) -> None:
    errors = np.array([number(cause["onset_error"]) for cause in named])
    bins = np.arange(-10.5, 11.5)
    axes.hist(np.clip(errors, -10, 10), bins=list(bins), color=BLUE)
    axes.set_xlabel("onset said less the true one, days (10 is 10 or more)")
    axes.set_ylabel("causes")


def _draw_effect(axes: Axes, named: Rows) -> None:
    true = np.array([number(cause["effect"]) for cause in named])
    said = true + np.array([number(cause["effect_error"]) for cause in named])
    half = np.array([number(cause["effect_interval_width"]) for cause in named]) / 2
    axes.errorbar(true, said, half, fmt="o", markersize=3, color=BLUE, ecolor=GREY, linewidth=0.8)
    axes.axline((0.0, 0.0), slope=1.0, color=ORANGE, linewidth=1.2)
    axes.set_xlabel("true effect")
    axes.set_ylabel("effect said, with its interval")
