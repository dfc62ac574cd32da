"""The pictures of trust: calibration, earliness, and the drivers of the predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rootcause.axes import Field, even_ticks, percent_ticks
from rootcause.svg import Drawing, cut
from rootcause.trust import TIERS
from rootcause.wording import bad_words

_LEFT, _RIGHT = 48.0, 348.0
_ROW = 34.0
_TIER_KIND = {"context": "before", "technical": "bad", "behaviour": "now"}


def calibration_picture(bins: Sequence[Mapping[str, float]], words: str, said: str) -> str:
    """Return what happened against what was predicted; ``said``: the same in sentences.

    ``bins``: with ``predicted``, ``observed`` and its interval ``low``, ``high``
    """
    drawing = Drawing(290.0)
    top = min(1.0, 1.08 * max(0.05, *(max(row["predicted"], row["high"]) for row in bins)))
    field = Field(drawing, _LEFT, _RIGHT, 26.0, 238.0, (0.0, top), (0.0, top))
    field.grid(percent_ticks(0.0, top))
    field.below(percent_ticks(0.0, top))
    drawing.line([field.at(0.0, 0.0), field.at(top, top)], "before-line dashed")
    drawing.text((field.right - 4, field.top - 6), "as predicted", "soft", "end")
    drawing.text((2, 12), "what happened", "soft")
    drawing.text((field.right, 280), cut(f"what we said: {words}", 300), "soft", "end")
    field.curve([(row["predicted"], row["observed"]) for row in bins], "now-line")
    for row in bins:
        field.whisker(row["predicted"], row["low"], row["high"], "whisker")
        field.dot(row["predicted"], row["observed"], "now")
    return drawing.svg(f"Observed against predicted share for {words}. {said}")


def earliness_picture(told: Mapping[str, Any], outcome: str) -> str:
    """Return how early and how many are warned, over how many warnings come true; else empty.

    ``told``: the earliness of an evaluation, as `training.earliness` gives it
    """
    rows = [row for row in told.get("curve", ()) if _known(row)]
    if len(rows) < 2:
        return ""
    rows.sort(key=lambda row: float(row["precision"]["value"]))
    drawing = Drawing(330.0)
    ends = (float(rows[0]["precision"]["value"]), float(rows[-1]["precision"]["value"]))
    most = max(float(row["median_hours"]["high"]) for row in rows)
    above = Field(drawing, _LEFT, _RIGHT, 28.0, 138.0, ends, (0.0, most * 1.05))
    below = Field(drawing, _LEFT, _RIGHT, 178.0, 278.0, ends, (0.0, 1.0))
    drawing.text((2, 14), "hours of warning, half have more", "soft")
    drawing.text((2, 166), "share of them that is warned", "soft")
    above.grid([(tick, f"{tick:g}") for tick in even_ticks(0.0, most, 3)])
    below.grid(percent_ticks(0.0, 1.0, 2))
    below.below(percent_ticks(*ends))
    drawing.text((_RIGHT, 320), "share of the warnings that come true", "soft", "end")
    for field, name in ((above, "median_hours"), (below, "warned_share")):
        _curve(field, rows, name)
        asked = float(told["precision_asked"])
        if ends[0] <= asked <= ends[1]:
            x, _ = field.at(asked, 0.0)
            drawing.line([(x, field.top), (x, field.bottom)], "before-line dashed")
    return drawing.svg(f"Hours of warning and share warned. {earliness_words(told, outcome)}")


def earliness_words(told: Mapping[str, Any], outcome: str) -> str:
    """Say how early, at the precision that was asked for.

    >>> earliness_words({"journeys": 0}, "churn")
    'Too few journeys to say how early it is told who will leave.'
    """
    hours, share = told.get("median_hours"), told.get("warned_share")
    if not isinstance(hours, Mapping) or hours.get("value") is None or not share:
        return f"Too few journeys to say how early it is told who will {bad_words(outcome)}."
    return (
        f"If we warn so that {_hundred(told['precision'])} of 100 warnings come true, we warn of "
        f"{_hundred(share)} of 100 journeys that {bad_words(outcome)}, half of them at least "
        f"{hours['value']:.0f} hours ahead ({hours['low']:.0f} to {hours['high']:.0f} hours; "
        f"{told['warned_journeys']:,} warnings)."
    )


def drivers_picture(drivers: pd.DataFrame, alternative: str, *, most: int = 4) -> str:
    """Return the strongest drivers of each tier as bars with intervals, the tiers kept apart.

    ``drivers``: DataFrame from `rootcause.drivers.drivers_of`; ``most``: how many of each tier
    """
    moving = drivers[drivers["importance"] > 0]
    shown = {tier: moving[moving["tier"] == tier].head(most) for tier in TIERS}
    rows = sum(len(one) for one in shown.values())
    if not rows:
        return ""
    top = 1.02 * max(float(one["high"].max()) for one in shown.values() if len(one))
    drawing = Drawing(_ROW * rows + 26.0 * sum(bool(len(one)) for one in shown.values()) + 26)
    y = 0.0
    for tier, words in TIERS.items():
        if len(shown[tier]):
            drawing.text((2, y + 17), words, "strong")
            y += 26
        for row in shown[tier].to_dict("records"):
            _driver(drawing, row, y, (top, _TIER_KIND[tier]))
            y += _ROW
    for tick in even_ticks(0.0, top, 3):
        drawing.text((2 + 350 * tick / top, y + 16), f"{tick:g}", "soft",
                     "start" if tick == 0 else "middle")  # fmt: skip
    return drawing.svg(alternative)


def _driver(drawing: Drawing, row: Mapping[Any, Any], y: float, look: tuple[float, str]) -> None:
    top, kind = look
    scale = 350.0 / top
    drawing.text((2, y + 11), cut(str(row["words"]), 350))
    drawing.bar((2, y + 16), (row["importance"] * scale, 9.0), kind)
    low, high = 2 + row["low"] * scale, 2 + row["high"] * scale
    drawing.line([(low, y + 20.5), (high, y + 20.5)], "whisker")
    for x in (low, high):
        drawing.line([(x, y + 17), (x, y + 24)], "whisker")


def _curve(field: Field, rows: Sequence[Mapping[str, Any]], name: str) -> None:
    points = [(row["precision"]["value"], row[name]["value"]) for row in rows]
    field.band([(row["precision"]["value"], row[name]["low"], row[name]["high"]) for row in rows],
               "now band")  # fmt: skip
    field.curve(points, "now-line")


def _known(row: Mapping[str, Any]) -> bool:
    return all(
        isinstance(row.get(name), Mapping) and row[name].get(end) is not None
        for name in ("precision", "median_hours", "warned_share")
        for end in ("value", "low", "high")
    )


def _hundred(share: Mapping[str, float]) -> str:
    low, high = 100 * share["low"], 100 * share["high"]
    return f"{100 * share['value']:.0f} ({low:.0f} to {high:.0f})"
