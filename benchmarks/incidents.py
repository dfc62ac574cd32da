"""Causes of real incidents from counted rows: exactly named, against others' methods.

``python -m benchmarks.incidents --data DIR --json OUT`` runs on any incidents of the same form:
``labels.csv`` (case, timestamp, cause) and ``leaf_timeseries.parquet`` (case, min, value = bad,
cnt = how many, attributes).  By default the 45 beside the project, in ``../shared/data`` or where
``$OFFRAMP_SHARED_DATA`` says.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np

from benchmarks.incident_data import ALL, PARTS, Incident, answer, incidents_in
from benchmarks.incident_peers import PEERS, Peer
from benchmarks.incident_scores import FIRST, recalls, scored
from benchmarks.record import goal, limit, record
from journeys.errors import OfframpError, TooLittleDataError
from rootcause.counted import CountedCauses, causes_in_counts

P = ParamSpec("P")
T = TypeVar("T")

DATA = "OFFRAMP_SHARED_DATA"
LIBRARIES = ["numpy", "pandas", "scipy"]
# A quiet time is asked about only if so many came before it.
_ENOUGH_BEFORE = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all methods, record the table; return the exit code."""
    asked = _arguments(arguments)
    try:
        incidents = incidents_in(asked.data, asked.part)
        if not incidents:
            print(f"{asked.data} has no incidents of the part {asked.part}.", file=sys.stderr)
            return 1
        ours, found = offramp_row(incidents)
        peers = [peer_row(name, peer, incidents) for name, peer in PEERS.items()]
        alarms = false_alarms(incidents)
    except OfframpError as error:
        print(error, file=sys.stderr)
        return 1
    rows = [ours | silence(found) | alarms, *peers]
    path = record("incidents", rows, _goals(ours, alarms), libraries=LIBRARIES)
    written = json.loads(path.read_text()) | {
        **{f"exact_at_{first}": ours[f"exact_at_{first}"] for first in FIRST},
        "incidents": len(incidents),
        "seconds": ours["seconds"],
        "part": asked.part,
    }
    for out in filter(None, (path, asked.json)):
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(written, indent=1) + "\n")
    print(path.with_suffix(".md").read_text())
    return 0


def offramp_row(incidents: Sequence[Incident]) -> tuple[dict[str, object], list[CountedCauses]]:
    """Return our row, and what was found in each incident that could be searched.

    One that cannot, for want of earlier times, is an incident without an answer.
    """
    started = time.perf_counter()
    found = [_or_none(causes_at, incident, incident.at) for incident in incidents]
    seconds = time.perf_counter() - started
    answers = [[answer(cause.conditions) for cause in one.causes] if one else [] for one in found]
    searched = [one for one in found if one]
    row = _row("offramp", recalls(incidents, answers), seconds)
    return row | {"refused": len(found) - len(searched)}, searched


def peer_row(name: str, peer: Peer, incidents: Sequence[Incident]) -> dict[str, object]:
    """Return the row of another method on the same incidents."""
    started = time.perf_counter()
    answers = [_or_none(peer, incident) or [] for incident in incidents]
    return _row(name, recalls(incidents, answers), time.perf_counter() - started)


def _or_none(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | None:
    try:
        return work(*given, **named)
    except TooLittleDataError:
        return None


def causes_at(incident: Incident, at: int) -> CountedCauses:
    """Return what Offramp names at a time of an incident, knowing no later row."""
    return causes_in_counts(incident.rows, at=at, attributes=incident.attributes)


def silence(found: Sequence[CountedCauses]) -> dict[str, object]:
    """Return the share of incidents that are said to stand out: the rest would raise no alarm."""
    return {
        "incidents_that_stand_out": round(
            float(np.mean([one.stands_out for one in found] or [False])), 3
        )
    }


def false_alarms(incidents: Sequence[Incident]) -> dict[str, object]:
    """Return the share of quiet earlier times, of all incidents, that are said to stand out.

    Quiet: the rate of all rows is no higher than the median over the times before the incident.
    """
    alarms = [
        causes_at(incident, moment).stands_out
        for incident in incidents
        for moment in quiet_times(incident)
    ]
    share = round(float(np.mean(alarms)), 3) if alarms else float("nan")
    return {"false_alarms": share, "quiet_times": len(alarms)}


def quiet_times(incident: Incident) -> list[int]:
    """Return the earlier times that are quiet and have enough others before them."""
    earlier = incident.rows[incident.rows["time"] < incident.at]
    counts = earlier.groupby("time")[["bad", "n"]].sum()
    rate = counts["bad"] / counts["n"]
    return [int(moment) for moment in rate.index[_ENOUGH_BEFORE:] if rate[moment] <= rate.median()]


def _row(method: str, recall: np.ndarray, seconds: float) -> dict[str, object]:
    timed = {
        "incidents": len(recall),
        "seconds": round(seconds, 2),
        "seconds_per_incident": round(seconds / len(recall), 3),
    }
    return {"method": method, **scored(recall), **timed}


def _goals(ours: dict[str, object], alarms: dict[str, object]) -> list[dict[str, object]]:
    return [
        goal("exact at rank 1", 0.75, float(str(ours["exact_at_1"]))),
        goal("exact in the first three", 0.92, float(str(ours["exact_at_3"]))),
        limit("false alarms at quiet times, share", 0.05, float(str(alarms["false_alarms"]))),
    ]


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    shared = Path(os.environ.get(DATA, "../shared/data"))
    parser = argparse.ArgumentParser(prog="benchmarks.incidents", description=__doc__)
    parser.add_argument("--data", type=Path, default=shared / "live-video-incidents")
    parser.add_argument("--json", type=Path, help="where the record is written as well")
    parser.add_argument("--part", choices=PARTS, default=ALL, help="a part of our development")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
