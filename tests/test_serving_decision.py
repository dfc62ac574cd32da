"""Decisions: costs and benefits by hand, and every reason to abstain."""

from copy import copy
from dataclasses import replace as changed
from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.definition import Definition
from models import Bundle
from serving.advice import KnownIssue
from serving.decision import decided, decided_on, flight_of
from serving.histories import timed_events
from serving.known_issues import NONE
from serving.messages import JourneyPrediction
from serving.road import Scorer, Standing
from tests.serving_bundle import definition_named, small_bundle

HOUR = 3_600_000_000
VALUES = {"success": 100.0, "contact": 10.0, "churn": 50.0}
CALL_BACK = {"channel": "call_centre", "cost": 5.0, "against": "success", "prevents": [0.2, 0.4]}
LETTER = {"cost": 0.5, "against": "leakage", "prevents": [0.1, 0.3]}
ISSUE = KnownIssue("f_1", "affected", "leakage", 1, (1, 1), "2026", 0.1, (0.05, 0.2), "Known.")


@cache
def _scorer() -> Scorer:
    return Scorer(small_bundle())


def acting(actions: dict[str, object] | None) -> Scorer:
    """Return the small bundle's scorer under a definition with other actions."""
    scorer = copy(_scorer())
    written = definition_named("loan").as_dict() | {"values": VALUES, "actions": actions}
    definition = Definition.from_dict(written)
    bundle = scorer.bundle
    scorer.bundle = Bundle(changed(bundle.plan, definition=definition), bundle.outcomes, {})
    scorer.definition = definition
    return scorer


def asked(
    scorer: Scorer,
    *steps: str,
    p: dict[str, tuple[float, float, float]],
    happened: tuple[str, ...] = (),
    issue: KnownIssue | None = None,
    unknown: int = 0,
    **attributes: str,
) -> JourneyPrediction:
    """Decide on a customer who took steps, an hour apart, under probabilities given by hand."""
    events = [
        {"time": hour * HOUR, "activity": step, "channel": "app", **attributes}
        for hour, step in enumerate(steps)
    ]
    history = timed_events(events, len(steps) * HOUR, [scorer.definition])
    prediction = JourneyPrediction(
        journey="loan",
        step=steps[-1],
        started="1970-01-01T00:00:00Z",
        age_hours=float(len(steps)),
        p={outcome: one[0] for outcome, one in p.items()},
        interval={outcome: one[1:] for outcome, one in p.items()},
        base_rate={"success": 0.5, "leakage": 0.2, "churn": 0.1},
        happened=list(happened),
        reasons={},
    )
    told = len(steps) * (2 + len(attributes))
    standing = Standing(prediction, "", unknown, begins=0, told_values=told)
    known = [] if issue is None else [issue]
    return decided_on(scorer, standing, flight_of(scorer, standing, history), known)


FAILING = {"success": (0.5, 0.4, 0.6), "leakage": (0.2, 0.1, 0.3)}


def test_the_benefit_is_probability_times_prevented_share_times_price_less_cost() -> None:
    found = asked(acting({"call_back": CALL_BACK}), "begun", "looked", p=FAILING)
    assert found.action is not None
    assert found.action.name == "call_back"
    # Of 50 % (40 to 60 %) that fail 30 % (20 to 40 %) are saved, worth 100, for 5.
    assert found.action.benefit == pytest.approx(0.5 * 0.3 * 100 - 5)
    assert found.action.benefit_interval == pytest.approx(
        (0.4 * 0.2 * 100 - 5, 0.6 * 0.4 * 100 - 5)
    )
    assert "50 % (40 to 60 %) and costs 100 EUR" in found.action.why
    assert found.abstain is None
    assert found.action_note is None


def test_the_best_of_the_actions_that_surely_pay_is_recommended() -> None:
    dear = CALL_BACK | {"cost": 9.0, "prevents": [0.0, 0.9]}
    scorer = acting({"letter": LETTER, "call_back": CALL_BACK, "dear": dear})
    found = asked(scorer, "begun", "looked", p=FAILING)
    # `dear` is expected to bring more, but may bring nothing at all.
    assert found.action is not None
    assert found.action.name == "call_back"


def test_what_may_not_pay_is_not_recommended_and_says_between_what() -> None:
    found = asked(acting({"dear": CALL_BACK | {"cost": 9.0}}), "begun", "looked", p=FAILING)
    assert found.action is None
    assert found.abstain == "low_information"
    assert "worth \N{MINUS SIGN}1.00 to 15.00 EUR beyond its cost" in str(found.action_note)


