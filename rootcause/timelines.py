"""Timelines: what a few customers of a finding did, channel by channel, with relative times.

Only journeys that the finding names as evidence, by their pseudonyms; no date, no attribute.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition, Outcome
from journeys.find import journey_ids
from journeys.log import ACTIVITY, CHANNEL, EventLog
from rootcause.exposure import exposed_to
from rootcause.findings import Finding
from rootcause.svg import Drawing, cut
from rootcause.wording import plain

_MOST, _BEFORE, _AFTER = 3, 3, 60
_MOST_LINES = 14
_PITCH, _TOP = 24.0, 46.0
_LANES, _LANE, _WIDTH = 74.0, 30.0, 310.0
_MINUTE = 60_000_000
_UNITS = ((86_400_000_000, "days"), (3_600_000_000, "h"), (_MINUTE, "min"), (1_000_000, "s"))


@dataclass(frozen=True)
class Moment:
    """One event of a timeline, or several alike in a row.

    ``micros`` since the step; ``times`` how many; ``kind``: step, bad or empty
    """

    micros: int
    activity: str
    channel: str
    kind: str
    times: int = 1


@dataclass(frozen=True)
class Timeline:
    """One journey around a finding's step, by its pseudonym."""

    pseudonym: str
    moments: tuple[Moment, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the timeline as plain data, a sentence per moment."""
        return {"journey": self.pseudonym, "moments": [
            {"when": when_words(one.micros), "what": plain(one.activity),
             "channel": plain(one.channel), "times": one.times} for one in self.moments
        ]}  # fmt: skip


def timelines_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, asked: tuple[Outcome, Finding]
) -> list[Timeline]:
    """Return the timelines of the journeys of the evidence that are most like the others."""
    outcome, one = asked
    exposed = exposed_to(log, journeys, definition, one).sort_values("time", kind="stable")
    if exposed.empty or not one.evidence:
        return []
    rows = exposed["journey"].to_numpy()
    ids = journey_ids(log, journeys.iloc[rows], definition)
    named = np.flatnonzero(np.isin(ids, list(one.evidence)))
    ends = _ends(log, definition, outcome)
    steps = _steps(log, journeys.iloc[rows[named]], one.conditions[ACTIVITY])
    paths = [_around(log, journeys, int(rows[at]), step, ends)
             for at, step in zip(named, steps, strict=True)]  # fmt: skip
    chosen = _typical(log, paths)
    return [
        Timeline(str(ids[named[place]]), _moments(log, paths[place], int(steps[place]), ends))
        for place in chosen
    ]


def timeline_picture(told: Timeline) -> str:
    """Return one timeline: time at the left, a lane per channel, the activities at the right."""
    lanes = list(dict.fromkeys(moment.channel for moment in told.moments))
    drawing = Drawing(_TOP + _PITCH * len(told.moments) - 4, _WIDTH)
    space = min(_LANE, 96.0 / max(len(lanes), 1))
    place = {name: _LANES + space * at for at, name in enumerate(lanes)}
    right = _LANES + space * max(len(lanes) - 1, 0) + 16
    bottom = _TOP + _PITCH * (len(told.moments) - 1)
    for at, (name, x) in enumerate(place.items()):
        drawing.line([(x, _TOP - 8), (x, bottom + 6)], "lane")
        if name:
            y = 14.0 if at % 2 == 0 else 29.0
            drawing.line([(x, y + 3), (x, _TOP - 8)], "lane")
            drawing.text((x - 3, y), cut(plain(name), 2 * space + 60, 11), "small soft")
    points = [(place[one.channel], _TOP + _PITCH * at) for at, one in enumerate(told.moments)]
    drawing.line(points, "path")
    for (x, y), one in zip(points, told.moments, strict=True):
        _moment(drawing, one, (x, y), right)
    said = "; ".join(
        f"{when_words(one.micros)} {plain(one.activity)}"
        + (f" in {one.channel}" if one.channel else "")
        for one in told.moments
    )
    return drawing.svg(f"What the journey {told.pseudonym} did around the step: {said}.")


def when_words(micros: int) -> str:
    """Say a time before or after the step.

    >>> when_words(0), when_words(90_000_000), when_words(7_200_000_000)
    ('the step', '+2 min', '+2 h')
    """
    if micros == 0:
        return "the step"
    sign, size = "\N{MINUS SIGN}" if micros < 0 else "+", abs(micros)
    length, unit = next((one for one in _UNITS if size >= 1.5 * one[0]), _UNITS[-1])
    return f"{sign}{size / length:.0f} {unit}"


def _moment(drawing: Drawing, one: Moment, at: tuple[float, float], right: float) -> None:
    x, y = at
    drawing.text((60, y + 4), when_words(one.micros), "small soft", "end")
    if one.kind == "bad":
        drawing.square((x, y), "bad", 5.5)
    else:
        drawing.dot((x, y), "mark-dot" if one.kind == "step" else "path-dot", 5.0)
    words = plain(one.activity) + (f" \N{MULTIPLICATION SIGN} {one.times}" if one.times > 1 else "")
    strong = {"bad": "bad-text strong-small", "step": "strong-small"}.get(one.kind, "")
    drawing.text((right, y + 4), cut(words, _WIDTH - right), strong)


def _ends(log: EventLog, definition: Definition, outcome: Outcome) -> NDArray[np.bool_]:
    """Return which events are the bad outcome or an end: where a timeline may stop."""
    keys = ("success", "failure") if outcome == "success" else (outcome,)
    found = np.zeros(len(log), dtype=np.bool_)
    for key in keys:
        if key in definition.rules:
            found |= definition.rules[key].holds(log.events)
    return found


def _steps(log: EventLog, journeys: pd.DataFrame, activity: str) -> NDArray[np.int64]:
    """Return the row of the first event of an activity in each journey, which has one."""
    here = np.flatnonzero((log.events[ACTIVITY] == activity).to_numpy())
    return here[np.searchsorted(here, journeys["first"].to_numpy())]


def _around(
    log: EventLog, journeys: pd.DataFrame, journey: int, step: int, ends: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the rows of the log from a little before the step to the outcome."""
    first = max(int(journeys["first"].iloc[journey]), int(step) - _BEFORE)
    beyond = int(log.offsets[int(journeys["customer"].iloc[journey]) + 1])
    beyond = min(beyond, int(step) + 1 + _AFTER)
    stops = np.flatnonzero(ends[int(step) + 1 : beyond])
    return np.arange(first, int(step) + 2 + int(stops[0]) if len(stops) else beyond)


def _typical(log: EventLog, paths: Sequence[NDArray[np.int64]]) -> list[int]:
    """Return the paths that share most of their activities with the others, short ones first."""
    codes = log.events[ACTIVITY].cat.codes.to_numpy()
    seen = [frozenset(codes[path].tolist()) for path in paths]
    likeness = [
        float(np.mean([len(one & other) / len(one | other) for other in seen])) for one in seen
    ]
    order = sorted(range(len(paths)), key=lambda at: (-likeness[at], len(paths[at])))
    different: dict[tuple[int, ...], int] = {}
    for at in order:
        different.setdefault(tuple(codes[paths[at]].tolist()), at)
    return list(different.values())[:_MOST]


def _moments(
    log: EventLog, rows: NDArray[np.int64], step: int, ends: NDArray[np.bool_]
) -> tuple[Moment, ...]:
    """Return the events, those alike in a row as one, at most fourteen."""
    names = log.events[ACTIVITY].iloc[rows].astype(str).tolist()
    channels = log.events[CHANNEL].iloc[rows].astype(object).fillna("").astype(str).tolist()
    found: list[Moment] = []
    for row, name, channel in zip(rows.tolist(), names, channels, strict=True):
        kind = "step" if row == step else "bad" if row > step and ends[row] else ""
        last = found[-1] if found else None
        if last and not kind and (last.activity, last.channel, last.kind) == (name, channel, ""):
            found[-1] = Moment(last.micros, name, channel, "", last.times + 1)
        else:
            found.append(Moment(int(log.times[row] - log.times[step]), name, channel, kind))
    if len(found) > _MOST_LINES:
        left_out, last = found[_MOST_LINES - 2 : -1], found[-1]
        many = sum(one.times for one in left_out)
        between = Moment(left_out[0].micros, f"… {many} more events", left_out[0].channel, "")
        found = [*found[: _MOST_LINES - 2], between, last]
    return tuple(found)
