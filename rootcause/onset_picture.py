"""The pictures of a finding over time: the rate with and without its conditions, and its effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from journeys.definition import Definition
from journeys.log import EventLog
from rootcause.axes import Field, day_number, day_ticks, even_ticks, percent_ticks
from rootcause.findings import Finding
from rootcause.svg import Drawing, cut
from rootcause.wording import SMALLEST_CELL, bad_noun, condition_words, day, percent

_LEFT, _RIGHT = 44.0, 352.0
_FEWEST_EVENTS = 50
_MOST_RELEASES = 4
_EARLY_SHARE = 0.05


@dataclass(frozen=True)
class Release:
    """When a technical value was first seen, well inside the log."""

    name: str
    at: pd.Timestamp
    asked: bool


def releases_of(
    log: EventLog, definition: Definition, conditions: Mapping[str, str]
) -> list[Release]:
    """Return the releases of a finding's technical attributes, oldest first.

    ``asked``: the value that the finding names. At most four; its own are always among them.
    """
    begins = log.begins
    early = begins + (log.ends - begins) * _EARLY_SHARE
    found: list[Release] = []
    for name in definition.attributes.technical:
        if name in conditions:
            times = log.events.groupby(name, observed=True)["time"].agg(["min", "size"])
            young = times[(times["min"] > early) & (times["size"] >= _FEWEST_EVENTS)]
            found += [
                Release(str(value), row["min"], str(value) == conditions[name])
                for value, row in young.iterrows()
            ]
    found.sort(key=lambda one: (one.asked, one.at))
    return sorted(found[-_MOST_RELEASES:], key=lambda one: one.at)


def onset_picture(
    weeks: pd.DataFrame, one: Finding, outcome: str, releases: Sequence[Release] = ()
) -> str:
    """Return the rate by period of the exposed and of the others, onset and releases marked.

    Parameters
    ----------
    weeks : DataFrame from `rootcause.weeks.weeks_of`, not empty
    """
    drawing = Drawing(266.0)
    first, last = weeks["begins"].min(), weeks["begins"].max()
    length = weeks["begins"].diff().median()
    half = pd.Timedelta(0) if pd.isna(length) else length / 2
    top = 1.12 * max(0.05, *weeks[["high", "others_high"]].max().fillna(0.0))
    field = Field(drawing, _LEFT, _RIGHT, 62.0, 222.0,
                  (day_number(first), day_number(last + 2 * half)), (0.0, top))  # fmt: skip
    field.grid(percent_ticks(0.0, top))
    field.below(day_ticks(first, last + 2 * half))
    _onset(field, one)
    _releases(field, releases)
    for prefix, kind, band in (
        ("others_", "before-line", "soft-band"),
        ("", "bad-line", "bad band"),
    ):
        known = weeks.dropna(subset=[f"{prefix}rate"])
        days = [day_number(at + half) for at in known["begins"]]
        rates = list(zip(days, known[f"{prefix}rate"], strict=True))
        field.band(list(zip(days, known[f"{prefix}low"], known[f"{prefix}high"], strict=True)),
                   band)  # fmt: skip
        field.curve(rates, kind)
        for at in rates:
            if prefix:
                drawing.square(field.at(*at), "soft-dot", 3.0)
            else:
                field.dot(*at, "bad", 3.6)
    _legend(drawing)
    return drawing.svg(_alternative(weeks, one, outcome, releases))


def effect_picture(weeks: Sequence[Mapping[str, Any]], outcome: str) -> str:
    """Return the effect by week with its intervals; empty where fewer than two can be shown."""
    shown = [week for week in weeks if float(week.get("exposed", 0)) >= SMALLEST_CELL]
    if len(shown) < 2:
        return ""
    drawing = Drawing(196.0)
    low = min(0.0, *(float(week["low"]) for week in shown))
    high = max(0.0, *(float(week["high"]) for week in shown))
    days = [day_number(pd.Timestamp(str(week["week"]))) for week in shown]
    field = Field(drawing, _LEFT, _RIGHT, 22.0, 158.0,
                  (days[0] - 3.5, days[-1] + 3.5), (low * 1.05, high * 1.05))  # fmt: skip
    field.grid([(at, f"{100 * at:g}".replace("-", "\N{MINUS SIGN}"))
                for at in even_ticks(low, high)])  # fmt: skip
    field.below(
        day_ticks(pd.Timestamp(str(shown[0]["week"])), pd.Timestamp(str(shown[-1]["week"])))
    )
    drawing.line([field.at(field.x[0], 0.0), field.at(field.x[1], 0.0)], "axis")
    drawing.text((2, 12), f"points more {cut(bad_noun(outcome), 250)}", "soft")
    for at, week in zip(days, shown, strict=True):
        field.whisker(at, float(week["low"]), float(week["high"]), "whisker")
        field.dot(at, float(week["effect"]), "bad", 4.4)
    told = "; ".join(
        f"week of {day(week['week'])} {100 * float(week['effect']):.0f} points "
        f"({100 * float(week['low']):.0f} to {100 * float(week['high']):.0f})"
        for week in shown
    )
    return drawing.svg(f"Effect on {bad_noun(outcome)} by week: {told}.")


def _onset(field: Field, one: Finding) -> None:
    low, high = (day_number(pd.Timestamp(at)) for at in one.onset_interval)
    left, right = field.at(low, 0.0)[0], field.at(high + 1, 0.0)[0]
    field.drawing.bar((left, field.top), (right - left, field.bottom - field.top), "mark-band",
                      round_=0.0)  # fmt: skip
    x, _ = field.at(day_number(pd.Timestamp(one.onset)), 0.0)
    field.drawing.line([(x, field.top - 6), (x, field.bottom)], "mark")
    _named(field, x, field.top - 10, f"onset {day(one.onset).rsplit(' ', 1)[0]}")


def _releases(field: Field, releases: Sequence[Release]) -> None:
    """Mark each release by a triangle on the axis; that of the finding by a line as well."""
    taken: list[tuple[float, float]] = []
    for one in sorted(releases, key=lambda release: not release.asked):
        x, y = field.at(day_number(one.at), 0.0)
        field.drawing.area([(x, y - 9), (x - 5, y), (x + 5, y)], "mark-dot")
        if one.asked:
            field.drawing.line([(x, field.top), (x, field.bottom)], "mark-thin")
        words = cut(one.name, 70, 11)
        half = 3.3 * len(words)
        middle = min(max(x, field.left + half), field.drawing.width - half)
        if all(middle + half < left or middle - half > right for left, right in taken):
            field.drawing.text((middle, y + 32), words, "small mark-text", "middle")
            taken.append((middle - half, middle + half))
    if releases:
        field.drawing.text((2, field.bottom + 32), "first seen", "small mark-text")


def _named(field: Field, x: float, y: float, words: str) -> None:
    half = 3.5 * len(words)
    anchor = "end" if x + half > field.drawing.width else "start" if x < half else "middle"
    field.drawing.text((x, y), words, "mark-text", anchor)


def _legend(drawing: Drawing) -> None:
    drawing.line([(_LEFT, 12.0), (_LEFT + 18, 12.0)], "bad-line")
    drawing.dot((_LEFT + 9, 12.0), "bad", 3.6)
    drawing.text((_LEFT + 24, 16.0), "these conditions")
    drawing.line([(_LEFT, 29.0), (_LEFT + 18, 29.0)], "before-line")
    drawing.square((_LEFT + 9, 29.0), "soft-dot", 3.0)
    drawing.text((_LEFT + 24, 33.0), "same step, other conditions")


def _alternative(
    weeks: pd.DataFrame, one: Finding, outcome: str, releases: Sequence[Release]
) -> str:
    seen = "; ".join(f"{release.name} first seen on {day(release.at.date())}"
                     for release in releases)  # fmt: skip
    newest = weeks.dropna(subset=["rate"]).tail(1)
    latest = "".join(
        f" In the newest period it was {percent(row['rate'])} of {int(row['exposed']):,}."
        for _, row in newest.iterrows()
    )
    return (
        f"Rate of {bad_noun(outcome)} over time for {condition_words(one.conditions)} and for "
        f"others at the same step. From the onset on {day(one.onset)} it is "
        f"{percent(one.rate)} instead of {percent(one.expected_rate)}.{latest}"
        + (f" {seen}." if seen else "")
    )
