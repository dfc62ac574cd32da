"""Scanning a usual scoring request: from its bytes to times, places and numbers, in compiled code.

Usual is one history in ascending order of time, in JSON without escapes, every value of the type
that it has in a log.  Whatever else comes is left to `serving.reading`, which reads everything.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled, inlined, sources_beside
from serving.json_text import (
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
from serving.scan_event import (
    AS_OF,
    EXPLAIN,
    KEY_BEGIN,
    KEY_END,
    KEY_IS_TEXT,
    after_event,
)

_COMMA, _QUOTE, _OPENS, _CLOSES, _BEGINS, _ENDS = 44, 34, 91, 93, 123, 125
_HISTORIES, _EXPLAIN, _KEY, _EVENTS, _AS_OF = (
    np.frombuffer(word, dtype=np.uint8).copy()
    for word in (b"histories", b"explain", b"customer_id", b"events", b"as_of")
)
_MOST_KEY = 512


def _compiled_from(sources: int) -> Any:  # noqa: C901 - one branch a key of the request
    @compiled
    def scan(  # noqa: C901 - the same
        text: Any, known: Any, events: Any, found: NDArray[np.int64], room: Any
    ) -> bool:
        """Read a request; return whether it is usual, and only then is what is written complete.

        Parameters
        ----------
        text : the body and a zero
        known : letters; keys, records of `KEY`; values, records of `VALUE`; buckets (2**n,), the
            first value of each or -1, those after it in the next ones
        events : times, places and numbers of as many events as there must be
        found : (N_FOUND,)
        room : what key came at which place, (n,); a number; of each number that is too long to be
            read here its row, its event, where it begins and ends, (n, 4)
        """
        _ = sources  # numba's cache looks at it, see `features.compiled`
        found[:] = -1
        found[AS_OF] = NO_TIME
        at = after_blanks(text, 0)
        if text[at] != _BEGINS:
            return False
        came = 0
        while True:
            name = after_blanks(text, at + 1)
            end = after_text(text, name)
            at = after_key(text, end) if end > 0 else UNUSUAL
            if at < 0:
                return False
            if _is(text, name + 1, end - 1, _HISTORIES) and not came & 1:
                came |= 1
                at = _after_histories(text, at, known, (events, found), room)
            elif _is(text, name + 1, end - 1, _EXPLAIN) and not came & 2:
                came |= 2
                at = after_number(text, at, room[1])
                found[EXPLAIN] = int(room[1][0])
                if room[1][1] != WHOLE or found[EXPLAIN] < 0:  # -1 would say that it is not there
                    return False
            else:
                return False
            if at < 0:
                return False
            at = after_blanks(text, at)
            if text[at] != _COMMA:
                break
        ends = text[at] == _ENDS and after_blanks(text, at + 1) == len(text) - 1
        return ends and bool(came & 1)

    return scan


@inlined
def _after_histories(  # noqa: C901 - one branch a key of the history
    text: Any, at: int, known: Any, out: Any, room: Any
) -> int:
    """Read the list of the one history."""
    came, at, found = 0, _after(text, at, _OPENS), out[1]
    if at < 0 or text[at] != _BEGINS:
        return UNUSUAL
    while True:
        name = after_blanks(text, at + 1)
        end = after_text(text, name)
        at = after_key(text, end) if end > 0 else UNUSUAL
        if at < 0:
            return UNUSUAL
        if _is(text, name + 1, end - 1, _EVENTS) and not came & 1:
            came |= 1
            at = _after_events(text, at, known, out, room)
        elif _is(text, name + 1, end - 1, _KEY) and not came & 2:
            came |= 2
            at = _after_customer(text, at, found, room)
        elif _is(text, name + 1, end - 1, _AS_OF) and not came & 4:
            came |= 4
            begin, at = at, after_null_or_text(text, at)
            if at > 0 and text[begin] == _QUOTE:
                found[AS_OF] = time_of(text, begin + 1, at - 1)
                if found[AS_OF] == NO_TIME:
                    return UNUSUAL
        else:
            return UNUSUAL
        if at < 0:
            return UNUSUAL
        at = after_blanks(text, at)
        if text[at] != _COMMA:
            break
    end = _after(text, at, _ENDS)
    is_whole = end > 0 and text[end] == _CLOSES and came & 3 == 3
    return end + 1 if is_whole else UNUSUAL


@inlined
def _after_customer(text: Any, at: int, found: Any, room: Any) -> int:
    found[KEY_IS_TEXT] = text[at] == _QUOTE
    if found[KEY_IS_TEXT]:
        end = after_text(text, at)
        found[KEY_BEGIN], found[KEY_END] = at + 1, end - 1
        return end if 0 < end - 2 - at <= _MOST_KEY else UNUSUAL
    end = after_number(text, at, room[1])
    found[KEY_BEGIN], found[KEY_END] = at, end
    return end if end > 0 and room[1][1] == WHOLE else UNUSUAL


@inlined
def _after_events(text: Any, at: int, known: Any, out: Any, room: Any) -> int:
    """Read the list of events, as many as there is room for."""
    events, found = out
    times, places, numbers = events
    if text[at] != _OPENS:
        return UNUSUAL
    for event in range(len(times)):
        at = after_blanks(text, at + 1)
        for row in range(len(places)):
            places[row, event] = 0
        for row in range(len(numbers)):
            numbers[row, event] = np.nan
        at = after_event(text, at, known, (events, found, event), room)
        if at < 0 or (event > 0 and times[event] < times[event - 1]):
            return UNUSUAL
        at = after_blanks(text, at)
        if text[at] != _COMMA:
            return at + 1 if text[at] == _CLOSES and event == len(times) - 1 else UNUSUAL
    return UNUSUAL


@inlined
def _after(text: Any, at: int, mark: int) -> int:
    """Return the place of the token behind a mark that must stand here."""
    return after_blanks(text, at + 1) if text[at] == mark else UNUSUAL


@inlined
def _is(text: Any, begin: int, end: int, word: Any) -> bool:
    return end - begin == len(word) and after_word(text, begin, word) > 0


scan = _compiled_from(sources_beside(__file__))
