"""The paths of outcomes: what was done for customers, and what came of it."""

import asyncio

import msgspec
from fastapi import FastAPI, Request, Response
from msgspec import UNSET, Raw, Struct, UnsetType

from serving.bodies import json_answer, read_body, require_json
from serving.customer_routes import store_of
from serving.deeds import (
    Contradiction,
    Deed,
    DeedPage,
    DeedReceipt,
    DeedRequest,
    deeds_after,
    keep_deeds,
)
from serving.histories import read_instant
from serving.messages import read_as
from serving.openapi import Body, answers, request_body
from serving.problems import refused
from serving.queries import CURSOR, LIMIT, Parameter, Query, cursor_at, documented
from serving.service import Service
from serving.store import storable

_CUSTOMER = Parameter("customer", "Only of this customer.", {"type": "string"})
_ACTION = Parameter("action", "Only of this action.", {"type": "string"})
_OF_LIST = (_CUSTOMER, _ACTION, CURSOR, LIMIT)


class _Form(Struct, frozen=True):
    """What tells many deeds from one."""

    outcomes: Raw | UnsetType = UNSET


_FORM = msgspec.json.Decoder(_Form)
_MANY = msgspec.json.Decoder(DeedRequest)
_ONE = msgspec.json.Decoder(Deed)
_EXAMPLE = DeedRequest(
    [
        Deed(
            id="call-4711",
            customer_id="c-1",
            time="2026-03-03T12:30:00Z",
            action="call_back",
            channel="call_centre",
            journey="mortgage_refinance",
            result="helped",
        )
    ]
)


def add_outcomes(app: FastAPI, service: Service) -> None:
    """Add ``/v1/outcomes``."""
    problems = ("not-json", "wrong-type", "bad-request", "conflict", "no-store", "store-away")

    @app.post(
        "/v1/outcomes",
        responses=answers(DeedReceipt, *problems, "store-full"),
        openapi_extra=request_body(Body(DeedRequest, _EXAMPLE)),
        tags=["customers"],
    )
    async def report(request: Request) -> Response:
        """Tell what was done for customers and what came of it; idempotent on `id`.

        One object, or many under `outcomes`. All are kept when this answers, or none. The result
        may follow later under the same id.
        """
        require_json(request)
        body = await read_body(request)
        return json_answer(await asyncio.to_thread(_report, service, body))

    @app.get(
        "/v1/outcomes",
        responses=answers(DeedPage, "no-store", "store-away"),
        openapi_extra=documented(*_OF_LIST),
        tags=["customers"],
    )
    async def reported(request: Request) -> Response:
        """List what was done and what came of it, in the order in which it was told."""
        query = Query(request, _OF_LIST)
        return json_answer(await asyncio.to_thread(_reported, service, query))


def _report(service: Service, body: bytes) -> DeedReceipt:
    store, asked = store_of(service), _asked(body)
    told = [
        (deed, storable(service.pseudonym(str(deed.customer_id))), _time(deed, place))
        for place, deed in enumerate(asked)
    ]
    try:
        return keep_deeds(store, told, received=service.clock())
    except Contradiction as contradiction:
        raise refused(
            "conflict",
            f"outcomes[{contradiction.place}] says something else than was told under its id. "
            "Nothing of the request was kept. Give another deed another id.",
        ) from None


def _asked(body: bytes) -> list[Deed]:
    """Return the deeds of a body that is one, or holds many."""
    many = read_as(_FORM, body).outcomes
    return [read_as(_ONE, body)] if many is UNSET else read_as(_MANY, body).outcomes


def _time(deed: Deed, place: int) -> int:
    at = read_instant(deed.time)
    if at is None:
        raise refused(
            "bad-request",
            f"At outcomes[{place}].time: {deed.time[:60]!r} is no time. Write it as in "
            "2026-03-03T12:30:00Z.",
        )
    return at


def _reported(service: Service, query: Query) -> DeedPage:
    store, limit = store_of(service), query.limit()
    key = query.text("customer")
    begin = query.number_after()
    found = deeds_after(
        store,
        begin,
        limit + 1,
        customer=None if key is None else service.pseudonym(key),
        action=query.text("action"),
    )
    page = found[:limit]
    more = cursor_at(str(page[-1][0])) if len(found) > limit else None
    return DeedPage([deed for _, deed in page], more)
