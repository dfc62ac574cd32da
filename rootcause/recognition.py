"""Recognition: whether what today's search names is a case that is known already.

Tomorrow's search sees more rows and may name the same fault a little otherwise: one condition more
or fewer, another value that the same customers have, the onset a day later. Two findings are one
case if they have the same conditions; or began at about the same time and either differ by one
condition at one step or befell, for the greater part, the same journeys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from rootcause.exposure import STEP
from rootcause.findings import Finding
from rootcause.life import Case
from rootcause.scene import Scene

_SAME_TIME_DAYS = 14
_SAME_JOURNEYS = 0.5


def recognised(
    findings: Sequence[Finding], cases: Sequence[Case], scene: Scene
) -> list[tuple[Finding, Case | None]]:
    """Return with each finding the case that it is, None where it is a new one.

    No case is given to two findings; those of the same id come first, then those not done.
    """
    free = sorted(cases, key=lambda case: case.is_done)
    known: dict[str, Case] = {}
    for same in (_is_named_alike, _is_nearly_alike, partial(_befell_the_same, scene)):
        for finding in findings:
            if finding.id in known:
                continue
            case = next((case for case in free if same(finding, case)), None)
            if case is not None:
                known[finding.id] = case
                free.remove(case)
    return [(finding, known.get(finding.id)) for finding in findings]


def _is_named_alike(finding: Finding, case: Case) -> bool:
    return finding.id in (case.id, *case.also_known_as)


def _is_nearly_alike(finding: Finding, case: Case) -> bool:
    """Whether one has all the other's conditions and one more, at the same step and time."""
    here, there = set(finding.conditions.items()), set(case.finding.conditions.items())
    one_more = len(here ^ there) == 1 and STEP not in {name for name, _ in here ^ there}
    return one_more and _about_the_same_time(finding, case.finding)


def _befell_the_same(scene: Scene, finding: Finding, case: Case) -> bool:
    """Whether most of the journeys that met one since both began have met the other."""
    if not _about_the_same_time(finding, case.finding):
        return False
    since = max(finding.onset, case.finding.onset)
    both, one = scene.met_both(*(replace(each, onset=since) for each in (finding, case.finding)))
    return both >= _SAME_JOURNEYS * max(one, 1)


def _about_the_same_time(one: Finding, other: Finding) -> bool:
    apart = date.fromisoformat(one.onset) - date.fromisoformat(other.onset)
    return abs(apart.days) <= _SAME_TIME_DAYS


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say how the conditions of one fault are named otherwise than before.

    >>> difference({"activity": "upload", "os": "iOS"}, {"activity": "upload", "version": "8.2"})
    'with version 8.2, without os iOS'
    """
    gone = [f"{name} {value}" for name, value in before.items() if now.get(name) != value]
    come = [f"{name} {value}" for name, value in now.items() if before.get(name) != value]
    told = [("with", come), ("without", gone)]
    return ", ".join(f"{word} {' and '.join(parts)}" for word, parts in told if parts)
