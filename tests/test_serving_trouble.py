"""Trouble, routes and the agent's lines: every stated rule, on journeys small enough to read."""

import pytest

from journeys.definition import Definition
from models.ahead import Ahead, Stood
from serving.advice import KnownIssue
from serving.context_messages import OpenJourney, Risk, Route, Touch
from serving.flight import Flight
from serving.histories import timed_events
from serving.messages import JourneyPrediction
from serving.next_steps import next_steps
from serving.summary import summary_of
from serving.trouble import foremost, route_of, suppressed_for, trouble_in

MINUTE = 60_000_000
NOW = 600 * MINUTE
WRITTEN = {
    "name": "money_transfer",
    "start": {"activity": "started"},
    "success": {"activity": "done"},
    "leakage": {"channel": ["call_centre", "ivr"], "within": "2d"},
    "milestones": ["started", "sent", "done"],
    "attributes": {"context": ["tier"]},
    "routing": {"high_value": {"tier": ["gold"]}},
    "ticks": ["15m", "1h"],
}
AFFECTED = KnownIssue("f_1", "affected", "leakage", 1, (1, 1), "2026", 0.1, (0, 0.2), "Known.")
AHEAD = KnownIssue("f_2", "at_risk", "leakage", 0.4, (0.3, 0.5), "2026", 0.1, (0, 0.2), "May be.")
USUAL = Risk("money_transfer", "leakage", 0.2, (0.1, 0.3), 0.2, False, 1.0)
WORSE = Risk("money_transfer", "leakage", 0.4, (0.3, 0.5), 0.2, True, 3.0)


def flight(
    *steps: tuple[float, str, str],
    tier: str = "silver",
    paths: Ahead | None = None,
    **changed: object,
) -> Flight:
    """Return a journey of (minutes ago, activity, channel), its first event in the app."""
    definition = Definition.from_dict(WRITTEN | changed)
    events = [
        {"time": round(NOW - ago * MINUTE), "activity": step, "channel": channel, "tier": tier}
        for ago, step, channel in ((300, "started", "app"), *steps)
    ]
    history = timed_events(events, NOW, [definition])
    last = steps[-1][1] if steps else "started"
    prediction = JourneyPrediction(
        journey="money_transfer",
        step=last,
        started="1970-01-01T05:00:00Z",
        age_hours=5.0,
        p={"success": 0.6, "leakage": 0.3},
        interval={"success": (0.5, 0.7), "leakage": (0.2, 0.4)},
        base_rate={"success": 0.7, "leakage": 0.1},
        happened=[],
        reasons={},
        stage="started",
    )
    return Flight(history, 0, definition, prediction, paths)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([(20, "sent", "web"), (10, "call", "ivr")], "used web and ivr within the last hour"),
        ([(10, "sent_failed", "app")], "sent failed within the last hour"),
        ([(200, "call", "call_centre")], "has contacted about this journey already"),
    ],
)
def test_each_kind_of_trouble_is_seen(steps: list[tuple[float, str, str]], says: str) -> None:
    assert says in trouble_in(flight(*steps), [])


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [(200, "sent_failed", "app")],
        [(20, "sent", "app"), (10, "told", "email")],
        [(20, "sent", "app"), (10, "sent", "web")],
        [(61, "sent", "web")],
    ],
)
def test_what_is_long_ago_outbound_or_self_service_is_no_trouble(
    steps: list[tuple[float, str, str]],
) -> None:
    assert trouble_in(flight(*steps), []) == []


def test_what_counts_as_just_now_and_as_people_is_the_definitions() -> None:
    steps = [(100, "sent", "app"), (95, "asked", "chat")]
    assert trouble_in(flight(*steps), []) == []
    routing = {"within": "2h", "people": ["chat"]}
    told = trouble_in(flight(*steps, routing=routing), [])
    assert told == ["used app and chat within the last 2 hours"]
    outbound = routing | {"outbound": ["chat"]}
    assert trouble_in(flight(*steps, routing=outbound), []) == []


