"""CloudEvents 1.0 as events: one mapping for log files and for ``POST /v1/events``.

``subject`` is the customer, ``type`` the activity, ``time`` the time, ``data`` the attributes, of
which ``channel`` is the channel; extension attributes are not kept.  A CloudEvent of the type
``offramp.alias`` joins the visitor in ``data.alias`` to the customer, and is no event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from journeys.rows import Row

VERSION = "1.0"
ALIAS = "offramp.alias"
"""The type, or activity, that joins an anonymous visitor to a customer."""

KIND, VISITOR = "offramp.kind", "offramp.visitor"
"""Columns of what a row of a file is, and of whom it joins; named in the mapping."""

_TAKEN = ("activity", "time")


class CloudEventLike(Protocol):
    """What is read of a CloudEvent, however it was decoded."""

    @property
    def specversion(self) -> Any:
        """The version of the specification."""

    @property
    def type(self) -> Any:
        """What happened."""

    @property
    def time(self) -> Any:
        """When it happened."""

    @property
    def data(self) -> Any:
        """Its attributes, an object."""

    @property
    def data_base64(self) -> Any:
        """Its data where they are packed."""

    @property
    def datacontenttype(self) -> Any:
        """The type of its data."""


def fault_in(said: CloudEventLike) -> str | None:
    """Return what keeps a CloudEvent from being read, from its place in the event on; else None."""
    if said.specversion != VERSION:
        return f".specversion is {said.specversion!r:.20}; CloudEvents {VERSION} are read."
    if said.data_base64 is not None or "json" not in str(said.datacontenttype).lower():
        return (
            f" carries data of the type {said.datacontenttype!r:.60}, or packed. Send its "
            "attributes as one flat JSON object in data."
        )
    if taken := sorted(set(_TAKEN) & said.data.keys()):
        return (
            f".data has an attribute {taken[0]!r}, but that is the event's own. Name the "
            "attribute otherwise."
        )
    return None


def event_of(said: CloudEventLike) -> dict[str, Any]:
    """Return time, activity, channel and attributes of a CloudEvent in which there is no fault."""
    return dict(said.data) | {"time": said.time, "activity": said.type}


@dataclass(frozen=True)
class _Written:
    """A CloudEvent as it stands in a file."""

    specversion: Any
    type: Any
    time: Any
    data: Mapping[str, Any]
    data_base64: Any
    datacontenttype: Any


def cloud_event_row(row: Row) -> tuple[dict[str, object], str | None]:
    """Return the columns of a CloudEvent of a file, and what is wrong with it (None: nothing).

    The columns ``subject``, ``type``, ``source`` and ``id`` stay what they are.
    """
    data = row.get("data")
    said = _Written(
        specversion=str(row.get("specversion")),
        type=row.get("type"),
        time=row.get("time"),
        data={} if data is None else data if isinstance(data, Mapping) else {"data": data},
        data_base64=row.get("data_base64"),
        datacontenttype=row.get("datacontenttype") or "application/json",
    )
    kept = {name: row.get(name) for name in ("specversion", "subject", "type", "source", "id")}
    joins = said.type == ALIAS
    kept[KIND] = "join" if joins else "event"
    kept[VISITOR] = said.data.get("alias") if joins else None
    return event_of(said) | kept, fault_in(said)
