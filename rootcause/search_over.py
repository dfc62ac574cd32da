"""The search over shards: causes in a log that is never held.

Exposures are told shard by shard and searched here, where they count as rows of those alike. What a
finding shows besides is fetched: the events of the few customers it needs. Where a log holds more
exposures than may be brought together, the customers searched are a hash sample, and that is said.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from journeys.definition import Outcome
from journeys.known_lengths import with_usual_length
from journeys.shards import Shards
from rootcause.exposure import Exposures
from rootcause.exposures_over import exposures_over, survey_of
from rootcause.findings import Finding, Findings
from rootcause.instrumentation import changed_in
from rootcause.needed import fetched_from, lots_needed, recorded_over, same_rows
from rootcause.pursuit import Cause, Progress
from rootcause.search import How, found_among, told_instant
from rootcause.statement import contrast_of, doubted, first_harmed, measured, told
from rootcause.surveyed import Surveyed


def causes_over(
    shards: Shards,
    outcome: Outcome,
    *,
    seed: int = 0,
    placebo: int = 0,
    progress: Progress | None = None,
) -> Findings:
    """Return the causes of a bad outcome in a log in shards, as `find_causes` returns them.

    Parameters
    ----------
    seed, placebo, progress : of `rootcause.search.find_causes`
    """
    tell = progress or (lambda _label, _share: None)
    tell("surveying", 0.0)
    shards = with_usual_length(shards)
    surveyed = survey_of(shards)
    tell("exposures", 0.02)
    exposures = exposures_over(shards, outcome, surveyed)

    def stated(causes: Sequence[Cause]) -> tuple[Finding, ...]:
        return _stated(causes, exposures, shards, outcome, surveyed)

    how = How(seed=seed, placebo=placebo, steps=None, tell=tell)
    found = found_among(exposures, shards.definition, outcome, stated, how)
    return replace(found, log_ends=told_instant(shards.whole.ends))


def _stated(
    causes: Sequence[Cause],
    exposures: Exposures,
    shards: Shards,
    outcome: Outcome,
    surveyed: Surveyed,
) -> tuple[Finding, ...]:
    """Return the findings of settled causes, with what is fetched for them in two passes."""
    if not causes:
        return ()
    definition, ends = shards.definition, int(shards.whole.ends.as_unit("us").asm8.astype(np.int64))
    known = [measured(settled, q, exposures, definition, outcome) for settled, q in causes]
    contrasts = [contrast_of(settled, exposures) for settled, _ in causes]
    recorded = recorded_over(shards, [one.conditions for one in known])
    harmed = [first_harmed(settled, exposures) for settled, _ in causes]
    lots = [
        lots_needed(exposures, one, rows, definition, ends)
        for one, rows in zip(known, harmed, strict=True)
    ]
    everybody = np.unique(np.concatenate(lots))
    fetched = fetched_from(shards, outcome, surveyed, lots=everybody, steps=exposures.steps)
    found = []
    for one, contrast, days, rows, of in zip(known, contrasts, recorded, harmed, lots, strict=True):
        among = fetched.of(of)
        asked = (fetched.log, fetched.journeys, definition, outcome)
        one_more = doubted(one, contrast, definition, changed_in(*days, contrast))
        found.append(told(one_more, among, same_rows(exposures, rows, among), asked))
    return tuple(found)
