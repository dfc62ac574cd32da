"""Who a customer is, and is no more: aliases joined and taken back, customers erased."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path as Folder
from time import sleep
from typing import Annotated

import msgspec
from fastapi import FastAPI, Path, Request, Response

from journeys.cloud_events import ALIAS
from journeys.errors import OfframpError
from journeys.log import ACTIVITY, CUSTOMER, TIME
from rootcause.register import locked
from serving.bodies import json_answer, read_body, require_json
from serving.event_bodies import Reader
from serving.event_messages import AliasRequest, Erased, Unlinked
from serving.event_routes import accepting, kept, required_store, told
from serving.events import Alias, ErasureReceipt
from serving.forgetting import forget_evidence, forget_members
from serving.histories import utc_text
from serving.openapi import Body, answers, request_body
from serving.problems import Fault, refused
from serving.service import Service

_AWAY = ("no-store", "store-away", "store-full")
_PROBLEMS = ("not-json", "wrong-type", "conflict", "bad-request", *_AWAY)
_KEY = Annotated[str, Path(description="What the customer is called in the events.")]
_ALIAS = Annotated[str, Path(description="What the visitor is called in the events.")]
_RECEIPT = Erased(
    id="e_0f8c1a",
    at="2026-03-03T09:30:00Z",
    rows={"events": 31, "aliases": 1},
    evidence=1,
    members=0,
)
_TRIES, _PAUSE_SECONDS = 10, 0.5
_BUSY = (
    "The findings are being renewed, and the customer's journeys among their evidence cannot be "
    "struck out meanwhile. Nothing was erased. Send the request again in a few minutes."
)
_BROKEN = (
    "A file of the watch's folder cannot be read or written to, so the customer cannot be "
    "forgotten there. Their events are untouched. The operator finds the reason in the log; send "
    "the request again once it is mended."
)
_logger = logging.getLogger("offramp.serving")
_REQUEST = msgspec.json.Decoder(AliasRequest)


def add_customer_data(app: FastAPI, service: Service) -> None:
    """Let aliases be joined and taken back, and customers be erased."""
    _add_aliases(app, service)

    @app.delete(
        "/v1/customers/{key:path}",
        responses=answers(Erased, "conflict", "bad-request", *_AWAY, example=_RECEIPT),
        tags=["customers"],
    )
    async def erase_customer(key: _KEY) -> Response:
        """Erase a customer and every visitor joined to them; answer with a receipt.

        Events, aliases and all else the store knows; evidence of findings; members of audiences.
        The next training leaves them out (`offramp erased`). Events from before the erasure, sent
        again, are refused; a customer who comes back is met anew.
        """
        return json_answer(await asyncio.to_thread(_erase, service, key))


def _add_aliases(app: FastAPI, service: Service) -> None:
    @app.post(
        "/v1/customers/{key:path}/aliases",
        responses=accepting(*_PROBLEMS),
        openapi_extra=request_body(Body(AliasRequest, AliasRequest("visitor-9"))),
        tags=["customers"],
    )
    async def join_alias(key: _KEY, request: Request) -> Response:
        """Join an anonymous visitor to a customer, as of a time.

        From then on the visitor's events, earlier and later ones, are the customer's. 409 if the
        visitor is joined to another customer.
        """
        store = required_store(service)
        require_json(request)
        alias = _alias(service, key, await read_body(request))
        return told(await kept(store, [alias]), all_refused="conflict")

    @app.delete(
        "/v1/customers/{key:path}/aliases/{alias:path}",
        responses=answers(Unlinked, *_AWAY, example=Unlinked(True)),
        tags=["customers"],
    )
    async def unlink_alias(key: _KEY, alias: _ALIAS) -> Response:
        """Take a join back, as if it had never been; `unlinked` is false where there was none."""
        store, of = required_store(service), service.pseudonym
        unlinked = await asyncio.to_thread(store.unlink, of(alias), of(key), service.clock())
        return json_answer(Unlinked(unlinked))


def _alias(service: Service, key: str, body: bytes) -> Alias:
    """Read an alias as the alias event that it is."""
    try:
        asked = _REQUEST.decode(body)
    except msgspec.ValidationError as fault:
        raise refused("bad-request", f"{fault}. Send {{'alias': ..., 'time': ...}}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refused("not-json", 'The body is not JSON. Send {"alias": "visitor-9"}.') from None
    now = service.clock()
    event = {
        CUSTOMER: key,
        ACTIVITY: ALIAS,
        TIME: utc_text(now) if asked.time is None else asked.time,
        "alias": asked.alias,
    }
    read = Reader((), service.pseudonym, now).read_one(msgspec.json.encode(event))
    if isinstance(read, Fault):
        raise refused("bad-request", read.detail.replace("events[0].", ""))
    return read  # type: ignore[return-value]  # the activity says so


def _erase(service: Service, key: str) -> Erased:
    """Erase a customer everywhere; the files first, while the store still knows their events."""
    store, customer = required_store(service), service.pseudonym(key)
    if not key:
        raise refused("bad-request", "Name the customer: DELETE /v1/customers/{key}.")
    if service.state is None:
        return _receipt(store.erase(customer, service.clock()))
    with _held(service.state):
        keys, times = store.traces(customer)
        evidence, members = _forgotten(service, service.state, {key, *keys}, times)
        return _receipt(store.erase(customer, service.clock()), evidence, members)


def _forgotten(
    service: Service, state: Folder, keys: set[str], times: list[int]
) -> tuple[int, int]:
    """Forget a customer in the files of a watch; return findings and rows that changed."""
    try:
        evidence = forget_evidence(state, keys, times)
        return evidence, forget_members(state, lambda one: service.pseudonym(one) in keys)
    except OfframpError as fault:
        _logger.error("%s", fault)  # its paths are the operator's
        raise refused("conflict", _BROKEN) from None


@contextmanager
def _held(state: Folder) -> Iterator[None]:
    """Hold the folder of a watch; raise `Refused` (409) when it cannot be had in some seconds."""
    with ExitStack() as held:
        for left in reversed(range(_TRIES if state.is_dir() else 0)):
            try:
                held.enter_context(locked(state))
                break
            except OfframpError as fault:
                if not left:
                    _logger.warning("%s", fault)
                    raise refused("conflict", _BUSY) from None
                sleep(_PAUSE_SECONDS)
        yield


def _receipt(receipt: ErasureReceipt, evidence: int = 0, members: int = 0) -> Erased:
    return Erased(receipt.id, utc_text(receipt.at), receipt.rows, evidence, members)
