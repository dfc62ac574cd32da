"""The portfolio for the terminal: per journey a table, every number beside its interval."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from offramp.show import plain_table
from rootcause.kpi import JourneyKpis, Kpi, Measured
from rootcause.portfolio import Portfolio
from rootcause.wording import plain

_UNKNOWN = "-"
_LETTERS = "abcdefghijkl"


def shown_portfolio(found: Portfolio) -> RenderableType:
    """Show the journeys in their order, and what the numbers are shares of."""
    return Group(*(part for journey in found.journeys for part in _journey(journey)))


def _journey(one: JourneyKpis) -> Iterable[RenderableType]:
    yield Text(f"{one.journey}, {_span(one.period)}, before: {_span(one.before)}", style="bold")
    yield Text(_loss(one))
    table = plain_table("KPI", "now (95 %)", "before", "change (95 %)", "of")
    denominators = list(dict.fromkeys(kpi.denominator for kpi in one.kpis))
    for kpi in one.kpis:
        table.add_row(
            escape(f"{plain(kpi.name)}: {kpi.words}"),
            _measured(kpi.now, kpi.unit),
            _number(kpi.before.value, kpi.unit),
            Text(_change(kpi), style=_style(kpi)),
            f"{kpi.now.whole:,} {_LETTERS[denominators.index(kpi.denominator)]}",
        )
    yield table
    for letter, denominator in zip(_LETTERS, denominators, strict=False):
        yield Text(f"  {letter} {denominator}", style="dim")


def _loss(one: JourneyKpis) -> str:
    if one.loss is None:
        return "Recoverable loss: unknown (no findings with a price were given)."
    loss = one.loss
    if not loss.findings:
        return "Recoverable loss: none, there is no open finding."
    return (
        f"Recoverable loss: {loss.per_week:,.0f} {loss.currency} a week "
        f"({loss.low:,.0f} to {loss.high:,.0f}), of {len(loss.findings)} findings."
    )


def _span(days: tuple[str, str]) -> str:
    return f"{days[0]} to {days[1]}"


def _measured(one: Measured, unit: str) -> str:
    if one.value is None:
        return _UNKNOWN
    return f"{_number(one.value, unit)} ({_number(one.low, unit)} to {_number(one.high, unit)})"


def _number(value: float | None, unit: str, sign: str = "") -> str:
    """Say a number in its unit; days as hours where they are less than two.

    >>> _number(0.161, "share"), _number(0.06, "days"), _number(-3.2, "points", "+")
    ('16.1 %', '1.4 h', '-3.2')
    """
    if value is None:
        return _UNKNOWN
    if unit == "share":
        return f"{100 * value:{sign}.1f}{'' if sign else ' %'}"
    if unit == "days":
        return f"{24 * value:{sign}.1f} h" if abs(value) < 2 else f"{value:{sign}.1f} d"
    if unit == "per journey":
        return f"{value:{sign}.2f}"
    return f"{value:{sign},.0f}" if unit == "journeys" else f"{value:{sign}.1f}"


def _change(kpi: Kpi) -> str:
    if kpi.change is None:
        return _UNKNOWN
    change, low, high = (_number(one, kpi.unit, "+") for one in kpi.change)
    points = " points" if kpi.unit == "share" else ""
    return f"{change} ({low} to {high}){points}"


def _style(kpi: Kpi) -> str:
    """Colour a change only where its interval leaves no change out."""
    if kpi.change is None or kpi.better == "neither" or kpi.change[1] <= 0.0 <= kpi.change[2]:
        return ""
    return "green" if (kpi.change[0] > 0) == (kpi.better == "higher") else "red"
