"""One outcome of a look: search where the plan says, then follow every case of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rootcause.exposure import STEP
from rootcause.findings import Findings
from rootcause.life import Case
from rootcause.recognition import recognised
from rootcause.watch_cases import Now, expired, followed
from rootcause.watch_plan import Plan
from rootcause.watch_verdicts import returned, tested

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Sought:
    """The cases after a search and verdicts, the search if it was everywhere, and why it was so."""

    cases: tuple[Case, ...]
    everything: Findings | None
    why: str


def sought(cases: Sequence[Case], plan: Plan, now: Now, *, seed: int, tell: Progress) -> Sought:
    """Return what a day makes of the cases of one outcome."""
    found, plan = _found(cases, plan, now, seed=seed, tell=tell)
    known = tuple(cases)
    if found is not None:
        known = followed(cases, found.findings, plan.steps, now)
    everywhere = found is not None and plan.steps is None
    if everywhere:
        known = tuple(returned(case, now) for case in known)
    known = tuple(expired(tested(case, now), now) for case in known)
    return Sought(known, found if everywhere else None, plan.why)


def _found(
    cases: Sequence[Case], plan: Plan, now: Now, *, seed: int, tell: Progress
) -> tuple[Findings | None, Plan]:
    """Search as planned; everywhere if that names what no case knows."""
    if plan.steps == ():
        return None, plan
    scene = now.scene

    def search(steps: tuple[str, ...] | None) -> Findings:
        return scene.causes(now.outcome, seed=seed, steps=steps, tell=tell)

    found = search(plan.steps)
    if plan.steps is None:
        return found, plan
    named = recognised(found.findings, cases, scene)
    new = [finding.conditions[STEP] for finding, case in named if case is None]
    if not new:
        return found, plan
    return search(None), Plan(None, f"every step: something new at {new[0]}")
