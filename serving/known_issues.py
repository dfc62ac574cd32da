"""Known issues: the open findings that a journey in flight has met, or will probably meet.

The reading of exposure is that of `rootcause.exposure`: the first time the journey came to the
finding's step, with what was last known of the customer at that event, on or after the onset.  Who
has not come there yet, but meets the other conditions now, is at risk with the probability that
those who stood there came to the step (`models.ahead`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from journeys.log import ACTIVITY
from models.ahead import Likely
from rootcause.at_risk import LEAST_CHANCE
from rootcause.audience import CLOSED
from rootcause.exposure import MISSING
from rootcause.life import Case
from rootcause.thresholds import lies
from rootcause.wording import (
    bad_words,
    day,
    percent,
    percent_between,
    plain,
    points,
    points_between,
    who,
)
from serving.advice import KnownIssue
from serving.flight import Flight
from serving.histories import utc_text
from serving.known_cases import Known, KnownCases

__all__ = ["NONE", "KnownIssues"]

_MICROS_A_DAY = 86_400_000_000


class KnownIssues:
    """The open findings of a state folder (or file of findings), by journey; None: none are known.

    Raises
    ------
    FindingsError
        When it is made: if the findings cannot be read.
    """

    def __init__(self, state: str | Path | None = None) -> None:
        self.cases = KnownCases(state)
        self._open: tuple[Known | None, Mapping[str, tuple[Case, ...]]] = (None, {})

    def of_journey(self, name: str) -> tuple[Case, ...]:
        """Return the findings about a journey that still concern anybody."""
        known = self.cases.now()
        of, by_journey = self._open
        if of is not known:
            by_journey = _by_journey(known.cases)
            self._open = known, by_journey
        return by_journey.get(name, ())

    def met_by(self, flight: Flight, cases: Sequence[Case]) -> list[KnownIssue]:
        """Return what a journey has met or will probably meet: affected first, then the worst."""
        found = [issue for case in cases if (issue := _issue(flight, case)) is not None]
        return sorted(found, key=lambda one: (one.state, -one.probability * one.effect))


def _by_journey(cases: Sequence[Case]) -> dict[str, tuple[Case, ...]]:
    concerning = [case for case in cases if case.state not in CLOSED]
    names = dict.fromkeys(case.journey for case in concerning)
    return {name: tuple(one for one in concerning if one.journey == name) for name in names}


def _issue(flight: Flight, case: Case) -> KnownIssue | None:
    conditions, steps = case.finding.conditions, flight.texts(ACTIVITY)
    onset = _micros(case.finding.onset)
    # Conditions count as of the first event of the step, as exposures do.
    reached = next((row for row in flight.rows if steps[row] == conditions[ACTIVITY]), None)
    if reached is not None:
        at = flight.history.times[reached]
        met = at >= onset and _meets(flight, conditions, reached)
        return _affected(case, at) if met else None
    asked = case.outcome not in flight.prediction.happened
    if not asked or flight.history.as_of < onset or not _meets(flight, conditions, len(steps) - 1):
        return None
    return _at_risk(flight, case, max(onset, flight.history.times[flight.begins]))


def _meets(flight: Flight, conditions: Mapping[str, str], row: int) -> bool:
    """Return whether what was last known at an event meets all conditions beside the step."""
    return all(
        _meets_one(flight, name, value, row)
        for name, value in conditions.items()
        if name != ACTIVITY
    )


def _meets_one(flight: Flight, name: str, value: str, row: int) -> bool:
    attributes = flight.definition.attributes
    if name in attributes.numeric:
        number = flight.last_number(name, row)
        return bool(lies(np.array([np.nan if number is None else number]), value)[0])
    if name not in attributes.categorical:
        return False
    text = flight.last_text(name, row)
    return (MISSING if text is None else text) == value


def _affected(case: Case, at: int) -> KnownIssue:
    met = f"Came to “{plain(case.finding.conditions[ACTIVITY])}” on {day(utc_text(at)[:10])}"
    return _said(case, ("affected", Likely(1.0, 1.0, 1.0, 0.0)), at, met)


def _at_risk(flight: Flight, case: Case, since: int) -> KnownIssue | None:
    step = case.finding.conditions[ACTIVITY]
    reach = flight.ahead.reach(flight.standing, step) if flight.ahead is not None else None
    if reach is None or reach.share < LEAST_CHANCE:
        return None
    chance = f"{percent(reach.share)} ({percent_between(reach.low, reach.high)})"
    will = f"Of those who stood here {chance} came to “{plain(step)}”"
    return _said(case, ("at_risk", reach), since, will)


def _said(case: Case, how: tuple[str, Likely], since: int, begin: str) -> KnownIssue:
    state, chance = how
    finding = case.finding
    low, high = finding.effect_interval
    text = (
        f"{begin}. Since {day(finding.onset)} {who(finding.conditions)} {bad_words(case.outcome)} "
        f"{points(finding.effect)} ({points_between(low, high)}) more often from there. "
        f"The finding is {case.state}."
    )
    return KnownIssue(
        finding=case.id,
        state="affected" if state == "affected" else "at_risk",
        outcome=case.outcome,
        probability=chance.share,
        interval=(chance.low, chance.high),
        since=utc_text(since),
        effect=finding.effect,
        effect_interval=(low, high),
        text=text,
    )


def _micros(date: str) -> int:
    at = datetime.fromisoformat(date).replace(tzinfo=UTC)
    return int(at.timestamp()) // 86_400 * _MICROS_A_DAY


NONE = KnownIssues()
"""No finding is known."""
