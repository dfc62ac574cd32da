"""Segments: the journeys in flight that meet a condition, or that will probably meet an event."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.errors import SegmentError, with_closest
from journeys.log import ACTIVITY, EventLog, instants
from journeys.samples import samples_at_end
from rootcause.audience_summary import AudienceSummary
from rootcause.changes import ENTERED, Leaving, compared, left_since
from rootcause.fields import InFlight
from rootcause.forecast import NUMBERS, expected_count
from rootcause.listing import LEFT, Terms, listed
from rootcause.position import positions_of
from rootcause.reach import Check, chance_to_reach, past_of, standing_of
from rootcause.where import Condition
from rootcause.wording import percent, plain

MATCHING, AHEAD = "matching", "ahead"

_LEAST_CHANCE = 0.05


@dataclass(frozen=True)
class Sought:
    """Who is sought: those who meet a condition, those who will meet an event, or both at once."""

    name: str
    where: Condition | None = None
    before: str = ""


def segment_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    flying: InFlight,
    *,
    sought: Sought,
    terms: Terms,
) -> tuple[pd.DataFrame, AudienceSummary]:
    """Return the journeys in flight that are sought, on some terms, and a summary of them.

    Returns
    -------
    DataFrame with the columns of `rootcause.listing`
        Whose ``state`` is ``matching`` (meets the condition now: a fact, its numbers are NaN) or
        ``ahead`` (comes to the event within ``terms.days`` with the ``probability`` between ``low``
        and ``high``, at least one in twenty); ``since``: UTC, the journey's last event.

    Raises
    ------
    SegmentError
        If the condition cannot be asked, or the event never occurs in the log.
    """
    people = _matching(log, flying, sought.where)
    check = None
    if sought.before:
        people, check = _ahead(log, journeys, definition, people, sought.before, terms.days)
    now = listed(log, journeys, definition, people, audience=sought.name, terms=terms)
    before = terms.before(sought.name)
    if before is not None:
        leaving = Leaving(step=sought.before, arrived="came to it", otherwise=_otherwise(sought))
        now = compared(now, before)
        gone = left_since(log, journeys, definition, now, previous=before, leaving=leaving)
        now = pd.concat([now, gone], ignore_index=True) if len(gone) else now
    return now, _summary(log, now, sought, terms, check)


def _matching(log: EventLog, flying: InFlight, where: Condition | None) -> pd.DataFrame:
    """Return the journeys that meet the condition, each once, with what it asked of them."""
    everybody = np.ones(len(flying.row), dtype=np.bool_)
    rows = np.flatnonzero(everybody if where is None else where.chosen(flying.fields))
    _, firsts = np.unique(flying.row[rows], return_index=True)
    rows = rows[firsts]
    names = () if where is None else where.names
    told = [[_said(name, value) for value in flying.fields[name].column[rows]] for name in names]
    return pd.DataFrame(
        {
            "row": flying.row[rows],
            "state": MATCHING,
            "since": instants(log.times[flying.seen[rows]]),
            "reason": ["; ".join(parts) for parts in zip(*told, strict=True)] if told else "",
        }
    ).assign(**dict.fromkeys(NUMBERS, np.nan))


def _said(name: str, value: object) -> str:
    if isinstance(value, float):
        return f"{name} {'unknown' if np.isnan(value) else f'{value:.3g}'}"
    return f"{name} {'unknown' if value is None else value}"


def _ahead(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    people: pd.DataFrame,
    event: str,
    days: float,
) -> tuple[pd.DataFrame, Check | None]:
    """Return those of the people who will probably come to an event, and the check of that."""
    known = log.events[ACTIVITY].cat.categories
    if event not in known:
        raise SegmentError(
            f"The log has no activity {with_closest(event, known)}, so nobody can be before it."
        )
    samples = samples_at_end(log, journeys)
    samples = samples[samples["journey"].isin(people["row"])].reset_index(drop=True)
    past = past_of(log, journeys, definition, event, days=days, again=True)
    standing = standing_of(log, journeys, definition, samples, event)
    reach = chance_to_reach(past, standing, days=days)
    here = positions_of(log, journeys, definition, samples)
    names = [plain(str(name)) for name in known]
    reasons = [
        f"{names[activity]}, {silence:.0f} h ago; {percent(rate)} come to {plain(event)} within "
        f"{days:g} days"
        for activity, silence, rate in zip(here.activity, here.silence, reach.rate, strict=True)
    ]
    found = people.assign(
        state=AHEAD,
        reach=reach.rate,
        reach_low=reach.low,
        reach_high=reach.high,
        reason=reasons,
        **dict.fromkeys(NUMBERS[3:], 1.0),
    )
    return found[reach.rate >= _LEAST_CHANCE].reset_index(drop=True), reach.check


def _otherwise(sought: Sought) -> str:
    return "no longer likely to come to it" if sought.before else "no longer meets the condition"


def _summary(
    log: EventLog, now: pd.DataFrame, sought: Sought, terms: Terms, check: Check | None
) -> AudienceSummary:
    there, left = now[now["state"] != LEFT], now[now["state"] == LEFT]
    many = float(len(there))
    reached = expected_count(there, ["reach"]) if sought.before else (many, many, many)
    told = f"{len(there):,} journeys in flight meet the condition."
    if sought.before:
        value, low, high = reached
        told = (
            f"{len(there):,} journeys in flight may come to {plain(sought.before)}; {value:.0f} "
            f"({low:.0f} to {high:.0f}) probably will in the next {terms.days:g} days."
        )
    return AudienceSummary(
        finding=sought.name,
        affected=0,
        at_risk=len(there),
        expected_reached=reached,
        expected_harmed=(0.0, 0.0, 0.0),
        held_out=int(there["held_out"].sum()),
        entered=int((there["change"] == ENTERED).sum()),
        left=len(left),
        grade=None,
        days=terms.days,
        as_of=log.ends.isoformat(),
        left_because={str(why): int(n) for why, n in left["reason"].value_counts().items()},
        checked=None if check is None else check.as_dict(),
        sentence=told,
    )
