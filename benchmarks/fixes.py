"""Whether verdicts on fixes are right, their intervals too, and savings what follows.

Worlds of `benchmarks.fix_worlds`, drawn anew for each run: a fault of a release, mended or
superseded by a newer one, a fault of a partner or of a region on one system. 200 runs each in which
it is fixed, is not, and in which it is too early to tell; then half a fix, what a fix would save
against what happens in the week that follows, and changes that change nothing.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from benchmarks.fix_measures import (
    changed,
    found_by_search,
    measured,
    seen,
    true_effects,
    verdict_at,
)
from benchmarks.fix_worlds import HORIZON, FixPlan, FixWorld, Kind, fix_world
from benchmarks.record import goal, record
from models.threads import one_thread
from rootcause.intervals import rate_interval
from rootcause.verify import Verdict

FIRST_SEED = 500_000
DEVELOP_SEED = 1_000

_KINDS: tuple[Kind, ...] = ("release", "superseded", "partner", "region")
_LASTING: tuple[Kind, ...] = ("release", "partner", "region")
_DAYS_AFTER = 35
_LONGEST_DAYS = 120

Row = dict[str, object]


@dataclass(frozen=True)
class Judged:
    """One run: the verdict, and whether the true effects lie in its intervals."""

    verdict: str
    before_covered: bool
    after_covered: bool
    after_error: float
    half_width: float


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=200, help="runs of each kind")
    asked.add_argument("--searched", type=int, default=30, help="runs with the whole search")
    asked.add_argument("--develop", action="store_true", help="on the seeds to develop on")
    chosen = asked.parse_args()
    first = DEVELOP_SEED if chosen.develop else FIRST_SEED
    seeds = range(first, first + chosen.runs)
    with one_thread():
        rows = [
            verdicts("fixed", seeds, left=0.0, right="fixed"),
            verdicts("not fixed", seeds, left=1.0, right="not fixed"),
            too_early("too early", seeds),
            verdicts("half fixed", seeds[: len(seeds) // 2], left=0.5, right="not fixed"),
            savings("what if, conditions given", seeds, measured),
            savings("what if, whole search", seeds[: chosen.searched], found_by_search),
            nothing_changed("a change that changes nothing", seeds),
        ]
    path = record("fixes", rows, goals(rows), libraries=["lightgbm", "numpy", "scipy"])
    print(path.with_suffix(".md").read_text())


def plan_of(seed: int, kinds: Sequence[Kind], *, left: float, days_after: int) -> FixPlan:
    """Return the plan of a run: size, harm and dates drawn from its seed."""
    rng = np.random.default_rng(seed)
    onset = int(rng.integers(40, 50))
    fixed = onset + int(rng.integers(21, 35))
    return FixPlan(
        kind=kinds[seed % len(kinds)],
        a_day=float(rng.uniform(60, 140)),
        harm=float(rng.uniform(0.15, 0.35)),
        onset=onset,
        fixed=fixed,
        days=fixed + days_after,
        left=left,
        seed=seed,
    )


def verdicts(what: str, seeds: Iterable[int], *, left: float, right: str) -> Row:
    """Return how often the verdict is right, five weeks after the fix."""
    runs = []
    for seed in seeds:
        world = fix_world(plan_of(seed, _KINDS, left=left, days_after=_DAYS_AFTER))
        runs.append(_judged(world, verdict_at(world, world.plan.days)))
    counts = Counter(run.verdict for run in runs)
    known = [run for run in runs if run.half_width > 0]
    return {
        "what": what,
        "runs": len(runs),
        **_share("right", counts[right], len(runs)),
        "fixed": counts["fixed"],
        "not_fixed": counts["not fixed"],
        "cannot_tell_yet": counts["cannot tell yet"],
        **_share("after_covered", sum(run.after_covered for run in known), len(known)),
        **_share("before_covered", sum(run.before_covered for run in known), len(known)),
        "after_bias": fmean(run.after_error for run in known),
        "after_half_width": median(run.half_width for run in known),
    }


def too_early(what: str, seeds: Iterable[int]) -> Row:
    """Return what is said before any outcome is known, and whether waiting as long as said helps.

    Every other fix works; the log ends up to a week after it.
    """
    said, waited, decided, right = Counter[str](), [], 0, 0
    for seed in seeds:
        left = float(seed % 2)
        world = fix_world(plan_of(seed, _KINDS, left=left, days_after=_LONGEST_DAYS))
        until = world.plan.fixed + float(np.random.default_rng(seed).uniform(0.0, HORIZON))
        early = verdict_at(world, until)
        said[early.verdict] += 1
        if early.days_missing is not None and until + early.days_missing <= world.plan.days:
            waited.append(early.days_missing)
            then = verdict_at(world, until + early.days_missing).verdict
            decided += then != "cannot tell yet"
            right += then == ("not fixed" if left else "fixed")
    runs = said.total()
    return {
        "what": what,
        "runs": runs,
        **_share("right", said["cannot tell yet"], runs),
        "fixed": said["fixed"],
        "not_fixed": said["not fixed"],
        "cannot_tell_yet": said["cannot tell yet"],
        "days_missing": median(waited),
        "asked_again": len(waited),
        **_share("decided_then", decided, len(waited)),
        "decided_wrongly": decided - right,
    }


def savings(what: str, seeds: Iterable[int], find: Callable[[FixWorld, float], object]) -> Row:
    """Return how often the week that follows brings what was said it would."""
    runs, asked = [], 0
    for seed in seeds:
        asked += 1
        plan = plan_of(seed, _LASTING, left=1.0, days_after=14)
        world = fix_world(plan)
        one = seen(world, plan.fixed, find(world, plan.fixed))
        runs += [] if one is None else [one]
    return {
        "what": what,
        "runs": len(runs),
        "not_found": asked - len(runs),
        **_share("avoidable_covered", sum(run.avoidable for run in runs), len(runs)),
        **_share("exposed_covered", sum(run.exposed for run in runs), len(runs)),
        **_share("so_far_covered", sum(run.so_far for run in runs), len(runs)),
        "avoidable_bias": fmean(run.error for run in runs),
        "avoidable_width": median(run.width for run in runs),
    }


def nothing_changed(what: str, seeds: Iterable[int]) -> Row:
    """Return how often a date on which nothing was changed is said to have changed something."""
    said, covered = Counter[str](), 0
    for seed in seeds:
        found = changed(seed, plan_of(seed, _LASTING[1:], left=0.0, days_after=_DAYS_AFTER))
        said[found.verdict] += 1
        low, high = found.effect_interval or (-1.0, 1.0)
        covered += low <= 0.0 <= high
    runs = said.total()
    return {
        "what": what,
        "runs": runs,
        **_share("after_covered", covered, runs),
        "better": said["better"],
        "worse": said["worse"],
        "no_change": said["no change"],
        "cannot_tell_yet": said["cannot tell yet"],
    }


def goals(rows: Sequence[Row]) -> list[Row]:
    """Return what was hoped for, and whether it came true."""
    by_name = {str(row["what"]): row for row in rows}

    def of(what: str, column: str) -> float:
        return float(str(by_name[what][column]))

    return [
        *(
            goal(f"{what}: the verdict is right", 0.95, of(what, "right"))
            for what in ("fixed", "not fixed", "too early")
        ),
        *(
            goal(f"{what}: true effect after in its interval", 0.93, of(what, "after_covered"))
            for what in ("fixed", "not fixed", "a change that changes nothing")
        ),
        goal("asked again when said: decided", 0.8, of("too early", "decided_then")),
        *(
            goal(f"{what}: avoidable in its interval", 0.93, of(what, "avoidable_covered"))
            for what in ("what if, conditions given", "what if, whole search")
        ),
    ]


def _judged(world: FixWorld, verdict: Verdict) -> Judged:
    before, after = true_effects(world)
    low, high = verdict.effect_after_interval or (0.0, 0.0)
    least, most = verdict.effect_before_interval or (0.0, 0.0)
    return Judged(
        verdict=verdict.verdict,
        before_covered=least <= before <= most,
        after_covered=low <= after <= high,
        after_error=(verdict.effect_after or 0.0) - after,
        half_width=(high - low) / 2.0,
    )


def _share(what: str, part: int, whole: int) -> Row:
    share, low, high = (float(each) for each in rate_interval(part, whole))
    return {what: share, f"{what}_low": low, f"{what}_high": high}


if __name__ == "__main__":
    main()
