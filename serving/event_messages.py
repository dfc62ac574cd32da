"""What is asked and answered about events, aliases and erasures over HTTP."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from serving.messages import MOST_EVENTS
from serving.problems import Fault

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


class AliasRequest(Struct, forbid_unknown_fields=True, frozen=True):
    """The visitor who turns out to be the customer, as of ``time`` (ISO 8601; without it, now)."""

    alias: Annotated[str, Meta(min_length=1)] | int
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


_VALUE = {"type": ["string", "number", "boolean", "null"]}
_KEY = {"type": ["string", "integer"], "minLength": 1}
_PLAIN = {
    "type": "object",
    "description": "One event in our form; any further key is an attribute.",
    "properties": {
        "customer_id": _KEY,
        "time": {"type": "string", "description": "ISO 8601; without a zone it is UTC."},
        "activity": {"type": "string", "minLength": 1},
        "channel": {"type": ["string", "null"]},
        "source": {"type": "string", "description": "Who says so; with id it names the event."},
        "id": {**_KEY, "description": "Without it, a hash of what the event says is its id."},
    },
    "required": ["customer_id", "time", "activity"],
    "additionalProperties": _VALUE,
}
_CLOUD = {
    "type": "object",
    "description": "CloudEvents 1.0: subject is the customer, type the activity, data attributes.",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1},
        "source": {"type": "string", "minLength": 1},
        "type": {"type": "string", "minLength": 1},
        "subject": {"type": "string", "minLength": 1},
        "time": {"type": "string"},
        "datacontenttype": {"const": "application/json"},
        "data": {"type": "object", "additionalProperties": _VALUE},
    },
    "required": ["specversion", "id", "source", "type", "subject", "time"],
}
_EXAMPLE = {
    "customer_id": "c-1",
    "time": "2026-03-03T09:30:00Z",
    "activity": "document_upload",
    "channel": "app",
    "app_version": "8.2.0",
    "source": "urn:example:app",
    "id": "4711",
}
_CLOUD_EXAMPLE = {
    "specversion": "1.0",
    "id": "4711",
    "source": "urn:example:app",
    "type": "document_upload",
    "subject": "c-1",
    "time": "2026-03-03T09:30:00Z",
    "data": {"channel": "app", "app_version": "8.2.0"},
}


def events_body() -> dict[str, Any]:
    """Return the documentation of the body of ``POST /v1/events``, with examples."""
    many = {"type": "array", "minItems": 1, "maxItems": MOST_EVENTS}
    plain = {**many, "items": _PLAIN}
    batch = {"type": "object", "properties": {"events": plain}, "required": ["events"]}
    content = {
        "application/json": {"schema": {"anyOf": [batch, plain, _PLAIN]}, "example": [_EXAMPLE]},
        "application/cloudevents+json": {"schema": _CLOUD, "example": _CLOUD_EXAMPLE},
        "application/cloudevents-batch+json": {
            "schema": {**many, "items": _CLOUD},
            "example": [_CLOUD_EXAMPLE],
        },
    }
    return {"requestBody": {"required": True, "content": content}}
