"""How fast are features: every prefix of many events, and the last row of one journey.

Events are random and every one of them is a sample.  The peer is a pandas ``groupby`` that computes
a few primitives; its numbers are held against the kernel's before any time is taken.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.record import goal, record
from features import Plan, encode, feature_list, learn_vocabulary, plan_of, table, tables
from features.kernel import fold
from features.primitive import Primitive
from features.primitives import Count, Since, Stats, Window
from journeys import EventLog, event_log, find_journeys, parse_definition, samples_of

SEED = 7
REPEATS = 5
REQUESTS = 5_000
DEFINITION = parse_definition(
    """
    name: benchmark
    success: {activity: never}
    leakage: {channel: [channel 0], within: 7d}
    milestones: [step 0, step 3, step 4, step 1]
    ticks: []
    attributes: {context: [region], technical: [os], numeric: [amount]}
    """,
    source="benchmarks/features.py",
)
FEW = (Count("activity"), Since("channel"), Stats("amount"))


@dataclass(frozen=True)
class Work:
    """A log with a sample at every event, and the plan to compute."""

    log: EventLog
    journeys: pd.DataFrame
    samples: pd.DataFrame
    plan: Plan


def main() -> None:
    """Measure, print and record."""
    every = feature_list(DEFINITION)
    wide = {Window("activity", length="24h"), Window("activity", length="7d"), Since("activity")}
    hundred = [one for one in every if one not in wide]
    rows = [every_prefix(200_000, every), every_prefix(1_000_000, every)]
    rows.append(every_prefix(1_000_000, hundred))
    rows += against_pandas(200_000)
    rows.append(one_journey(30, every))
    reached = float(str(rows[2]["rows_per_core_second"]))
    goals = [goal(f"rows/s of one core at {rows[2]['features']} features", 5e6, reached)]
    path = record("features", rows, goals, libraries=["numba", "numpy", "pandas"])
    print(path.with_suffix(".md").read_text())


def every_prefix(n_events: int, primitives: Sequence[Primitive]) -> dict[str, object]:
    """Time the table in parts: encoding the log and folding it."""
    work = work_of(random_events(n_events), primitives)

    def fold_all() -> None:
        for _ in tables(work.log, work.journeys, work.samples, work.plan):
            pass

    encoding = seconds(lambda: encode(work.log, work.plan))
    return _row("every prefix", "fold", work, seconds(fold_all)) | {
        "encoding_core_seconds": encoding
    }


def against_pandas(n_events: int) -> list[dict[str, object]]:
    """Time a few primitives by the fold and by pandas, which must agree."""
    work = work_of(random_events(n_events), FEW)
    ours = table(work.log, work.journeys, work.samples, work.plan)
    np.testing.assert_allclose(few_by_pandas(work), ours, rtol=1e-4, atol=1e-3)
    fold_seconds = seconds(lambda: table(work.log, work.journeys, work.samples, work.plan))
    pandas_seconds = seconds(lambda: few_by_pandas(work))
    slower = {"times_the_fold": pandas_seconds / fold_seconds}
    return [
        _row("a few primitives", "fold", work, fold_seconds),
        _row("a few primitives", "pandas groupby", work, pandas_seconds) | slower,
    ]


def one_journey(n_events: int, primitives: Sequence[Primitive]) -> dict[str, object]:
    """Time the kernel alone on one journey, for the row at its last event."""
    events = random_events(1_000 * n_events).head(n_events).assign(customer_id="one")
    work = work_of(events, primitives)
    encoded, last = encode(work.log, work.plan), np.array([n_events - 1])
    plan = (work.plan.table, work.plan.initial, np.empty_like(work.plan.initial))
    sequences = (encoded.times, encoded.codes, encoded.numbers, encoded.offsets)
    journey = (np.array([0]), np.array([2**62]), np.array([4]))
    out = np.empty((1, len(work.plan.features)), dtype=np.float32)
    taken = []
    for _ in range(REQUESTS):
        start = time.perf_counter_ns()
        fold(plan, sequences, journey, (last, encoded.times[-1:]), out)
        taken.append((time.perf_counter_ns() - start) / 1_000)
    return {
        "what": f"last row of one journey of {n_events} events",
        "engine": "fold",
        "features": len(work.plan.features),
        "p50_microseconds": float(np.percentile(taken, 50)),
        "p99_microseconds": float(np.percentile(taken, 99)),
    }


def few_by_pandas(work: Work) -> NDArray[np.float64]:
    """Return the features of `FEW` at every sample, as one would write them with pandas."""
    events, vocabulary = work.log.events, work.plan.vocabulary
    customer = events["customer_id"].cat.codes.to_numpy()
    activity = pd.get_dummies(vocabulary.codes(events["activity"]), dtype=np.float64)
    activity = activity.reindex(columns=range(len(vocabulary.labels("activity"))), fill_value=0.0)
    counts = activity.groupby(customer).cumsum()
    channel = vocabulary.codes(events["channel"])
    times = pd.Series(work.log.times.astype(np.float64))
    of_channel = {code: times.where(channel == code) for code in range(channel.max() + 1)}
    since = pd.DataFrame(of_channel).groupby(customer).ffill()
    since = (-since).add(times, axis=0) / 3.6e9
    amount = events["amount"].groupby(customer)
    so_far = amount.expanding()
    statistics = [so_far.min(), so_far.max(), so_far.mean(), so_far.std(ddof=0)]
    columns = [counts, since, amount.ffill(), *(one.droplevel(0) for one in statistics)]
    every = np.column_stack(columns)
    return np.asarray(every[work.samples["seen"].to_numpy()], dtype=np.float64)


def random_events(n_events: int) -> pd.DataFrame:
    """Return events of customers with about thirty each, 20 activities, 6 channels."""
    random = np.random.default_rng(SEED)
    frame = pd.DataFrame({"customer_id": random.integers(0, n_events // 30, n_events).astype(str)})
    seconds_ = random.integers(0, 120 * 86_400, n_events)
    frame["time"] = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(seconds_, unit="s")
    for name, width in (("activity", 20), ("channel", 6), ("region", 2), ("os", 3)):
        label = {"activity": "step"}.get(name, name)
        values = np.array([f"{label} {code}" for code in range(width)])
        frame[name] = values[random.integers(0, width, n_events)]
    frame["amount"] = np.where(random.random(n_events) < 0.3, random.random(n_events) * 1e3, np.nan)
    return frame


def work_of(events: pd.DataFrame, primitives: Sequence[Primitive]) -> Work:
    """Return everything that is ready before the clock starts."""
    log = event_log(events, DEFINITION)
    journeys = find_journeys(log, DEFINITION)
    plan = plan_of(DEFINITION, learn_vocabulary(log, DEFINITION), primitives=primitives)
    work = Work(log, journeys, samples_of(log, journeys, DEFINITION), plan)
    table(log, journeys, work.samples[:1], plan)  # compiles
    return work


def seconds(work: Callable[[], object]) -> float:
    """Return the median processor time of a few repeats: one thread, whoever else is busy."""
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return median(taken)


def _row(what: str, engine: str, work: Work, taken: float) -> dict[str, object]:
    return {
        "what": what,
        "engine": engine,
        "events": len(work.log),
        "samples": len(work.samples),
        "features": len(work.plan.features),
        "seed": SEED,
        "repeats": REPEATS,
        "core_seconds": taken,
        "rows_per_core_second": len(work.samples) / taken,
    }


if __name__ == "__main__":
    main()
