"""The path of one customer: everything that a touchpoint needs."""

import asyncio
from typing import Annotated

from fastapi import FastAPI, Path, Request, Response

from serving.bodies import json_answer
from serving.context import context_of
from serving.context_messages import CustomerContext
from serving.messages import MOST_REASONS
from serving.openapi import answers
from serving.problems import refused
from serving.queries import Parameter, Query, documented
from serving.service import Service
from serving.store import Store

_Key = Annotated[str, Path(description="What the customer is called in the events.")]
_AS_OF = Parameter(
    "as_of",
    "Until when the customer is known: ISO 8601, UTC without a zone. Now, if it is not given. "
    "Later than the last event means silence, which counts.",
    {"type": "string", "format": "date-time"},
)
_EXPLAIN = Parameter(
    "explain",
    "How many reasons each outcome gets.",
    {"type": "integer", "minimum": 0, "maximum": MOST_REASONS, "default": 3},
)
_OF_CONTEXT = (_AS_OF, _EXPLAIN)

_NO_STORE = (
    "This service keeps no events, so it knows no customers. Start it with --database, and send "
    "events to /v1/events; or send whole histories to /v1/score."
)
_NOBODY = (
    "Nothing is known of this customer by then. Send their events to /v1/events, or ask with the "
    "key that the events carry."
)


def add_customers(app: FastAPI, service: Service) -> None:
    """Add ``/v1/customers/{key}/context``."""
    problems = ("bad-query", "unknown-customer", "no-store", "store-away", "not-ready")

    @app.get(
        "/v1/customers/{key:path}/context",
        responses=answers(CustomerContext, *problems),
        openapi_extra=documented(*_OF_CONTEXT),
        tags=["customers"],
    )
    async def context(key: _Key, request: Request) -> Response:
        """Say everything that a touchpoint needs of one customer, as of now or of `as_of`.

        Open journeys, last touches, risks, known issues, where to send the customer and why, what
        not to send, a summary for the agent, and what comes next.
        """
        query = Query(request, _OF_CONTEXT)
        return json_answer(await asyncio.to_thread(_context, service, key, query))


def _context(service: Service, key: str, query: Query) -> CustomerContext:
    served, store = service.models.ready(), store_of(service)
    at = query.instant("as_of")
    as_of = service.clock() if at is None else at
    explain = query.number("explain", usual=3, least=0, most=MOST_REASONS)
    customer = service.pseudonym(key)
    events = store.history(customer, as_of)
    if not events:
        raise refused("unknown-customer", _NOBODY)
    found = context_of(
        customer, events, as_of, served=served, issues=service.issues, explain=explain
    )
    service.metrics.predicted([one.prediction for one in found.journeys], 0)
    return found


def store_of(service: Service) -> Store:
    """Return the store; raise `Refused` (503) where the service has none."""
    if service.store is None:
        raise refused("no-store", _NO_STORE)
    return service.store
