"""Guessing who, when, what and where in a table of events, each guess with its evidence.

Names count, and so does behaviour: a customer's column is never missing and comes back; times can
be read and differ; an activity changes from event to event, in an order that is not chance, and
journeys begin and end with some of its values; channels have the names of channels.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.errors import EventLogError
from journeys.rule import plain_text
from journeys.times import TimeUnit, read_times, unit_of

_XES_CASE = "case:concept:name"
_WHO = "customer client user person account case member subscriber patient visitor passenger buyer"
_WHEN = "time timestamp ts date datetime at when occurred happened created"
_WHAT = "activity event action step type what concept task operation name status"
_WHERE = "channel platform medium touchpoint source origin via"
_CHANNELS = (
    "app web ivr call callcenter callcentre phone telephone chat chatbot email mail branch store "
    "shop mobile sms website online portal desktop ios android social letter post fax agent "
    "whatsapp messenger push kiosk atm"
)

_SAMPLE = 20_000
_ENOUGH = 0.95  # of the rows
_CLOSE = 0.75  # the next best has so much of the best one's score: ambiguous
_MOST_ACTIVITIES = 500
_MOST_SESSIONS = 10  # of a customer, on average: a coarser column describes, and names nobody

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Guess:
    """A column that was guessed: why, and which others it might be; None: no column fits."""

    column: str | None
    why: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """The four columns of a log, and the unit of times that are numbers."""

    customer: Guess
    time: Guess
    activity: Guess
    channel: Guess
    time_unit: TimeUnit | None = None


def guess_columns(frame: pd.DataFrame) -> Columns:
    """Return which columns of a table hold customer, time, activity and channel.

    Raises
    ------
    EventLogError
        If the table has no event, or no column can be read as times, recurs as customers do, or
        behaves as activities do.
    """
    if frame.empty:
        raise EventLogError("The log is empty: there is nothing to guess from.")
    time, unit = _time(frame)
    times = read_times(frame[_named(time)], unit)
    dated = {name for name, *_ in _times_in(frame)}
    customer = _customer(frame, times, dated)
    order = _Order.of(frame, _named(customer), times)
    taken = {time.column, customer.column, *dated}
    activity = _activity(frame, order, taken)
    channel = _channel(frame, {*taken, activity.column})
    return Columns(customer, time, activity, channel, unit)


@dataclass(frozen=True)
class _Order:
    """Rows by customer and time; ``follows``: the row after is the same customer's."""

    rows: Codes
    follows: NDArray[np.bool_]

    @classmethod
    def of(cls, frame: pd.DataFrame, customer: str, times: pd.Series) -> "_Order":
        who = pd.factorize(frame[customer].astype(object))[0]
        rows = np.lexsort((times.to_numpy(), who))
        return cls(rows, who[rows][1:] == who[rows][:-1])


def name_fits(name: str, words: str) -> float:
    """Return how far a column's name says one of some words: 1 as its first part, else 0.6.

    In XES ``case:concept:name`` is the case, and other names that begin with ``case:`` describe it.
    """
    name = "case" if name == _XES_CASE else name.removeprefix("case:")
    parts = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()
    said = [part.rstrip("s") for part in re.split(r"[^a-z]+", parts) if part]
    wanted = {word.rstrip("s") for word in words.split()}
    if not set(said) & wanted:
        return 0.0
    return 1.0 if said[0] in wanted else 0.6


def _best(scored: Sequence[tuple[float, str, str]], what: str, do: str) -> Guess:
    """Return the column with the highest score; close ones are named beside it."""
    if not scored:
        raise EventLogError(f"No column of the log {what}. {do}")
    ranked = sorted(scored, key=lambda one: -one[0])
    close = tuple(name for score, name, _ in ranked[1:4] if score >= _CLOSE * ranked[0][0])
    return Guess(ranked[0][1], ranked[0][2], close)


def _named(guess: Guess) -> str:
    return str(guess.column)


