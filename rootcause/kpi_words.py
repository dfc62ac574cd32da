"""What each KPI says, of whom, and which direction is good: in words."""

from dataclasses import dataclass
from datetime import timedelta

from journeys.definition import Definition, duration_text, plain_text
from journeys.rule import Rule
from rootcause.kpi import Better
from rootcause.kpi_roads import AGAIN_WITHIN

_UNDER_WAY = "journeys under way in the period, each for the part of its road that lay in it"
_ALONE = "journeys under way that began outside the contact centre"


@dataclass(frozen=True)
class Told:
    """The words of one KPI."""

    words: str
    unit: str
    better: Better
    denominator: str


def told_of(name: str, definition: Definition, horizon: int | None) -> Told:
    """Return the words of a KPI; ``horizon`` is its age in microseconds where it has one."""
    by = _length(horizon)
    again = _text(definition.leakage)
    leaks = f"within {by} of the start" if _within(definition.leakage) else "before the end"
    texts: dict[str, Told] = {
        "volume": Told("journeys begun", "journeys", "neither", "journeys begun in the period"),
        "completion": Told(f"reach the goal within {by}", "share", "higher", _UNDER_WAY),
        "leakage": Told(f"turn to the contact centre {leaks}", "share", "lower", _ALONE),
        "containment": Told(
            f"end, well or not, without the contact centre within {by}", "share", "higher", _ALONE
        ),
        "abandonment": Told(f"are abandoned within {by}", "share", "lower", _UNDER_WAY),
        "repeats": Told(
            f"start again, or contact about it, within {again} of the end",
            "share",
            "lower",
            "journeys that ended, watched after it in the period",
        ),
        "first_contact_resolution": Told(
            f"need no second contact within {again} of the first",
            "share",
            "higher",
            "journeys with a contact, watched after it in the period",
        ),
        "channel_switches": Told(
            "changes of channel by the customer", "per journey", "lower", _UNDER_WAY
        ),
        "elapsed_days": Told(
            "median time to the goal", "days", "lower", f"those that reach it, of {_UNDER_WAY}"
        ),
        "score": Told(_weights(definition), "points", "higher", "its parts, each as it says"),
    }
    return texts[name] if name in texts else _opinion(name, definition)


def _opinion(name: str, definition: Definition) -> Told:
    survey = definition.survey
    low, high = (survey.lowest, survey.highest) if survey is not None else (0.0, 1.0)
    return Told(
        f"mean answer, from {plain_text(low)} to {plain_text(high)}",
        "points",
        "lower" if name == "effort" else "higher",
        "answers given in the period by customers who had begun the journey",
    )


def _weights(definition: Definition) -> str:
    parts = (f"{weight:.0%} {part}" for part, weight in definition.weights.items())
    return f"score from 0 to 100: {', '.join(parts)}"


def _within(rule: Rule | None) -> timedelta | None:
    return rule.within if rule is not None else None


def _text(rule: Rule | None) -> str:
    return _length(round((_within(rule) or AGAIN_WITHIN).total_seconds() * 1e6))


def _length(micros: int | None) -> str:
    """Return a length as a definition writes it; hours where it is not a whole number of them."""
    if micros is None:
        return "its time"
    length = timedelta(microseconds=micros)
    if length >= timedelta(hours=1):
        length = timedelta(hours=round(length / timedelta(hours=1)))
    return duration_text(length)
