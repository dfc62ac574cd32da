"""The funnel: of 100 journeys, how many reach each milestone in time; this period and before.

By Aalen and Johansen (1978), over the ages that journeys had inside the period (`survival`): a
journey that is still under way is neither counted as having reached a milestone nor as having
failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.log import EventLog, instants, microseconds
from rootcause.estimate import Estimate, change_of, share, spread_of
from rootcause.intervals import Z_95
from rootcause.milestones import (
    MICROS_A_DAY,
    Reached,
    Window,
    horizon_of,
    reached_by,
    stops_of,
    windows_of,
)
from rootcause.survival import Curve, Marks, Spells, curve_of, spells_in
from rootcause.svg import Drawing, cut
from rootcause.wording import (
    SMALLEST_CELL,
    count,
    days_between,
    percent,
    percent_between,
    plain,
    points,
    points_between,
)

_ROW, _LEFT, _RIGHT = 46.0, 4.0, 348.0


@dataclass(frozen=True, eq=False)
class _Period:
    """The milestones in one period: estimates, and what was lost on the way to each."""

    reached: tuple[Estimate, ...]
    lost: tuple[tuple[float, float, float] | None, ...]


def funnel_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition
) -> dict[str, object] | None:
    """Return the funnel as plain data; None without milestones or in a log of less than two days.

    A share is None where it cannot be said: too few journeys, or none watched for long enough.
    """
    windows = windows_of(log)
    reached = reached_by(log, journeys, definition)
    if windows is None or not reached.names:
        return None
    now, before = (_period(log, journeys, definition, reached, window) for window in windows)
    rows = [_row(place, reached.names, now, before) for place in range(len(reached.names))]
    worst = _most_lost(rows)
    for row in rows:
        row["most_lost"] = row["name"] == worst
    return {
        "days": round(horizon_of(definition).total_seconds() / 86_400, 1),
        "within": _within(definition),
        "period": _words(windows[0]),
        "before": _words(windows[1]),
        "journeys": count(now.reached[0].whole) if now.reached else "0",
        "rows": rows,
    }


def funnel_picture(funnel: dict[str, object]) -> str:
    """Return the funnel as SVG: a bar with its interval per milestone, the period before below."""
    rows: Sequence[dict[str, object]] = funnel["rows"]  # type: ignore[assignment]
    drawing = Drawing(_ROW * len(rows) + 6)
    for place, row in enumerate(rows):
        top = _ROW * place + 4
        drawing.text((_LEFT, top + 12), cut(str(row["words"]), 230, 13), "strong")
        drawing.text((_RIGHT, top + 12), str(row["percent"]), "strong", "end")
        kind = "bad" if row["most_lost"] else "now"
        _bar(drawing, row["now"], top + 18, (11.0, kind))  # type: ignore[arg-type]
        _bar(drawing, row["earlier"], top + 31, (5.0, "before"))  # type: ignore[arg-type]
    return drawing.svg(_alternative(funnel, rows))


def _bar(
    drawing: Drawing, value: tuple[float, float, float] | None, top: float, look: tuple[float, str]
) -> None:
    height, kind = look
    drawing.bar((_LEFT, top), (_RIGHT - _LEFT, height), "track")
    if value is None:
        return
    middle, low, high = (one * (_RIGHT - _LEFT) for one in value)
    drawing.bar((_LEFT, top), (middle, height), kind)
    y = top + height / 2
    drawing.line([(_LEFT + low, y), (_LEFT + high, y)], "whisker")
    for end in (low, high):
        drawing.line([(_LEFT + end, y - 4), (_LEFT + end, y + 4)], "whisker")


def _period(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    reached: Reached,
    window: Window,
) -> _Period:
    start = microseconds(journeys["start"])
    stop, ended = stops_of(log, journeys)
    spells, rows = spells_in(start, stop, ended, journeys["customer"].to_numpy(), window)
    by = round(horizon_of(definition).total_seconds() * 1e6)
    place_of = np.full(len(journeys), -1, dtype=np.int64)
    place_of[rows] = np.arange(len(rows))
    estimates, influences = [], []
    for place in range(len(reached.names)):
        which, at = reached.times(log, place)
        curve = curve_of(spells, marks_of(spells, place_of[which], at - start[which]))
        influences.append(curve.influence_by(by))
        estimates.append(_estimate(curve, by, influences[-1], int((spells.entry < 0).sum())))
    lost = [None, *(_lost(spells, estimates, influences, k) for k in range(1, len(estimates)))]
    return _Period(tuple(estimates), tuple(lost))


def marks_of(spells: Spells, places: np.ndarray, ages: np.ndarray) -> Marks:
    """Return the marks at which their spells were at risk; ``places``: -1 for none."""
    known = places >= 0
    places, ages = places[known], ages[known]
    inside = (ages > spells.entry[places]) & (ages <= spells.exit[places])
    return Marks(places[inside], ages[inside])


def _estimate(curve: Curve, by: int, influence: np.ndarray, whole: int) -> Estimate:
    value = curve.value_by(by) if curve.tells_of(by) and whole >= SMALLEST_CELL else np.nan
    if np.isnan(value):
        return Estimate(np.nan, np.nan, np.nan, 0, whole, np.empty(0, np.int64), np.empty(0))
    customer = curve.spells.customer
    return share(value, customer, influence, part=len(curve.marks.spell), whole=whole)


def _lost(
    spells: Spells, reached: list[Estimate], influences: list[np.ndarray], place: int
) -> tuple[float, float, float] | None:
    """Return the share lost between two milestones, with its interval."""
    value = reached[place - 1].value - reached[place].value
    if np.isnan(value):
        return None
    arm = Z_95 * spread_of(spells.customer, influences[place - 1] - influences[place])
    return value, value - arm, value + arm


def _row(place: int, names: tuple[str, ...], now: _Period, before: _Period) -> dict[str, object]:
    here, then, lost = now.reached[place], before.reached[place], now.lost[place]
    both = not (np.isnan(here.value) or np.isnan(then.value))
    change = change_of(here, then) if both else None
    return {
        "name": names[place],
        "words": plain(names[place]),
        "now": _triple(here),
        "earlier": _triple(then),
        "percent": _percent(here),
        "between": _between(here),
        "before_percent": _percent(then),
        "before_between": _between(then),
        "change": None if change is None else list(change),
        "change_words": "" if change is None else _change_words(change),
        "lost": None if lost is None else list(lost),
        "lost_words": "" if lost is None else points(max(lost[0], 0.0)),
        "lost_between": "" if lost is None else points_between(max(lost[1], 0.0), lost[2]),
    }


def _triple(one: Estimate) -> list[float] | None:
    if np.isnan(one.value):
        return None
    return [round(value, 4) for value in (one.value, one.low, one.high)]


def _percent(one: Estimate) -> str:
    return "not known" if np.isnan(one.value) else percent(one.value)


def _between(one: Estimate) -> str:
    return "" if np.isnan(one.value) else percent_between(one.low, one.high)


def _change_words(change: tuple[float, float, float]) -> str:
    """Say a change, and whether it is more than chance.

    >>> _change_words((-0.08, -0.1, -0.06))
    '8.0 points fewer (6.0 to 10 points)'
    """
    value, low, high = change
    if low <= 0 <= high:
        return "no change shown"
    ends = sorted((abs(low), abs(high)))
    return f"{points(abs(value))} {'fewer' if value < 0 else 'more'} ({points_between(*ends)})"


def _most_lost(rows: Sequence[dict[str, object]]) -> str:
    """Return the milestone on the way to which most journeys are lost."""
    lost = {str(row["name"]): row["lost"][0] for row in rows if row["lost"]}  # type: ignore[index]
    return max(lost, key=lambda name: lost[name], default="")


def _within(definition: Definition) -> str:
    days = horizon_of(definition).total_seconds() / 86_400
    return f"{days:g} day{'' if days == 1 else 's'}" if days >= 1 else f"{24 * days:g} hours"


def _words(window: Window) -> str:
    first, last = instants(np.array([window[0], window[1] - MICROS_A_DAY]))
    return days_between(first.date(), last.date())


def _alternative(funnel: dict[str, object], rows: Sequence[dict[str, object]]) -> str:
    told = "; ".join(
        f"{row['words']} {row['percent']} ({row['between'] or 'no interval'}), "
        f"before {row['before_percent']}"
        for row in rows
    )
    return (
        f"Share of journeys that reach each milestone within {funnel['within']}, "
        f"{funnel['period']} against {funnel['before']}: {told}."
    )
