"""Verdicts of the watch: whether a released fix works, is proven, or the fault has returned.

Asked anew every day, a verdict has many chances to be wrong once; so it moves the case only after
it has been the same for some days running.
"""

from dataclasses import replace

import pandas as pd

from rootcause.life import UNDER_TEST, Case, moved
from rootcause.scene import Scene
from rootcause.verify import Verdict, was_it_fixed
from rootcause.watch_cases import Now

HOLDS_DAYS = 2
PROVEN_DAYS = 14
RECENT_DAYS = 28

_SAME_SINCE = "same_since"


def tested(case: Case, now: Now) -> Case:
    """Return the case after asking whether its fix works; as it was where none is released.

    *Cannot tell yet* never takes back what could be told; a case that is fixed, and stays so for
    two weeks, is closed.
    """
    if case.state not in UNDER_TEST or case.fixed_at is None:
        return case
    if pd.Timestamp(case.fixed_at) > now.scene.log.ends:
        return case
    found = _verdict(case, now.scene, now, case.fixed_at)
    since = now.day
    if case.verdict is not None and case.verdict["verdict"] == found.verdict:
        since = str(case.verdict[_SAME_SINCE])
    case = replace(case, verdict={**found.as_dict(), _SAME_SINCE: since})
    return _proven(_judged(case, found, now), now)


def returned(case: Case, now: Now) -> Case:
    """Return a case that was closed as fixed, opened again if the last four weeks are as bad."""
    if case.state != "closed" or case.fixed_at is None:
        return case
    if case.verdict is None or case.verdict["verdict"] != "fixed":
        return case
    recent = pd.Timestamp(now.at) - pd.Timedelta(days=RECENT_DAYS)
    fixed = pd.Timestamp(case.fixed_at)
    if recent <= fixed:
        return case
    start = now.scene.journeys["start"]
    asked = now.scene.journeys[(start < fixed) | (start >= recent)].reset_index(drop=True)
    found = _verdict(case, replace(now.scene, journeys=asked), now, case.fixed_at)
    if found.verdict != "not fixed":
        return case
    reason = f"it has returned, in the journeys since {recent:%Y-%m-%d}. {found.sentence}"
    again = moved(case, "reopened", at=now.at, reason=reason)
    return replace(again, fixed_at=None, verdict=None, missing_since="")


def _verdict(case: Case, scene: Scene, now: Now, fixed_at: str) -> Verdict:
    return was_it_fixed(
        scene.log,
        scene.journeys,
        scene.definition,
        case.finding,
        outcome=now.outcome,
        fixed_at=pd.Timestamp(fixed_at),
    )


def _judged(case: Case, found: Verdict, now: Now) -> Case:
    """Return the case in the state of a verdict, once that has lasted."""
    told: bool = found.verdict != "cannot tell yet"
    if found.verdict == case.state or not (told or case.state == "fix released"):
        return case
    since = str((case.verdict or {})[_SAME_SINCE])
    if told and now.days_since(since) < HOLDS_DAYS:
        if case.state != "fix released":
            return case
        reason = f"the first look counts only if it is borne out. It said: {found.sentence}"
        return moved(case, "cannot tell yet", at=now.at, reason=reason)
    return moved(case, found.verdict, at=now.at, reason=found.sentence)


def _proven(case: Case, now: Now) -> Case:
    holds = case.verdict is not None and case.verdict["verdict"] == "fixed"
    if case.state != "fixed" or not holds or now.days_since(case.since) < PROVEN_DAYS:
        return case
    reason = f"fixed, and still so after {PROVEN_DAYS} days"
    return moved(case, "closed", at=now.at, reason=reason)
