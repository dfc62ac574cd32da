"""The story of the chat: she fails in the app, tries the web, is lost in the IVR, tries the chat.

The chat asks for her context, sees a high-value customer in a money transfer who used several
channels within the hour, skips the bot and routes to a priority agent with the story so far.
"""

import pandas as pd
import pytest

from tests.story_world import HIDING, NOW, Desk, known_finding, lived

SECRET_KEY = "customer 4711/a"
APP = {"os": "iOS", "app_version": "8.2.0", "device": "iPhone 15"}
ROAD = [
    (40, "transfer_started", "app"),
    (38, "transfer_submitted", "app"),
    (37, "transfer_failed", "app"),
    (25, "transfer_submitted", "web"),
    (24, "transfer_failed", "web"),
    (12, "ivr_call", "ivr"),
]


@pytest.fixture(scope="module", autouse=True)
def story(desk: Desk) -> None:
    who = {"region": "south", "product": "international", "tenure": "10y+", "amount": 900.0}
    for key, tier in ((SECRET_KEY, "platinum"), ("usual", "standard")):
        desk.post("/v1/events", {"events": lived(key, ROAD, value_tier=tier, **who, **APP)})
    calm = lived("calm", [(5, "transfer_started", "web")], value_tier="gold", **who)
    desk.post("/v1/events", {"events": calm})


def test_a_high_value_customer_lost_between_channels_goes_to_a_priority_agent(desk: Desk) -> None:
    context = desk.context(SECRET_KEY, NOW)
    assert context["route"]["to"] == "priority_agent"
    reasons = " | ".join(context["route"]["reasons"])
    assert "high value: value tier platinum" in reasons
    assert "used app and web and ivr within the last hour" in reasons
    assert "met the known issue" in reasons
    assert context["journeys"][0]["prediction"]["journey"] == "money_transfer"
    assert context["degraded"] is False


def test_the_same_story_of_a_usual_customer_goes_to_an_agent(desk: Desk) -> None:
    assert desk.context("usual", NOW)["route"]["to"] == "agent"


def test_who_is_on_course_is_left_alone(desk: Desk) -> None:
    context = desk.context("calm", NOW)
    assert context["route"]["to"] in ("self_service", "bot")
    assert context["journeys"][0]["in_trouble"] == []
    assert context["suppress"] == []


def test_the_agent_gets_the_story_so_far_in_five_lines(desk: Desk) -> None:
    context = desk.context(SECRET_KEY, NOW)
    summary = context["agent_summary"]
    assert 3 <= len(summary) <= 5
    assert summary[0].startswith("In money transfer for 40 minutes")
    assert "ivr call (ivr) 12 minutes ago" in summary[1]
    assert SECRET_KEY not in str(summary)
    touches = [(touch["activity"], touch["channel"]) for touch in context["last_touches"]]
    assert touches == [(step, channel) for _, step, channel in reversed(ROAD)][:5]


def test_the_known_issue_is_told_with_its_effect_and_since_when(desk: Desk) -> None:
    (issue,) = desk.context(SECRET_KEY, NOW)["known_issues"]
    finding = known_finding()
    assert issue["finding"] == finding.id
    assert issue["state"] == "affected"
    assert (issue["effect"], issue["effect_interval"]) == (0.16, [0.12, 0.19])
    assert issue["since"].startswith("2026-03-20T11:22")
    assert "Since 3 March 2026 customers with os iOS and app version 8.2.0" in issue["text"]
    detail = desk.get(f"/v1/findings/{finding.id}")
    assert detail["card"]["state"] == "open"


def test_an_upsell_is_held_back_and_until_when_is_said(desk: Desk) -> None:
    (suppressed,) = desk.context(SECRET_KEY, NOW)["suppress"]
    assert suppressed["what"] == "upsell"
    # The leakage rule of the transfer looks two days ahead of the contact.
    assert suppressed["until"] == "2026-03-22T11:48:00Z"


def test_what_comes_next_is_told_with_probability_and_interval(desk: Desk) -> None:
    following = desk.context("calm", NOW)["next"]
    assert {one["step"] for one in following} & {"transfer_submitted", "recipient_added"}
    assert sum(one["probability"] for one in following) <= 1 + 1e-9
    for one in following:
        low, high = one["interval"]
        assert 0 <= low <= one["probability"] <= high <= 1
        assert one["journeys"] > 0


def test_silence_counts_without_an_event_until_the_journey_is_over(desk: Desk) -> None:
    now, later = (desk.context(SECRET_KEY, at) for at in (NOW, NOW + pd.Timedelta(hours=7)))
    before, after = (one["journeys"][0]["prediction"] for one in (now, later))
    assert before["p"] != after["p"]
    assert before["step"] == after["step"]
    over = desk.context(SECRET_KEY, NOW + pd.Timedelta(hours=13))
    assert over["journeys"] == []
    assert "abandoned" in over["note"]
    assert over["suppress"] == []
    assert over["route"]["to"] == "bot"


def test_the_context_says_what_the_score_of_the_same_events_says(desk: Desk) -> None:
    events = lived(
        "other",
        ROAD,
        value_tier="platinum",
        region="south",
        product="international",
        tenure="10y+",
        amount=900.0,
        **APP,
    )
    history = {
        "customer_id": "other",
        "events": [{k: v for k, v in one.items() if k != "customer_id"} for one in events],
        "as_of": NOW.isoformat(),
    }
    answer = desk.post("/v1/score", {"histories": [history], "explain": 3})
    (scored,) = answer["predictions"][0]["journeys"]
    kept = desk.context(SECRET_KEY, NOW)["journeys"][0]["prediction"]
    assert scored["p"] == kept["p"]
    assert scored["interval"] == kept["interval"]
    assert scored["known_issue"] == kept["known_issue"]
    assert scored["action"] == kept["action"]
    assert scored["abstain"] == kept["abstain"]


def test_nobody_is_called_by_their_own_name(desk: Desk) -> None:
    context = desk.context(SECRET_KEY, NOW)
    assert context["customer_id"] == HIDING(SECRET_KEY)
    assert desk.context(HIDING(SECRET_KEY), NOW) == context
    assert SECRET_KEY not in desk.server.log.read_text()
    status, told = desk.server.ask("/v1/customers/nobody/context")
    assert status == 404
    assert told["type"].endswith("unknown-customer")
    assert "nobody" not in str(told)


def test_what_the_agent_did_is_told_back_once(desk: Desk) -> None:
    deed = {
        "id": "chat-1",
        "customer_id": SECRET_KEY,
        "time": NOW.isoformat(),
        "action": "priority_agent",
        "channel": "chat",
        "journey": "money_transfer",
        "finding": known_finding().id,
    }
    assert desk.post("/v1/outcomes", deed)["accepted"] == 1
    assert desk.post("/v1/outcomes", deed | {"result": "helped"})["completed"] == 1
    (kept,) = desk.get("/v1/outcomes", customer=SECRET_KEY)["outcomes"]
    assert kept["result"] == "helped"
    assert kept["customer_id"] == HIDING(SECRET_KEY)
