"""Survival: what becomes of journeys by an age, when some are still under way.

**Period analysis** (Brenner & Gefeller 1996; a life table's "life expectancy" is the same idea): a
journey counts at the ages it had inside the period, from the age at which the period found it
(delayed entry) to its end or to the end of what is known (censored).  So the figure speaks of this
period only, needs nobody to have lived the whole road inside it, and calls nobody a failure who is
still under way.

By an age h the expected number of marks (reaching a goal, changing the channel) per journey is the
sum over ages t <= h of S(t-) m(t) / Y(t): m marks among Y at risk, S the share not yet ended, by
Kaplan & Meier (1958).  Where a mark ends the journey this is the cumulative incidence of Aalen &
Johansen (1978); where it does not, the mean of Ghosh & Lin (2000).

Its **influence** is the derivative in each journey's weight (the infinitesimal jackknife, Jaeckel
1972): added up by customer it gives a variance that knows that one customer's journeys are alike
(the sandwich of Lin & Wei 1989; for incidences Zhou et al. 2012).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LEFT_OVER = 0.02


@dataclass(frozen=True)
class Spells:
    """Stretches of journeys at risk, one entry each; ages in microseconds since the origin.

    At risk at the ages t with ``entry`` < t <= ``exit``; ``ended`` says whether it ended at
    ``exit`` or is censored there.
    """

    customer: Ints
    entry: Ints
    exit: Ints
    ended: Flags

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True)
class Marks:
    """What is counted: of which spell (place), at which of its ages."""

    spell: Ints
    age: Ints


@dataclass(frozen=True)
class Curve:
    """The expected number of marks per journey by each age, and what it is made of.

    Attributes
    ----------
    ages : the distinct ages of marks and ends, ascending
    steps : what each adds to the expected number
    surviving, at_risk : S(t-) and Y(t) at each
    reach : the age up to which somebody was at risk without a gap
    entered, left : of each spell, how many of the ages are no later than its entry, and its exit
    marked : of each mark, the place of its age
    """

    spells: Spells
    marks: Marks
    ages: Ints
    steps: Floats
    surviving: Floats
    at_risk: Floats
    ends: Floats
    reach: int
    entered: Ints
    left: Ints
    marked: Ints

    def value_by(self, age: int) -> float:
        """Return the expected number of marks by an age."""
        return float(self.steps[self.ages <= age].sum())

    def tells_of(self, age: int) -> bool:
        """Whether somebody was at risk at every age up to it, or hardly anybody is left."""
        later = np.flatnonzero(self.ages > self.reach)
        left = float(self.surviving[later[0]]) if len(later) else self._left()
        return bool(len(self.spells)) and (self.reach >= age or left < _LEFT_OVER)

    def influence_by(self, age: int) -> Floats:
        """Return the influence of each spell on the value by an age, shape (n_spells,)."""
        counted = self.ages <= age
        tail = np.where(counted, self.value_by(age) - np.cumsum(self.steps), 0.0)
        stay = np.maximum(self.at_risk - self.ends, 0.0)
        lost = np.divide(tail, stay, out=np.zeros_like(tail), where=stay > 0)
        a_mark = np.where(counted, self.surviving / self.at_risk, 0.0)
        at_risk = lost * self.ends / self.at_risk
        at_risk -= np.where(counted, self.steps, 0.0) / self.at_risk
        sums = np.append(0.0, np.cumsum(at_risk))
        found: Floats = sums[self.left] - sums[self.entered]
        ended = np.flatnonzero(self.spells.ended)
        found[ended] -= lost[self.left[ended] - 1]
        found += np.bincount(self.marks.spell, a_mark[self.marked], len(found))
        return found

    def _left(self) -> float:
        if not len(self.ages):
            return 1.0
        return float(self.surviving[-1] * (1.0 - self.ends[-1] / self.at_risk[-1]))


def curve_of(spells: Spells, marks: Marks) -> Curve:
    """Return the curve; marks lie at ages at which their spell is at risk."""
    at_exit = spells.ended[marks.spell] & (spells.exit[marks.spell] == marks.age)
    ages = np.unique(np.concatenate([spells.exit[spells.ended], marks.age[~at_exit]]))
    entered, left = (_no_later(ages, at) for at in (spells.entry, spells.exit))
    marked = left[marks.spell] - 1
    marked[~at_exit] = np.searchsorted(ages, marks.age[~at_exit])
    size = len(ages)
    at_risk = _run(entered, size) - _run(left, size)
    ends = np.bincount(left[spells.ended] - 1, minlength=size).astype(np.float64)
    kept = 1.0 - ends / at_risk
    surviving = np.append(1.0, np.cumprod(kept))[:-1] if size else np.empty(0)
    steps = surviving * np.bincount(marked, minlength=size) / at_risk
    return Curve(
        spells, marks, ages, steps, surviving, at_risk, ends, _reach(spells), entered, left, marked
    )


def spells_in(
    origin: Ints, stop: Ints, ended: Flags, customer: Ints, window: tuple[int, int]
) -> tuple[Spells, Ints]:
    """Return the spells of a period, and of which rows they are.

    Parameters
    ----------
    origin, stop : instants (microseconds) at which each is first at risk, and no longer
    ended : whether it ended at ``stop``, or is only known until then
    window : first instant of the period, and the first one after it
    """
    begins, ends = window
    rows = np.flatnonzero((origin < ends) & (stop >= begins) & (stop >= origin))
    origin, stop = origin[rows], stop[rows]
    # whoever sets out inside the period is at risk from age 0 on, that instant included
    entry = np.maximum(begins - origin, 0) - 1
    exit_ = np.minimum(stop, ends - 1) - origin
    return Spells(customer[rows], entry, exit_, ended[rows] & (stop < ends)), rows


def _no_later(ages: Ints, at: Ints) -> Ints:
    """Return how many ages are no later than each instant; nobody is looked up who was there."""
    found = np.zeros(len(at), dtype=np.int64)
    asked = np.flatnonzero(at >= ages[0]) if len(ages) else np.empty(0, dtype=np.int64)
    found[asked] = np.searchsorted(ages, at[asked], side="right")
    return found


def _run(places: Ints, size: int) -> Floats:
    """Return how many places are no later than each place from 0 to ``size``."""
    return np.cumsum(np.bincount(places, minlength=size)[:size]).astype(np.float64)


def _reach(spells: Spells) -> int:
    """Return the age up to which somebody was at risk, without a gap, from age 0 on."""
    order = np.argsort(spells.entry, kind="stable")
    entry = spells.entry[order]
    reached = np.maximum.accumulate(np.append(-1, spells.exit[order]))
    gap = np.flatnonzero(entry > reached[:-1])
    return int(reached[gap[0]] if len(gap) else reached[-1])
