"""The ranking: the journeys of a portfolio with their KPIs in words, the costliest first."""

from collections.abc import Mapping, Sequence
from typing import Any

from rootcause.kpi import JourneyKpis, Kpi, Loss, Measured
from rootcause.portfolio import Portfolio
from rootcause.svg import Drawing
from rootcause.wording import (
    SMALLEST_CELL,
    count,
    days_between,
    money,
    money_between,
    percent,
    percent_between,
    plain,
    points,
    points_between,
)

FIRST = ("volume", "completion", "leakage", "score")
_NO_PRICE = (
    "What its findings cost is not known: the definition gives them no price under “values”."
)
_NOT_SEARCHED = (
    "What its findings cost was not asked: causes are searched in the first journey that is given."
)
_WIDTH, _HEIGHT = 132.0, 40.0
_FEWEST_WEEKS = 3


def ranking_section(portfolio: Portfolio, searched: str) -> list[dict[str, object]]:
    """Return the journeys in the portfolio's order, each with its first KPIs and all others.

    ``searched``: the journey in which causes were searched.
    """
    return [
        {
            "rank": place,
            "journey": one.journey,
            "words": plain(one.journey).capitalize(),
            "period": days_between(*one.period),
            "before": days_between(*one.before),
            "loss": _loss_words(one.loss),
            "no_loss": _NO_PRICE if one.journey == searched else _NOT_SEARCHED,
            "kpis": _rows(one, [name for name in FIRST if one.kpi(name)]),
            "more": _rows(one, [kpi.name for kpi in one.kpis if kpi.name not in FIRST]),
        }
        for place, one in enumerate(portfolio.journeys, start=1)
    ]


def trend_pictures(portfolio: Portfolio) -> dict[str, str]:
    """Return the trend of each KPI by week as SVG, by journey and KPI: ``trend_JOURNEY_KPI``."""
    return {
        f"trend_{one.journey}_{kpi.name}": picture
        for one in portfolio.journeys
        for kpi in one.kpis
        if (picture := trend_picture(kpi))
    }


def trend_picture(kpi: Kpi) -> str:
    """Return a KPI by week with its band; empty where fewer than three weeks are known."""
    weeks = [week for week in kpi.trend if week["value"] is not None]
    if len(weeks) < _FEWEST_WEEKS:
        return ""
    ends = [_float(week, name) for week in weeks for name in ("value", "low", "high")]
    low, high = min(ends), max(ends)
    room = (high - low) or 1.0
    drawing = Drawing(_HEIGHT, _WIDTH)

    def at(place: int, value: float) -> tuple[float, float]:
        across = 4 + (_WIDTH - 10) * place / (len(weeks) - 1)
        return across, _HEIGHT - 5 - (_HEIGHT - 10) * (value - low) / room

    upper = [at(place, _float(week, "high")) for place, week in enumerate(weeks)]
    lower = [at(place, _float(week, "low")) for place, week in enumerate(weeks)]
    drawing.area([*upper, *reversed(lower)], "now band")
    line = [at(place, _float(week, "value")) for place, week in enumerate(weeks)]
    drawing.line(line, "now-line")
    drawing.dot(line[-1], "now", 3.4)
    first, last = weeks[0], weeks[-1]
    return drawing.svg(
        f"{plain(kpi.name).capitalize()} by week, {len(weeks)} weeks: "
        f"{said(kpi.unit, _float(first, 'value'))} in the week of {first['week']}, "
        f"{said(kpi.unit, _float(last, 'value'))} in the week of {last['week']}."
    )


def said(unit: str, value: float) -> str:
    """Say a KPI's number in its unit.

    >>> said("share", 0.631), said("days", 13.24), said("points", 71.2)
    ('63 %', '13.2 days', '71.2')
    """
    if unit == "share":
        return percent(value)
    if unit == "journeys":
        return count(value)
    return f"{value:.1f} days" if unit == "days" else f"{value:.{1 if unit == 'points' else 2}f}"


def _rows(one: JourneyKpis, names: Sequence[str]) -> list[dict[str, object]]:
    return [_row(one, kpi) for name in names if (kpi := one.kpi(name)) is not None]


def _row(one: JourneyKpis, kpi: Kpi) -> dict[str, object]:
    side, words = _change(kpi)
    return {
        "name": kpi.name,
        "label": plain(kpi.name).capitalize(),
        "words": kpi.words,
        "denominator": kpi.denominator,
        "value": _value(kpi.unit, kpi.now),
        "between": _between(kpi.unit, kpi.now),
        "of": count(kpi.now.whole),
        "before": _value(kpi.unit, kpi.before),
        "before_between": _between(kpi.unit, kpi.before),
        "change": words,
        "side": side,
        "picture": f"trend_{one.journey}_{kpi.name}",
    }


def _hidden(unit: str, one: Measured) -> bool:
    return unit == "share" and 0 < one.part < SMALLEST_CELL


def _value(unit: str, one: Measured) -> str:
    if one.value is None:
        return "not known"
    return "hidden" if _hidden(unit, one) else said(unit, one.value)


def _between(unit: str, one: Measured) -> str:
    if one.low is None or one.high is None or _hidden(unit, one):
        return ""
    if unit == "share":
        return percent_between(one.low, one.high)
    low, high = said(unit, one.low), said(unit, one.high)
    return f"{low.removesuffix(' days')} to {high}"


def _change(kpi: Kpi) -> tuple[str, str]:
    """Return whether a KPI became better, worse or neither beyond chance, and the words."""
    if kpi.change is None or _hidden(kpi.unit, kpi.now) or _hidden(kpi.unit, kpi.before):
        return "even", "cannot be compared"
    value, low, high = kpi.change
    if low <= 0 <= high:
        return "even", "no change shown"
    up = value > 0
    side = (
        "even" if kpi.better == "neither" else "good" if up == (kpi.better == "higher") else "bad"
    )
    ends = sorted((abs(low), abs(high)))
    if kpi.unit == "share":
        size, range_ = points(abs(value)), points_between(*ends)
    else:
        size, range_ = said(kpi.unit, abs(value)), " to ".join(said(kpi.unit, end) for end in ends)
    return side, f"{'up' if up else 'down'} {size} ({range_})"


def _loss_words(loss: Loss | None) -> dict[str, str] | None:
    if loss is None:
        return None
    return {
        "per_week": money(loss.per_week, loss.currency),
        "between": money_between(loss.low, loss.high, loss.currency),
        "findings": str(len(loss.findings)),
    }


def _float(week: Mapping[str, Any], name: str) -> float:
    value = week[name]
    return float(week["value"] if value is None else value)
