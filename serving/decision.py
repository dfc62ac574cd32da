"""Decisions: the known issue, and what is worth doing, or why nothing is.

What an action is worth is p(bad outcome) times the share of it that the action prevents times what
the outcome costs, less the action's cost; from the intervals of the first two comes its own.  An
action is recommended only where even the lower end of that pays.  Where the prediction is no ground
to act on, there is none, and ``abstain`` says why (docs/context.md).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from journeys.actions import PlannedAction, When
from journeys.definition import Definition
from journeys.log import ACTIVITY
from models import Bundle
from models.ahead import Ahead
from rootcause.wording import bad_noun, money, money_between, percent, percent_between, plain
from serving.advice import NO_MODEL, Abstain, Action, KnownIssue
from serving.flight import Flight
from serving.histories import Timed
from serving.known_issues import KnownIssues
from serving.messages import JourneyPrediction
from serving.road import Standing
from serving.scoring import Answers

_FEW_EVENTS = 1
_MUCH_UNKNOWN = 1 / 3
_WHY: Mapping[str, str] = {
    "no_model": "No model answers for this journey, only what usually becomes of it.",
    "never_seen_step": "The model has never seen the step at which the customer stands.",
    "cold_start": "The journey has just begun, and nothing tells it from any other yet.",
    "low_information": "Too many of the values sent were never seen in training.",
}
_NO_ACTIONS = "The definition of the journey names no `actions`."
_NONE_FITS = "No action of the definition is for this customer at this point."


class _Worth(NamedTuple):
    """What an action would be worth: expected, and between a low and a high end."""

    name: str
    action: PlannedAction
    middle: float
    low: float
    high: float


class _Choice(NamedTuple):
    action: Action | None = None
    note: str | None = None
    abstain: Abstain | None = None


def decided(
    scorer: Answers, standing: Standing, history: Timed, issues: KnownIssues
) -> JourneyPrediction:
    """Return the prediction of an open journey with its known issue and what is worth doing.

    ``standing`` has an open journey.
    """
    flight = flight_of(scorer, standing, history)
    return decided_on(scorer, standing, flight, issues_of(flight, issues))


def decided_on(
    scorer: Answers,
    standing: Standing,
    flight: Flight | None,
    known: Sequence[KnownIssue],
) -> JourneyPrediction:
    """Return what `decided` does for a journey whose known issues have been looked up."""
    issue = known[0] if known else None
    choice = _chosen(scorer, standing, flight, issue)
    return replace(
        _open(standing),
        known_issue=issue,
        action=choice.action,
        action_note=choice.note,
        abstain=choice.abstain,
    )


def issues_of(flight: Flight | None, issues: KnownIssues) -> list[KnownIssue]:
    """Return every open finding that an open journey has met or will probably meet."""
    cases = issues.of_journey(flight.definition.name) if flight is not None else ()
    return issues.met_by(flight, cases) if flight is not None and cases else []


def flight_of(scorer: Answers, standing: Standing, history: Timed) -> Flight | None:
    """Return the open journey of a customer; None where nobody knows where it begins."""
    if standing.begins is None:
        return None
    prediction, ahead = _open(standing), ahead_of(scorer)
    return Flight(history, standing.begins, scorer.definition, prediction, ahead)


def ahead_of(scorer: Answers) -> Ahead | None:
    """Return the typical paths of whoever answers; None where there are none."""
    bundle = getattr(scorer, "bundle", None)
    return bundle.ahead if isinstance(bundle, Bundle) else None


def bad(prediction: JourneyPrediction, outcome: str) -> tuple[float, float, float]:
    """Return the probability of a bad outcome with its interval: of not succeeding, for one."""
    p, (low, high) = prediction.p[outcome], prediction.interval[outcome]
    return (1.0 - p, 1.0 - high, 1.0 - low) if outcome == "success" else (p, low, high)


def asked(prediction: JourneyPrediction) -> list[str]:
    """Return the outcomes that are predicted and have not happened."""
    return [outcome for outcome in prediction.p if outcome not in prediction.happened]


def _open(standing: Standing) -> JourneyPrediction:
    if standing.prediction is None:
        raise ValueError("nothing is decided for a customer without an open journey")
    return standing.prediction


def _chosen(
    scorer: Answers, standing: Standing, flight: Flight | None, issue: KnownIssue | None
) -> _Choice:
    definition = scorer.definition
    abstain = _abstains(scorer, standing, flight)
    if abstain is not None or flight is None:
        return _Choice(None, _WHY[abstain or NO_MODEL], abstain or NO_MODEL)
    if not definition.actions:
        return _Choice(None, _NO_ACTIONS)
    prediction = flight.prediction
    possible = asked(prediction)
    worth = [
        _worth(prediction, definition, name, action)
        for name, action in definition.actions.items()
        if action.against in possible and _is_for(action.when, issue, flight)
    ]
    return _best(worth, prediction, definition)


def _abstains(scorer: Answers, standing: Standing, flight: Flight | None) -> Abstain | None:
    """Return why this prediction is no ground to act on; None where it is one."""
    bundle = getattr(scorer, "bundle", None)
    if not isinstance(bundle, Bundle) or flight is None or not flight.prediction.p:
        return NO_MODEL
    if flight.prediction.step not in bundle.plan.vocabulary.values[ACTIVITY]:
        return "never_seen_step"
    if _is_cold(flight):
        return "cold_start"
    if standing.unknown_values > _MUCH_UNKNOWN * standing.told_values:
        return "low_information"
    return None


def _is_cold(flight: Flight) -> bool:
    """Return whether the journey has just begun and nothing tells it from the average."""
    if len(flight.rows) > _FEW_EVENTS:
        return False
    prediction = flight.prediction
    for outcome in asked(prediction):
        rate, (low, high) = prediction.base_rate.get(outcome), prediction.interval[outcome]
        if rate is not None and not low <= rate <= high:
            return False
    return True


def _is_for(when: When | None, issue: KnownIssue | None, flight: Flight) -> bool:
    if when is None:
        return True
    if when.known_issue is not None and when.known_issue != (issue is not None):
        return False
    return has_values(when.where, flight)


def has_values(wanted: Mapping[str, tuple[str, ...]], flight: Flight) -> bool:
    """Return whether what was last known of a customer has one of the values of each attribute."""
    return all(flight.last_text(name) in values for name, values in wanted.items())


def _worth(
    prediction: JourneyPrediction, definition: Definition, name: str, action: PlannedAction
) -> _Worth:
    p, low, high = bad(prediction, action.against)
    least, most = action.prevents
    value = definition.values.of(action.against) or 0.0
    return _Worth(
        name,
        action,
        p * (least + most) / 2 * value - action.cost,
        low * least * value - action.cost,
        high * most * value - action.cost,
    )


def _best(worth: list[_Worth], prediction: JourneyPrediction, definition: Definition) -> _Choice:
    """Return the best of the actions that pay at their lower end; otherwise why there is none."""
    if not worth:
        return _Choice(None, _NONE_FITS)
    paying = [one for one in worth if one.low > 0]
    best = max(paying or worth, key=lambda one: one.middle)
    if paying:
        return _Choice(_action(best, prediction, definition))
    # Words are dear at a touchpoint: only what is told is put into them.
    between = money_between(best.low, best.high, definition.values.currency)
    if best.high > 0:
        note = (
            f"The best action, {plain(best.name)}, is worth {between} beyond its cost: it may not "
            "pay, so none is recommended."
        )
        return _Choice(None, note, "low_information" if best.middle > 0 else None)
    note = f"No action pays; the best, {plain(best.name)}, is worth {between} beyond its cost."
    return _Choice(None, note)


def _action(best: _Worth, prediction: JourneyPrediction, definition: Definition) -> Action:
    action, currency = best.action, definition.values.currency
    p, low, high = bad(prediction, action.against)
    cost = definition.values.of(action.against) or 0.0
    begin, end = _why(action.against, cost, action.prevents, action.cost, currency)
    return Action(
        name=best.name,
        channel=action.channel,
        against=action.against,
        benefit=best.middle,
        benefit_interval=(best.low, best.high),
        cost=action.cost,
        currency=currency,
        why=f"{begin}{percent(p)} ({percent_between(low, high)}){end}",
    )


@lru_cache(maxsize=1_024)
def _why(
    against: str, price: float, prevents: tuple[float, float], cost: float, currency: str
) -> tuple[str, str]:
    """Return what is said of an action before and behind the probability that speaks for it."""
    return (
        f"{bad_noun(against).capitalize()} has a probability of ",
        f" and costs {money(price, currency)}; this prevents "
        f"{percent_between(*prevents)} of it, for {money(cost, currency)}.",
    )
