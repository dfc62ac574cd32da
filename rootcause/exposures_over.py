"""Exposures over shards: those of a log that is never held, put together from those of its parts.

Three passes: which activities are steps, where numbers are cut, and the exposures themselves. What
is brought together is an exposure's own few numbers; no event and no customer's key is among it.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from journeys.definition import Definition, Outcome
from journeys.find import find_journeys
from journeys.log import ACTIVITY, EventLog
from journeys.shards import Progress, Shards
from rootcause.exposure import (
    LARGEST_LOT,
    MICROS_A_DAY,
    Exposures,
    exposures_of_part,
    lots_of,
    thresholds,
    with_enough,
)
from rootcause.last_known import MISSING, Flags, Floats, Ints
from rootcause.surveyed import (
    Surveyed,
    cuts_of_steps,
    ends_by_activity,
    first_reached,
    numbers_counted,
    possible_steps,
)

_UNKNOWN = -1
_PARTS = 1_000


@dataclass(frozen=True)
class Drawn:
    """How many ``customers`` have lots up to each thousandth, and how many ``exposures``."""

    customers: Ints
    exposures: Ints

    def share_of(self, most: int) -> float:
        """Return the largest share of customers with so many exposures; a thousandth at least."""
        within = int(np.searchsorted(self.exposures, most, side="right"))
        return max(within, 1) / _PARTS

    def customers_of(self, share: float) -> int:
        """Return how many customers a share is."""
        return int(self.customers[max(round(share * _PARTS), 1) - 1])


def survey_of(shards: Shards, *, progress: Progress | None = None) -> Surveyed:
    """Return which activities are steps in a log in shards, and where its numbers are cut."""
    definition = shards.definition
    counted = shards.map(partial(_ends_of, definition=definition), progress=progress)
    counts = np.zeros((len(shards.whole.categories[ACTIVITY]), 2), dtype=np.int64)
    activity = _ints(counted, "activity")
    for place, name in enumerate(("ends", "events")):
        np.add.at(counts[:, place], activity, _ints(counted, name))
    possible = possible_steps(counts)
    if not definition.attributes.numeric:
        return Surveyed(possible, ())
    task = partial(_numbers_of, definition=definition, possible=possible)
    return Surveyed(possible, _cuts(shards.map(task, progress=progress), definition))


def exposures_over(
    shards: Shards,
    outcome: Outcome,
    surveyed: Surveyed,
    *,
    share: float = 1.0,
    progress: Progress | None = None,
) -> Exposures:
    """Return the exposures of a log in shards: those of `rootcause.exposure.exposures_of`.

    Whatever the shards, they are the same but for the numbers of customers, journeys and rows: a
    customer's number is the place of their lot, journeys are numbered as they come, and a row is
    counted from the first of its shard. Two exposures have the same customer or journey, and one
    row comes before another of its journey, where the log says so.

    Parameters
    ----------
    shards : of `journeys.known_lengths.with_usual_length`
    surveyed : of `survey_of`
    share : only of so many customers, those of the lowest lots
    """
    task = partial(
        exposed_of,
        definition=shards.definition,
        outcome=outcome,
        surveyed=surveyed,
        below=lot_below(share),
    )
    table = shards.map(task, progress=progress)
    return with_enough(exposures_from(table, shards, surveyed, shards.whole.categories[ACTIVITY]))


def lot_below(share: float) -> int:
    """Return the lot that so many of all customers lie below."""
    return min(round(share * LARGEST_LOT), LARGEST_LOT)


def customers_and_exposures(
    shards: Shards, surveyed: Surveyed, *, progress: Progress | None = None
) -> Drawn:
    """Count all customers' exposures by their lots, so that a share of them can be chosen."""
    task = partial(_counted_by_lot, definition=shards.definition, possible=surveyed.possible)
    table = shards.map(task, progress=progress)
    sums = np.zeros((_PARTS, 2), dtype=np.int64)
    for place, name in enumerate(("customers", "exposures")):
        np.add.at(sums[:, place], _ints(table, "part"), _ints(table, name))
    return Drawn(np.cumsum(sums[:, 0]), np.cumsum(sums[:, 1]))


def exposed_of(
    shard: EventLog,
    *,
    definition: Definition,
    outcome: Outcome,
    surveyed: Surveyed,
    below: int = LARGEST_LOT,
) -> pa.Table:
    """Return the exposures of a shard, a row each: what cannot be told from the rest.

    Of the customers whose lots lie below a number.
    """
    journeys = find_journeys(shard, definition)
    found = exposures_of_part(shard, journeys, definition, outcome, surveyed)
    found = found if below == LARGEST_LOT else found.only(found.lot < below)
    return table_of(found, definition)


