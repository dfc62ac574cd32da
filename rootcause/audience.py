"""Audiences: the customers of a finding, those already hit and those who may be hit next."""

from dataclasses import replace

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.log import EventLog, instants
from rootcause.affected import affected_by
from rootcause.at_risk import AtRisk, at_risk_from
from rootcause.audience_summary import AudienceSummary
from rootcause.changes import ENTERED, Leaving, compared, left_since
from rootcause.exposure import STEP
from rootcause.findings import Finding
from rootcause.forecast import FACTORS, NUMBERS, expected_count
from rootcause.grade import Grade, grade_of
from rootcause.listing import COLUMNS, LEFT, Terms, listed
from rootcause.reach import Check

__all__ = ["CLOSED", "COLUMNS", "Terms", "audience_of", "gathered"]

CLOSED = ("fixed", "closed", "expired")

_Asked = tuple[EventLog, pd.DataFrame, Definition, Finding, Outcome]


def audience_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    finding: Finding,
    *,
    outcome: Outcome,
    days: float = 7.0,
) -> pd.DataFrame:
    """Return the customers of a finding, the affected first, then those at risk.

    Returns
    -------
    DataFrame with the columns `COLUMNS`, one row per journey
        ``customer_id`` as in the log; ``journey``: its pseudonym; ``state``: ``affected`` (met the
        conditions on or after the onset; as many as the finding's exposed journeys) or ``at_risk``
        (in flight, the step ahead, the outcome still asked); ``probability``: of a bad outcome
        *because of* the finding that is still to come, between ``low`` and ``high`` (95 %), which
        is ``reach``, P(comes to the step within ``days``), times ``exposed``, P(meets the
        conditions then), times ``effect``; ``since``: UTC, the exposure, or the later of onset and
        journey start; ``reason`` in words.

    See docs/audiences.md for every column.
    """
    people, _ = gathered(
        log, journeys, definition, finding, outcome=outcome, terms=Terms(days=days)
    )
    return people


def gathered(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    finding: Finding,
    *,
    outcome: Outcome,
    terms: Terms,
) -> tuple[pd.DataFrame, AudienceSummary]:
    """Return the audience of a finding on some terms, and its summary.

    With an earlier list, those on it no more come last, in the state ``left``. The audience of a
    finding that is closed (`CLOSED`) is empty, and everybody has left it.

    Raises
    ------
    FindingsError
        If the log lacks an attribute that the finding names.
    OfframpError
        If the hold-out is no share.
    """
    asked = (log, journeys, definition, finding, outcome)
    closed = f"the finding is {finding.state}" if finding.state in CLOSED else ""
    found = _nobody() if closed else _found(asked, terms.days)
    people = found.people
    now = listed(log, journeys, definition, people, audience=finding.id, terms=terms)
    before = terms.before(finding.id)
    grade = None
    if before is not None:
        called = "has called" if outcome == "leakage" else ""
        leaving = Leaving(closed=closed, step=finding.conditions[STEP], called=called)
        now = _and_left(asked, compared(now, before), before, leaving)
        grade = grade_of(log, journeys, definition, finding, outcome=outcome, previous=before)
    told = _summary(now, finding, grade, found.check)
    undecided = int(people["undecided"].sum())
    told = replace(told, days=terms.days, as_of=log.ends.isoformat(), undecided=undecided)
    return now, replace(told, sentence=_sentence(told))


def _found(asked: _Asked, days: float) -> AtRisk:
    """Return the affected and those at risk, one after the other, and the check of the reach."""
    log, journeys, definition, finding, outcome = asked
    hit = affected_by(log, journeys, definition, finding, outcome=outcome)
    ahead = at_risk_from(log, journeys, definition, finding, outcome=outcome, days=days)
    parts = [
        hit.assign(state="affected", **dict.fromkeys(NUMBERS[:6], 1.0)),
        ahead.people.assign(state="at_risk", undecided=False),
    ]
    return AtRisk(pd.concat(parts, ignore_index=True), ahead.check)


def _nobody() -> AtRisk:
    """Return no journey at all, in columns of the right kinds."""
    kinds = {"row": np.int64, "state": object, "reason": object, "undecided": np.bool_}
    people = pd.DataFrame({name: np.empty(0, dtype=kind) for name, kind in kinds.items()})
    return AtRisk(people.assign(since=instants(np.empty(0, dtype=np.int64))), None)


def _and_left(
    asked: _Asked, now: pd.DataFrame, before: pd.DataFrame, leaving: Leaving
) -> pd.DataFrame:
    log, journeys, definition, _, _ = asked
    gone = left_since(log, journeys, definition, now, previous=before, leaving=leaving)
    if not len(gone):
        return now
    both: pd.DataFrame = pd.concat([now, gone], ignore_index=True) if len(now) else gone
    return both


def _summary(
    now: pd.DataFrame, finding: Finding, grade: Grade | None, check: Check | None
) -> AudienceSummary:
    at_risk, left = now[now["state"] == "at_risk"], now[now["state"] == LEFT]
    return AudienceSummary(
        finding=finding.id,
        affected=int((now["state"] == "affected").sum()),
        at_risk=len(at_risk),
        expected_reached=expected_count(at_risk, FACTORS[:2]),
        expected_harmed=expected_count(at_risk, FACTORS),
        held_out=int((now["held_out"] & (now["state"] != LEFT)).sum()),
        entered=int((now["change"] == ENTERED).sum()),
        left=len(left),
        grade=grade,
        left_because={str(why): int(n) for why, n in left["reason"].value_counts().items()},
        state=finding.state,
        checked=None if check is None else check.as_dict(),
    )


def _sentence(told: AudienceSummary) -> str:
    if told.state in CLOSED:
        return f"The finding is {told.state}: its audience is empty, and all {told.left:,} left it."
    value, low, high = told.expected_reached
    harmed, least, most = told.expected_harmed
    return (
        f"{told.affected:,} affected, {told.undecided:,} of them with the outcome still open; "
        f"{told.at_risk:,} at risk: {value:.0f} of these ({low:.0f} to {high:.0f}) will probably "
        f"be hit in the next {told.days:g} days, and {harmed:.0f} ({least:.0f} to {most:.0f}) end "
        "badly because of it."
    )
