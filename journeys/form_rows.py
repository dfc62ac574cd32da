"""What single rows of other systems say, before they are a table: kinds, payloads, contexts."""

import json
import re
from collections.abc import Callable, Iterable, Iterator

from journeys.cloud_events import cloud_event_row
from journeys.errors import EventLogError
from journeys.forms import Form
from journeys.nested import Spread
from journeys.rows import Row

_Read = Callable[[Row], dict[str, object]]

_SCHEMA = re.compile(r"iglu:([A-Za-z0-9_.-]+)/([A-Za-z0-9_-]+)/[^/]+/(\d+)")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def rows_of_form(rows: Iterable[Row], form: Form, spread: Spread) -> Iterator[dict[str, object]]:
    """Yield each row of a form with its nested values as columns.

    Raises
    ------
    EventLogError
        If a CloudEvent cannot be read; the message says which.
    """
    read = _READERS.get(form.name, dict)
    for number, row in enumerate(rows, start=1):
        try:
            said = read(_opened(row, form))
        except _NotReadError as fault:
            raise EventLogError(f"{spread.source}, event {number:,}{fault}") from None
        yield spread.row(said)


class _NotReadError(Exception):
    """What keeps a row from being read."""


def _opened(row: Row, form: Form) -> Row:
    """Return the row with JSON texts read, and lists of contexts as their first entry."""
    if not form.parsed:
        return row
    return {name: _value(name, value, form) for name, value in row.items()}


def _value(name: str, value: object, form: Form) -> object:
    if isinstance(value, str) and name.startswith(form.parsed) and value[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    if isinstance(value, list) and value and form.first and name.startswith(form.first):
        return value[0]
    return value


def _cloud_event(row: Row) -> dict[str, object]:
    said, fault = cloud_event_row(row)
    if fault is not None:
        raise _NotReadError(fault)
    return said


def _payload(row: Row) -> dict[str, object]:
    """Read a payload: the activity of a page by its name, whom an alias joins, traits of a group.

    RudderStack's payloads are Segment's, but that traits stand in ``context.traits``.
    """
    said = dict(row)
    kind = str(said.get("type"))
    if kind in ("page", "screen"):
        name = said.get("name")
        said["event"] = f"{kind} {name}" if name else kind
    if kind == "alias":
        said["anonymousId"] = said.get("previousId")
    traits = said.pop("traits", None)
    if kind == "group":
        said["group"] = traits
    elif kind == "identify":
        context = _object(said.get("context"))
        said["traits"] = _object(context.get("traits")) | _object(traits) or None
    return said


def _object(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}


def _enriched(row: Row) -> dict[str, object]:
    """Read the contexts and the event of a row of Snowplow's stream, as its loaders name them."""
    said = dict(row)
    for name in ("contexts", "derived_contexts"):
        inside = said.pop(name, None)
        for one in (inside.get("data") or []) if isinstance(inside, dict) else []:
            said.setdefault(*_described(one, "contexts"))
    event = said.pop("unstruct_event", None)
    if isinstance(event, dict) and isinstance(event.get("data"), dict):
        said.setdefault(*_described(event["data"], "unstruct_event"))
    return said


def _described(one: dict[str, object], prefix: str) -> tuple[str, object]:
    """Return the loader's name for a self-describing JSON, and its data."""
    found = _SCHEMA.match(str(one.get("schema")))
    if found is None:
        return prefix, one.get("data")
    vendor, name, model = found.groups()
    snake = _HUMP.sub("_", name).replace("-", "_").lower()
    return f"{prefix}_{re.sub('[.-]', '_', vendor).lower()}_{snake}_{model}", one.get("data")


_READERS: dict[str, _Read] = {
    "cloudevents": _cloud_event,
    "segment": _payload,
    "snowplow": _enriched,
}
