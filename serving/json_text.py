"""The tokens of JSON as compiled code reads them: only what is usual, and just as msgspec does.

Every function is given the text, which ends with a zero, and a place in it; it returns the place
behind what it has read, or `UNUSUAL`.  That is not wrong: a reader of all JSON has the last word.
"""

from typing import Any

import numpy as np

from features.compiled import called, inlined

UNUSUAL = -1
WHOLE, FRACTION, LONG = range(3)
NO_TIME = np.iinfo(np.int64).min

_QUOTE, _BACKSLASH, _COLON, _ZERO, _NINE = 34, 92, 58, 48, 57
_MINUS, _POINT, _SMALL_E, _LARGE_E = 45, 46, 101, 69
_MOST_DIGITS = (
    15  # as many are exact in float64, and so is a power of ten: one division rounds once
)
_LONGEST = 40
_POWERS = np.array([10.0**power for power in range(_MOST_DIGITS + 1)])
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_NULL = np.frombuffer(b"null", dtype=np.uint8).copy()
_PLAIN_TIME = 19  # characters of 2026-03-03T09:30:00
_SECOND = 1_000_000


@inlined
def after_blanks(text: Any, at: int) -> int:
    """Return the place of the next token."""
    while text[at] in (32, 10, 13, 9):
        at += 1
    return at


@inlined
def after_text(text: Any, at: int) -> int:
    """Return the place behind a string that begins at a quote and has no escapes."""
    if text[at] != _QUOTE:
        return UNUSUAL
    at += 1
    while text[at] != _QUOTE:
        if text[at] == _BACKSLASH or text[at] < 32:
            return UNUSUAL
        at += 1
    return at + 1


@inlined
def after_key(text: Any, at: int) -> int:
    """Return the place of the value of a key, which begins at a quote and ends before its colon."""
    at = after_blanks(text, at)
    return after_blanks(text, at + 1) if text[at] == _COLON else UNUSUAL


@called
def after_number(text: Any, at: int, value: Any) -> int:
    """Write a number, and what it is; return the place behind it.

    It is `WHOLE`, has a `FRACTION`, or is `LONG`: it has one, too, and more digits than are exact
    here, so that its value is left to others.
    """
    negative = text[at] == _MINUS
    at += negative
    begin, digits, point = at, 0, UNUSUAL
    while _ZERO <= text[at] <= _NINE or (text[at] == _POINT and point < 0 and at > begin):
        if text[at] == _POINT:
            point = at
        elif at - begin < _MOST_DIGITS:
            digits = 10 * digits + text[at] - _ZERO
        at += 1
    leads = text[begin] == _ZERO and _ZERO <= text[begin + 1] <= _NINE
    is_empty = at == begin or at == point + 1 or (negative and digits == 0)
    if leads or is_empty or text[at] == _SMALL_E or text[at] == _LARGE_E:
        return UNUSUAL
    if at - begin > _MOST_DIGITS:
        value[1] = LONG
        return at if 0 < point - begin < _MOST_DIGITS and at - begin < _LONGEST else UNUSUAL
    size = digits / _POWERS[at - point - 1] if point >= 0 else float(digits)
    value[0] = -size if negative else size
    value[1] = WHOLE if point < 0 else FRACTION
    return at


@inlined
def after_word(text: Any, at: int, word: Any) -> int:
    """Return the place behind a word (null, true, false) that stands here."""
    for place in range(len(word)):
        if text[at + place] != word[place]:
            return UNUSUAL
    return at + len(word)


@inlined
def after_null_or_text(text: Any, at: int) -> int:
    """Return the place behind a string or a null."""
    return after_word(text, at, _NULL) if text[at] == _NULL[0] else after_text(text, at)


@called
def time_of(text: Any, begin: int, end: int) -> int:
    """Return a time in microseconds since the epoch, without zone UTC; `NO_TIME` if unusual."""
    if end - begin < _PLAIN_TIME or text[begin + 10] not in (84, 32):
        return NO_TIME
    dashes = text[begin + 4] == _MINUS and text[begin + 7] == _MINUS
    if not dashes or text[begin + 13] != _COLON or text[begin + 16] != _COLON:
        return NO_TIME
    year, month = _two(text, begin) * 100 + _two(text, begin + 2), _two(text, begin + 5)
    day, hour = _two(text, begin + 8), _two(text, begin + 11)
    minute, second = _two(text, begin + 14), _two(text, begin + 17)
    if not (1600 <= year <= 2400 and 1 <= month <= 12 and 1 <= day <= _last_day(year, month)):
        return NO_TIME
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return NO_TIME
    at, micros = begin + _PLAIN_TIME, 0
    if at < end and text[at] == _POINT:
        at, micros = _fraction(text, at + 1)
    offset = _offset(text, at, end)
    if micros < 0 or offset == NO_TIME:
        return NO_TIME
    seconds = ((_day_number(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second
    return seconds * _SECOND + micros


@inlined
def _two(text: Any, at: int) -> int:
    """Return a number of two digits; so far below zero that no sum hides it, if it is none."""
    tens, ones = text[at] - _ZERO, text[at + 1] - _ZERO
    return 10 * tens + ones if 0 <= tens <= 9 and 0 <= ones <= 9 else -1_000_000


@inlined
def _fraction(text: Any, at: int) -> tuple[int, int]:
    """Return the place behind three or six digits, and the microseconds; -1: unusual."""
    begin, micros = at, 0
    while _ZERO <= text[at] <= _NINE and at - begin < 7:
        micros = 10 * micros + text[at] - _ZERO
        at += 1
    if at - begin == 6:
        return at, micros
    return at, micros * 1000 if at - begin == 3 else UNUSUAL


@inlined
def _offset(text: Any, at: int, end: int) -> int:
    """Return by how many minutes a zone is ahead; `NO_TIME` if it is written unusually."""
    if at == end or (text[at] == 90 and at + 1 == end):
        return 0
    if at + 6 != end or text[at + 3] != _COLON or text[at] not in (43, _MINUS):
        return NO_TIME
    hours, minutes = _two(text, at + 1), _two(text, at + 4)
    if not (0 <= hours < 24 and 0 <= minutes < 60):
        return NO_TIME
    ahead = 60 * hours + minutes
    return -ahead if text[at] == _MINUS else ahead


@inlined
def _last_day(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap and month == 2 else int(_DAYS[month - 1])


@inlined
def _day_number(year: int, month: int, day: int) -> int:
    """Return days since the epoch, by Hinnant's algorithm: years from March on."""
    year -= month <= 2
    of_era = year % 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return year // 400 * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
