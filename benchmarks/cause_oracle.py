"""The oracle: what somebody who knows all true rates, and the cause, can see of it in this log.

A cause is **identifiable** if the oracle sees it with z of at least 7 and each of its conditions as
needed with z of at least 4 against the rows that only this condition excludes. The oracle also
knows what no log shows (a customer's trait, the shocks of single days), so it errs on the side of
calling a cause identifiable.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.cause_plant import Cause
from benchmarks.cause_worlds import Flags, Floats, Ints, Truth, World
from rootcause.exposure import Exposures

SEEN_Z, NEEDED_Z = 7.0, 4.0


@dataclass(frozen=True)
class Seen:
    """A cause as it truly is in the exposures of a log.

    ``effect``: mean added probability over the exposed with a known outcome; ``exposed``: how many
    these are; ``onset``: the first day one of them was; ``oracle_onset``: the day the oracle would
    name; ``share``: of all known exposures of the step. Days are since the epoch.
    """

    z: float
    needed_z: float
    effect: float
    exposed: int
    share: float
    onset: int
    oracle_onset: int

    @property
    def identifiable(self) -> bool:
        """Whether anybody can be asked to name this cause."""
        return bool(self.z >= SEEN_Z and self.needed_z >= NEEDED_Z)


@dataclass(frozen=True)
class AtStep:
    """The known exposures of a cause's step: journeys, days, outcomes, true rates without it."""

    journey: Ints
    day: Ints
    bad: Floats
    usual: Floats
    harmed: Floats

    def excess(self, counted: Flags) -> tuple[float, float]:
        """Return the mean excess of some rows, and its variance."""
        n = max(int(counted.sum()), 1)
        p = self.usual[counted]
        variance = float((p * (1 - p)).sum()) / n**2 if counted.any() else float("inf")
        return float((self.bad[counted] - p).sum()) / n, max(variance, 1e-12)


def at_step(world: World, exposures: Exposures, truth: Truth) -> AtStep:
    """Return the exposures at which a cause bites, if their outcome is known."""
    step = truth.cause.step
    here = np.flatnonzero((world.step[exposures.row] == step) & ~np.isnan(exposures.bad))
    journey = world.journey[exposures.row[here]]
    return AtStep(
        journey=journey,
        day=exposures.day[here],
        bad=exposures.bad[here],
        usual=truth.without[journey, step],
        harmed=world.probability[journey, step],
    )


def seen_by_oracle(world: World, exposures: Exposures, truth: Truth) -> Seen:
    """Return what the oracle sees of a cause; z is 0 where nobody with a known outcome met it."""
    rows = at_step(world, exposures, truth)
    met = truth.cause.meets(world.people)[rows.journey]
    inside = met & (rows.day >= truth.day)
    if not inside.any():
        return Seen(0.0, 0.0, 0.0, 0, 0.0, truth.day, truth.day)
    excess, variance = rows.excess(inside)
    return Seen(
        z=float(excess / np.sqrt(variance)),
        needed_z=min(_needed(world, rows, inside, truth.day, one) for one in truth.cause.wider()),
        effect=float((rows.harmed - rows.usual)[inside].mean()),
        exposed=int(inside.sum()),
        share=float(inside.mean()),
        onset=int(rows.day[inside].min()),
        oracle_onset=_likeliest_day(rows, met),
    )


def effect_among(world: World, exposures: Exposures, truth: Truth, met: Flags) -> float:
    """Return the mean probability that a cause adds among some exposures with a known outcome.

    For a threshold that is right but for some customers: what is said of them is held against them.
    """
    step = truth.cause.step
    counted = met & (world.step[exposures.row] == step) & ~np.isnan(exposures.bad)
    journey = world.journey[exposures.row[counted]]
    added = world.probability[journey, step] - truth.without[journey, step]
    return float(added.mean()) if counted.any() else 0.0


def _needed(world: World, rows: AtStep, inside: Flags, since: int, wider: Cause) -> float:
    """Return the z of the difference to the rows that a condition excludes."""
    sibling = wider.meets(world.people)[rows.journey] & (rows.day >= since) & ~inside
    (excess, variance), (other, of_other) = rows.excess(inside), rows.excess(sibling)
    return float((excess - other) / np.sqrt(variance + of_other))


def _likeliest_day(rows: AtStep, met: Flags) -> int:
    """Return the day from which on an additive excess is most likely, given the true rates."""
    order = np.argsort(rows.day[met], kind="stable")
    day, bad, usual = (column[met][order] for column in (rows.day, rows.bad, rows.usual))
    best, likeliest = -np.inf, int(day[-1])
    for start in np.unique(day):
        late = slice(int(np.searchsorted(day, start)), None)
        added = max(float((bad[late] - usual[late]).mean()), 0.0)
        rate = np.clip(usual[late] + added, 1e-6, 1 - 1e-6)
        ratio = np.where(bad[late] > 0, rate / usual[late], (1 - rate) / (1 - usual[late]))
        likelihood = float(np.log(ratio).sum())
        if likelihood > best:
            best, likeliest = likelihood, int(start)
    return likeliest
