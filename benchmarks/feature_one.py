"""One journey: from the typed events of one customer to the row at the last of them."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.feature_log import Work, random_events, work_of
from features import encode
from features.kernel import fold
from features.typed import Event, TypedEvents

REQUESTS = 5_000
_EVENTS = 30


def one_journey() -> list[dict[str, object]]:
    """Time what a request for the full list costs, and the parts of it.

    From typed events, as a service holds them, to the row; the kernel alone, of events that are
    encoded already; and, for comparison, encoding the same events from a table of them.
    """
    work = _journey_of(_EVENTS)
    events, ready = _typed(work), TypedEvents(work.plan)
    return [
        _row("typed events to vector", work, lambda: ready.row(events), REQUESTS),
        _row("encoding typed events alone", work, _encoding_of(ready, events), REQUESTS),
        _row("kernel alone", work, _fold_of(work), REQUESTS),
        _row("encoding a table of events", work, lambda: encode(work.log, work.plan), 500),
    ]


def _typed(work: Work) -> list[Event]:
    names = ("activity", "channel", *work.plan.definition.fields)
    columns = {name: work.log.events[name].astype(object) for name in names}
    plain = {name: one.where(one.notna(), None).tolist() for name, one in columns.items()}
    plain["time"] = work.log.times.tolist()
    return [dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)]


def _encoding_of(ready: TypedEvents, events: list[Event]) -> Callable[[], object]:
    times = [int(str(event["time"])) for event in events]
    columns = {name: [event[name] for event in events] for name in ready.fields}
    return lambda: ready.written(times, columns)


def _journey_of(n_events: int) -> Work:
    many = random_events(1_000 * n_events)
    return work_of(many.head(n_events).assign(customer_id="one"), None)


def _fold_of(work: Work) -> Callable[[], object]:
    encoded, last = encode(work.log, work.plan), np.array([len(work.log) - 1])
    plan = (work.plan.table, work.plan.initial, np.empty_like(work.plan.initial))
    sequences = (encoded.times, encoded.codes, encoded.numbers, encoded.offsets)
    journey = (np.array([0]), np.array([2**62]), np.array([4]))
    out = np.empty((1, len(work.plan.features)), dtype=np.float32)
    return lambda: fold(plan, sequences, journey, (last, encoded.times[-1:]), out)


def _row(what: str, work: Work, request: Callable[[], object], requests: int) -> dict[str, object]:
    taken = []
    for _ in range(requests):
        start = time.perf_counter_ns()
        request()
        taken.append((time.perf_counter_ns() - start) / 1_000)
    return {
        "what": f"one journey of {len(work.log)} events: {what}",
        "engine": "fold",
        "features": len(work.plan.features),
        "runs": requests,
        "p50_microseconds": float(np.percentile(taken, 50)),
        "p99_microseconds": float(np.percentile(taken, 99)),
    }
