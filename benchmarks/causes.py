"""Whether causes planted in simulated worlds are named, dated and measured, and nothing else is.

``make benchmark-causes`` reports on worlds that nothing was developed on (seeds from 400,000);
``--part develop`` is for developing (seeds from 0).
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.cause_plan import KINDS, PARTS, Plan, plans_of
from benchmarks.cause_race import NUMBERS, peer_rows
from benchmarks.cause_score import Row, asked, cause_rows, world_row
from benchmarks.cause_table import written
from benchmarks.cause_worlds import world_of

Answers = dict[str, list[Row]]

WORLDS, WORLDS_WITH_PEERS = 208, 26


def main(arguments: Sequence[str] | None = None) -> int:
    """Put every world to the search, write tables and picture; return the exit code."""
    given = _given(arguments)
    plans = list(plans_of(given.part, given.worlds, given.kinds))
    with_peers = [plan.seed for plan in plans if plan.kind != NUMBERS][: given.peers]
    work = partial(answer_to, with_peers=frozenset(with_peers))
    answers: Answers = {"worlds": [], "causes": [], "peers": []}
    console = Console(stderr=True)
    for answer in track(_answers(work, plans, given.jobs), "worlds", len(plans), console=console):
        for name, rows in answer.items():
            answers[name] += rows
        # After each world: who stops an hour's work half-way keeps the half.
        text = written(answers, given.out, given.part)
    print(text)
    return 0


def answer_to(plan: Plan, *, with_peers: frozenset[int]) -> Answers:
    """Return the rows about one world."""
    said = asked(world_of(plan))
    causes = cause_rows(said)
    peers = peer_rows(said, causes) if plan.seed in with_peers else []
    return {"worlds": [world_row(said, causes)], "causes": causes, "peers": peers}


def _answers(work: "partial[Answers]", plans: Sequence[Plan], jobs: int) -> Iterator[Answers]:
    """Yield the answers to the plans in their order, so many at a time, each on one core."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if jobs == 1:
        yield from map(work, plans)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, plans)


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.causes", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder; default: out")
    parser.add_argument("--worlds", type=int, default=WORLDS, help=f"default: {WORLDS}")
    parser.add_argument("--part", choices=list(PARTS), default="report")
    parser.add_argument("--kinds", default=",".join(KINDS), help="only these, with commas")
    parser.add_argument("--jobs", type=int, default=2, help="worlds at a time, a core each")
    parser.add_argument(
        "--peers",
        type=int,
        default=WORLDS_WITH_PEERS,
        help=f"in how many worlds others are asked as well; default: {WORLDS_WITH_PEERS}",
    )
    parser.add_argument("--no-peers", dest="peers", action="store_const", const=0)
    given = parser.parse_args(arguments)
    given.kinds = given.kinds.split(",")
    unknown = sorted(set(given.kinds) - set(KINDS))
    if unknown or given.worlds < 1:
        kinds = ", ".join(KINDS)
        parser.error(f"give at least one world, and kinds among {kinds}; not {unknown}")
    return given


if __name__ == "__main__":
    sys.exit(main())
