"""Planting: a cause of one's own choice, put into one's own exposures by relabelling outcomes.

Whoever reads "nothing found" may ask what *would* have been found. Here a cause is planted that
never was: from a day on, exposures that meet its conditions end badly more often, by a known
effect. All else stays as it is in the user's own log, with its mix, its seasons and its noise. The
log itself is never written to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from journeys.definition import Outcome
from journeys.errors import RequestError, listed, with_closest
from rootcause.exposure import STEP, Exposures, Flags, Floats, Ints

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Planted:
    """A cause to plant: conditions with their step, the first day, the additional probability."""

    conditions: dict[str, str]
    onset: str
    effect: float

    @property
    def day(self) -> int:
        """The onset in days since the epoch."""
        return int(np.datetime64(self.onset, "D").astype(np.int64))

    def met(self, exposures: Exposures) -> Flags:
        """Return the exposures that meet the conditions since the onset, at risk or not."""
        return np.asarray(exposures.meets(self.conditions) & (exposures.day >= self.day))


def plant(
    exposures: Exposures, planted: Planted, *, outcome: Outcome, within: int | None, seed: int
) -> Exposures:
    """Return the exposures as they would be had the cause been there.

    Of the exposures that meet it and would not have ended badly, so many do that their rate rises
    by the effect. The bad outcome is one fact: it comes right after the exposure, so earlier
    exposures of the same customer that look so far ahead end badly, too; later ones of a journey
    that failed have failed, and after a contact or a departure the question no longer arises.

    Parameters
    ----------
    within : horizon of the outcome in microseconds; None: until the journey ends

    Raises
    ------
    RequestError
        If the conditions, the onset or the effect cannot be.
    """
    check(exposures, planted)
    rate = usual_rate(exposures, planted)
    rng = np.random.default_rng(seed)
    spared = planted.met(exposures) & exposures.at_risk & ~(exposures.bad == 1.0)
    harmed = spared & (rng.random(len(exposures)) < planted.effect / (1.0 - rate))
    if outcome == "success":
        return replace(exposures, bad=_failed(exposures, harmed))
    bad, at_risk = _turned(exposures, harmed, outcome, within)
    return replace(exposures, bad=bad, at_risk=at_risk)


def usual_rate(exposures: Exposures, planted: Planted) -> float:
    """Return the rate of the bad outcome among those who meet the cause, before it is planted."""
    known = planted.met(exposures) & ~np.isnan(exposures.bad)
    return float(exposures.bad[known].mean()) if known.any() else 0.0


def check(exposures: Exposures, planted: Planted) -> None:
    """Raise a RequestError that says what is wrong with a cause, and the way out."""
    check_conditions(exposures, planted.conditions)
    _check_onset(exposures, planted.onset)
    if not 0.0 < planted.effect <= 1.0:
        raise RequestError(
            f"The effect {planted.effect:g} is no additional probability; give one above 0 and at "
            "most 1, such as 0.1 for ten points."
        )
    known = planted.met(exposures) & ~np.isnan(exposures.bad)
    if not known.any():
        raise RequestError(
            f"No exposure with a known outcome meets {_said(planted.conditions)} since "
            f"{planted.onset}; give an earlier onset or fewer conditions."
        )
    rate = float(exposures.bad[known].mean())
    if rate + planted.effect > 1.0:
        raise RequestError(
            f"Of those who meet {_said(planted.conditions)}, {rate:.0%} end badly already, which "
            f"leaves no room for an effect of {planted.effect:g}; give at most {1.0 - rate:.2f}."
        )


def check_conditions(exposures: Exposures, conditions: Mapping[str, str]) -> None:
    """Raise a RequestError if the step or all else is missing, or a name or value is unknown."""
    if STEP not in conditions:
        raise RequestError(
            f"A cause acts at a step; add --where {STEP}=STEP, with a step of "
            f"{listed(exposures.steps)}."
        )
    if len(conditions) == 1:
        raise RequestError(
            "What happens to everybody at a step is no cause of anyone's; add a condition beside "
            f"the step, on {listed(dict.fromkeys(exposures.attributes))}."
        )
    for name, value in conditions.items():
        known = _values(exposures, name)
        if not exposures.meets({name: value}).any():
            raise RequestError(
                f"{name} is never {with_closest(value, known)} where journeys can be watched; "
                f"it is one of {listed(known)}."
            )


def _values(exposures: Exposures, name: str) -> tuple[str, ...]:
    """Return the values of a step or attribute that occur."""
    if name == STEP:
        return exposures.steps
    if name not in exposures.attributes:
        raise RequestError(
            f"There is no attribute {with_closest(name, (STEP, *exposures.attributes))}; a "
            f"condition names one of {listed((STEP, *exposures.attributes))}."
        )
    columns = [place for place, other in enumerate(exposures.attributes) if other == name]
    return tuple(
        exposures.names[column][code]
        for column in columns
        for code in np.unique(exposures.codes[:, column])
    )


def _check_onset(exposures: Exposures, onset: str) -> None:
    first, last = (np.datetime64(int(day), "D") for day in _days(exposures))
    try:
        inside = first < np.datetime64(onset, "D") <= last
    except ValueError:
        raise RequestError(f"{onset!r} is not a date; write --onset 2026-03-03.") from None
    if not inside:
        raise RequestError(
            f"The onset {onset} lies outside the log, whose exposures are of {first} to {last}; "
            "give a day after the first."
        )


def _days(exposures: Exposures) -> tuple[int, int]:
    return int(exposures.day.min()), int(exposures.day.max())


def _said(conditions: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in conditions.items())


def _failed(exposures: Exposures, harmed: Flags) -> Floats:
    """Return the outcomes where a harmed journey does not succeed, seen from any of its steps."""
    lost = np.isin(exposures.journey, exposures.journey[harmed])
    return np.where(lost & ~np.isnan(exposures.bad), 1.0, exposures.bad)


def _turned(
    exposures: Exposures, harmed: Flags, outcome: Outcome, within: int | None
) -> tuple[Floats, Flags]:
    """Return outcomes and who is at risk where the harmed call, or leave, right after the exposure.

    Seen from any earlier exposure of the customer it is the same event, if it lies within the
    horizon (without one: in the same journey). After it the question no longer arises: of a call
    for the rest of the journey, of a departure for good.
    """
    customers = exposures.customer
    coming = _next_harm(exposures, harmed, exposures.journey if within is None else customers)
    hit = coming < _NEVER
    if within is not None:
        hit &= coming - exposures.time <= within
    after = exposures.journey if outcome == "leakage" else customers
    over = _first_harm(exposures, harmed, after) < exposures.time
    bad = np.where(hit & ~np.isnan(exposures.bad), 1.0, exposures.bad)
    return np.where(over, np.nan, bad), np.asarray(exposures.at_risk & ~over)


def _next_harm(exposures: Exposures, harmed: Flags, whose: Ints) -> Ints:
    """Return when each exposure's customer or journey is next harmed, at or after it, or never."""
    order = np.lexsort((harmed, exposures.time, whose))
    places = np.where(harmed[order], np.arange(len(order)), len(order))
    following = np.append(np.minimum.accumulate(places[::-1])[::-1], len(order))[:-1]
    there = order[np.minimum(following, len(order) - 1)]
    same = (following < len(order)) & (whose[there] == whose[order])
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.where(same, exposures.time[there], _NEVER)
    return found


def _first_harm(exposures: Exposures, harmed: Flags, whose: Ints) -> Ints:
    """Return when each exposure's customer or journey is first harmed, or never."""
    first = np.full(int(whose.max()) + 1, _NEVER)
    np.minimum.at(first, whose[harmed], exposures.time[harmed])
    return first[whose]
