"""A log in shards as a source of the search: what it asks is counted on the shards, pass by pass.

Held here are rows, never exposures. Each cause that is found takes two passes more (who is likely
to meet it; the rows without what it explains), each question of several steps' roads one, and what
findings carry one that brings the exposures of their steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa

from journeys.definition import Outcome
from journeys.log import ACTIVITY
from journeys.shards import Shards
from rootcause.conditions import Lead
from rootcause.explaining import Meetings, added, explanation_of
from rootcause.exposure import (
    LARGEST_LOT,
    MISSING,
    Exposures,
    steps_with_enough,
    thresholds,
)
from rootcause.exposures_over import exposures_from
from rootcause.last_known import Floats, Ints
from rootcause.rows_over import (
    ONE_KEY_IN,
    PARTS,
    Asked,
    by_step,
    counted_in,
    folded,
    joined,
    keys_in,
    known_in,
    meetings_in,
    roads_in,
    singles_in,
    total_of,
    unpacked,
)
from rootcause.settle import Settled
from rootcause.step_rows import (
    Alike,
    Described,
    StepRows,
    alike_at,
    counted_together,
    folds_of,
    rows_of,
    step_rows,
)
from rootcause.surveyed import Surveyed

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Names:
    """The names of attributes and of their codes, as in `exposure.Exposures`."""

    attributes: tuple[str, ...]
    numeric: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]

    @property
    def described(self) -> Described:
        """What the codes mean."""
        whole = [name for name in self.attributes if name not in self.numeric]
        places = [*whole, *self.numeric]
        bases = tuple(map(places.index, self.attributes))
        return Described(tuple(map(len, self.names)), bases, len(whole))


@dataclass(frozen=True)
class CountedOver:
    """A log in shards as a `rootcause.source.Source`.

    ``rows``: of each step, packed (`rootcause.rows_over`); ``first_total``: how many exposures were
    known at each before any was explained.
    """

    shards: Shards
    asked: Asked
    named_as: Names
    rows: tuple[pa.Table, ...]
    tell: Tell
    first_total: tuple[int, ...] = ()

    @classmethod
    def of(cls, shards: Shards, asked: Asked, tell: Tell) -> "CountedOver":
        """Count a log, of which no exposure is explained."""
        named_as = names_in(shards, asked.surveyed)
        return cls(shards, asked, named_as, (), tell)._counted()

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps, in the order of their numbers."""
        return self.asked.steps

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes; a number stands there once for each of its thresholds."""
        return self.named_as.attributes

    def named(self, attribute: int, code: int) -> dict[str, str]:
        """Return an attribute and a value of it by their names."""
        return {self.attributes[attribute]: self.named_as.names[attribute][code]}

    def left_at(self, step: int) -> int:
        """Return how many exposures are left at a step."""
        return total_of(self.rows[step])

    def rows_at(self, step: int) -> StepRows:
        """Return the rows of a step."""
        about = self.named_as.described
        rows, _, _ = counted_together(folded(self.rows[step], about), about)
        return step_rows(step, rows, about)

    def without(self, lead: Lead, *, within: int | None) -> "CountedOver":
        """Return the source less what a cause explains; ``within``: `explaining.explained_by`."""
        self.tell("counting who is likely to meet the cause")
        table = self.shards.map(partial(meetings_in, asked=self.asked, lead=lead, within=within))
        meetings = added(Meetings(*(table[name].to_numpy() for name in ("key", "n", "will"))))
        explanation = explanation_of(lead, meetings, len(self.steps))
        explanations = (*self.asked.explanations, explanation)
        return replace(self, asked=replace(self.asked, explanations=explanations))._counted()

    def roads(self, leads: Sequence[Lead]) -> "CountedRoads":
        """Return the roads between the steps of some leads."""
        self.tell("counting the roads between steps")
        table = self.shards.map(partial(roads_in, asked=self.asked, leads=tuple(leads)))
        return CountedRoads(table, tuple(leads), self.named_as.described, len(self.steps))

    def singles(self, causes: Sequence[Settled], most: int) -> "Singles":
        """Return about so many exposures of the steps of settled causes, one by one.

        Those of the lowest lots where there are more.
        """
        at = sorted({settled.lead.step for settled in causes})
        known = sum(self.first_total[step] for step in at)
        below = round(min(1.0, most / max(known, 1)) * PARTS) * (LARGEST_LOT // PARTS)
        asked = (
            self.asked if known <= most else replace(self.asked, below=min(self.asked.below, below))
        )
        self.tell("bringing the exposures of the findings' steps")
        table = self.shards.map(partial(singles_in, asked=asked, at=at))
        found = exposures_from(table, self.shards, asked.surveyed, self.steps)
        found = replace(found, everyone=self.asked.everyone)
        placed = tuple(self._placed(one, found, table["first"].to_numpy()) for one in causes)
        return Singles(found, placed, whole=asked.below == self.asked.below)

    def _placed(self, settled: Settled, exposures: Exposures, first: Ints) -> Settled:
        """Return a settled cause whose rows know which exposures they count."""
        rows, lead = settled.look.rows, settled.lead
        leads = [one.lead for one in self.asked.explanations]
        rank = next(
            place
            for place, one in enumerate(leads)
            if (one.step, one.conditions) == (lead.step, lead.conditions)
        )
        known = ~np.isnan(exposures.bad)
        index = np.flatnonzero(known & (exposures.step == lead.step) & (first >= rank))
        given = alike_at(exposures, index, n_folds=folds_of(rows.total), seed=self.asked.seed)
        rows = replace(rows, index=index, row=rows_of(given, rows))
        tally = replace(settled.look.tally, rows=rows)
        return replace(settled, look=replace(settled.look, tally=tally))

    def _counted(self) -> "CountedOver":
        self.tell("counting exposures on the shards")
        about, n_steps = self.named_as.described, len(self.steps)
        join = partial(joined, about=about, n_steps=n_steps)
        table = self.shards.map(partial(counted_in, asked=self.asked), join=join)
        rows = by_step(table, about, n_steps)
        return replace(self, rows=rows, first_total=self.first_total or tuple(map(total_of, rows)))


@dataclass(frozen=True)
class Singles:
    """Exposures of the steps of settled causes one by one, and the causes whose rows know theirs.

    ``whole``: whether they are all that were counted.
    """

    exposures: Exposures
    causes: tuple[Settled, ...]
    whole: bool


@dataclass(frozen=True)
class CountedRoads:
    """The roads between the steps of some leads, as `rows_over.roads_in` counts them."""

    table: pa.Table
    leads: tuple[Lead, ...]
    about: Described
    n_steps: int

    def before(self, lead: Lead, earlier: int) -> float:
        """Return the share of those who meet a lead that had reached the earlier step before."""
        of = self._of(-1 - (self.leads.index(lead) * self.n_steps + earlier))
        met, reached = (int(of[name].to_numpy().sum()) for name in ("n", "bad"))
        return reached / met if met else float("nan")

    def going_on(self, rows: StepRows, later: int) -> Floats:
        """Return how many of each row's exposures reach a later step, still at risk there."""
        given, row = self._among(rows, later)
        return np.bincount(row, given.n, len(rows)).astype(np.float64)

    def bad_before(self, rows: StepRows, later: int) -> Floats:
        """Return how many of each row's exposures end badly and do not go on to a later step."""
        given, row = self._among(rows, later)
        return np.bincount(row, given.bad, len(rows)).astype(np.float64)

    def _among(self, rows: StepRows, later: int) -> tuple[Alike, Ints]:
        table = self._of(rows.step * self.n_steps + later)
        given = unpacked(table, self.about, n_folds=folds_of(rows.total))
        return given, rows_of(given, rows)

    def _of(self, of: int) -> pa.Table:
        return self.table.filter(pa.array(self.table["of"].to_numpy() == of))


