"""What had been seen of a journey's log by an instant: nothing later changes a KPI."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import NEVER, end_times, ends_of, find_journeys
from journeys.log import CHANNEL, EventLog, log_until, microseconds
from journeys.rule import Rule

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MICROS_A_DAY = 86_400_000_000
_USUAL_SHARE = 0.95
_RARE_START = 0.01
_LATE = MICROS_A_DAY * 18 // 24


@dataclass(frozen=True)
class Usual:
    """What roads have to know of all journeys of a log, whosever they are.

    ``horizon``: as `Seen.horizon`; ``own_channels``: as `Seen.own_channels`.
    """

    horizon: int | None
    own_channels: Ints


@dataclass(frozen=True)
class Seen:
    """A log, its journeys and its definition, as of ``until`` (microseconds since the epoch).

    ``usual``: what is so of a larger log, of which this one is a shard.
    """

    log: EventLog
    journeys: pd.DataFrame
    definition: Definition
    until: int
    usual: Usual | None = None

    @cached_property
    def customer(self) -> Ints:
        """The code of each journey's customer."""
        return self.journeys["customer"].to_numpy().astype(np.int64)

    @cached_property
    def start(self) -> Ints:
        """When each journey began, in microseconds."""
        return np.asarray(self.log.times[self.journeys["first"].to_numpy()], dtype=np.int64)

    @cached_property
    def end(self) -> Ints:
        """When each journey ended, NEVER while it is open."""
        return end_times(self.journeys)

    @cached_property
    def state(self) -> NDArray[np.object_]:
        """How each journey stands, by name."""
        return self.journeys["state"].astype(object).to_numpy()

    @property
    def whole_until(self) -> int:
        """The end of the last day that counts as whole."""
        return whole_until(self.until)

    @cached_property
    def horizon(self) -> int | None:
        """The age by which a journey should have succeeded; None where none has ever ended.

        That of `success:`; without one, the age by which 95 % of those that ended had.
        """
        return (
            horizon_of(self.definition, self.lengths) if self.usual is None else self.usual.horizon
        )

    @property
    def lengths(self) -> Ints:
        """How long the journeys took that have ended, in microseconds."""
        over = self.end != NEVER
        return np.asarray((self.end - self.start)[over])

    @cached_property
    def contact(self) -> Flags:
        """Which events are contacts; none without a leakage rule."""
        rule = self.definition.leakage
        return np.zeros(len(self.log), dtype=np.bool_) if rule is None else rule.holds(self.events)

    @property
    def events(self) -> pd.DataFrame:
        """The events that had been seen."""
        return self.log.events

    @cached_property
    def began_alone(self) -> Flags:
        """Which journeys began outside the channels of the contact centre, not with a contact."""
        rule, first = self.definition.leakage, self.journeys["first"].to_numpy()
        alone = ~self.contact[first]
        if rule is None or CHANNEL not in rule.where:
            return np.asarray(alone)
        centre = Rule.model_validate({CHANNEL: list(rule.where[CHANNEL])})
        return np.asarray(alone & ~centre.holds(self.events.iloc[first]))

    @cached_property
    def journey_of(self) -> Ints:
        """Which journey each event belongs to, -1 for none; shape (n_events,)."""
        found = np.full(len(self.log), -1, dtype=np.int64)
        first, last = (self.journeys[name].to_numpy() for name in ("first", "last"))
        lengths = last - first + 1
        before = np.cumsum(lengths) - lengths
        rows = np.arange(lengths.sum()) + np.repeat(first - before, lengths)
        found[rows] = np.repeat(np.arange(len(first)), lengths)
        return found

    @cached_property
    def first_contact(self) -> Ints:
        """When the customer was first in contact after each journey's start, or NEVER."""
        return self.time_of_next(self.contact, after=self.start)

    @cached_property
    def own_channels(self) -> Ints:
        """The codes of the channels that customers choose: in which journeys begin, or contacts."""
        return chosen_channels(*self.by_channel) if self.usual is None else self.usual.own_channels

    @property
    def by_channel(self) -> tuple[Ints, Ints]:
        """How many journeys begin, and how many contacts are, in each channel."""
        codes = self.events[CHANNEL].cat.codes.to_numpy().astype(np.int64)
        size = len(self.events[CHANNEL].cat.categories)
        begun = codes[self.journeys["first"].to_numpy()]
        counts = np.bincount(begun[begun >= 0], minlength=size)
        return counts, np.bincount(codes[self.contact & (codes >= 0)], minlength=size)

    def time_of_next(self, flags: Flags, *, after: Ints) -> Ints:
        """Return per journey when its customer has the first flagged event later than ``after``."""
        found = np.full(len(after), NEVER)
        rows = np.flatnonzero(flags)
        if not len(rows):
            return found
        # one ascending number per (customer, instant), so that a single bisection serves everybody
        first, span = int(self.log.times.min()), int(np.ptp(self.log.times)) + 2
        asked = self.customer * span + np.clip(after - first, -1, span - 2)
        place = np.searchsorted(
            self.log.customers[rows] * span + self.log.times[rows] - first, asked, side="right"
        )
        there = place < len(rows)
        row = rows[np.minimum(place, len(rows) - 1)]
        there &= self.log.customers[row] == self.customer
        found[there] = self.log.times[row[there]]
        return found


def whole_until(until: int) -> int:
    """Return the end of the last whole day: one known until 18:00 UTC or later is whole."""
    return (until + MICROS_A_DAY - _LATE) // MICROS_A_DAY * MICROS_A_DAY


def horizon_of(definition: Definition, lengths: Ints) -> int | None:
    """Return `Seen.horizon`, given how long all journeys took that have ended."""
    success = definition.success
    if success is not None and success.within is not None:
        return round(success.within.total_seconds() * 1e6)
    return int(np.quantile(lengths, _USUAL_SHARE)) if len(lengths) else None


def chosen_channels(begun: Ints, called: Ints) -> Ints:
    """Return `Seen.own_channels`, given how many journeys begin and contacts are in each."""
    return np.flatnonzero((begun > _RARE_START * begun.sum()) | (called > 0))


def seen_by(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, until: pd.Timestamp | None
) -> Seen:
    """Return what had been seen by an instant (UTC where it has no zone), that instant included.

    Without one: the whole log.

    Raises
    ------
    TooLittleDataError
        If there was no event yet.
    """
    if until is None:
        return Seen(log, journeys, definition, log.ended)
    at = until.tz_localize("UTC") if until.tzinfo is None else until.tz_convert("UTC")
    known = log_until(log, at)
    micros = int(microseconds(pd.Series([at]))[0])
    ends = np.full(len(ends_of(known)), micros)
    return Seen(known, find_journeys(known, definition, ends=ends), definition, micros)
