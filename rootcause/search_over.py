"""The search over shards: causes in a log that is never held.

Exposures are told shard by shard and searched here, where they count as rows of those alike. What a
finding shows besides is fetched: the events of the few customers it needs. Where a log holds more
exposures than may be brought together, the customers searched are a hash sample, and that is said;
how many were exposed and harmed is counted among all, even then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from journeys.definition import Outcome
from journeys.known_lengths import with_usual_length
from journeys.shards import Shards
from rootcause.exposure import Exposures
from rootcause.exposures_over import customers_and_exposures, exposures_over, survey_of
from rootcause.findings import Finding, Findings
from rootcause.instrumentation import changed_in
from rootcause.needed import (
    exposed_over,
    fetched_from,
    lots_needed,
    recorded_over,
    same_rows,
)
from rootcause.pursuit import Cause, Progress
from rootcause.search import How, found_among, told_instant
from rootcause.statement import (
    contrast_of,
    doubted,
    first_harmed,
    measured,
    told,
    with_counts,
)
from rootcause.surveyed import Surveyed

MOST_EXPOSURES = 50_000_000
"""So many are brought together; each takes about 250 bytes while they are searched."""


def causes_over(
    shards: Shards,
    outcome: Outcome,
    *,
    seed: int = 0,
    placebo: int = 0,
    most: int = MOST_EXPOSURES,
    progress: Progress | None = None,
) -> Findings:
    """Return the causes of a bad outcome in a log in shards, as `find_causes` returns them.

    Parameters
    ----------
    seed, placebo, progress : of `rootcause.search.find_causes`
    most : so many exposures are searched; where there are more, those of the customers of the
        lowest hashes that have no more. ``customers`` and ``note`` of the findings say so then;
        exposed and harmed are counted among all customers, everything else is the sample's.
    """
    tell = progress or (lambda _label, _share: None)
    tell("surveying the log", 0.0)
    shards = with_usual_length(shards)
    surveyed = survey_of(shards)
    drawn = customers_and_exposures(shards, surveyed)
    share = drawn.share_of(most)
    tell("exposures", 0.02)
    exposures = exposures_over(shards, outcome, surveyed, share=share)
    over = _Over(shards, outcome, surveyed, whole=share == 1.0)

    def stated(causes: Sequence[Cause]) -> tuple[Finding, ...]:
        return over.stated(causes, exposures) if causes else ()

    how = How(seed=seed, placebo=placebo, steps=None, tell=tell)
    found = found_among(exposures, shards.definition, outcome, stated, how)
    found = replace(found, log_ends=told_instant(shards.whole.ends))
    return found if over.whole else _of_some(found, drawn.customers_of(share), shards)


def _of_some(found: Findings, searched: int, shards: Shards) -> Findings:
    """Return the findings, saying among how many customers they were searched."""
    of = shards.whole.customers
    note = (
        f"Searched among {searched:,} of {of:,} customers, drawn by a hash of their keys; "
        "who was exposed is counted among all."
    )
    customers = {"searched": searched, "of": of}
    return replace(found, customers=customers, note=f"{found.note} {note}".strip())


@dataclass(frozen=True)
class _Over:
    """A log in shards as it is asked for what findings carry; ``whole``: all were searched."""

    shards: Shards
    outcome: Outcome
    surveyed: Surveyed
    whole: bool

    def stated(self, causes: Sequence[Cause], exposures: Exposures) -> tuple[Finding, ...]:
        """Return the findings of settled causes, with what is counted and fetched for them."""
        definition, shards = self.shards.definition, self.shards
        found = self._measured(causes, exposures)
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

    def _measured(self, causes: Sequence[Cause], exposures: Exposures) -> list[Finding]:
        """Return what was found, its exposed and harmed counted among all customers."""
        definition, outcome = self.shards.definition, self.outcome
        found = [measured(settled, q, exposures, definition, outcome) for settled, q in causes]
        if self.whole:
            return found
        counts = exposed_over(self.shards, outcome, self.surveyed, found)
        return [
            with_counts(one, (one.effect, *one.effect_interval), exposed, at_risk)
            for one, (exposed, at_risk) in zip(found, counts, strict=True)
        ]
