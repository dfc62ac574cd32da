"""What is asked and answered about events, aliases and erasures over HTTP."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from serving.messages import MOST_EVENTS, Value
from serving.openapi import Body, request_body
from serving.problems import Fault

ONE_CLOUD_EVENT = "application/cloudevents+json"
MANY_CLOUD_EVENTS = "application/cloudevents-batch+json"

Key = Annotated[str, Meta(min_length=1)] | int
Count = Annotated[int, Meta(ge=0)]


class EventsAnswer(Struct, omit_defaults=True, frozen=True):
    """What became of the events of a request; what is accepted survives a power cut.

    ``duplicates`` have a source and an id that were known: they are not kept twice. ``errors``
    says of each that was refused where it stands and what is wrong.
    """

    accepted: Count
    duplicates: Count
    refused: Count
    errors: list[Fault] = []


class PlainEvent(Struct, frozen=True):
    """One event in our form; any further key is an attribute: text, number, truth or null.

    ``time`` is ISO 8601, UTC without a zone. ``source`` and ``id`` name the event; without an id, a
    hash of what it says does, so that sent again it is a duplicate.
    """

    customer_id: Key
    time: str
    activity: Annotated[str, Meta(min_length=1)]
    channel: str | None = None
    source: str | None = None
    id: Key | None = None


class EventBatch(Struct, frozen=True):
    """Several events in one request, of either form."""

    events: Annotated[list[PlainEvent], Meta(min_length=1, max_length=MOST_EVENTS)]


class CloudEvent(Struct, frozen=True):
    """A CloudEvent 1.0: ``subject`` is the customer, ``type`` the activity, ``data`` attributes.

    ``channel`` in ``data`` is where it happened. Extension attributes are not kept.
    """

    specversion: str
    type: str
    source: str
    id: str
    subject: str
    time: str
    data: dict[str, Value] = {}
    datacontenttype: str = "application/json"
    data_base64: str | None = None


class AliasRequest(Struct, forbid_unknown_fields=True, frozen=True):
    """The visitor who turns out to be the customer, as of ``time`` (ISO 8601; without it, now)."""

    alias: Key
    time: str | None = None


class Unlinked(Struct, frozen=True):
    """Whether a visitor was joined to the customer until now."""

    unlinked: bool


class Erased(Struct, frozen=True):
    """A receipt: what was erased, without a word on whom.

    ``rows`` counts by table; ``evidence`` is in how many findings a journey of theirs was struck
    out, ``members`` how many rows of audiences went.
    """

    id: str
    at: str
    rows: dict[str, Count]
    evidence: Count
    members: Count


_PLAIN = PlainEvent(
    customer_id="c-1",
    time="2026-03-03T09:30:00Z",
    activity="document_upload",
    channel="app",
    source="urn:example:app",
    id="4711",
)
_CLOUD = CloudEvent(
    specversion="1.0",
    id="4711",
    source="urn:example:app",
    type="document_upload",
    subject="c-1",
    time="2026-03-03T09:30:00Z",
    data={"channel": "app", "app_version": "8.2.0"},
)


def events_body() -> dict[str, Any]:
    """Return the documentation of the body of ``POST /v1/events``: every form, with examples."""
    one = msgspec.to_builtins(_PLAIN) | {"app_version": "8.2.0"}
    form = request_body(
        Body(EventBatch, {"events": [one]}),
        Body(CloudEvent, _CLOUD, ONE_CLOUD_EVENT),
        Body(CloudEvent, [_CLOUD], MANY_CLOUD_EVENTS),
    )
    content = form["requestBody"]["content"]
    plain = request_body(Body(PlainEvent, one))["requestBody"]["content"]["application/json"]
    ours, many = content["application/json"], content[MANY_CLOUD_EVENTS]
    ours["schema"] = {"anyOf": [ours["schema"], _several(plain["schema"]), plain["schema"]]}
    many["schema"] = _several(many["schema"])
    return form


def _several(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": 1, "maxItems": MOST_EVENTS}
