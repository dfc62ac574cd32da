"""Rows over shards: exposures are counted where the log is, and only counts are brought together.

A shard tells its exposures, takes out those that causes explain, and counts the rest: those alike
are one row of the numbers that tell them apart, packed. Rows of several shards are counted together
as the exposures would have been, so that neither their order nor their number decides anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from journeys.definition import Definition, Outcome
from journeys.find import find_journeys
from journeys.log import EventLog
from rootcause.attribution import goes_on, had_reached
from rootcause.conditions import Lead
from rootcause.explaining import Explanation, meetings_of
from rootcause.exposure import LARGEST_LOT, Exposures, exposures_of_part
from rootcause.exposures_over import table_of
from rootcause.last_known import Flags, Ints
from rootcause.step_rows import (
    MOST_FOLDS,
    Alike,
    Described,
    alike_at,
    counted_together,
    described,
    folds_of,
    mixed,
)
from rootcause.surveyed import Surveyed

NOT_EXPLAINED = 127
ONE_KEY_IN = 64
PARTS = 1_000


@dataclass(frozen=True)
class Asked:
    """What a shard has to know to count: it goes where the shards are.

    Attributes
    ----------
    steps : those that enough journeys reach
    everyone : the lots of all customers who are counted, ascending
    below : only customers whose lots lie below are counted
    explanations : of the causes found so far
    seed : of the folds
    """

    definition: Definition
    outcome: Outcome
    surveyed: Surveyed
    steps: tuple[str, ...]
    everyone: Ints
    below: int = LARGEST_LOT
    explanations: tuple[Explanation, ...] = ()
    seed: int = 0

    def exposures(self, shard: EventLog) -> Exposures:
        """Return the exposures of a shard at these steps, of the customers who are counted."""
        journeys = find_journeys(shard, self.definition)
        found = exposures_of_part(shard, journeys, self.definition, self.outcome, self.surveyed)
        if self.below < LARGEST_LOT:
            found = found.only(found.lot < self.below)
        return replace(found.at_steps(self.steps), everyone=self.everyone)

    def explained_first(self, exposures: Exposures) -> Ints:
        """Return the place of the first cause that explains each, or `NOT_EXPLAINED`."""
        first = np.full(len(exposures), NOT_EXPLAINED, dtype=np.int64)
        for place, explanation in enumerate(self.explanations):
            explained = explanation.explains(exposures)
            first[explained] = np.minimum(first[explained], place)
        return first

    def left(self, exposures: Exposures) -> Flags:
        """Return which exposures have a known outcome that no cause explains."""
        known = ~np.isnan(exposures.bad)
        return np.asarray(known & (self.explained_first(exposures) == NOT_EXPLAINED))


def known_in(shard: EventLog, *, asked: Asked) -> pa.Table:
    """Return per activity how many exposures have a known outcome, and the lots of customers.

    ``asked``: with all activities as steps. One table of both: a lot stands where ``step`` is -1.
    """
    found = asked.exposures(shard)
    known = np.bincount(found.step[~np.isnan(found.bad)], minlength=len(asked.steps))
    lots = np.unique(found.lot)
    step = np.append(np.arange(len(known)), np.full(len(lots), -1))
    return pa.table({"step": step.astype(np.int32), "value": np.append(known, lots)})


def counted_in(shard: EventLog, *, asked: Asked) -> pa.Table:
    """Return the rows of a shard, packed: exposures with a known outcome that no cause explains."""
    found = asked.exposures(shard)
    left, about = asked.left(found), described(found)
    parts = []
    for step in range(len(found.steps)):
        index = np.flatnonzero(left & (found.step == step))
        given = alike_at(found, index, n_folds=MOST_FOLDS, seed=asked.seed)
        rows, _, _ = counted_together(given, about)
        parts.append(packed(rows, about, step))
    return pa.concat_tables(parts)


def keys_in(shard: EventLog, *, asked: Asked) -> pa.Table:
    """Return a hash sample of the rows that a log has, by the smallest part of customers with each.

    ``part``: thousandths of the lots. One row in `ONE_KEY_IN` stands here.
    """
    found = asked.exposures(shard)
    found = found.only(~np.isnan(found.bad))
    about, index = described(found), np.arange(len(found))
    given = alike_at(replace(found, everyone=asked.everyone), index, n_folds=2, seed=asked.seed)
    words = [codes.astype(np.int64) for codes, _ in about.columns(given.codes)]
    key = mixed([*words, given.day, given.fold, found.step])
    some = key < np.uint64(2**64 // ONE_KEY_IN)
    part = found.lot[some] // (LARGEST_LOT // PARTS + 1)
    keys, at = np.unique(key[some], return_inverse=True)
    least = np.full(len(keys), PARTS, dtype=np.int64)
    np.minimum.at(least, at, part)
    return pa.table({"key": keys, "part": least})


def meetings_in(shard: EventLog, *, asked: Asked, lead: Lead, within: int | None) -> pa.Table:
    """Return who of a shard may yet meet a lead: `explaining.Meetings` as a table."""
    return pa.table(vars(meetings_of(asked.exposures(shard), lead, within=within)))


def roads_in(shard: EventLog, *, asked: Asked, leads: Sequence[Lead]) -> pa.Table:
    """Return the roads between the steps of leads, by rows and by lead.

    ``of`` is the pair of steps (here, later): ``here * n_steps + later``; ``n`` of a row go on to
    the later step, ``bad`` end badly and do not. Where ``of`` is less than 0 it is the lead's place
    and the earlier step: ``-1 - (place * n_steps + earlier)``; ``n`` meet the lead, ``bad`` of them
    had reached the earlier step before.
    """
    found = asked.exposures(shard)
    left, about = asked.left(found), described(found)
    steps = sorted({lead.step for lead in leads})
    parts = []
    for here in steps:
        index = np.flatnonzero(left & (found.step == here))
        for later in (step for step in steps if step != here):
            onward = goes_on(found, here, later)[index]
            stays = (found.bad[index] == 1.0) & ~onward
            given = alike_at(found, index[onward | stays], n_folds=MOST_FOLDS, seed=asked.seed)
            counts = {"n": onward[onward | stays], "bad": stays[onward | stays]}
            rows, _, _ = counted_together(replace(given, **counts), about)
            parts.append(_of(packed(rows, about, here), here * len(asked.steps) + later))
    for place, lead in enumerate(leads):
        for earlier in (step for step in steps if step != lead.step):
            reached = had_reached(found, lead, earlier)
            counts = {"n": [len(reached)], "bad": [int(reached.sum())]}
            table = pa.table(counts, pa.schema([("n", pa.int64()), ("bad", pa.int64())]))
            parts.append(_of(table, -1 - (place * len(asked.steps) + earlier)))
    return pa.concat_tables(parts, promote_options="default")


def singles_in(shard: EventLog, *, asked: Asked, at: Sequence[int]) -> pa.Table:
    """Return a shard's exposures at some steps singly, and the first cause that explains each.

    As `exposures_over.table_of` does, with ``first`` of `Asked.explained_first`.
    """
    found = asked.exposures(shard)
    first = asked.explained_first(found)
    here = np.isin(found.step, at)
    table = table_of(found.only(here), asked.definition)
    return table.append_column("first", pa.array(first[here]))


def packed(rows: Alike, about: Described, step: int) -> pa.Table:
    """Return rows as a table of the smallest numbers that hold them."""
    n = len(rows.day)
    columns: dict[str, object] = {"step": np.full(n, step, dtype=np.int16)}
    for place, (codes, size) in enumerate(about.columns(rows.codes)):
        columns[f"code {place}"] = codes.astype(np.min_scalar_type(size))
    for place in range(rows.least.shape[1]):
        columns[f"least {place}"] = rows.least[:, place]
        columns[f"largest {place}"] = rows.largest[:, place]
    columns["day"] = rows.day.astype(np.int32)
    columns["fold"] = rows.fold.astype(np.int8)
    columns["n"], columns["bad"] = rows.n.astype(np.int64), rows.bad.astype(np.int64)
    return pa.table(columns)


def unpacked(table: pa.Table, about: Described, *, n_folds: int = MOST_FOLDS) -> Alike:
    """Return the rows of a table of `packed`, in so many folds: 4, or 2."""
    n, bases = table.num_rows, sorted(set(about.bases))
    width = sum(name.startswith("least ") for name in table.column_names)
    least, largest = (
        np.array([table[f"{end} {place}"].to_numpy() for place in range(width)]).reshape(width, n).T
        for end in ("least", "largest")
    )
    given = [table[f"code {place}"].to_numpy().astype(np.int64) for place in range(len(bases))]
    return Alike(
        codes=about.codes_of(given),
        least=least,
        largest=largest,
        day=table["day"].to_numpy().astype(np.int64),
        fold=table["fold"].to_numpy().astype(np.int64) % n_folds,
        n=table["n"].to_numpy().astype(np.float64),
        bad=table["bad"].to_numpy().astype(np.float64),
    )


def by_step(table: pa.Table, about: Described, n_steps: int) -> tuple[pa.Table, ...]:
    """Return the rows of all shards, counted together, as a table of `packed` for each step."""
    step = table["step"].to_numpy()
    order = np.argsort(step, kind="stable")
    ends = np.searchsorted(step[order], np.arange(n_steps + 1))
    tables = []
    for one in range(n_steps):
        given = unpacked(table.take(order[ends[one] : ends[one + 1]]), about)
        rows, _, _ = counted_together(given, about)
        tables.append(packed(rows, about, one))
    return tuple(tables)


def joined(table: pa.Table, *, about: Described, n_steps: int) -> pa.Table:
    """Return the rows of several shards counted together: a `journeys.shards.Join`."""
    return pa.concat_tables(by_step(table, about, n_steps))


def total_of(table: pa.Table) -> int:
    """Return how many exposures the rows of a table stand for."""
    return int(table["n"].to_numpy().sum())


def folded(table: pa.Table, about: Described) -> Alike:
    """Return a step's rows in as many folds as its exposures are parted into."""
    return unpacked(table, about, n_folds=folds_of(total_of(table)))


def _of(table: pa.Table, of: int) -> pa.Table:
    return table.append_column("of", pa.array(np.full(table.num_rows, of, dtype=np.int64)))
