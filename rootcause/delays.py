"""Delays: how long journeys take from one milestone to the next; this period and before.

Half of those that get there within the horizon have got there by the time that is shown. Journeys
under way are censored, journeys that ended on the way compete (Aalen & Johansen 1978); the interval
is Woodruff's (1952), from the influence of each customer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.log import EventLog
from rootcause.estimate import spread_of
from rootcause.funnel import marks_of
from rootcause.intervals import Z_95
from rootcause.milestones import (
    Reached,
    Window,
    horizon_of,
    reached_by,
    stops_of,
    windows_of,
)
from rootcause.survival import Curve, curve_of, spells_in
from rootcause.svg import Drawing, cut
from rootcause.wording import SMALLEST_CELL, count, plain

_ROW, _LEFT, _RIGHT, _ROOM = 50.0, 6.0, 350.0, 48.0
_WORTH_SAYING = 0.05
_SECOND, _MINUTE, _HOUR, _DAY = 1.0, 60.0, 3600.0, 86_400.0
_TICKS = (
    (_SECOND, "1 s"),
    (10 * _SECOND, "10 s"),
    (_MINUTE, "1 min"),
    (10 * _MINUTE, "10 min"),
    (_HOUR, "1 h"),
    (6 * _HOUR, "6 h"),
    (_DAY, "1 day"),
    (3 * _DAY, "3 days"),
    (7 * _DAY, "1 week"),
    (30 * _DAY, "1 month"),
)


@dataclass(frozen=True)
class Delay:
    """How long one stretch takes: half of those who arrive, with interval, and the middle half.

    Seconds; ``arrived``: how many were seen to arrive.
    """

    median: float
    low: float
    high: float
    quarter: float
    three_quarters: float
    arrived: int


def delays_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition
) -> list[dict[str, object]]:
    """Return the stretches between milestones as plain data; empty without two milestones.

    A delay is None where fewer than ten were seen to arrive.
    """
    windows = windows_of(log)
    reached = reached_by(log, journeys, definition)
    if windows is None:
        return []
    return [
        _stretch(log, journeys, (reached, place), definition, windows)
        for place in range(len(reached.names) - 1)
    ]


def delays_picture(stretches: Sequence[dict[str, object]]) -> str:
    """Return the delays as SVG on a scale of ever longer units."""
    ends = [
        value
        for row in stretches
        for one in (row["now"], row["earlier"])
        if one is not None
        for value in (one["quarter"], one["three_quarters"], one["low"], one["high"])  # type: ignore[index]
    ]
    if not ends:
        return ""
    low, high = _scale(ends)
    drawing = Drawing(_ROW * len(stretches) + 30)
    bottom = _ROW * len(stretches) + 8
    after = 0.0
    for seconds, words in _TICKS:
        x = _x(seconds, (low, high))
        if low <= math.log(seconds) <= high and x >= after:
            drawing.line([(x, 0), (x, bottom)], "grid")
            anchor = "end" if x > _RIGHT - 20 else "start" if x < 20 else "middle"
            drawing.text((x, bottom + 15), words, "soft", anchor)
            after = x + _ROOM
    for place, row in enumerate(stretches):
        top = _ROW * place
        drawing.text((_LEFT, top + 13), cut(str(row["words"]), 350), "strong halo")
        _draw(drawing, row["now"], top + 25, ("now", 9.0, (low, high)))  # type: ignore[arg-type]
        _draw(drawing, row["earlier"], top + 38, ("before", 5.0, (low, high)))  # type: ignore[arg-type]
    told = "; ".join(
        f"{row['words']}: {row['said']} ({row['between']}), before {row['before_said']}"
        for row in stretches
    )
    return drawing.svg(f"How long each stretch takes half of those who arrive. {told}.")


def duration_words(seconds: float) -> str:
    """Say a length of time in the unit that fits.

    >>> duration_words(5400), duration_words(200_000), duration_words(0)
    ('1.5 hours', '2.3 days', 'no time')
    """
    for unit, length in (("days", _DAY), ("hours", _HOUR), ("minutes", _MINUTE)):
        if seconds >= 1.45 * length or (unit == "days" and seconds >= length):
            number = seconds / length
            return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
    if seconds < 0.5:
        return "no time"
    return "1 second" if seconds < 1.5 else f"{seconds:.0f} seconds"


def _stretch(
    log: EventLog,
    journeys: pd.DataFrame,
    between: tuple[Reached, int],
    definition: Definition,
    windows: tuple[Window, Window],
) -> dict[str, object]:
    reached, place = between
    now, before = (_delay(log, journeys, between, definition, window) for window in windows)
    return {
        "from": reached.names[place],
        "to": reached.names[place + 1],
        "words": f"{plain(reached.names[place])} → {plain(reached.names[place + 1])}",
        "now": None if now is None else _plain(now),
        "earlier": None if before is None else _plain(before),
        "said": _said(now),
        "between": _between(now),
        "arrived": "too few" if now is None else count(now.arrived),
        "before_said": _said(before),
        "before_between": _between(before),
        "changed": _changed(now, before),
    }


def _delay(
    log: EventLog,
    journeys: pd.DataFrame,
    between: tuple[Reached, int],
    definition: Definition,
    window: Window,
) -> Delay | None:
    reached, place = between
    rows, origin = reached.times(log, place)
    stop, ended = stops_of(log, journeys)
    customer = journeys["customer"].to_numpy()[rows]
    spells, kept = spells_in(origin, stop[rows], ended[rows], customer, window)
    arrived = reached.rows[rows[kept], place + 1]
    places = np.where(arrived >= 0, np.arange(len(kept)), -1)
    ages = np.where(arrived >= 0, log.times[arrived], 0) - origin[kept]
    curve = curve_of(spells, marks_of(spells, places, ages))
    if len(curve.marks.spell) < SMALLEST_CELL:
        return None
    return _quantiles(curve, round(horizon_of(definition).total_seconds() * 1e6))


def _quantiles(curve: Curve, by: int) -> Delay:
    """Return when which share of those who arrive by an age has arrived."""
    asked = curve.ages <= by
    whole = curve.value_by(by)
    risen = np.cumsum(curve.steps[asked]) / whole

    def when(share: float) -> float:
        place = min(int(np.searchsorted(risen, share - 1e-12)), len(risen) - 1)
        return float(curve.ages[asked][place]) / 1e6

    half = round(when(0.5) * 1e6)
    moved = curve.influence_by(half) - 0.5 * curve.influence_by(by)
    arm = Z_95 * spread_of(curve.spells.customer, moved) / whole
    return Delay(
        median=when(0.5),
        low=when(max(0.5 - arm, 0.0)),
        high=when(min(0.5 + arm, 1.0)),
        quarter=when(0.25),
        three_quarters=when(0.75),
        arrived=len(curve.marks.spell),
    )


def _draw(
    drawing: Drawing,
    one: dict[str, float] | None,
    y: float,
    look: tuple[str, float, tuple[float, float]],
) -> None:
    kind, height, scale = look
    if one is None:
        return
    x = {name: _x(one[name], scale) for name in ("quarter", "three_quarters", "median")}
    width = max(x["three_quarters"] - x["quarter"], 2.0)
    drawing.bar((x["quarter"], y - height / 2), (width, height), f"{kind} light")
    drawing.line([(_x(one["low"], scale), y), (_x(one["high"], scale), y)], "whisker")
    drawing.dot((x["median"], y), f"{kind} dot", height / 2)


def _scale(ends: list[float]) -> tuple[float, float]:
    low, high = max(min(ends), _SECOND), max(*ends, 2 * _SECOND)
    return math.log(low) - 0.4, math.log(max(high, low * 3)) + 0.4


def _x(seconds: float, scale: tuple[float, float]) -> float:
    share = (math.log(max(seconds, _SECOND)) - scale[0]) / (scale[1] - scale[0])
    return _LEFT + min(max(share, 0.0), 1.0) * (_RIGHT - _LEFT)


def _plain(one: Delay) -> dict[str, float]:
    return {name: round(float(value), 1) for name, value in vars(one).items()}


def _said(one: Delay | None) -> str:
    return "not known" if one is None else duration_words(one.median)


def _between(one: Delay | None) -> str:
    if one is None:
        return ""
    low, high = duration_words(one.low), duration_words(one.high)
    same_unit = low.split()[-1] == high.split()[-1]
    return f"{low.split()[0] if same_unit else low} to {high}"


def _changed(now: Delay | None, before: Delay | None) -> str:
    """Say whether a stretch became slower or quicker beyond its intervals."""
    if now is None or before is None:
        return ""
    if abs(now.median - before.median) < _WORTH_SAYING * before.median:
        return "no change shown"
    if now.low > before.high:
        return "slower than before"
    return "quicker than before" if now.high < before.low else "no change shown"