def asked_of(
    shards: Shards, outcome: Outcome, surveyed: Surveyed, *, below: int, seed: int
) -> Asked:
    """Return what is counted of a log: at which steps, and of whom."""
    every = tuple(shards.whole.categories[ACTIVITY])
    none = np.empty(0, dtype=np.int64)
    asked = Asked(shards.definition, outcome, surveyed, every, none, below=below, seed=seed)
    table = shards.map(partial(known_in, asked=asked))
    step, value = (table[name].to_numpy() for name in ("step", "value"))
    known = np.zeros(len(every), dtype=np.int64)
    np.add.at(known, step[step >= 0], value[step >= 0])
    return replace(
        asked, steps=tuple(steps_with_enough(every, known)), everyone=np.unique(value[step < 0])
    )


def share_that_fits(shards: Shards, asked: Asked, most: int) -> float:
    """Return the largest share of customers whose rows are about so many; a thousandth at least.

    Rows are counted by a hash sample of what tells them apart: one in `rows_over.ONE_KEY_IN`.
    """
    table = shards.map(partial(keys_in, asked=asked))
    keys, at = np.unique(table["key"].to_numpy(), return_inverse=True)
    part = np.full(len(keys), PARTS, dtype=np.int64)
    np.minimum.at(part, at, table["part"].to_numpy())
    rows = ONE_KEY_IN * np.cumsum(np.bincount(part, minlength=PARTS))
    return max(int(np.searchsorted(rows, most, side="right")), 1) / PARTS


def names_in(shards: Shards, surveyed: Surveyed) -> Names:
    """Return the names of attributes and of their codes in a log in shards."""
    attributes, categories = shards.definition.attributes, shards.whole.categories
    none = [np.empty(0) for _ in attributes.numeric]
    above = list(thresholds(attributes.numeric, none, surveyed.cuts))
    return Names(
        attributes=(*attributes.categorical, *(name for name, _, _ in above)),
        numeric=attributes.numeric,
        names=(
            *((*categories[name], MISSING) for name in attributes.categorical),
            *(names for _, names, _ in above),
        ),
    )
