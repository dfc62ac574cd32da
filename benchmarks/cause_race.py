"""The peers at work on the same worlds: what they name, and whether that is the cause."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.cause_match import is_exact
from benchmarks.cause_peers import MOST_ROWS, PEERS, Conditions, Peer, Table
from benchmarks.cause_score import Asked
from rootcause.exposure import STEP

Row = dict[str, object]

NUMBERS = "numeric"
"""The kind of world that no peer is asked about: none of them makes thresholds of its own."""


@dataclass(frozen=True)
class Named:
    """What a peer named, in the form of a finding."""

    conditions: Conditions
    also_indistinguishable: tuple[dict[str, str], ...] = ()


def peer_rows(said: Asked, causes: list[Row]) -> list[Row]:
    """Return one row per peer, once on the whole log and once told the day of the onset.

    In a world of two causes a peer is asked for the one the oracle sees better; in a clean world
    it is told a day, too: the one on which harmless things change.
    """
    if said.world.plan.kind == NUMBERS:
        return []
    return [
        _row(said, causes, name, peer, told=told)
        for name, peer in PEERS.items()
        for told in (False, True)
    ]


def _row(said: Asked, causes: list[Row], name: str, peer: Peer, *, told: bool) -> Row:
    plan = said.world.plan
    seen = [float(str(cause["z"])) for cause in causes]
    asked_for = int(np.argmax(seen)) if seen else None
    row: Row = {
        "seed": plan.seed,
        "kind": plan.kind,
        "peer": name,
        "told_onset": told,
        "identifiable": None if asked_for is None else causes[asked_for]["identifiable"],
    }
    core = time.process_time()
    try:
        named = peer(_table(said, asked_for, told=told))
    except ImportError as missing:
        return row | {"fault": f"{missing.name} is not installed"}
    except (ValueError, MemoryError, RuntimeError) as fault:
        return row | {"fault": f"{type(fault).__name__}: {str(fault)[:80]}"}
    row |= {"core_seconds": round(time.process_time() - core, 2), "named": _told(named)}
    if asked_for is None:
        return row | {"false_alarm": bool(named)}
    return row | {"rank": next(_ranks(said, asked_for, named), 0)}


def _ranks(said: Asked, asked_for: int, named: list[Conditions]) -> Iterator[int]:
    world = said.world
    for rank, conditions in enumerate(named, start=1):
        if is_exact(Named(conditions), world.truths[asked_for], world, said.exposures):
            yield rank


def _table(said: Asked, asked_for: int | None, *, told: bool) -> Table:
    """Return the exposures as columns of text; with the step in a log of journeys only."""
    found, world = said.exposures, said.world
    truth = None if asked_for is None else world.truths[asked_for]
    onset = truth.day if truth is not None else _day_of(said)
    rows = np.flatnonzero(~np.isnan(found.bad))
    columns = {
        name: np.asarray(found.names[place], dtype=object)[found.codes[rows, place]]
        for place, name in enumerate(found.attributes)
        if name not in found.numeric  # it stands there once for each of its thresholds
    }
    steps = np.asarray(found.steps, dtype=object)[found.step[rows]]
    if world.asks_for_the_step:
        columns = {STEP: steps, **columns}
    else:
        first = steps == world.plan.steps[0]
        rows, columns = rows[first], {name: column[first] for name, column in columns.items()}
    wanted = 1 if truth is None else len(truth.conditions) - (not world.asks_for_the_step)
    late = (found.day[rows] >= onset) | (not told)
    return Table(pd.DataFrame(columns), found.bad[rows], wanted, late).drawn(MOST_ROWS)


def _day_of(said: Asked) -> int:
    return int(said.exposures.day.min()) + said.world.plan.onset


def _told(named: list[Conditions]) -> str:
    return " / ".join(" & ".join(f"{k}={v}" for k, v in one.items()) for one in named)
