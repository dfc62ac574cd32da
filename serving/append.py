"""Writing events: those of several requests at once, each counted for the request it came with."""

from collections.abc import Iterator, Sequence
from functools import cache

import msgspec
from sqlalchemy import JSON, Connection, Text, bindparam, cast, func, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from serving.aliases import DUPLICATE, join
from serving.erasure import erased_at
from serving.events import Alias, Receipt, Refusal, StoredEvent
from serving.schema import EVENTS

Items = Sequence[StoredEvent | Alias]

ERASED = "erased"

_MOST_AT_ONCE = 5_000  # rows in one parameter, which holds them all in memory once more
_COLUMNS = StoredEvent.__struct_fields__


def append(connection: Connection, salt: str, requests: Sequence[Items]) -> list[Receipt]:
    """Write the items of several requests; return a receipt for each.

    Whatever has a source and an id that are known, from before or from earlier in the same
    requests, is a duplicate.
    """
    everyone = {key for items in requests for item in items for key in _keys(item)}
    gone = erased_at(connection, salt, everyone)
    allowed = [[not _is_of_before(item, gone) for item in items] for items in requests]
    new = _insert_events(connection, list(_events(requests, allowed)))
    return [
        _receipt(connection, items, fine, new)
        for items, fine in zip(requests, allowed, strict=True)
    ]


def _receipt(
    connection: Connection, items: Items, allowed: Sequence[bool], new: set[tuple[str, str]]
) -> Receipt:
    """Count one request's items; whoever names a new event first has brought it."""
    counts = {True: 0, False: 0}
    refused = []
    for place, (item, fine) in enumerate(zip(items, allowed, strict=True)):
        why = _fate(connection, item, new) if fine else ERASED
        if why in (None, DUPLICATE):
            counts[why is None] += 1
        else:
            refused.append(Refusal(place, str(why)))
    return Receipt(counts[True], counts[False], tuple(refused))


def _fate(
    connection: Connection, item: StoredEvent | Alias, new: set[tuple[str, str]]
) -> str | None:
    if isinstance(item, Alias):
        return join(connection, item)
    name = (item.source, item.id)
    if name not in new:
        return DUPLICATE
    new.remove(name)
    return None


def _insert_events(connection: Connection, events: Sequence[StoredEvent]) -> set[tuple[str, str]]:
    """Insert events; return the (source, id) of those that were new."""
    statement = _insert(connection.dialect.name)
    new: set[tuple[str, str]] = set()
    for start in range(0, len(events), _MOST_AT_ONCE):
        rows = [_row(event) for event in events[start : start + _MOST_AT_ONCE]]
        added = connection.execute(statement, {"rows": msgspec.json.encode(rows).decode()})
        new |= {(row.source, row.id) for row in added}
    return new


@cache
def _insert(dialect: str) -> ReturningInsert[str, str]:
    """Return a statement whose one parameter is all rows, as JSON: both databases unfold it.

    Thousands of parameters would cost more than writing the rows does.
    """
    unfold = func.json_each if dialect == "sqlite" else func.json_array_elements
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    given = unfold(cast(bindparam("rows", type_=Text), Text if dialect == "sqlite" else JSON))
    value = given.table_valued("value").c.value
    columns = [EVENTS.c[name] for name in _COLUMNS]
    fields = [cast(value.op("->>")(place), column.type) for place, column in enumerate(columns)]
    written = insert(EVENTS).from_select(columns, select(*fields).where(true()))
    return written.on_conflict_do_nothing().returning(EVENTS.c.source, EVENTS.c.id)


def _row(event: StoredEvent) -> list[object]:
    kept = [getattr(event, name) for name in _COLUMNS]
    kept[_COLUMNS.index("attributes")] = msgspec.json.encode(event.attributes).decode()
    return kept


def _events(requests: Sequence[Items], allowed: Sequence[Sequence[bool]]) -> Iterator[StoredEvent]:
    for items, fine in zip(requests, allowed, strict=True):
        for item, ok in zip(items, fine, strict=True):
            if ok and isinstance(item, StoredEvent):
                yield item


def _keys(item: StoredEvent | Alias) -> tuple[str, ...]:
    return (item.customer,) if isinstance(item, StoredEvent) else (item.alias, item.customer)


def _is_of_before(item: StoredEvent | Alias, gone: dict[str, int]) -> bool:
    """Whether an item tells of a time before its customer was erased."""
    return any(item.time <= gone[key] for key in _keys(item) if key in gone)
