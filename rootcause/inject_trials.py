"""Trials: plant, search as `offramp findings` does, and see whether, and when, it was found.

A trial is *found* if one of the causes is about the same journeys: at least half of the planted
ones meet it, and at least half of those that meet it are planted ones. It is *exact* if its
conditions hold for the same exposures at the same step. The time to detection is told by logs that
end earlier, so that later events, and outcomes that were not in yet, are unknown.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.errors import RequestError
from journeys.labels import labels_of
from journeys.log import EventLog, instants, microseconds
from rootcause.conditions import Lead
from rootcause.explaining import exposures_meeting
from rootcause.exposure import MICROS_A_DAY, STEP, Exposures, Flags, Ints, exposures_of
from rootcause.inject import Planted, check, plant, usual_rate
from rootcause.pursuit import causes_in
from rootcause.search import horizon_of

Progress = Callable[[str, float], None]

ENDS_AFTER_DAYS = (2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84, 112, 168)

_ENOUGH = 0.5
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Ground:
    """What is planted in: the exposures of one outcome, and when each outcome could be told.

    ``closed_at``: µs since the epoch, shape (n,), the largest int64 where it never could.
    ``within``: horizon of the outcome in µs, None without one; ``already``: the causes that are
    found where nothing was planted.
    """

    exposures: Exposures
    closed_at: Ints
    outcome: Outcome
    within: int | None
    already: tuple[Lead, ...] = ()

    def as_of(self, planted: Exposures, ends: int) -> Exposures:
        """Return exposures as they were known at an earlier end of the log."""
        known = np.where(self.closed_at <= ends, planted.bad, np.nan)
        return replace(planted, bad=known).only(planted.time <= ends)


@dataclass(frozen=True)
class Trial:
    """One cause that was planted, and what became of it.

    ``exposed``: journeys that met it; ``known``: of these, exposures with a known outcome;
    ``usual_rate``: of the bad outcome among these before; ``added``: what the planting really
    added. ``days``: of log needed after the onset, None if it was not found; ``others``: causes
    found beside it that are not found without it.
    """

    conditions: dict[str, str]
    onset: str
    effect: float
    exposed: int
    known: int
    usual_rate: float
    added: float
    found: bool
    exact: bool
    others: int
    days: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the trial as plain data."""
        return asdict(self)


def ground_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, outcome: Outcome
) -> Ground:
    """Return the ground to plant in, not yet searched.

    Raises
    ------
    RequestError
        If no step was reached often enough to be searched.
    """
    exposures = exposures_of(log, journeys, definition, outcome)
    if not len(exposures):
        raise RequestError(
            "No step was reached by 50 journeys whose outcome is known: there is nothing to plant "
            "in. Give a longer log, or shorter horizons (within:) in the definition."
        )
    samples = pd.DataFrame(
        {
            "journey": exposures.journey,
            "cutoff": instants(exposures.time),
            "seen": exposures.row,
        }
    )
    labels = labels_of(log, journeys, samples, definition)[outcome]
    closed_at = microseconds(labels["closed_at"])
    closed_at = np.where(labels["closed_at"].isna(), _NEVER, closed_at)
    return Ground(exposures, closed_at, outcome, horizon_of(definition, outcome))


def searched_as_it_is(ground: Ground, *, seed: int, progress: Progress | None = None) -> Ground:
    """Return the ground with what is found where nothing was planted."""
    leads = _leads(ground, ground.exposures, seed=seed, progress=progress)
    return replace(ground, already=tuple(leads))


def try_out(
    ground: Ground, planted: Planted, *, seed: int, progress: Progress | None = None
) -> Trial:
    """Plant a cause, search, and return what became of it.

    Raises
    ------
    RequestError
        If the cause cannot be planted, or is there already.
    """
    exposures = ground.exposures
    check(exposures, planted)
    if is_there_already(ground, planted):
        raise RequestError(
            "Offramp finds a cause for these journeys in the log as it is; whether the planted one "
            "was found could not be told. Plant another one, or end the log before the onset."
        )
    changed = plant(exposures, planted, outcome=ground.outcome, within=ground.within, seed=seed)
    found, exact, others = _searched(ground, changed, planted, seed=seed, progress=progress)
    days = _days_needed(ground, changed, planted, seed=seed) if found else None
    met = planted.met(exposures)
    known = met & ~np.isnan(exposures.bad) & ~np.isnan(changed.bad)
    return Trial(
        conditions=planted.conditions,
        onset=planted.onset,
        effect=planted.effect,
        exposed=int(met.sum()),
        known=int(known.sum()),
        usual_rate=round(usual_rate(exposures, planted), 4),
        added=round(float((changed.bad - exposures.bad)[known].mean()), 4) if known.any() else 0.0,
        found=found,
        exact=exact,
        others=others,
        days=days,
    )


