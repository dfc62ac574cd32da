"""Scanning one event: its keys and their values, each looked up by its letters.

Half of `serving.scan`, which says what is usual.
"""

from typing import Any

import numpy as np

from features.compiled import inlined
from serving.json_text import (
    LONG,
    NO_TIME,
    UNUSUAL,
    WHOLE,
    after_blanks,
    after_key,
    after_null_or_text,
    after_number,
    after_text,
    after_word,
    time_of,
)

TIME, ACTIVITY, CHANNEL, TEXT, NUMBER = range(5)
"""What a key of an event is."""
AS_OF, EXPLAIN, KEY_BEGIN, KEY_END, KEY_IS_TEXT, STEP_BEGIN, STEP_END, N_LONG = range(8)
N_FOUND = 8
"""What is found beside the events; a place of -1, or `NO_TIME`: it is not there.

`N_LONG` is one less than how many numbers are too long to be read here.
"""

_COMMA, _QUOTE, _BEGINS, _ENDS, _SMALL_N, _SMALL_T, _SMALL_F = 44, 34, 123, 125, 110, 116, 102
_NULL, _TRUE, _FALSE = (
    np.frombuffer(word, dtype=np.uint8).copy() for word in (b"null", b"true", b"false")
)

KEY = np.dtype([("begin", "i8"), ("size", "i8"), ("kind", "i8"), ("slot", "i8"), ("row", "i8")])
"""A key of an event: where its letters stand; what it is; which bit says that it came; its row."""
VALUE = np.dtype([("begin", "i8"), ("size", "i8"), ("row", "i8"), ("place", "i8")])
"""A known value: where its letters stand, in which row of the places it means what."""


@inlined
def bucket_of(letters: Any, span: Any, row: int) -> int:
    """Return by which number a value is looked for: of its length, its first and last letters."""
    begin, end = span
    found = row * 31 + end - begin
    for at in range(begin, min(begin + 4, end)):
        found = found * 131 + letters[at]
    for at in range(max(end - 4, begin), end):
        found = found * 131 + letters[at]
    return (found ^ (found >> 15)) & 0x7FFFFFFF


@inlined
def after_event(text: Any, at: int, known: Any, out: Any, room: Any) -> int:
    """Read one event, whose time and activity must be there."""
    if text[at] != _BEGINS:
        return UNUSUAL
    keys, order, came, place = known[1], room[0], 0, 0
    while True:
        name = after_blanks(text, at + 1)
        end = after_text(text, name)
        at = after_key(text, end) if end > 0 else UNUSUAL
        if at < 0:
            return UNUSUAL
        key = _key_of(text, (name + 1, end - 1), known, order, place)
        if key >= 0:
            bit = 1 << keys[key].slot
            if came & bit:
                return UNUSUAL
            came |= bit
            at = _after_value(text, at, known, keys[key], out, room)
        else:
            at = _after_unread(text, at, room)
        if at < 0:
            return UNUSUAL
        at, place = after_blanks(text, at), place + 1
        if text[at] != _COMMA:
            break
    return at + 1 if text[at] == _ENDS and came & 3 == 3 else UNUSUAL


@inlined
def _key_of(text: Any, span: Any, known: Any, order: Any, place: int) -> int:
    """Return which key this is, or -1: most often that of the event before at the same place."""
    letters, keys = known[0], known[1]
    place = min(place, len(order) - 1)
    guess = order[place]
    if guess >= 0 and _same(text, span, letters, keys[guess]):
        return int(guess)
    for key in range(len(keys)):
        if _same(text, span, letters, keys[key]):
            order[place] = key
            return key
    return -1


@inlined
def _after_value(  # noqa: C901, PLR0911 - one branch a kind of value
    text: Any, at: int, known: Any, key: Any, out: Any, room: Any
) -> int:
    """Read the value of a key that matters, and write what it means."""
    events, found, event = out
    if key.kind == NUMBER:
        if text[at] == _SMALL_N:
            return after_word(text, at, _NULL)
        end = after_number(text, at, room[1])
        events[2][key.row, event] = room[1][0]
        if end > 0 and room[1][1] == LONG:
            long, found[N_LONG] = room[2], found[N_LONG] + 1
            long[found[N_LONG], 0] = key.row
            long[found[N_LONG], 1] = event
            long[found[N_LONG], 2], long[found[N_LONG], 3] = at, end
        return end
    if text[at] == _QUOTE:
        end = after_text(text, at)
        if end < 0:
            return UNUSUAL
        if key.kind == TIME:
            events[0][event] = time_of(text, at + 1, end - 1)
            return end if events[0][event] != NO_TIME else UNUSUAL
        if key.kind == ACTIVITY:
            found[STEP_BEGIN], found[STEP_END] = at + 1, end - 1
            if end - at == 2:
                return UNUSUAL
        if key.row >= 0:
            events[1][key.row, event] = _place_of(text, (at + 1, end - 1), known, key.row)
        return end
    if text[at] == _SMALL_N and key.kind in (CHANNEL, TEXT):
        return after_word(text, at, _NULL)
    end = after_number(text, at, room[1]) if key.kind == TEXT else UNUSUAL
    if end < 0 or room[1][1] != WHOLE:  # 1.0 would have to be written as 1
        return UNUSUAL
    if key.row >= 0:
        events[1][key.row, event] = _place_of(text, (at, end), known, key.row)
    return end


@inlined
def _after_unread(text: Any, at: int, room: Any) -> int:
    """Read a value that nobody asks for, which must be one value all the same."""
    if text[at] == _SMALL_T:
        return after_word(text, at, _TRUE)
    if text[at] == _SMALL_F:
        return after_word(text, at, _FALSE)
    if text[at] in (_QUOTE, _SMALL_N):
        return after_null_or_text(text, at)
    return after_number(text, at, room[1])


@inlined
def _place_of(text: Any, span: Any, known: Any, row: int) -> int:
    """Return the place of a value in its row; 1 for any that is not known."""
    letters, _, values, buckets = known
    bucket = bucket_of(text, span, row) & (len(buckets) - 1)
    while buckets[bucket] >= 0:
        value = values[buckets[bucket]]
        if value.row == row and _same(text, span, letters, value):
            return int(value.place)
        bucket = (bucket + 1) & (len(buckets) - 1)
    return 1


@inlined
def _same(text: Any, span: Any, letters: Any, one: Any) -> bool:
    begin, end = span
    if end - begin != one.size:
        return False
    for place in range(one.size):  # noqa: SIM110 - compiled
        if text[begin + place] != letters[one.begin + place]:
            return False
    return True
