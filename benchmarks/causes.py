"""Whether causes planted in simulated worlds are named, dated and measured, and nothing else is.

``make benchmark-causes`` reports on worlds that nothing was developed on (seeds from 100,000);
``--part develop`` is for developing (seeds from 0).
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.cause_plan import KINDS, PARTS, Plan, plans_of
from benchmarks.cause_score import Row, asked, cause_rows, world_row
from benchmarks.cause_table import written
from benchmarks.cause_worlds import world_of

Answers = dict[str, list[Row]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Put every world to the search, write tables and picture; return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.causes", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder; default: out")
    parser.add_argument("--worlds", type=int, default=208)
    parser.add_argument("--part", choices=list(PARTS), default="report")
    parser.add_argument("--kinds", default=",".join(KINDS), help="only these, with commas")
    parser.add_argument("--jobs", type=int, default=2, help="worlds at a time, a core each")
    given = parser.parse_args(arguments)
    kinds = given.kinds.split(",")
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        parser.error(f"no kind of world is called {unknown[0]!r}; there are {', '.join(KINDS)}")
    plans = list(plans_of(given.part, given.worlds, kinds))
    answers: Answers = {"worlds": [], "causes": []}
    for answer in answers_to(plans, given.jobs):
        for name, rows in answer.items():
            answers[name] += rows
    print(written(answers, given.out, given.part))
    return 0


def answers_to(plans: Sequence[Plan], jobs: int) -> Iterator[Answers]:
    """Yield the answers to some worlds, in their order, so many at a time."""
    if jobs == 1:
        yield from map(_told, map(answer_to, plans))
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from map(_told, pool.map(answer_to, plans))


def answer_to(plan: Plan) -> Answers:
    """Return the rows about one world."""
    said = asked(world_of(plan))
    causes = cause_rows(said)
    return {"worlds": [world_row(said, causes)], "causes": causes}


def _told(answer: Answers) -> Answers:
    for world in answer["worlds"]:
        print("{seed} {kind} {level}: {said}".format_map(world), file=sys.stderr)
    return answer


if __name__ == "__main__":
    sys.exit(main())