def draw_causes(ground: Ground, *, trials: int, largest_effect: float, seed: int) -> list[Planted]:
    """Return random causes to plant: a step, one or two conditions, an onset; the effect is 0.

    The conditions hold for .5 to 10 % of the exposures of the step, which is drawn as often as it
    is reached; the onset lies between 30 and 80 % of the log.

    Raises
    ------
    RequestError
        If hardly any conjunction is of that size, or leaves room for the effect.
    """
    drawn: list[Planted] = []
    rng = np.random.default_rng([seed, 1])
    for _ in range(200 * trials):
        one = _draw(ground.exposures, rng)
        if one is not None and _can_be_planted(ground, one, largest_effect):
            drawn.append(one)
        if len(drawn) == trials:
            return drawn
    raise RequestError(
        "Hardly any one or two attribute values hold for .5 to 10 % of a step's journeys, so no "
        "random cause can be drawn; name one with --where."
    )


def draw_onset(exposures: Exposures, rng: np.random.Generator) -> str:
    """Return a day between 30 and 80 % of the log."""
    first, last = int(exposures.day.min()), int(exposures.day.max())
    day = first + round((last - first) * rng.uniform(0.3, 0.8))
    return str(np.datetime64(day, "D"))


def is_there_already(ground: Ground, planted: Planted) -> bool:
    """Whether a cause is found for these journeys although nothing was planted."""
    return any(_is_about(ground.exposures, lead, planted) for lead in ground.already)


def _draw(exposures: Exposures, rng: np.random.Generator) -> Planted | None:
    row = int(rng.integers(len(exposures)))
    n_conditions = min(int(rng.integers(1, 3)), len(exposures.attributes))
    columns = rng.choice(len(exposures.attributes), size=n_conditions, replace=False)
    conditions = {STEP: exposures.steps[exposures.step[row]]}
    for column in columns:
        names = exposures.names[column]
        if exposures.codes[row, column] == len(names) - 1:  # missing
            return None
        conditions[exposures.attributes[column]] = names[exposures.codes[row, column]]
    here = exposures.step == exposures.step[row]
    share = exposures.meets(conditions)[here].mean()
    if not 0.005 <= share <= 0.1:
        return None
    return Planted(conditions, draw_onset(exposures, rng), 0.0)


def _can_be_planted(ground: Ground, planted: Planted, effect: float) -> bool:
    try:
        check(ground.exposures, replace(planted, effect=effect))
    except RequestError:
        return False
    return not is_there_already(ground, planted)


def _searched(
    ground: Ground,
    changed: Exposures,
    planted: Planted,
    *,
    seed: int,
    progress: Progress | None = None,
) -> tuple[bool, bool, int]:
    """Return whether the planted cause is found, found exactly, and how many others are new."""
    leads = _leads(ground, changed, seed=seed, progress=progress)
    about = [lead for lead in leads if _is_about(changed, lead, planted)]
    known = [_population(changed, lead) for lead in ground.already]
    others = [
        lead
        for lead in leads
        if lead not in about
        and not any(np.array_equal(_population(changed, lead), one) for one in known)
    ]
    exact = any(_is_exactly(changed, lead, planted) for lead in about)
    return bool(about), exact, len(others)


def _leads(
    ground: Ground, exposures: Exposures, *, seed: int, progress: Progress | None
) -> list[Lead]:
    """Return what `offramp findings` would name, strongest first."""
    pursued = causes_in(exposures, within=ground.within, seed=seed, progress=progress)
    return [settled.lead for settled, _ in pursued.causes]


def _is_about(exposures: Exposures, lead: Lead, planted: Planted) -> bool:
    theirs = np.unique(exposures.journey[exposures_meeting(exposures, lead)])
    ours = np.unique(exposures.journey[planted.met(exposures)])
    both = len(np.intersect1d(theirs, ours, assume_unique=True))
    return both > 0 and both >= _ENOUGH * max(len(theirs), len(ours))


def _is_exactly(exposures: Exposures, lead: Lead, planted: Planted) -> bool:
    return np.array_equal(_population(exposures, lead), exposures.meets(planted.conditions))


def _population(exposures: Exposures, lead: Lead) -> Flags:
    """Return the exposures that meet a lead's conditions at its step, on whatever day."""
    met: Flags = exposures.step == lead.step
    for attribute, code in lead.conditions:
        met &= exposures.codes[:, attribute] == code
    return met


def _days_needed(ground: Ground, changed: Exposures, planted: Planted, *, seed: int) -> int:
    """Return after how many days the cause is found, by bisection of `ENDS_AFTER_DAYS`."""
    last = int(ground.exposures.day.max()) + 1 - planted.day
    days = [*(day for day in ENDS_AFTER_DAYS if day < last), last]
    low, high = 0, len(days) - 1
    while low < high:
        middle = (low + high) // 2
        ends = (planted.day + days[middle]) * MICROS_A_DAY - 1
        found, _, _ = _searched(ground, ground.as_of(changed, ends), planted, seed=seed)
        low, high = (low, middle) if found else (middle + 1, high)
    return days[low]


def with_effects(causes: Sequence[Planted], effects: Sequence[float]) -> list[Planted]:
    """Return every cause at every effect, the smallest effect first."""
    return [replace(one, effect=effect) for effect in sorted(set(effects)) for one in causes]
