"""Decisions: the known issue, and what is worth doing, or why nothing is.

What an action is worth is p(bad outcome) times the share of it that the action prevents times what
the outcome costs, less the action's cost; from the intervals of the first two comes its own.  An
action is recommended only where even the lower end of that pays.  Where the prediction is no ground
to act on, there is none, and ``abstain`` says why (docs/context.md).
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

from msgspec.structs import replace

from journeys.actions import PlannedAction, When
from journeys.definition import Definition, Outcome
from journeys.log import ACTIVITY
from models import Bundle
from models.ahead import Ahead
from rootcause.wording import bad_noun, money, money_between, percent, percent_between, plain
from serving.advice import Action, KnownIssue
from serving.histories import Timed
from serving.known_issues import KnownIssues, Place, place_of
from serving.messages import JourneyPrediction
from serving.road import Standing

Abstain = Literal["no_model", "never_seen_step", "cold_start", "low_information"]

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


class Answers(Protocol):
    """Whoever answers for a journey: a model made ready, or base rates."""

    @property
    def definition(self) -> Definition:
        """The journey."""


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
    prediction = _open(standing)
    known = issues_of(scorer, standing, history, issues)
    issue = known[0] if known else None
    choice = _chosen(scorer, standing, history, issue)
    if issue is None and choice.note is _NO_ACTIONS and choice.abstain is None:
        return replace(prediction, action_note=_NO_ACTIONS)
    return replace(
        prediction,
        known_issue=issue,
        action=choice.action,
        action_note=choice.note,
        abstain=choice.abstain,
    )


def issues_of(
    scorer: Answers, standing: Standing, history: Timed, issues: KnownIssues
) -> list[KnownIssue]:
    """Return every open finding that an open journey has met or will probably meet."""
    cases = issues.of_journey(scorer.definition.name)
    place = where(scorer, standing, history) if cases else None
    return [] if place is None else issues.met_by(place, cases)


def where(scorer: Answers, standing: Standing, history: Timed) -> Place | None:
    """Return the place of an open journey; None where nobody knows where it begins."""
    if standing.begins is None:
        return None
    prediction, ahead = _open(standing), ahead_of(scorer)
    return place_of(history, standing.begins, scorer.definition, prediction, ahead)


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
    scorer: Answers, standing: Standing, history: Timed, issue: KnownIssue | None
) -> _Choice:
    prediction, definition = _open(standing), scorer.definition
    abstain = _abstains(scorer, standing, history)
    if abstain is not None:
        return _Choice(None, _WHY[abstain], abstain)
    if not definition.actions:
        return _Choice(None, _NO_ACTIONS)
    possible = asked(prediction)
    worth = [
        _worth(prediction, definition, name, action)
        for name, action in definition.actions.items()
        if action.against in possible and _is_for(action.when, issue, history, definition)
    ]
    return _best(worth, prediction, definition)


def _abstains(scorer: Answers, standing: Standing, history: Timed) -> Abstain | None:
    """Return why this prediction is no ground to act on; None where it is one."""
    prediction, bundle = _open(standing), getattr(scorer, "bundle", None)
    if not isinstance(bundle, Bundle) or not prediction.p:
        return "no_model"
    if prediction.step not in bundle.plan.vocabulary.values[ACTIVITY]:
        return "never_seen_step"
    if _is_cold(prediction, standing, history):
        return "cold_start"
    if standing.unknown_values and _mostly_unknown(bundle, standing, history):
        return "low_information"
    return None


def _is_cold(prediction: JourneyPrediction, standing: Standing, history: Timed) -> bool:
    """Return whether the journey has just begun and nothing tells it from the average."""
    if standing.begins is None or len(history) - standing.begins > _FEW_EVENTS:
        return False
    for outcome in asked(prediction):
        rate, (low, high) = prediction.base_rate.get(outcome), prediction.interval[outcome]
        if rate is not None and not low <= rate <= high:
            return False
    return True


def _mostly_unknown(bundle: Bundle, standing: Standing, history: Timed) -> bool:
    definition = bundle.plan.definition
    columns = [history.texts(name, definition) for name in bundle.plan.vocabulary.values]
    told = sum(value is not None for column in columns for value in column)
    return standing.unknown_values > _MUCH_UNKNOWN * told


def _is_for(
    when: When | None, issue: KnownIssue | None, history: Timed, definition: Definition
) -> bool:
    if when is None:
        return True
    if when.known_issue is not None and when.known_issue != (issue is not None):
        return False
    return has_values(when.where, history, definition)


def has_values(
    wanted: Mapping[str, tuple[str, ...]], history: Timed, definition: Definition
) -> bool:
    """Return whether what was last known of a customer has one of the values of each attribute."""
    return all(last_known(name, history, definition) in values for name, values in wanted.items())


def last_known(name: str, history: Timed, definition: Definition) -> str | None:
    """Return the last known value of an attribute; None where nothing was ever told."""
    texts = history.texts(name, definition)
    return next((text for text in reversed(texts) if text is not None), None)


def _worth(
    prediction: JourneyPrediction, definition: Definition, name: str, action: PlannedAction
) -> _Worth:
    p, low, high = bad(prediction, action.against)
    least, most = action.prevents
    value = price(definition, action.against)
    return _Worth(
        name,
        action,
        p * (least + most) / 2 * value - action.cost,
        low * least * value - action.cost,
        high * most * value - action.cost,
    )


def price(definition: Definition, outcome: Outcome) -> float:
    """Return what a bad outcome costs, 0 where the definition does not say it."""
    return definition.values.of(outcome) or 0.0


def _best(worth: list[_Worth], prediction: JourneyPrediction, definition: Definition) -> _Choice:
    """Return the best of the actions that pay at their lower end; otherwise why there is none."""
    if not worth:
        return _Choice(None, _NONE_FITS)
    paying = [one for one in worth if one.low > 0]
    best = max(paying or worth, key=lambda one: one.middle)
    currency = definition.values.currency
    between = money_between(best.low, best.high, currency)
    if paying:
        return _Choice(_action(best, prediction, definition))
    if best.high > 0:
        note = (
            f"The best action, {plain(best.name)}, is worth between {between}: it may cost more "
            "than it is worth, so none is recommended."
        )
        return _Choice(None, note, "low_information" if best.middle > 0 else None)
    note = f"No action pays; the best, {plain(best.name)}, is worth between {between}."
    return _Choice(None, note)


def _action(best: _Worth, prediction: JourneyPrediction, definition: Definition) -> Action:
    action, currency = best.action, definition.values.currency
    p, low, high = bad(prediction, action.against)
    why = (
        f"{bad_noun(action.against).capitalize()} has a probability of {percent(p)} "
        f"({percent_between(low, high)}) and costs "
        f"{money(price(definition, action.against), currency)}; this prevents "
        f"{percent_between(*action.prevents)} of it, for {money(action.cost, currency)}."
    )
    return Action(
        name=best.name,
        channel=action.channel,
        against=action.against,
        benefit=best.middle,
        benefit_interval=(best.low, best.high),
        cost=action.cost,
        currency=currency,
        why=why,
    )
