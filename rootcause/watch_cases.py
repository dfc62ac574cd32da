"""Following cases: what today's search says of those that are known, and of those that are not.

A move of the effect is news once it leaves the interval last told. A case that is not found for
four weeks although it was looked for, or whose conditions nobody meets any more, expires. Once a
fix is released its finding stays as it was: what the verdict compares with.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from journeys.definition import Outcome
from rootcause.exposure import STEP
from rootcause.findings import Finding
from rootcause.life import SOUGHT, Case, moved, noted, opened, told_of
from rootcause.recognition import difference, recognised
from rootcause.scene import Scene
from rootcause.wording import points, points_between

BETTER, DATED, NAMED, WORSE = "better", "dated otherwise", "named otherwise", "worse"

_STALE_DAYS = 28


@dataclass(frozen=True)
class Now:
    """A look: its instant (UTC, as text), the log as it was known then, and what is asked of it."""

    at: str
    scene: Scene
    outcome: Outcome

    @property
    def day(self) -> str:
        """The date of the look, YYYY-MM-DD."""
        return self.at[:10]

    def days_since(self, instant: str) -> int:
        """Return how many days have passed since the date of an instant."""
        return (date.fromisoformat(self.day) - date.fromisoformat(instant[:10])).days


def followed(
    cases: Sequence[Case], findings: Sequence[Finding], steps: Collection[str] | None, now: Now
) -> tuple[Case, ...]:
    """Return the cases after a search, and a new one for each finding that is none of them.

    Parameters
    ----------
    steps : those that were searched, None for all
    """
    named = recognised(findings, cases, now.scene)
    again = {case.id: _found_again(case, finding, now) for finding, case in named if case}
    known = [again.get(case.id) or _not_named(case, steps, now) for case in cases]
    journey = now.scene.definition.name
    new = [
        opened(finding, journey=journey, outcome=now.outcome, day=now.day, at=now.at)
        for finding, case in named
        if case is None
    ]
    return (*known, *new)


def expired(case: Case, now: Now) -> Case:
    """Return the case, expired if for four weeks nobody has met it or it was sought in vain."""
    if case.is_done or case.state == "fixed":
        return case
    met = now.scene.last_met(case.finding)
    last = case.finding.onset if met is None else f"{met:%Y-%m-%d}"
    if now.days_since(last) >= _STALE_DAYS and not _can_be_judged(case):
        return moved(case, "expired", at=now.at, reason=f"nobody has met it since {last}")
    in_vain = case.state in SOUGHT and case.missing_since != ""
    if in_vain and now.days_since(case.missing_since) >= _STALE_DAYS:
        reason = f"sought in vain since {case.missing_since}; nobody has said that it was fixed"
        return moved(case, "expired", at=now.at, reason=reason)
    return case


def _can_be_judged(case: Case) -> bool:
    """Whether a fix can be judged by others than those who met it: of the versions after it."""
    verdict = case.verdict or {}
    waits = verdict.get("days_missing") is not None
    return waits or verdict.get("verdict") in ("fixed", "not fixed")


def _not_named(case: Case, steps: Collection[str] | None, now: Now) -> Case:
    was_sought = steps is None or case.finding.conditions[STEP] in steps
    if case.state not in SOUGHT or case.missing_since or not was_sought:
        return case
    return replace(case, missing_since=now.day)


def _found_again(case: Case, finding: Finding, now: Now) -> Case:
    """Return the case as today's search has found it."""
    seen = replace(case, last_found=now.day, missing_since="")
    if case.is_done:
        return _perhaps_reopened(seen, finding, now)
    return _renewed(seen, finding, now) if case.state in SOUGHT else seen


def _perhaps_reopened(case: Case, finding: Finding, now: Now) -> Case:
    """Return a case that was done, opened again if what is found is more than what was closed.

    The harm of the past stays in the log, so to be found is not enough; whether a proven fix still
    holds is asked apart (`rootcause.watch_verdicts`).
    """
    why = ""
    if case.state == "expired":
        why = "found again"
    elif finding.onset > case.since[:10]:
        why = f"it began anew on {finding.onset}"
    elif case.fixed_at is None and finding.effect > case.told[2]:
        why = f"it is worse than when it was closed: {_effect(finding)}"
    if not why:
        return case
    again = moved(case, "reopened", at=now.at, reason=why)
    return replace(_renewed(again, finding, now), fixed_at=None, verdict=None)


def _renewed(case: Case, finding: Finding, now: Now) -> Case:
    """Return the case with today's numbers, conditions and onset, and a line for what is news."""
    before = case.finding
    ids = case.also_known_as
    if finding.id not in (case.id, *ids):
        ids = (*ids, finding.id)
    case = replace(case, finding=replace(finding, id=case.id), also_known_as=ids)
    if finding.conditions != before.conditions:
        told = difference(before.conditions, finding.conditions)
        case = noted(case, at=now.at, reason=f"{NAMED}: {told}")
    first, last = before.onset_interval
    if not first <= finding.onset <= last:
        case = noted(case, at=now.at, reason=f"{DATED}: since {finding.onset}")
    low, high = case.told[1:]
    if low <= finding.effect <= high:
        return case
    word = WORSE if finding.effect > high else BETTER
    moved_to = noted(case, at=now.at, reason=f"{word}: {_effect(finding)}")
    return replace(moved_to, told=told_of(finding))


def _effect(finding: Finding) -> str:
    return f"{points(finding.effect)} ({points_between(*finding.effect_interval)})"
