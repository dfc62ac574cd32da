"""What a finding needs of a log that is not held: a few customers' events, and counts of the rest.

A finding shows paths, pseudonyms and symptoms, and for these journeys themselves are needed: those
of its evidence, and those that its symptoms compare, drawn by the hash of their customers. They are
fetched in one pass, and whether the measuring changed is counted in another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from journeys.definition import Definition, Outcome
from journeys.find import find_journeys
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, TIME, EventLog, instants
from journeys.shards import Progress, Shards, shard_of
from rootcause.exposure import Exposures, exposures_of_part, lots_of
from rootcause.findings import Finding
from rootcause.instrumentation import Recorded, recorded_in
from rootcause.last_known import Ints
from rootcause.periods import day_of
from rootcause.surveyed import Surveyed
from rootcause.symptoms import compared_in

_KEY, _USUAL = "customer", "usual length"
_COLUMNS = (ACTIVITY, CHANNEL)


@dataclass(frozen=True)
class Fetched:
    """The log of some customers as it stands in the whole, its journeys and its exposures."""

    log: EventLog
    journeys: pd.DataFrame
    exposures: Exposures

    def of(self, lots: Ints) -> Exposures:
        """Return the exposures of some of its customers."""
        return self.exposures.only(np.isin(self.exposures.lot, lots))


def lots_needed(
    exposures: Exposures, finding: Finding, harmed: Ints, definition: Definition, ends: int
) -> Ints:
    """Return the lots of the customers without whom a finding cannot be told."""
    compared = compared_in(exposures, finding, definition, ends=ends)
    rows = np.concatenate([harmed, *(np.flatnonzero(part) for part in compared)])
    return np.unique(exposures.lot[rows])


def fetched_from(
    shards: Shards,
    outcome: Outcome,
    surveyed: Surveyed,
    *,
    lots: Ints,
    steps: Sequence[str],
    progress: Progress | None = None,
) -> Fetched:
    """Fetch the events of some customers, by their lots, and tell their exposures at some steps."""
    log = log_of(shards, lots, progress=progress)
    journeys = find_journeys(log, shards.definition)
    found = exposures_of_part(log, journeys, shards.definition, outcome, surveyed)
    return Fetched(log, journeys, found.at_steps(steps))


def log_of(shards: Shards, lots: Ints, *, progress: Progress | None = None) -> EventLog:
    """Return the log of some customers, by their lots, as it stands in the whole."""
    return _log_from(shards.map(partial(_events_of, lots=lots), progress=progress), shards)


def same_rows(exposures: Exposures, rows: Ints, among: Exposures) -> Ints:
    """Return where some exposures stand among those told anew: same customer, instant and step."""
    places = {
        (lot, time, among.steps[step]): place
        for place, (lot, time, step) in enumerate(_told_apart(among, np.arange(len(among))))
    }
    told = _told_apart(exposures, rows)
    found = [places[lot, time, exposures.steps[step]] for lot, time, step in told]
    return np.array(found, dtype=np.int64)


def recorded_over(
    shards: Shards,
    conditions: Sequence[Mapping[str, str]],
    *,
    progress: Progress | None = None,
) -> list[tuple[Recorded, Recorded]]:
    """Return activities and channels by day for each of several conditions, over all shards."""
    if not conditions:
        return []
    numeric = shards.definition.attributes.numeric
    task = partial(_recorded_of, conditions=list(conditions), numeric=numeric)
    table = shards.map(task, progress=progress)
    first, n_days = _days_of(shards)
    found = []
    for number in range(len(conditions)):
        pair = []
        for place, column in enumerate(_COLUMNS):
            names = shards.whole.categories[column]
            here = table["of"].to_numpy() == 2 * number + place
            size = 2 * len(names) * n_days
            cell, count = (table[name].to_numpy()[here] for name in ("cell", "count"))
            sums = np.bincount(cell, count, size).astype(np.int64)
            inside, outside = sums.reshape(2, len(names), n_days)
            pair.append(Recorded(names, inside, outside, first))
        found.append((pair[0], pair[1]))
    return found


def exposed_over(
    shards: Shards,
    outcome: Outcome,
    surveyed: Surveyed,
    findings: Sequence[Finding],
    *,
    progress: Progress | None = None,
) -> list[tuple[int, int]]:
    """Count who met each finding's conditions since its onset, and who of them was at risk."""
    task = partial(
        _exposed_of,
        definition=shards.definition,
        outcome=outcome,
        surveyed=surveyed,
        asked=[(one.conditions, day_of(one.onset)) for one in findings],
    )
    table = shards.map(task, progress=progress)
    counts = [
        np.bincount(table["of"].to_numpy(), table[name].to_numpy(), len(findings))
        for name in ("exposed", "at_risk")
    ]
    return [(round(exposed), round(at_risk)) for exposed, at_risk in zip(*counts, strict=True)]


