"""Reading scoring requests at once: from the bytes to the columns that the models read.

What is usual is decoded straight into events that have just these columns, in C.  Whatever is not
(an attribute nobody reads, a number written as text, a fault) is read again history by history, and
at last event by event: the answer is the same, only later, and a fault is told in the caller's
words.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.structs import astuple

from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL, TIME
from serving.histories import (
    EARLIEST,
    LATEST,
    Column,
    Timed,
    columns_of,
    in_order,
    number_of,
    timed,
    usual_times,
)
from serving.messages import (
    MOST_EVENTS,
    MOST_HISTORIES,
    MOST_REASONS,
    CustomerKey,
    Value,
    read_envelope,
    read_history,
)
from serving.problems import Problem, Refused

_UNUSUAL = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)

Field = tuple[Any, ...]
"""The type of a key of an event and its default, if it has one."""
Merge = Callable[[Sequence[Sequence[Any]]], Sequence[Value]]
"""From the columns as decoded to one that a model reads."""

_OURS: dict[str, Field] = {
    TIME: (str,),
    ACTIVITY: (Annotated[str, Meta(min_length=1)],),
    CHANNEL: (str | None, None),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A scoring request as read: each history, or what is wrong with it; how many reasons."""

    histories: list[Timed | Problem]
    explain: int


class Reader:
    """Reads the scoring requests of some definitions; keep it as long as these."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self._definitions = tuple(definitions)
        columns = columns_of(definitions)
        fields = _fields(columns, definitions)
        self._merges = {column: _merge(column, fields) for column in columns}
        exact, loose = (_history_type(fields, forbid=forbid) for forbid in (True, False))
        # What they decode into is made here, so no type can be written down for it.
        self._whole: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_request_type(exact))
        self._history: msgspec.json.Decoder[Any] = msgspec.json.Decoder(loose)

    def read(self, body: bytes) -> Asked:
        """Read a request.

        Raises
        ------
        Refused
            422 if the body is not JSON or is something else than a request.
        """
        try:
            request = self._whole.decode(body)
            histories = enumerate(request.histories)
            return Asked([self._timed(one, place) for place, one in histories], request.explain)
        except _UNUSUAL:
            envelope = read_envelope(body)
            each = [self._one(raw, place) for place, raw in enumerate(envelope.histories)]
            return Asked(each, envelope.explain)

    def _one(self, raw: Raw, index: int) -> Timed | Problem:
        with suppress(*_UNUSUAL):
            history = self._history.decode(raw)
            if _is_flat(bytes(raw), len(history.events)):
                return self._timed(history, index)
        try:
            return timed(read_history(raw, index), index, self._definitions)
        except Refused as refused:
            return refused.problem

    def _timed(self, history: Any, index: int) -> Timed:
        """Return a decoded history, or raise one of `_UNUSUAL`."""
        decoded = tuple(zip(*map(astuple, history.events), strict=True))
        times = usual_times(decoded[0])
        last = max(times)
        as_of = last if history.as_of is None else usual_times((history.as_of,))[0]
        if as_of < last or min(times) < EARLIEST or as_of > LATEST:
            raise ValueError
        columns = {column: merge(decoded) for column, merge in self._merges.items()}
        return in_order(Timed(index, history.customer_id, times, as_of, columns))


def _is_flat(history: bytes, n_events: int) -> bool:
    """Say whether no value is a list or an object, as far as can be told without parsing."""
    return history.count(b"[") == 1 and history.count(b"{") == 1 + n_events


def _fields(columns: Sequence[Column], definitions: Iterable[Definition]) -> dict[str, Field]:
    """Return how each key of an event is decoded, those that every event must have first."""
    read = [key for column in columns for key in (column.ours, column.theirs)]
    # Whoever has a log sends all of it; what is never used is known, too, and stops nobody.
    unused = [name for one in definitions for name in (*one.attributes.sensitive, *one.said)]
    names = dict.fromkeys((TIME, ACTIVITY, CHANNEL, *read, *unused))
    return {name: _OURS.get(name) or _field(name, columns) for name in names}


def _field(name: str, columns: Iterable[Column]) -> Field:
    mine = [column for column in columns if name in (column.ours, column.theirs)]
    if any(column.ours == name != column.theirs for column in mine):
        return Value | UnsetType, UNSET
    number = bool(mine) and all(column.number for column in mine)
    return float | None if number else Value, None


def _merge(column: Column, fields: Mapping[str, Field]) -> Merge:
    """Return how a column comes about: our name goes before the file's."""
    names, read = list(fields), number_of if column.number else _as_sent
    place, other = names.index(column.ours), names.index(column.theirs)
    kind = float | None if column.number else Value
    if place == other and (fields[column.ours][0] == kind or not column.number):
        return itemgetter(place)
    return lambda decoded: [
        read(_first_said(*both)) for both in zip(decoded[place], decoded[other], strict=True)
    ]


def _as_sent(value: Value) -> Value:
    return value


def _first_said(ours: Value | UnsetType, theirs: Value | UnsetType) -> Value:
    return next((one for one in (ours, theirs) if not isinstance(one, UnsetType)), None)


def _history_type(fields: Mapping[str, Field], *, forbid: bool) -> type[Struct]:
    event = msgspec.defstruct(
        "Event",
        [(f"f{place}", *field) for place, field in enumerate(fields.values())],
        rename={f"f{place}": name for place, name in enumerate(fields)},
        forbid_unknown_fields=forbid,
        gc=False,
    )
    events = Annotated[list[event], Meta(min_length=1, max_length=MOST_EVENTS)]  # type: ignore[valid-type]
    return msgspec.defstruct(
        "History",
        [("customer_id", CustomerKey), ("events", events), ("as_of", str | None, None)],
        forbid_unknown_fields=True,
    )


def _request_type(history: type[Struct]) -> type[Struct]:
    histories = Annotated[list[history], Meta(min_length=1, max_length=MOST_HISTORIES)]  # type: ignore[valid-type]
    explain = Annotated[int, Meta(ge=0, le=MOST_REASONS)]
    return msgspec.defstruct(
        "Request",
        [("histories", histories), ("explain", explain, 5)],
        forbid_unknown_fields=True,
    )
