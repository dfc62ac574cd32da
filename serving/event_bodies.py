"""Events as they come over HTTP: our plain form and CloudEvents 1.0, one or many in a request.

======================  =====================================  ====================================
of an event             our form                               CloudEvents 1.0
======================  =====================================  ====================================
whose                   ``customer_id``                        ``subject``
when                    ``time``                               ``time``
what                    ``activity``                           ``type``
where                   ``channel``                            ``data.channel``
attributes              all further keys                       all further keys of ``data``
its name                ``source`` and ``id``, both optional   ``source`` and ``id``
======================  =====================================  ====================================

An event of our form without an ``id`` is named by a hash of what it says: sent again, it is a
duplicate.  An item that says ``specversion`` is a CloudEvent wherever it stands.  Each item is read
by itself, so that what is wrong with one is nobody else's fault.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct

from journeys.cloud_events import ALIAS, event_of, fault_in
from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, TIME
from serving.event_messages import MANY_CLOUD_EVENTS, ONE_CLOUD_EVENT, CloudEvent
from serving.events import Alias, StoredEvent
from serving.histories import checked_time
from serving.messages import MOST_EVENTS, Value
from serving.problems import Fault, Refused, refused

NO_SOURCE = "urn:offramp:events"

# Two of these stand in one entry of an index, and PostgreSQL takes 2,700 bytes there.
_MOST_BYTES = 1_000
_OWN = (TIME, ACTIVITY, CHANNEL)


class _Batch(Struct, frozen=True):
    """Several events in one request, not read yet."""

    events: Annotated[list[Raw], Meta(min_length=1, max_length=MOST_EVENTS)]


class _Form(Struct, frozen=True):
    """What tells the forms apart."""

    specversion: Any = None
    events: Raw = Raw(b"")


_BATCH = msgspec.json.Decoder(_Batch)
_LIST = msgspec.json.Decoder(Annotated[list[Raw], Meta(min_length=1, max_length=MOST_EVENTS)])
_FORM = msgspec.json.Decoder(_Form)
_CLOUD_EVENT = msgspec.json.Decoder(CloudEvent)
_PLAIN = msgspec.json.Decoder(dict[str, Value])
_FAULTY = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Reader:
    """Turns bodies into what the store keeps.

    ``definitions`` say which attributes are counted with; ``pseudonym`` what a customer is called;
    ``received`` is the time of arrival, microseconds UTC.
    """

    definitions: Sequence[Definition]
    pseudonym: Callable[[str], str]
    received: int

    def read(self, body: bytes, kind: str) -> list[StoredEvent | Alias | Fault]:
        """Return the items of a body of a content type, each read or with what is wrong with it.

        Raises
        ------
        Refused
            422 if the body is not JSON, or not of a form that holds events.
        """
        cloud = kind in (ONE_CLOUD_EVENT, MANY_CLOUD_EVENTS)
        return [
            self.read_one(raw, place, cloud=cloud) for place, raw in enumerate(_items(body, kind))
        ]

    def read_one(
        self, raw: Raw | bytes, place: int = 0, *, cloud: bool = False
    ) -> StoredEvent | Alias | Fault:
        """Return one item, or what is wrong with it; ``cloud``: it has to be a CloudEvent."""
        where = f"events[{place}]"
        try:
            is_cloud = cloud or _FORM.decode(raw).specversion is not None
            return self._kept(_of_cloud_event(raw, where) if is_cloud else _plain(raw), where)
        except Refused as fault:
            return Fault(place, fault.problem.detail)
        except msgspec.ValidationError as fault:
            return Fault(place, _located(str(fault), where))
        except _FAULTY as fault:
            return Fault(place, f"{where} is not JSON: {str(fault)[:200]}.")

    def _kept(self, said: "_Said", where: str) -> StoredEvent | Alias:
        """Check what an event says and return it as it is kept."""
        at = checked_time(said.event, self.definitions, where)
        customer = self.pseudonym(_key(said.customer, f"{where}.{said.customer_is_in}"))
        activity = _short(str(said.event[ACTIVITY]), f"{where}.{ACTIVITY}")
        if activity == ALIAS:
            return Alias(
                self.pseudonym(_key(said.event.get("alias"), f"{where}.alias")), customer, at
            )
        channel = said.event.get(CHANNEL)
        attributes = {name: one for name, one in said.event.items() if name not in _OWN}
        return StoredEvent(
            customer=customer,
            time=at,
            activity=activity,
            channel=None if channel is None else _short(str(channel), f"{where}.{CHANNEL}"),
            attributes=attributes,
            source=NO_SOURCE if said.source is None else _key(said.source, f"{where}.source"),
            id=_hash(customer, at, activity, channel, attributes)
            if said.id is None
            else _key(said.id, f"{where}.id"),
            received=self.received,
        )


class _Said(NamedTuple):
    """What an event says, in whatever form; ``event`` holds our keys and the attributes."""

    customer: Value
    customer_is_in: str
    source: Value
    id: Value
    event: dict[str, Value]


def _items(body: bytes, kind: str) -> list[Raw]:
    """Return the single items of a body, not read yet."""
    try:
        begins = body.lstrip()[:1]
        if kind == MANY_CLOUD_EVENTS or (begins == b"[" and kind != ONE_CLOUD_EVENT):
            many: list[Raw] = _LIST.decode(body)
            return many
        if kind == ONE_CLOUD_EVENT or begins != b"{" or not _FORM.decode(body).events:
            return [msgspec.json.decode(body, type=Raw)]
        return _BATCH.decode(body).events
    except msgspec.ValidationError as fault:
        raise refused("bad-request", _located(str(fault), "the body")) from None
    except _FAULTY as fault:
        raise refused(
            "not-json",
            f"The body is not JSON: {str(fault)[:200]}. Send an event, an array of events or "
            '{"events": [...]} in UTF-8; see /docs for examples.',
        ) from None


def _of_cloud_event(raw: Raw | bytes, where: str) -> _Said:
    said = _CLOUD_EVENT.decode(raw)
    if fault := fault_in(said):
        raise _bad(f"{where}{fault}")
    return _Said(said.subject, "subject", said.source, said.id, event_of(said))


def _plain(raw: Raw | bytes) -> _Said:
    event = _PLAIN.decode(raw)
    customer, source, id_ = (event.pop(name, None) for name in (CUSTOMER, "source", "id"))
    return _Said(customer, CUSTOMER, source, id_, event)


def _key(value: Value, where: str) -> str:
    """Return a key as text; 7 and "7" are the same."""
    if value is None or value == "":
        raise _bad(f"{where} is missing. Say it as text.")
    if isinstance(value, bool | float):
        raise _bad(f"{where} is neither text nor a whole number. Say it as text.")
    return _short(str(value), where)


def _short(text: str, where: str) -> str:
    """Return a text that can stand in an index; what it says is not repeated."""
    if "\0" in text:
        raise _bad(f"{where} holds a NUL character. Leave it out.")
    if len(text.encode()) > _MOST_BYTES:
        raise _bad(f"{where} is longer than {_MOST_BYTES} bytes in UTF-8. Send a shorter one.")
    return text


def _hash(customer: str, at: int, activity: str, channel: Value, attributes: object) -> str:
    """Name an event by what it says; the order of its attributes says nothing."""
    said = msgspec.json.encode([customer, at, activity, channel, attributes], order="sorted")
    return f"h_{hashlib.sha256(said).hexdigest()[:40]}"


def _located(message: str, where: str) -> str:
    """Say msgspec's ``Expected `str`, got `int` - at `$.type` `` as a place and a fault."""
    fault, _, path = message.partition(" - at `")
    place = where + path.rstrip("`").removeprefix("$")
    return f"At {place}: {fault.replace('`', '')}. See /docs for the forms of an event."


def _bad(detail: str) -> Refused:
    return refused("bad-event", detail)
