"""Who a customer is, and is no more: aliases joined and taken back, customers erased."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep

import msgspec
from fastapi import FastAPI, Request, Response

from journeys.errors import OfframpError
from journeys.log import ACTIVITY, CUSTOMER, TIME
from rootcause.register import locked
from serving.bodies import json_answer, read_body, require_json
from serving.event_bodies import Reader
from serving.event_messages import AliasRequest, Erased, EventsAnswer, Unlinked
from serving.event_routes import accepting, kept, required_store, told
from serving.events import ALIAS, Alias, ErasureReceipt
from serving.forgetting import forget_evidence, forget_members
from serving.histories import utc_text
from serving.openapi import answers, json_body
from serving.problems import Fault, refused
from serving.service import Service

_PROBLEMS = ("not-json", "too-large", "wrong-type", "conflict", "bad-request", "no-store")
_TRIES, _PAUSE_SECONDS = 10, 0.5
_BUSY = (
    "The findings are being renewed, and the customer's journeys among their evidence cannot be "
    "struck out meanwhile. Nothing was erased. Send the request again in a few minutes."
)
_logger = logging.getLogger("offramp.serving")
_REQUEST = msgspec.json.Decoder(AliasRequest)


def add_customer_data(app: FastAPI, service: Service) -> None:
    """Let aliases be joined and taken back, and customers be erased."""
    _add_aliases(app, service)

    @app.delete(
        "/v1/customers/{key:path}",
        responses=answers(Erased, "conflict", "no-store"),
        tags=["customers"],
    )
    async def erase(key: str) -> Response:
        """Erase a customer and every visitor joined to them; answer with a receipt.

        Events, aliases and all else the store knows; evidence of findings; members of audiences.
        The next training leaves them out (`offramp erased`). Events from before the erasure, sent
        again, are refused; a customer who comes back is met anew.
        """
        return json_answer(await asyncio.to_thread(_erase, service, key))


def _add_aliases(app: FastAPI, service: Service) -> None:
    @app.post(
        "/v1/customers/{key:path}/aliases",
        responses=accepting(EventsAnswer, *_PROBLEMS),
        openapi_extra=json_body(AliasRequest, {"alias": "visitor-9"}),
        tags=["customers"],
    )
    async def join(key: str, request: Request) -> Response:
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
        responses=answers(Unlinked, "no-store"),
        tags=["customers"],
    )
    async def part(key: str, alias: str) -> Response:
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
    if service.state is None:
        return _receipt(store.erase(customer, service.clock()))
    with _held(service.state):
        keys, times = store.traces(customer)
        evidence = forget_evidence(service.state, {key, *keys}, times)
        members = forget_members(service.state, lambda one: service.pseudonym(one) in keys)
        return _receipt(store.erase(customer, service.clock()), evidence, members)


@contextmanager
def _held(state: Path) -> Iterator[None]:
    """Hold the folder of a watch; raise `Refused` (409) when it cannot be had in some seconds."""
    with ExitStack() as held:
        for left in reversed(range(_TRIES)):
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