def test_what_surely_does_not_pay_is_no_reason_to_abstain() -> None:
    found = asked(acting({"letter": LETTER | {"cost": 20.0}}), "begun", "looked", p=FAILING)
    assert found.action is None
    assert found.abstain is None
    assert "No action pays" in str(found.action_note)


def test_an_action_against_what_has_happened_is_not_offered() -> None:
    scorer = acting({"letter": LETTER | {"cost": 0.0}})
    assert asked(scorer, "begun", "looked", p=FAILING).action is not None
    found = asked(scorer, "begun", "called", p=FAILING, happened=("leakage",))
    assert found.action is None
    assert "for this customer" in str(found.action_note)


def test_an_action_may_be_for_known_issues_or_for_some_customers_only() -> None:
    known = acting({"call_back": CALL_BACK | {"when": {"known_issue": True}}})
    assert asked(known, "begun", "looked", p=FAILING).action is None
    assert asked(known, "begun", "looked", p=FAILING, issue=ISSUE).action is not None
    north = acting({"call_back": CALL_BACK | {"when": {"region": ["north", "west"]}}})
    assert asked(north, "begun", "looked", p=FAILING, region="south").action is None
    assert asked(north, "begun", "looked", p=FAILING, region="north").action is not None
    assert asked(north, "begun", "looked", p=FAILING).action is None


def test_a_definition_without_actions_says_so() -> None:
    found = asked(acting(None), "begun", "looked", p=FAILING)
    assert (found.action, found.abstain) == (None, None)
    assert "names no `actions`" in str(found.action_note)


def test_a_journey_just_begun_of_which_nothing_is_known_is_a_cold_start() -> None:
    scorer = acting({"call_back": CALL_BACK})
    usual = {"success": (0.5, 0.4, 0.6), "leakage": (0.2, 0.1, 0.3)}
    found = asked(scorer, "begun", p=usual)
    assert (found.action, found.abstain) == (None, "cold_start")
    assert asked(scorer, "begun", "looked", p=usual).abstain is None
    told = asked(scorer, "begun", p={"success": (0.2, 0.1, 0.3)})
    assert told.abstain is None, "an interval beside the base rate is information"


def test_a_step_that_training_never_saw_is_no_ground_to_act_on() -> None:
    found = asked(acting({"call_back": CALL_BACK}), "begun", "teleported", p=FAILING)
    assert (found.action, found.abstain) == (None, "never_seen_step")


def test_mostly_unknown_values_are_no_ground_to_act_on() -> None:
    scorer = acting({"call_back": CALL_BACK})
    # Two steps of activity and channel: four values told.
    assert asked(scorer, "begun", "looked", p=FAILING, unknown=1).abstain is None
    assert asked(scorer, "begun", "looked", p=FAILING, unknown=2).abstain == "low_information"


def test_without_a_model_nothing_is_recommended() -> None:
    found = asked(acting({"call_back": CALL_BACK}), "begun", "looked", p={})
    assert (found.action, found.abstain) == (None, "no_model")


@given(
    p=st.floats(0, 1),
    below=st.floats(0, 0.5),
    above=st.floats(0, 0.5),
    cost=st.floats(0, 200),
    least=st.floats(0, 1),
    wider=st.floats(0, 1),
)
def test_what_is_recommended_pays_at_its_lower_end_and_holds_its_middle(
    p: float, below: float, above: float, cost: float, least: float, wider: float
) -> None:
    most = min(least + wider, 1.0)
    action = CALL_BACK | {"cost": cost, "prevents": [least, most]}
    around = {"success": (p, max(p - below, 0.0), min(p + above, 1.0))}
    found = asked(acting({"call_back": action}), "begun", "looked", p=around)
    assert (found.action is None) == (found.action_note is not None)
    if found.action is not None:
        low, high = found.action.benefit_interval
        assert 0 < low <= found.action.benefit + 1e-9
        assert found.action.benefit <= high + 1e-9


def test_a_prediction_is_only_added_to() -> None:
    scorer = _scorer()
    events = [{"time": HOUR, "activity": "begun", "channel": "app", "region": "north"}]
    history = timed_events(events, 30 * HOUR, [scorer.definition])
    standing = scorer.predict(history, explain=2)
    found = decided(scorer, standing, history, NONE)
    assert standing.prediction is not None
    added = {"known_issue", "action", "action_note", "abstain", "next"}
    before, after = (msgspec.to_builtins(one) for one in (standing.prediction, found))
    assert {key for key in before if before[key] != after[key]} <= added
    with pytest.raises(ValueError, match="without an open journey"):
        decided(scorer, Standing(None, "none", 0), history, NONE)
