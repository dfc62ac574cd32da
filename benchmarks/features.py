"""How fast are features: every prefix of many events against peers, and the row of one journey.

Events are random and every one of them is a sample.  Each engine runs alone in a process of its own
(`feature_race`), on one thread and, the peers, on as many as they like; its numbers are held
against the kernel's before any time is taken.  ``--quick`` takes a tenth of the events.
"""

import argparse
import math
from collections.abc import Sequence

from benchmarks.feature_log import COMPARED, SEED, Work, random_events, work_of
from benchmarks.feature_one import one_journey
from benchmarks.feature_race import CHUNKED, FOLD, raced
from benchmarks.measure import median_core_seconds, taken
from benchmarks.record import goal, limit, record
from features import encode, tables
from features.primitive import Primitive
from features.primitives import Calendar, Window

MANY = 1_000_000
REPEATS = 5
ONE_THREAD, DEFAULT = 1, 0
CHUNK = 4_096  # rows, as `tables` makes them unless asked otherwise
# More of the same kind, for a table of a hundred features.
HUNDRED = (*COMPARED, Window("channel", length="1h"), Calendar())


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a tenth of the events, fewer engines")
    quick = asked.parse_args().quick
    many = MANY // 10 if quick else MANY
    rows = compared(many, quick=quick)
    parts = [every_prefix(n, which) for n in (many, 5 * many) for which in (HUNDRED, None)]
    one = one_journey()
    rows += [*parts, *one]
    path = record("features", rows, goals(rows, parts, one), libraries=["numba", "numpy", "pandas"])
    print(path.with_suffix(".md").read_text())


def compared(many: int, *, quick: bool) -> list[dict[str, object]]:
    """Race the engines on the same features; a ratio compares what was timed one after the other.

    ``times_the_fold`` is how many times as long as the fold in chunks, into memory that is warm;
    ``times_the_table`` as long as the fold into a whole table of fresh memory.

    One thread at ``many`` events and at five times as many, where a slow peer runs once; then the
    peers that have threads of their own on as many as they like, by the wall clock.
    """
    races = [(many, ONE_THREAD, {FOLD: 6, CHUNKED: 6, "polars": 3, "pandas": 3, "duckdb": 3})]
    if not quick:
        races += [
            (5 * many, ONE_THREAD, {FOLD: 3, CHUNKED: 3, "polars": 2, "pandas": 1, "duckdb": 1}),
            (many, DEFAULT, {FOLD: 6, CHUNKED: 6, "polars": 3, "duckdb": 3}),
        ]
    rows: list[dict[str, object]] = []
    for events, threads, engines in races:
        timed = [
            raced(engine, events, threads=threads, runs=runs) for engine, runs in engines.items()
        ]
        clock = "core_seconds" if threads == ONE_THREAD else "wall_seconds"
        rows += [row | _ratios(row, timed[:2], clock) for row in timed]
    return rows


def every_prefix(n_events: int, primitives: Sequence[Primitive] | None) -> dict[str, object]:
    """Time the table in chunks of reused memory, and the encoding of the log that is part of it."""
    work = work_of(random_events(n_events), primitives)
    parts = (work.log, work.journeys, work.samples, work.plan)

    def in_chunks() -> None:
        for _ in tables(*parts):
            pass

    peak = taken(in_chunks).peak_mib  # the first run: later ones find memory that was given back
    everything = median_core_seconds(in_chunks, REPEATS)
    encoding = median_core_seconds(lambda: encode(work.log, work.plan), REPEATS)
    features = len(work.plan.features)
    return {
        "what": "every prefix" + (", the full list" if primitives is None else ""),
        "engine": CHUNKED,
        "events": n_events,
        "features": features,
        "threads": 1,
        "runs": REPEATS,
        "seed": SEED,
        "core_seconds": everything,
        "encoding_core_seconds": encoding,
        "rows_per_core_second": len(work.samples) / everything,
        "peak_mib": peak,
        "bound_mib": bound_mib(work),
        "whole_table_mib": len(work.samples) * features * 4 / 2**20,
    }


def bound_mib(work: Work) -> float:
    """Return what a table in chunks may hold at most beyond the log and the samples.

    An event is its codes, their look-up and its numbers; a sample is its row in the log, its cutoff
    and the check that these ascend; and there is one buffer of rows.
    """
    plan, buffered = work.plan, 2 * CHUNK * len(work.plan.features) * 4
    an_event = 2 * (len(plan.columns) + 1 + len(plan.codes.known)) + 8 * len(plan.numbers)
    a_sample = 8 * 6
    return (an_event * len(work.log) + a_sample * len(work.samples) + buffered) / 2**20


def goals(
    rows: Sequence[dict[str, object]],
    parts: Sequence[dict[str, object]],
    one: Sequence[dict[str, object]],
) -> list[dict[str, object]]:
    """Return what was asked for and what came out."""
    times = {str(row["engine"]): _number(row, "times_the_fold") for row in reversed(rows[:5])}
    hundred, microseconds = parts[0], _number(one[0], "p50_microseconds")
    rate = _number(hundred, "rows_per_core_second")
    bound, peak = (_number(parts[-1], name) for name in ("bound_mib", "peak_mib"))
    return [
        goal("times the fold: pandas, warm, one thread", 40, times["pandas"]),
        goal("times the fold: polars, warm, one thread", 15, times["polars"]),
        limit("MiB of the full list in chunks, of the most events", bound, peak),
        goal(f"rows/s of one core at {hundred['features']} features", 5e6, rate),
        goal(
            "journeys of 30 events a second, typed events to vector", 1e6 / 60, 1e6 / microseconds
        ),
    ]


def _ratios(
    row: dict[str, object], folds: Sequence[dict[str, object]], clock: str
) -> dict[str, object]:
    """Compare warm with warm, or first run with first run where there is only one."""
    measure = f"cold_{clock}" if row.get("runs") == 1 else clock
    names = ("times_the_table", "times_the_fold")
    ratios = {
        name: _number(row, measure) / _number(fold, measure)
        for name, fold in zip(names, folds, strict=True)
    }
    return {name: ratio for name, ratio in ratios.items() if math.isfinite(ratio)}


def _number(row: dict[str, object], name: str) -> float:
    value = row.get(name, math.nan)
    return float(value) if isinstance(value, int | float) else math.nan


if __name__ == "__main__":
    main()
