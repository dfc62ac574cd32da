"""Roads: for each KPI, from when to when a journey is watched, and what is counted on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from journeys.log import CHANNEL
from rootcause.kpi_seen import Seen
from rootcause.survival import Curve, Marks, curve_of, spells_in

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ONE_CONTACT = timedelta(hours=1)
AGAIN_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Road:
    """Journeys on the way to something; one entry each, instants in microseconds.

    Attributes
    ----------
    origin, stop : from when and until when each is at risk; ``ended``: whether it then was over
    mark_of, mark_at : what is counted: of which entry, and when
    horizon : the age that is asked about
    """

    customer: Ints
    origin: Ints
    stop: Ints
    ended: Flags
    mark_of: Ints
    mark_at: Ints
    horizon: int

    def curve_in(self, window: tuple[int, int]) -> Curve:
        """Return the curve of a period: its first instant, and the first one after it."""
        spells, rows = spells_in(self.origin, self.stop, self.ended, self.customer, window)
        place = np.full(len(self.origin), -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        here = place[self.mark_of] >= 0
        spell = place[self.mark_of[here]]
        age = self.mark_at[here] - self.origin[self.mark_of[here]]
        counted = (age > spells.entry[spell]) & (age <= spells.exit[spell])
        return curve_of(spells, Marks(spell[counted], age[counted]))


def again_within(seen: Seen) -> int:
    """Return within what time a return is a repeat: that of the leakage rule, or a week."""
    rule = seen.definition.leakage
    within = rule.within if rule is not None else None
    return _micros(within or AGAIN_WITHIN)


def completion(seen: Seen) -> Road | None:
    """From the start to the end; success counts, every other end competes with it."""
    return _to_an_end(seen, "success") if seen.definition.success is not None else None


def abandonment(seen: Seen) -> Road | None:
    """From the start to the end; ending in silence counts, every other end competes with it."""
    return _to_an_end(seen, "abandoned") if seen.definition.abandoned_after is not None else None


def leakage(seen: Seen) -> Road | None:
    """From a start without help to the first contact within the rule's time, or before the end."""
    rule = seen.definition.leakage
    if rule is None:
        return None
    if rule.within is None:
        return _to_a_contact(seen, counts_contact=True)
    of = np.flatnonzero(seen.began_alone)
    called = seen.first_contact[of]
    stop = np.minimum(called, seen.until)
    ended = called <= seen.until
    watched = seen.start[of], stop
    return _road(seen.customer[of], watched, ended, ended, _micros(rule.within))


def containment(seen: Seen) -> Road | None:
    """From a start without help to the end; a contact before it competes with it."""
    if seen.definition.leakage is None:
        return None
    return _to_a_contact(seen, counts_contact=False)


def repeats(seen: Seen) -> Road | None:
    """From the end to the same customer's next start or contact."""
    if seen.definition.start is None and seen.definition.leakage is None:
        return None
    of = np.flatnonzero(seen.end <= seen.until)
    begins = np.zeros(len(seen.log), dtype=np.bool_)
    begins[seen.journeys["first"].to_numpy()] = True
    again = seen.time_of_next(begins | seen.contact, after=np.minimum(seen.end, seen.until))[of]
    ended = again <= seen.until
    stop = np.minimum(again, seen.until)
    return _road(seen.customer[of], (seen.end[of], stop), ended, ended, again_within(seen))


def second_contact(seen: Seen) -> Road | None:
    """From the first contact inside a journey to the next, an hour or more later."""
    if seen.definition.leakage is None:
        return None
    last = np.minimum(seen.end, seen.until)
    # a journey can begin with a contact, so the instant of its start counts here
    first = seen.time_of_next(seen.contact, after=seen.start - 1)
    of = np.flatnonzero(first <= last)
    next_ = seen.time_of_next(
        seen.contact, after=np.where(first <= last, first, 0) + _micros(ONE_CONTACT)
    )[of]
    ended = next_ <= seen.until
    stop = np.minimum(next_, seen.until)
    return _road(seen.customer[of], (first[of], stop), ended, ended, again_within(seen))


def channel_switches(seen: Seen) -> Road | None:
    """From the start to the end; counted is each change between channels that customers choose."""
    if seen.horizon is None or len(seen.own_channels) < 2:
        return None
    of, at = _switches(seen)
    stop, ended = np.minimum(seen.end, seen.until), seen.end <= seen.until
    return Road(seen.customer, seen.start, stop, ended, of, at, seen.horizon)


ROADS: dict[str, Callable[[Seen], Road | None]] = {
    "completion": completion,
    "leakage": leakage,
    "containment": containment,
    "abandonment": abandonment,
    "repeats": repeats,
    "first_contact_resolution": second_contact,
    "channel_switches": channel_switches,
}


def _to_an_end(seen: Seen, state: str) -> Road | None:
    if seen.horizon is None:
        return None
    stop, ended = np.minimum(seen.end, seen.until), seen.end <= seen.until
    counted = ended & (seen.state == state)
    return _road(seen.customer, (seen.start, stop), ended, counted, seen.horizon)


def _to_a_contact(seen: Seen, *, counts_contact: bool) -> Road | None:
    if seen.horizon is None:
        return None
    of = np.flatnonzero(seen.began_alone)
    called, end = seen.first_contact[of], seen.end[of]
    over = np.minimum(called, end)
    ended, leaks = over <= seen.until, called <= end
    counted = ended & (leaks if counts_contact else ~leaks)
    stop = np.minimum(over, seen.until)
    return _road(seen.customer[of], (seen.start[of], stop), ended, counted, seen.horizon)


def _road(
    customer: Ints, watched: tuple[Ints, Ints], ended: Flags, counted: Flags, horizon: int
) -> Road:
    """Return a road on which what is counted happens where it stops, cut at its horizon."""
    origin, stop = watched
    marked = np.flatnonzero(counted)
    at = stop[marked]
    ended = ended & (stop - origin <= horizon)
    return Road(customer, origin, np.minimum(stop, origin + horizon), ended, marked, at, horizon)


def _switches(seen: Seen) -> tuple[Ints, Ints]:
    """Return in which journey and when the channel became another one that customers choose."""
    codes = seen.events[CHANNEL].cat.codes.to_numpy().astype(np.int64)
    rows = np.flatnonzero(np.isin(codes, seen.own_channels) & (seen.journey_of >= 0))
    journey = seen.journey_of[rows]
    same = (journey[1:] == journey[:-1]) & (codes[rows[1:]] != codes[rows[:-1]])
    switched = rows[1:][same]
    return journey[1:][same], seen.log.times[switched]


def _micros(length: timedelta) -> int:
    return round(length.total_seconds() * 1_000_000)