def _times_in(frame: pd.DataFrame) -> Iterator[tuple[str, float, TimeUnit | None]]:
    """Yield the columns that can be read as times: name, share of readable rows, unit."""
    sample = frame.iloc[:: max(1, len(frame) // _SAMPLE)]
    for name, column in sample.items():
        kind = pd.api.types
        if kind.is_bool_dtype(column) or column.notna().mean() < _ENOUGH:
            continue
        if kind.is_numeric_dtype(column):
            unit = unit_of(column)
            if unit is not None and _varies(column):
                yield str(name), 1.0, unit
            continue
        share = float(read_times(column.astype(object)).notna().mean())
        if kind.is_datetime64_any_dtype(column) or share >= _ENOUGH:
            yield str(name), share, None
        elif (unit := unit_of(column)) is not None:
            yield str(name), 1.0, unit


def _time(frame: pd.DataFrame) -> tuple[Guess, TimeUnit | None]:
    scored, units = [], {}
    for name, share, unit in _times_in(frame):
        distinct = frame[name].nunique()
        variety = np.log1p(distinct) / np.log1p(len(frame))
        number = 0.5 if unit is not None else 0.0
        units[name] = unit
        as_unit = f" as {unit} since 1970" if unit else ""
        why = f"{share:.0%} of its values are times{as_unit}, {distinct:,} different ones"
        scored.append((share + 2 * variety + name_fits(name, _WHEN) - number, name, why))
    guess = _best(
        scored,
        "can be read as times",
        "Write them as in 2026-03-03T09:30:00Z, or as epoch seconds.",
    )
    return guess, units[_named(guess)]


def _customer(frame: pd.DataFrame, times: pd.Series, dated: set[str]) -> Guess:
    """Return the finest key that comes back, or a coarser one that it belongs to."""
    found = []
    for name, column in frame.items():
        values = column.nunique()
        floats = pd.api.types.is_float_dtype(column) or pd.api.types.is_bool_dtype(column)
        if str(name) in dated or floats or column.notna().mean() < _ENOUGH:
            continue
        if 2 <= values <= len(frame) / 1.3:
            found.append((str(name), values))
    scored = []
    for name, values in found:
        fine = np.log1p(values) / np.log1p(len(frame))
        span = _typical_span(frame[name], times)
        why = (
            f"never missing, {values:,} values with {len(frame) / values:.1f} events each, "
            f"typically within {span:.1f} days"
        )
        scored.append((2 * fine + name_fits(name, _WHO), name, why))
    return _coarser(
        frame, _best(scored, "comes back as a customer's key does", "Say `customer_id:` yourself.")
    )


def _coarser(frame: pd.DataFrame, guess: Guess) -> Guess:
    """Return the customer's key where the guess is rather a session: each of one key beside it."""
    fine = pd.factorize(frame[_named(guess)].astype(object))[0]
    n_fine = fine.max() + 1
    for other in guess.others:
        if name_fits(_named(guess), _WHO) > name_fits(other, _WHO):
            continue
        coarse = pd.factorize(frame[other].astype(object))[0]
        pairs = len(np.unique(fine * (coarse.max() + 1) + coarse))
        if pairs == n_fine and n_fine / _MOST_SESSIONS <= coarse.max() + 1 < n_fine:
            why = f"every {guess.column!r} has one of its {coarse.max() + 1:,} values: a session's"
            return Guess(other, why, (_named(guess),))
    return guess


def _typical_span(column: pd.Series, times: pd.Series) -> float:
    grouped = times.groupby(column.astype(object).to_numpy())
    return float((grouped.max() - grouped.min()).dt.total_seconds().median() / 86_400)


def _activity(frame: pd.DataFrame, order: _Order, taken: set[str | None]) -> Guess:
    scored = []
    for name, values, codes in _descriptions(frame, taken):
        if values > min(_MOST_ACTIVITIES, max(20, len(frame) / 10)):
            continue
        changes, ordered, begins, ends = _behaviour(codes[order.rows], order.follows, values)
        why = (
            f"{values} values, changing in {changes:.0%} of the steps; the one before tells "
            f"{ordered:.0%} of the next; customers begin and end with some of them"
        )
        score = changes * ordered + begins + ends + 0.6 * name_fits(name, _WHAT)
        if changes > 0:
            scored.append((score, name, why))
    return _best(
        scored, "changes from event to event as activities do", "Say `activity:` yourself."
    )


def _descriptions(frame: pd.DataFrame, taken: set[str | None]) -> Iterator[tuple[str, int, Codes]]:
    """Yield the columns of text that are always there: name, number of values, codes."""
    for name, column in frame.items():
        if str(name) in taken or pd.api.types.is_numeric_dtype(column):
            continue
        if column.notna().mean() >= _ENOUGH and _varies(column):
            codes, values = pd.factorize(column.astype(object), use_na_sentinel=False)
            yield str(name), len(values), codes.astype(np.int64)


def _varies(column: pd.Series) -> bool:
    return bool((column != column.iloc[0]).any())


def _behaviour(
    codes: Codes, follows: NDArray[np.bool_], n_values: int
) -> tuple[float, float, float, float]:
    """Return how often a value changes, how far it tells the next, how special first, last are."""
    before, after = codes[:-1][follows], codes[1:][follows]
    if not len(before):
        return 0.0, 0.0, 0.0, 0.0
    pairs = np.bincount(before * n_values + after, minlength=n_values**2) / len(before)
    joint = pairs.reshape(n_values, n_values)
    alone = np.outer(joint.sum(1), joint.sum(0))
    told = joint > 0
    information = float((joint[told] * np.log(joint[told] / alone[told])).sum())
    next_ = joint.sum(0)[joint.sum(0) > 0]
    entropy = float(-(next_ * np.log(next_)).sum())
    everywhere = np.bincount(codes, minlength=n_values) / len(codes)
    first = np.concatenate([[True], ~follows])
    last = np.concatenate([~follows, [True]])
    special = [
        _unlike(np.bincount(codes[at], minlength=n_values), everywhere) for at in (first, last)
    ]
    return float((before != after).mean()), information / max(entropy, 1e-9), special[0], special[1]


def _unlike(counts: Codes, everywhere: NDArray[np.float64]) -> float:
    """Return the divergence of Jensen and Shannon between two distributions, 0 to 1."""
    here = counts / max(counts.sum(), 1)
    middle = (here + everywhere) / 2
    return float(sum(_bits(one, middle) for one in (here, everywhere)) / 2)


def _bits(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    there = one > 0
    return float((one[there] * np.log2(one[there] / other[there])).sum())


def _channel(frame: pd.DataFrame, taken: set[str | None]) -> Guess:
    scored = []
    for name, values, _ in _descriptions(frame, taken):
        if values > 30:
            continue
        shares = frame[name].value_counts(normalize=True)
        known = [value for value in shares.index if is_channel(plain_text(value))]
        share = float(shares[known].sum())
        if share >= 0.5 or (name_fits(name, "channel") and values > 1):
            shown = ", ".join(map(plain_text, known[:4])) or "its name alone"
            score = share + len(known) / values + name_fits(name, _WHERE)
            scored.append(
                (score, name, f"{share:.0%} of the events have a channel's name: {shown}")
            )
    if not scored:
        return Guess(None, "no column holds names of channels")
    return _best(scored, "", "")


def is_channel(value: str) -> bool:
    """Whether a value is the name of a channel."""
    said = re.split(r"[^a-z]+", value.lower())
    return bool({*said, "".join(said)} & set(_CHANNELS.split()))
