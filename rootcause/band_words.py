"""An alarm in one careful sentence."""

from journeys.definition import Definition
from rootcause.band_value import Banded
from rootcause.decomposition import Decomposition
from rootcause.wording import day as day_words
from rootcause.wording import percent, percent_between, plain, points

_SAID = {
    "leakage": "turn to the contact centre within {time} of",
    "completion": "move on within {time} of reaching",
    "abandonment": "are abandoned at, within {time} of reaching,",
    "errors": "have a failed attempt within {time} of",
}
_BETTER_WHEN_MORE = {"completion": True, "leakage": False, "abandonment": False, "errors": False}


def alarm_words(
    definition: Definition, step: str | None, day: str, found: Banded, split: Decomposition
) -> str:
    """Say what left its band, since when, how far, and how much of it is who comes."""
    journey, since = plain(definition.name), day_words(day)
    more = found.value > found.expected
    if step is None:
        return (
            f"{'More' if more else 'Fewer'} {journey} journeys begin since about {since}: "
            f"{found.value:,.1f} a day, where {found.expected:,.1f} ({found.low:,.1f} to "
            f"{found.high:,.1f}) were to be expected{_whose(split)}."
        )
    kpi, mix = split.kpi, split.mix[0]
    verb = _SAID[kpi].format(time=_days(found.days))
    better = " This is for the better." if more == _BETTER_WHEN_MORE[kpi] else ""
    return (
        f"Since about {since} {'more' if more else 'fewer'} {journey} journeys {verb} "
        f"“{plain(step)}”: {percent(found.value)} of {found.asked:,}, where "
        f"{percent(found.expected)} ({percent_between(found.low, found.high)}) were to be "
        f"expected; {_mix(mix, found.value - found.expected)}.{better}"
    )


def _whose(split: Decomposition) -> str:
    """Name the customers of whom most clearly more begin, or fewer; nobody where that is chance."""
    for one in split.by_attribute[:1]:
        triple = one["change"]
        change, low, high = triple if isinstance(triple, tuple) else (0.0, 0.0, 0.0)
        if (low > 0.0) == (high > 0.0) and (change > 0) == (split.total[0] > 0):
            who = f"{plain(str(one['attribute']))} {one['value']}"
            return f"; most clearly of customers with {who} ({change:+,.1f} a day)"
    return ""


def _mix(mix: float, change: float) -> str:
    if abs(mix) < 0.1 * abs(change):
        return "who comes explains next to nothing of it"
    return f"who comes explains {points(mix)} of the {points(change)}"


def _days(days: float) -> str:
    if days < 1.0:
        return f"{24 * days:.0f} hours"
    return "a day" if days == 1.0 else f"{days:g} days"
