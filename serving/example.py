"""Examples that work: a made-up history that a bundle can answer, and answers once given."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from journeys.definition import Definition
from journeys.log import ACTIVITY, CUSTOMER, TIME
from models import Bundle
from serving.messages import Value

Event = dict[str, Value]

ANSWERS = Path(__file__).with_name("answers.json")
"""What a service said about simulated customers, by the name of the message."""

EXAMPLE: dict[str, object] = {
    "histories": [
        {
            "customer_id": "c-4711",
            "events": [
                {
                    "time": "2026-03-03T09:30:00Z",
                    "activity": "refinance_started",
                    "channel": "app",
                    "os": "iOS",
                    "app_version": "8.2.0",
                    "amount": 240000,
                },
                {
                    "time": "2026-03-03T09:41:00Z",
                    "activity": "document_upload",
                    "channel": "app",
                    "os": "iOS",
                    "app_version": "8.2.0",
                },
            ],
            "as_of": "2026-03-03T12:00:00Z",
        }
    ],
    "explain": 3,
}


def example_request(bundle: Bundle) -> dict[str, object]:
    """Return a scoring request made of values that the bundle knows; plain data for JSON."""
    start, later = _events(bundle)
    history = {"customer_id": "c-1", "events": [start, later], "as_of": "2026-03-03T12:00:00Z"}
    return {"histories": [history], "explain": 3}


def example_for(bundles: Sequence[Bundle]) -> dict[str, object] | None:
    """Return an example that the first of these bundles can answer; None if there is none."""
    return example_request(bundles[0]) if bundles else None


@cache
def real_answer(message: str) -> Any:
    """Return an answer as a service gave it once, as plain data; None if none is kept."""
    return json.loads(ANSWERS.read_text(encoding="utf-8")).get(message)


def _events(bundle: Bundle) -> tuple[Event, Event]:
    definition, vocabulary = bundle.plan.definition, bundle.plan.vocabulary
    seen: Event = {TIME: "2026-03-03T09:30:00Z", ACTIVITY: "anything"}
    seen |= {column: known[0] for column, known in vocabulary.values.items() if known}
    seen |= dict.fromkeys(definition.attributes.numeric, 120.5)
    starts = {} if definition.start is None else definition.start.where
    start = seen | {
        field: values[0] for field, values in starts.items() if field not in (TIME, CUSTOMER)
    }
    activities = vocabulary.values.get(ACTIVITY, ())
    return start, seen | {
        TIME: "2026-03-03T09:41:00Z",
        ACTIVITY: _step(definition, activities) or start[ACTIVITY],
    }


def _step(definition: Definition, activities: tuple[str, ...]) -> str | None:
    """Return an activity that neither starts nor ends the journey, a milestone if there is one."""
    rules = (definition.start, definition.success, definition.failure)
    taken = {value for rule in rules if rule for value in rule.where.get(ACTIVITY, ())}
    free = [step for step in (*definition.milestones, *activities) if step not in taken]
    return free[0] if free else None
