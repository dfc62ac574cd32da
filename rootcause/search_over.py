"""The search over shards: causes in a log that is never held.

Exposures are told shard by shard and searched here, where they count as rows of those alike. Where
there are more than may be brought together they are counted on the shards, and only rows come;
where even these are too many, the customers searched are a hash sample, and that is said. What a
finding shows besides is fetched: the events of the few customers it needs. How many were exposed
and harmed is counted among all, always.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from journeys.definition import Outcome
from journeys.known_lengths import with_usual_length
from journeys.shards import Shards
from rootcause.counted_over import CountedOver, Singles, asked_of, share_that_fits
from rootcause.exposure import Exposures
from rootcause.exposures_over import (
    customers_and_exposures,
    exposures_over,
    lot_below,
    survey_of,
)
from rootcause.findings import Finding, Findings
from rootcause.instrumentation import changed_in
from rootcause.needed import (
    exposed_over,
    fetched_from,
    lots_needed,
    recorded_over,
    same_rows,
)
from rootcause.placebo import Placebo, placebo_of
from rootcause.pursuit import Cause, Progress, Pursued
from rootcause.search import How, found_among, horizon_of, told_instant
from rootcause.source import Held
from rootcause.statement import (
    contrast_of,
    doubted,
    exposed_to_it,
    first_harmed,
    measured,
    told,
    with_counts,
)
from rootcause.surveyed import Surveyed

MOST_EXPOSURES = 10_000_000
MOST_ROWS = 50_000_000


def causes_over(  # noqa: PLR0913 - a log, what is asked of it, how, and how much is held
    shards: Shards,
    outcome: Outcome,
    *,
    seed: int = 0,
    placebo: int = 0,
    most: int = MOST_EXPOSURES,
    most_rows: int = MOST_ROWS,
    steps: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Findings:
    """Return the causes of a bad outcome in a log in shards, as `find_causes` returns them.

    Parameters
    ----------
    seed, placebo, steps, progress : of `rootcause.search.find_causes`
    most : so many exposures are brought together; where there are more they are counted on the
        shards, and the same is found in more passes. What needs them one by one (the doubly robust
        effect, halves, siblings, SHAP on the excess, symptoms, placebo runs) is then made of about
        so many at the findings' steps, those of the customers of the lowest hashes, and ``note``
        says so if these are not all
    most_rows : so many rows of exposures alike are searched; where there are more, those of the
        customers of the lowest hashes that have no more. ``customers`` and ``note`` of the findings
        say so then; exposed and harmed are counted among all customers, everything else is the
        sample's
    """
    tell = progress or (lambda _label, _share: None)
    tell("surveying the log", 0.0)
    shards = with_usual_length(shards)
    surveyed = survey_of(shards)
    over = _Over(shards, outcome, surveyed, seed=seed, tell=tell)
    drawn = customers_and_exposures(shards, surveyed)
    share = min(drawn.share_of(most), 1.0)

    within = horizon_of(shards.definition, outcome)

    def doubt() -> Placebo:
        if not placebo:
            return Placebo(0, 0)
        singly = over.exposures(share)
        return placebo_of(singly, within=within, runs=placebo, seed=seed, progress=tell)

    how = How(seed=seed, within=within, doubt=doubt, steps=steps, tell=tell)
    if share == 1.0:
        found = over.held(how)
    else:
        found, share = over.counted(how, most, most_rows)
    found = replace(found, log_ends=told_instant(shards.whole.ends))
    return found if share == 1.0 else _of_some(found, drawn.customers_of(share), shards)


def _of_some(found: Findings, searched: int, shards: Shards) -> Findings:
    """Return the findings, saying among how many customers they were searched."""
    of = shards.whole.customers
    note = (
        f"Searched among {searched:,} of {of:,} customers, drawn by a hash of their keys; "
        "who was exposed is counted among all."
    )
    customers = {"searched": searched, "of": of}
    return replace(found, customers=customers, note=f"{found.note} {note}".strip())


def _of_singles(singles: Singles) -> str:
    return (
        f"Halves, siblings, symptoms, the doubly robust effect and SHAP on the excess are of "
        f"{len(singles.exposures):,} exposures at the findings' steps, drawn by a hash of their "
        "customers' keys; all else is counted among all that were searched."
    )


@dataclass(frozen=True)
class _Over:
    """A log in shards as it is searched, and asked for what findings carry."""

    shards: Shards
    outcome: Outcome
    surveyed: Surveyed
    seed: int
    tell: Progress

    def exposures(self, share: float = 1.0) -> Exposures:
        """Return the exposures of a share of the customers, one by one."""
        self.tell("exposures", 0.02)
        return exposures_over(self.shards, self.outcome, self.surveyed, share=share)

    def held(self, how: How) -> Findings:
        """Return the findings, the exposures brought together."""
        exposures = self.exposures()

        def stated(pursued: Pursued) -> tuple[Finding, ...]:
            return self._stated(pursued.causes, exposures, whole=True)

        source = Held.of(exposures, seed=self.seed)
        return found_among(source, self.shards.definition.name, self.outcome, stated, how)

    def counted(self, how: How, most: int, most_rows: int) -> tuple[Findings, float]:
        """Return the findings, exposures counted on the shards, and of what share of customers."""
        given = (self.shards, self.outcome, self.surveyed)
        asked, share = asked_of(*given, below=lot_below(1.0), seed=self.seed), 1.0
        if len(asked.everyone):
            share = share_that_fits(self.shards, asked, most_rows)
        if share < 1.0:
            asked = asked_of(*given, below=lot_below(share), seed=self.seed)
        notes: list[str] = []

        def stated(pursued: Pursued) -> tuple[Finding, ...]:
            if not pursued.causes or not isinstance(pursued.left, CountedOver):
                return ()
            singles = pursued.left.singles([settled for settled, _ in pursued.causes], most)
            if not singles.whole:
                notes.append(_of_singles(singles))
            q_values = [q for _, q in pursued.causes]
            causes = list(zip(singles.causes, q_values, strict=True))
            return self._stated(causes, singles.exposures, whole=singles.whole and share == 1.0)

        source = CountedOver.of(self.shards, asked, lambda label: self.tell(label, 0.05))
        found = found_among(source, self.shards.definition.name, self.outcome, stated, how)
        note = " ".join([found.note, *notes]).strip()
        return replace(found, note=note), share

    def _stated(
        self, causes: Sequence[Cause], exposures: Exposures, *, whole: bool
    ) -> tuple[Finding, ...]:
        """Return the findings of settled causes, with what is counted and fetched for them."""
        if not causes:
            return ()
        definition, shards = self.shards.definition, self.shards
        found = self._measured(causes, exposures, whole=whole)
        recorded = recorded_over(shards, [one.conditions for one in found])
        ends = int(shards.whole.ends.as_unit("us").asm8.astype(np.int64))
        harmed = [first_harmed(settled, exposures) for settled, _ in causes]
        lots = [
            lots_needed(exposures, one, rows, definition, ends)
            for one, rows in zip(found, harmed, strict=True)
        ]
        fetched = fetched_from(
            shards,
            self.outcome,
            self.surveyed,
            lots=np.unique(np.concatenate(lots)),
            steps=exposures.steps,
        )
        asked = (fetched.log, fetched.journeys, definition, self.outcome)
        carried = []
        for place, (settled, _) in enumerate(causes):
            contrast, among = contrast_of(settled, exposures), fetched.of(lots[place])
            changed = changed_in(*recorded[place], contrast)
            one = doubted(found[place], contrast, definition, changed)
            carried.append(told(one, among, same_rows(exposures, harmed[place], among), asked))
        return tuple(carried)

    def _measured(
        self, causes: Sequence[Cause], exposures: Exposures, *, whole: bool
    ) -> list[Finding]:
        """Return what was found, its exposed and harmed counted among all customers."""
        about = (self.shards.definition.name, self.outcome)
        found = [
            measured(settled, q, exposures, about, exposed_to_it(settled, exposures))
            for settled, q in causes
        ]
        if whole:
            return found
        counts = exposed_over(self.shards, self.outcome, self.surveyed, found)
        return [
            with_counts(one, (one.effect, *one.effect_interval), exposed, at_risk)
            for one, (exposed, at_risk) in zip(found, counts, strict=True)
        ]