def test_a_failed_attempt_is_what_the_definition_calls_one() -> None:
    errors = {"activity": "sorry"}
    assert trouble_in(flight((5, "sorry", "app"), errors=errors), [])
    assert trouble_in(flight((5, "sent_failed", "app"), errors=errors), []) == []


def test_the_route_follows_trouble_and_worth() -> None:
    met = ["met the known issue f_1"]
    gold = route_of(flight(tier="gold"), met, [USUAL], [AFFECTED])
    assert gold == Route(
        "priority_agent", ["high value: tier gold", "money transfer: met the known issue f_1"]
    )
    assert route_of(flight(), met, [USUAL], [AFFECTED]).to == "agent"
    assert route_of(flight(tier="gold", routing={}), met, [USUAL], []).to == "agent"


def test_without_trouble_a_bot_takes_those_at_risk_and_others_serve_themselves() -> None:
    worse = route_of(flight(tier="gold"), [], [WORSE], [])
    assert worse.to == "bot"
    assert worse.reasons == [
        "money transfer: 40 % of such customers reach the contact centre, usually 20 %"
    ]
    ahead = route_of(flight(), [], [USUAL], [AHEAD])
    assert ahead.to == "bot"
    assert ahead.reasons == ["money transfer: will probably meet the known issue f_2"]
    assert route_of(flight(), [], [USUAL], []).to == "self_service"


def test_the_journey_that_sends_furthest_decides() -> None:
    routes = [Route("bot", ["a"]), Route("agent", ["b", "c"]), Route("agent", ["c", "d"])]
    assert foremost(routes) == Route("agent", ["b", "c", "d"])
    assert foremost([]).to == "bot"


def test_an_upsell_is_suppressed_until_the_contact_is_old_enough() -> None:
    told = suppressed_for(flight((200, "call", "ivr")))
    assert told is not None
    assert told.until == "1970-01-03T06:40:00Z"
    assert suppressed_for(flight((200, "sent", "web"))) is None
    short = {"channel": ["ivr"], "within": "3h"}
    assert suppressed_for(flight((200, "call", "ivr"), leakage=short)) is None


def test_the_next_steps_are_those_of_who_was_as_silent() -> None:
    at_once = Stood(100.0, (("sent", "app", 90.0), (None, None, 10.0)), {"sent": 90.0})
    silent = Stood(40.0, ((None, None, 30.0), ("call", "ivr", 10.0)), {})
    paths = Ahead("2026", {("started",): at_once, ("started", 2): silent})
    first, second = next_steps(flight(paths=paths))
    assert (first.step, first.probability, first.journeys) == (None, 0.75, 40)
    assert (second.step, second.channel, second.probability) == ("call", "ivr", 0.25)
    assert second.interval[0] < 0.25 < second.interval[1]
    assert next_steps(flight((5, "teleported", "app"), paths=paths)) == []
    assert next_steps(flight()) == []
    assert next_steps(None) == []


def test_the_summary_has_at_most_five_lines_and_the_story_in_order() -> None:
    prediction = flight((5, "sent", "app")).prediction
    journey = OpenJourney(prediction, 7.0, "EUR", ["met the known issue f_1"])
    touches = [
        Touch("1970-01-01T09:55:00Z", "sent", "app"),
        Touch("1970-01-01T08:00:00Z", "sent_failed", "web"),
        Touch("1970-01-01T05:00:00Z", "started", None),
        Touch("1970-01-01T04:00:00Z", "login", "app"),
    ]
    lines = summary_of([journey, journey], touches, [AFFECTED, AHEAD], as_of=NOW)
    assert lines == [
        "In money transfer for 5 hours, reached started; now at sent.",
        "Last: started 5 hours ago, then sent failed (web) 2 hours ago, then sent (app) 5 minutes "
        "ago.",
        "Trouble: met the known issue f_1.",
        "Known issue: Known.",
        "Of customers like this 40 % do not reach their goal, 30 % reach the contact centre. "
        "Also in money transfer.",
    ]
    (alone,) = summary_of([], touches, [], as_of=NOW)
    assert alone == "No journey is open. Last seen: sent (app) 5 minutes ago."
