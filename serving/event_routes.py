"""Events in: sent to the store, each counted once, and answered when they are durable."""

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from msgspec.structs import replace

from serving.bodies import content_type, json_answer, read_body, require_json
from serving.event_bodies import Reader
from serving.event_messages import EventsAnswer, events_body
from serving.events import Alias, Receipt, StoredEvent
from serving.openapi import answers
from serving.problems import Fault, Refused, problem_of, refused
from serving.service import Service
from serving.store import Store

_LARGE = 50_000  # bytes; more is read in a thread, so that others need not wait

_WHY = {
    "erased": "This customer was erased after the time of this. What happens after the erasure is "
    "kept, what happened before is not.",
    "alias-itself": "A customer cannot be their own alias. Name the visitor in alias.",
    "alias-taken": "The alias is joined to another customer. Take that back first: "
    "DELETE /v1/customers/{key}/aliases/{alias} with that customer's key.",
    "alias-circle": "The customer is joined to the alias already. Take that back first, or leave "
    "it: they are the same person either way.",
}
_PROBLEMS = (
    *("not-json", "wrong-type", "bad-request", "bad-event"),
    *("no-store", "store-away", "store-full"),
)


def add_events(app: FastAPI, service: Service) -> None:
    """Let events in: ``POST /v1/events``."""

    @app.post(
        "/v1/events",
        responses=accepting(*_PROBLEMS),
        openapi_extra=events_body(),
        tags=["events"],
    )
    async def keep_events(request: Request) -> Response:
        """Keep up to 10,000 events: one, an array, `{"events": [...]}`, or CloudEvents 1.0.

        202 once what was accepted is durable, with what became of the others; 200 if nothing was
        new; 422 if every event was refused. Sent again, nothing is counted twice.
        """
        store = required_store(service)
        require_json(request)
        body, kind = await read_body(request, of="events"), content_type(request)
        served = service.models.current().everyone
        reader = Reader([one.definition for one in served], service.pseudonym, service.clock())
        items = (
            reader.read(body, kind)
            if len(body) <= _LARGE
            else await asyncio.to_thread(reader.read, body, kind)
        )
        answer = await kept(store, items)
        service.metrics.received(answer.accepted, answer.duplicates)
        return told(answer)


def accepting(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of a path that answers 202, or 200 where nothing was new."""
    new = answers(EventsAnswer, *kinds, status=202, example=EventsAnswer(1, 0, 0))
    known = answers(EventsAnswer, example=EventsAnswer(0, 1, 0))
    known[200]["description"] = "Nothing was new"
    return new | known


def required_store(service: Service) -> Store:
    """Return the store; raise `Refused` (503) where the service keeps no events."""
    if service.store is None:
        raise refused(
            "no-store",
            "This service was started without a database. Start it with --database events.db, or "
            "send the customer's history to /v1/score.",
        )
    return service.store


async def kept(store: Store, items: Sequence[StoredEvent | Alias | Fault]) -> EventsAnswer:
    """Hand what could be read to the store, and say what became of all of it."""
    faults = [item for item in items if isinstance(item, Fault)]
    good = [(place, item) for place, item in enumerate(items) if not isinstance(item, Fault)]
    receipt = Receipt()
    if good:
        receipt = await asyncio.wrap_future(store.append_soon([item for _, item in good]))
    faults += [Fault(good[place][0], _WHY[why]) for place, why in receipt.refused]
    errors = sorted(faults, key=lambda fault: fault.index)
    return EventsAnswer(receipt.accepted, receipt.duplicates, len(errors), errors)


def told(answer: EventsAnswer, *, all_refused: str = "bad-event") -> Response:
    """Return the response to a request that brought events."""
    if answer.accepted:
        return json_answer(answer, 202)
    if answer.duplicates:
        return json_answer(answer)
    first = answer.errors[0].detail
    if len(answer.errors) == 1:
        raise refused(all_refused, first)
    detail = f"None of the {len(answer.errors):,} events can be kept. The first: {first}"
    raise Refused(replace(problem_of(all_refused, detail), errors=answer.errors))
