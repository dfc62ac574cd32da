"""What may yet become of simulated journeys: the futures that their past allows.

At an instant, some of the draws behind a journey have shown in its events and the others have not.
What has shown is kept, the rest is drawn anew, many times; a future whose events up to the instant
differ from those that were seen is thrown away.  The shares among the others are the true
probabilities of someone who knows every hazard and every hidden trait (complexity, patience, …),
but not what has been decided and cannot be seen yet, such as a call to be made tomorrow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from journeys.calendar import LOG_STARTS
from journeys.definition import Definition, Outcome
from journeys.dice import SECONDS_A_DAY, Codes, Dice, Flags, Floats
from journeys.simulate import Lives
from journeys.walk import CENTRE, Walk

# Draws about one contact; they show when the customer turns to the centre, if ever.
_OF_A_CONTACT = (
    *("asks", "asks when", "asks how", "menu helps", "hold"),
    *("solved", "calls back", "calls back when"),
)
_CHAT_SECONDS = 900.0  # after which it shows whether a chat has helped
_CLOSES_WITHIN_DAYS = 75.0  # of a journey's last step: 999 of 1,000 closings
_ROWS_A_WALK = 200_000
_ROUNDING = 0.001  # the file's times are rounded down to milliseconds


@dataclass(frozen=True)
class Instants:
    """When it is asked what may come: one entry each, of journeys of one walk.

    ``journey`` is the row among the walk's journeys; ``time`` and ``silent_since`` (the customer's
    last event, of any kind) are seconds since the log starts.
    """

    journey: Codes
    time: Floats
    silent_since: Floats

    def __len__(self) -> int:
        return len(self.journey)

    def take(self, rows: Codes | slice) -> "Instants":
        """Return some of the instants, or each of them several times."""
        return Instants(self.journey[rows], self.time[rows], self.silent_since[rows])


@dataclass(frozen=True)
class Futures:
    """Counts over the futures of each instant, in two independent halves: shape (2, n_instants).

    ``allowed`` is how many futures agreed with the past, the others in how many of them the
    outcome came within its horizon.
    """

    allowed: Codes
    success: Codes
    leakage: Codes
    churn: Codes

    def probability(self, outcome: Outcome, half: int | None = None) -> Floats:
        """Return the share of the allowed futures with an outcome; NaN where none was allowed."""
        halves = [0, 1] if half is None else [half]
        came = getattr(self, outcome)[halves].sum(axis=0)
        allowed = self.allowed[halves].sum(axis=0)
        share = np.divide(came, allowed, out=np.full(len(came), np.nan), where=allowed > 0)
        return np.asarray(share, dtype=np.float64)


def instants_in(
    walk: Walk, *, customers: Codes, starts: Codes, cutoffs: Codes, seen: Codes
) -> Instants:
    """Return instants by what a log says of them.

    Parameters
    ----------
    customers : numbers of the customers, as in their keys
    starts, cutoffs, seen : start of the journey, the instant, and the customer's last event up to
        it, in microseconds since the epoch, as the log has them

    Raises
    ------
    ValueError
        If no journey of the walk begins at a start.
    """
    begins = np.floor(walk.journeys.start * 1000.0).astype(np.int64)
    keys = walk.journeys.customer * 2**36 + begins
    wanted = customers * 2**36 + (starts - _log_starts()) // 1000
    order = np.argsort(keys)
    journey = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
    if (keys[journey] != wanted).any():
        raise ValueError(f"At some of the starts no {walk.script.name} of the walk begins.")
    return Instants(journey, _seconds(cutoffs) + _ROUNDING, _seconds(seen))


def futures_of(
    walk: Walk, at: Instants, definition: Definition, *, wanted: int = 200, most: int = 3_000
) -> Futures:
    """Walk on from each instant until ``wanted`` futures were allowed, and count what comes.

    ``most`` is how many are tried at most: where the past was an unlikely one, few are allowed.
    Churn is that of this journey alone: see `closing_elsewhere`.
    """
    counts = np.zeros((2, 4, len(at)), dtype=np.int64)
    replays = wanted // 2
    for turn in range(max(most // wanted, 1)):
        for half in (0, 1):
            needy = np.flatnonzero(counts[half, 0] < replays)
            for some in _parts(needy, max(_ROWS_A_WALK // replays, 1)):
                found = _counted(walk, at.take(some), definition, replays, 2 * turn + half)
                counts[half][:, some] += found
    return Futures(*counts.transpose(1, 0, 2))


def closing_elsewhere(
    lives: Lives, walk: Walk, at: Instants, definition: Definition, *, wanted: int = 200
) -> Floats:
    """Return how probably other journeys, begun by each instant, make the customer churn."""
    customers, stays = walk.journeys.customer[at.journey], np.ones(len(at))
    for other in lives.walks.values():
        asked, journey = _under_way(other, customers, at.time)
        if other is walk:
            itself = journey == at.journey[asked]
            asked, journey = asked[~itself], journey[~itself]
        elsewhere = Instants(journey, at.time[asked], at.silent_since[asked])
        found = futures_of(other, elsewhere, definition, wanted=wanted, most=2 * wanted)
        np.multiply.at(stays, asked, 1.0 - np.nan_to_num(found.probability("churn")))
    return 1.0 - stays


def _parts(rows: Codes, size: int) -> Iterator[Codes]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _counted(walk: Walk, at: Instants, definition: Definition, replays: int, batch: int) -> Codes:
    """Return the four counts of `Futures` over some replays of each instant, shape (4, n)."""
    many = at.take(np.repeat(np.arange(len(at)), replays))
    future = _walked_on(walk, many, batch)
    allowed = _past_of(future, many.time, None) == _past_of(walk, many.time, many.journey)
    allowed &= future.closes > many.time
    flags = np.stack([allowed, *(came & allowed for came in _came(future, many, definition))])
    return np.asarray(flags.reshape(4, len(at), replays).sum(axis=2), dtype=np.int64)


class _OtherFuture(Dice):
    """Dice that fall as they fell where it has shown, and anew where it has not.

    ``since`` is the number of points of the script that each row was seen to pass, ``shown`` which
    rows have seen the draws that do not wait for a point.
    """

    def __init__(self, dice: Dice, rows: Codes, *, batch: int, since: Codes) -> None:
        super().__init__(dice.seed, dice.size, rows=rows)
        self._batch, self._since, self._point = batch, since, 0
        self.shown: dict[str, Flags] = {}

    def reached(self, activity: str) -> None:  # noqa: ARG002 - whichever it is, one more
        """Pass one more point of the script."""
        self._point += 1

    def uniform(self, name: str) -> Floats:
        """Return one draw in [0, 1) for each of the rows."""
        return np.where(self._kept(name), super().uniform(name), self._anew(name).random(self._n))

    def normal(self, name: str) -> Floats:
        """Return one standard normal draw for each of the rows."""
        anew = self._anew(name).standard_normal(self._n)
        return np.where(self._kept(name), super().normal(name), anew)

    @property
    def _n(self) -> int:
        return len(self.rows)

    def _kept(self, name: str) -> Flags:
        return self.shown.get(name, self._point < self._since)

    def _anew(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, crc32(name.encode()), self._batch, 1])


def _walked_on(walk: Walk, at: Instants, batch: int) -> Walk:
    since = np.zeros(len(at), dtype=np.int64)
    for point, times in enumerate(walk.passed, start=1):
        since[times[at.journey] <= at.time] = point
    dice = _OtherFuture(walk.dice, at.journey, batch=batch, since=since)
    for reason, when in walk.turned.items():
        turned, name = when[at.journey], f"{walk.script.name} {reason}"
        dice.shown |= dict.fromkeys((f"{name} {what}" for what in _OF_A_CONTACT), turned <= at.time)
        dice.shown[f"{name} chat helps"] = turned + _CHAT_SECONDS <= at.time
    journeys = walk.journeys.take(at.journey)
    return Walk(walk.script, journeys, walk.world, causes=walk.causes, dice=dice).finish()


def _past_of(walk: Walk, times: Floats, rows: Codes | None) -> Floats:
    """Return a number that only equal events up to each instant share: the sum of their times."""
    total = np.zeros(len(times))
    for moment in walk.moments:
        when = np.where(moment.rows, moment.times, np.inf)
        when = when if rows is None else when[rows]
        total += np.where(when <= times, when + 1e9, 0.0)
    return total


def _came(future: Walk, at: Instants, definition: Definition) -> Iterator[Flags]:
    """Yield whether success, leakage and churn came after the instant, within their horizons."""
    spent = future.now - future.journeys.start
    won = future.succeeded & (spent <= _horizon(definition, "success"))
    yield won & (future.closes > future.now) & ~_falls_silent(future, at, definition)
    until = np.minimum(at.time + _horizon(definition, "leakage"), future.closes)
    leaks = np.zeros(len(at), dtype=np.bool_)
    for moment in future.moments:
        if moment.channel in CENTRE:
            leaks |= moment.rows & (moment.times > at.time) & (moment.times <= until)
    yield leaks
    yield future.closes <= at.time + _horizon(definition, "churn")


def _falls_silent(future: Walk, at: Instants, definition: Definition) -> Flags:
    """Return which journeys end for silence; what else the customer may do is left out."""
    silent = np.zeros(len(at), dtype=np.bool_)
    if definition.abandoned_after is None:
        return silent
    longest, last = definition.abandoned_after.total_seconds(), at.silent_since.copy()
    for times in future.passed:
        comes = np.isfinite(times) & (times > at.time)
        silent |= comes & (times - last > longest)
        last[comes] = times[comes]
    return silent


def _under_way(walk: Walk, customers: Codes, times: Floats) -> tuple[Codes, Codes]:
    """Return (place, journey) of the journeys that customers may still close an account for."""
    first, after = np.searchsorted(walk.journeys.customer, [customers, customers + 1])
    asked = np.repeat(np.arange(len(customers)), after - first)
    journey = np.arange(len(asked)) - np.repeat(np.cumsum(after - first) - after, after - first)
    lately = walk.now[journey] + _CLOSES_WITHIN_DAYS * SECONDS_A_DAY > times[asked]
    here = (walk.journeys.start[journey] <= times[asked]) & lately
    return asked[here], journey[here]


def _horizon(definition: Definition, outcome: Outcome) -> float:
    within = definition.rules[outcome].within
    return np.inf if within is None else within.total_seconds()


def _seconds(micros: Codes) -> Floats:
    return np.asarray((micros - _log_starts()) / 1e6, dtype=np.float64)


def _log_starts() -> int:
    return int(LOG_STARTS.astype("datetime64[us]").astype(np.int64))
