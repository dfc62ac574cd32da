"""Reading usual scoring requests: scanned from bytes to what one model reads, in one compiled call.

What `serving.scan` does not know is read by `serving.reading`, to the same numbers (a law holds the
two together); nothing is refused here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.typed import TypedEvents, Written
from journeys.log import ACTIVITY, CHANNEL, TIME
from journeys.rule import ByText
from serving import scan_event
from serving.histories import EARLIEST, LATEST, Column, Timed, columns_of
from serving.json_text import NO_TIME
from serving.messages import MOST_EVENTS, MOST_REASONS, Value
from serving.reading import Asked, Reader
from serving.scan import scan as scan_request
from serving.scanned import Scanned

_USUAL_REASONS = 5
_MOST_KEYS = 62  # one bit of a number for each


class UsualReader:
    """Reads usual requests for one model; keep it as long as the model.

    Parameters
    ----------
    events : the model's plan, ready for one customer
    reader : of the definition of that plan, for whoever wants the values themselves
    """

    def __init__(self, events: TypedEvents, reader: Reader) -> None:
        self._reader = reader
        self._n_rows, self._n_numbers = len(events.known.values), len(events.plan.numbers)
        self._known = _known(events)
        self._order = np.full(_MOST_KEYS, -1)  # a guess that every request improves

    def read(self, body: bytes) -> Asked | None:
        """Read a request; None if it is not usual, whatever it is."""
        n_events = body.count(b"{") - 2  # those of the request and of the history
        if self._known is None or not 0 < n_events <= MOST_EVENTS or not _is_text(body):
            return None
        written = Written(
            np.empty(n_events, dtype=np.int64),
            np.empty((self._n_rows, n_events), dtype=np.int16),
            np.empty((self._n_numbers, n_events)),
        )
        found, long = np.empty(scan_event.N_FOUND, dtype=np.int64), self._room_for_long(n_events)
        room = self._order, np.empty(2), long
        if not scan_request(body + b"\0", self._known, written, found, room):
            return None
        for row, event, begin, end in long[: found[scan_event.N_LONG] + 1].tolist():
            written.numbers[row, event] = float(body[begin:end])
        return self._asked(body, written, found.tolist())

    def _room_for_long(self, n_events: int) -> NDArray[np.int64]:
        return np.empty((self._n_numbers * n_events, 4), dtype=np.int64)

    def _asked(self, body: bytes, written: Written, found: Sequence[int]) -> Asked | None:
        as_of, explain, key_begin, key_end, is_text, step_begin, step_end, _ = found
        times: list[int] = written.times.tolist()
        as_of = times[-1] if as_of == NO_TIME else as_of
        explain = _USUAL_REASONS if explain == -1 else explain
        in_time = times[0] >= EARLIEST and times[-1] <= as_of <= LATEST
        if not in_time or not 0 <= explain <= MOST_REASONS:
            return None
        key = body[key_begin:key_end].decode()
        scanned = Scanned(written, body[step_begin:step_end].decode())
        columns = _Values(self._reader, body)
        customer = key if is_text else int(key)
        return Asked([Timed(0, customer, times, as_of, columns, scanned)], explain)


class _Values(Mapping[Column, Sequence[Value]]):
    """The values of a scanned history, read for those alone who ask for them."""

    __slots__ = ("_body", "_read", "_reader")

    def __init__(self, reader: Reader, body: bytes) -> None:
        self._reader, self._body = reader, body
        self._read: Mapping[Column, Sequence[Value]] | None = None

    def __getitem__(self, column: Column) -> Sequence[Value]:
        return self._now()[column]

    def __iter__(self) -> Iterator[Column]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> Mapping[Column, Sequence[Value]]:
        if self._read is None:
            (history,) = self._reader.read(self._body).histories
            if not isinstance(history, Timed):  # what is scanned can be read
                raise TypeError(history.detail)
            self._read = history.columns
        return self._read


def _is_text(body: bytes) -> bool:
    """Return whether a body is UTF-8, as JSON must be."""
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _known(events: TypedEvents) -> Any:
    """Return what `serving.scan` is to know; None where one key would mean two things."""
    keys = _keys(events)
    if keys is None or len(keys) > _MOST_KEYS:
        return None
    letters = bytearray()
    key_records = np.zeros(len(keys), scan_event.KEY)
    for at, (name, meant) in enumerate(keys.items()):
        key_records[at] = (*_written(name, letters), *meant)
    values = [
        (*_written(text, letters), row, place)
        for row, known in enumerate(events.known.values.values())
        for text, place in _texts(known)
    ]
    value_records = np.array(values, dtype=scan_event.VALUE)
    of_letters = np.frombuffer(bytes(letters), dtype=np.uint8)
    return of_letters, key_records, value_records, _buckets(of_letters, value_records)


def _keys(events: TypedEvents) -> dict[str, tuple[int, int, int]] | None:
    """Return the kind, the bit and the row of every key; both names of a column share a bit."""
    definition, rows = events.plan.definition, list(events.known.values)
    numbers = list(events.plan.numbers)
    if set(numbers) & set(rows):  # a rule asks for a number: not in so many letters
        return None
    kinds = {ACTIVITY: scan_event.ACTIVITY, CHANNEL: scan_event.CHANNEL}
    found = {TIME: (scan_event.TIME, 0, -1)}
    names = {ACTIVITY: 1}  # by column its bit: time and activity, which must come, have the first
    for column in columns_of([definition]):
        bit = names.setdefault(column.ours, 1 + len(names))
        if column.number:
            meant = scan_event.NUMBER, bit, numbers.index(column.ours)
        else:
            row = rows.index(column.ours) if column.ours in rows else -1
            meant = kinds.get(column.ours, scan_event.TEXT), bit, row
        for key in (column.ours, column.theirs):
            if found.setdefault(key, meant) != meant:
                return None
    return found


def _written(text: str, letters: bytearray) -> tuple[int, int]:
    """Add a text to the letters, and return where it begins and how long it is."""
    begin = len(letters)
    letters += text.encode(errors="surrogatepass")
    return begin, len(letters) - begin


def _texts(known: ByText) -> Iterator[tuple[str, int]]:
    return ((text, place) for text, place in known.items() if isinstance(text, str))


def _buckets(letters: Any, values: Any) -> Any:
    """Return the table in which `serving.scan` looks values up: at most half full."""
    size = 2
    while size < 2 * len(values):
        size *= 2
    buckets = np.full(size, -1)
    for at, value in enumerate(values):
        span = int(value["begin"]), int(value["begin"] + value["size"])
        bucket = scan_event.bucket_of(letters, span, int(value["row"])) & (size - 1)
        while buckets[bucket] >= 0:
            bucket = (bucket + 1) & (size - 1)
        buckets[bucket] = at
    return buckets