def _exposed_of(
    shard: EventLog,
    *,
    definition: Definition,
    outcome: Outcome,
    surveyed: Surveyed,
    asked: Sequence[tuple[Mapping[str, str], int]],
) -> pa.Table:
    journeys = find_journeys(shard, definition)
    found = exposures_of_part(shard, journeys, definition, outcome, surveyed)
    met = [found.meets(conditions) & (found.day >= since) for conditions, since in asked]
    exposed = [int(one.sum()) for one in met]
    at_risk = [int((one & found.at_risk).sum()) for one in met]
    return pa.table({"of": np.arange(len(asked)), "exposed": exposed, "at_risk": at_risk})


def _days_of(shards: Shards) -> tuple[int, int]:
    first, last = (
        int(at.floor("D").as_unit("us").asm8.astype("datetime64[D]").astype(np.int64))
        for at in (shards.whole.begins, shards.whole.ends)
    )
    return first, last - first + 1


def _recorded_of(
    shard: EventLog, *, conditions: Sequence[Mapping[str, str]], numeric: Sequence[str]
) -> pa.Table:
    parts = []
    for number, one in enumerate(conditions):
        for place, column in enumerate(_COLUMNS):
            recorded = recorded_in(shard, column, one, numeric)
            counts = np.concatenate([recorded.inside.ravel(), recorded.outside.ravel()])
            cell = np.flatnonzero(counts)
            parts.append((np.full(len(cell), 2 * number + place), cell, counts[cell]))
    of, cell, count = (np.concatenate(each) for each in zip(*parts, strict=True))
    return pa.table({"of": of, "cell": cell, "count": count})


def _events_of(shard: EventLog, *, lots: Ints) -> pa.Table:
    """Return the events of some customers of a shard; what is coded stays coded as in the whole."""
    chosen = np.isin(lots_of(shard), lots)[shard.customers]
    events = shard.events[chosen]
    columns = {_KEY: pa.array(events[CUSTOMER].astype(str), pa.string()), TIME: shard.times[chosen]}
    columns[_USUAL] = np.full(len(events), shard.usual_length or 0, dtype=np.int64)
    for name, column in events.items():
        if name in (CUSTOMER, TIME):
            continue
        coded = isinstance(column.dtype, pd.CategoricalDtype)
        columns[str(name)] = (column.cat.codes if coded else column).to_numpy()
    return pa.table(columns)


def _log_from(table: pa.Table, shards: Shards) -> EventLog:
    """Return the log of events that `_events_of` gave; customers stay in the order they came."""
    columns: dict[str, object] = {}
    usual = table[_USUAL].to_numpy()
    for name in table.column_names:
        if name == _USUAL:
            continue
        values = table[name].to_numpy()
        if name == _KEY:
            columns[CUSTOMER] = pd.Categorical(values, categories=pd.unique(values))
        elif name == TIME:
            columns[TIME] = instants(values)
        elif name in shards.whole.categories:
            categories = pd.Index(shards.whole.categories[name])
            columns[name] = pd.Categorical.from_codes(values, categories=categories)
        else:
            columns[name] = values
    log = shard_of(pd.DataFrame(columns), shards.whole)
    return replace(log, usual_length=int(usual[0]) if len(usual) else None)


def _told_apart(exposures: Exposures, rows: Ints) -> list[tuple[int, int, int]]:
    columns = (exposures.lot[rows], exposures.time[rows], exposures.step[rows])
    return list(zip(*(column.tolist() for column in columns), strict=True))