def table_of(found: Exposures, definition: Definition) -> pa.Table:
    """Return exposures as a table of what cannot be told from the rest: see `exposures_from`."""
    known = ~np.isnan(found.bad)
    columns = {
        "step": found.step.astype(np.int32),
        "journey": found.journey.astype(np.int32),
        "row": found.row.astype(np.int32),
        "lot": found.lot,
        "time": found.time,
        "bad": np.where(known, found.bad, _UNKNOWN).astype(np.int8),
        "at_risk": found.at_risk,
    }
    for place in range(len(definition.attributes.categorical)):
        columns[f"code {place}"] = found.codes[:, place]
    for place in range(len(found.numeric)):
        columns[f"number {place}"] = found.numbers[:, place]
    return pa.table(columns)


def exposures_from(
    table: pa.Table, shards: Shards, surveyed: Surveyed, steps: tuple[str, ...]
) -> Exposures:
    """Return the exposures of all shards' tables of `table_of`; ``steps``: what theirs mean."""
    attributes, categories = shards.definition.attributes, shards.whole.categories
    numbers: list[Floats] = [
        table[f"number {place}"].to_numpy() for place in range(len(attributes.numeric))
    ]
    above = list(thresholds(attributes.numeric, numbers, surveyed.cuts))
    codes = [table[f"code {place}"].to_numpy() for place in range(len(attributes.categorical))]
    columns = [*codes, *(each for _, _, each in above)]
    lot, bad, n = table["lot"].to_numpy(), table["bad"].to_numpy(), table.num_rows
    time = table["time"].to_numpy()
    _, customer = np.unique(lot, return_inverse=True)
    return Exposures(
        steps=steps,
        attributes=(*attributes.categorical, *(name for name, _, _ in above)),
        numeric=attributes.numeric,
        names=(
            *((*categories[name], MISSING) for name in attributes.categorical),
            *(names for _, names, _ in above),
        ),
        step=_ints(table, "step"),
        journey=_numbered(lot, _ints(table, "journey")),
        row=_ints(table, "row"),
        customer=customer.astype(np.int64),
        time=time,
        day=time // MICROS_A_DAY,
        lot=lot,
        codes=np.array(columns, dtype=np.int32).reshape(len(columns), n).T,
        numbers=np.array(numbers).reshape(len(numbers), n).T,
        bad=np.where(bad == _UNKNOWN, np.nan, bad),
        at_risk=table["at_risk"].to_numpy(),
        everyone=np.unique(lot),
    )


def _counted_by_lot(shard: EventLog, *, definition: Definition, possible: Flags) -> pa.Table:
    journeys = find_journeys(shard, definition)
    journey, _ = first_reached(shard, journeys, possible)
    part = lots_of(shard) // (LARGEST_LOT // _PARTS + 1)
    of_journey = part[journeys["customer"].to_numpy()]
    exposures = np.bincount(of_journey[journey], minlength=_PARTS)
    counts = {"customers": np.bincount(part, minlength=_PARTS), "exposures": exposures}
    return pa.table({"part": np.arange(_PARTS)} | counts)


def _ends_of(shard: EventLog, *, definition: Definition) -> pa.Table:
    ends, events = ends_by_activity(shard, definition).T
    return pa.table({"activity": np.arange(len(ends)), "ends": ends, "events": events})


def _numbers_of(shard: EventLog, *, definition: Definition, possible: Flags) -> pa.Table:
    journeys = find_journeys(shard, definition)
    counted = numbers_counted(shard, journeys, definition, possible)
    place = np.repeat(np.arange(len(counted)), [len(values) for values, _ in counted])
    values, counts = (np.concatenate(parts) for parts in zip(*counted, strict=True))
    return pa.table({"number": place, "value": values, "count": counts})


def _cuts(counted: pa.Table, definition: Definition) -> tuple[tuple[float, ...], ...]:
    """Return the cuts of each number from the counts of all shards, put together by value."""
    place, value = _ints(counted, "number"), counted["value"].to_numpy()
    count, whole = _ints(counted, "count"), []
    for number in range(len(definition.attributes.numeric)):
        here = place == number
        values, at = np.unique(value[here], return_inverse=True)
        whole.append((values, np.bincount(at, count[here], len(values)).astype(np.int64)))
    return cuts_of_steps(whole)


def _numbered(lot: Ints, journey: Ints) -> Ints:
    """Return journeys numbered as they come: a shard's are numbered anew, and stand together."""
    another = (np.diff(journey) != 0) | (np.diff(lot) != 0)
    return np.concatenate([np.zeros(min(len(lot), 1), dtype=np.int64), np.cumsum(another)])


def _ints(table: pa.Table, name: str) -> Ints:
    return np.asarray(table[name].to_numpy(), dtype=np.int64)
