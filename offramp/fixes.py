"""What `offramp verify` and `offramp whatif` ask of the rooms."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.errors import FindingsError, RequestError
from journeys.find import find_journeys
from journeys.log import EventLog
from offramp.causes import findings_about
from rootcause.dated_change import ChangeEffect, effect_of_change
from rootcause.verify import Verdict, was_it_fixed
from rootcause.whatif import Saving, savings_of


@dataclass(frozen=True)
class Reached:
    """Whom a dated change reached, since when, and how small a change matters."""

    conditions: Mapping[str, str]
    changed_at: pd.Timestamp
    outcome: Outcome
    matters: float


def verdict_on(
    log: EventLog, definition: Definition, findings: str, finding: str, fixed_at: pd.Timestamp
) -> Verdict:
    """Return whether a finding's effect is gone since an instant."""
    found = findings_about(definition, findings)
    return was_it_fixed(
        log,
        find_journeys(log, definition),
        definition,
        found.finding(finding),
        outcome=found.outcome,
        fixed_at=fixed_at,
    )


def change_in(log: EventLog, definition: Definition, reached: Reached) -> ChangeEffect:
    """Return what a dated change did to those whom it reached."""
    return effect_of_change(
        log,
        find_journeys(log, definition),
        definition,
        outcome=reached.outcome,
        conditions=reached.conditions,
        changed_at=reached.changed_at,
        smallest=reached.matters,
    )


def savings_in(
    log: EventLog, definition: Definition, findings: str, finding: str, days: int
) -> list[tuple[dict[str, str], Saving]]:
    """Return the conditions and the saving of one or all findings of a file, largest first."""
    found = findings_about(definition, findings)
    chosen = [found.finding(finding)] if finding else list(found.findings)
    if not chosen:
        raise FindingsError(
            f"{findings!r} holds no finding, so there is nothing to fix. "
            "That is an answer: nothing was found."
        )
    journeys = find_journeys(log, definition)
    asked = [(one, found.outcome) for one in chosen]
    savings = savings_of(log, journeys, definition, asked, days=days)
    saved = [(one.conditions, saving) for one, saving in zip(chosen, savings, strict=True)]
    return sorted(saved, key=lambda pair: -pair[1].avoidable_per_week[1])


def instant(given: str, option: str) -> pd.Timestamp:
    """Return the instant that an option names, UTC where it has no zone.

    Raises
    ------
    RequestError
        If it is no time.
    """
    at = pd.to_datetime(given, utc=True, errors="coerce")
    if pd.isna(at):
        raise RequestError(
            f"{given!r} is not a time; write {option} 2026-03-20 or 2026-03-20T08:00:00Z."
        )
    return at
