"""The search in counts: causes in a table of exposures that were counted elsewhere."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from journeys.definition import Outcome
from rootcause.counted_tables import CountedTable, Counts, counts_in
from rootcause.findings import Finding, Findings
from rootcause.placebo import Placebo
from rootcause.pursuit import Progress, Pursued
from rootcause.search import How, found_among
from rootcause.settle import Settled
from rootcause.statement import measured

_NO_ROADS = (
    "Who went from one step to another was not counted, so that a step may be named which only "
    "inherits its excess."
)


def find_causes_in_counts(
    rows: pd.DataFrame,
    *,
    attributes: Sequence[str],
    outcome: Outcome = "leakage",
    journey: str = "counted",
    seed: int = 0,
    progress: Progress | None = None,
) -> Findings:
    """Return the causes of a bad outcome in counted exposures, strongest first.

    The search of `rootcause.search.find_causes`, on a table that any database can make: one row for
    exposures alike. Findings carry what counts can tell: conditions, onset, effect and its weeks,
    expected rate, exposed and harmed; not evidence, symptoms, halves or a doubly robust effect.

    Parameters
    ----------
    rows : DataFrame; rows of the same values are added up. Columns:
        ``activity``: the step that was reached, text;
        ``day``: when, a date, an instant or text as 2026-03-03 (UTC);
        ``n``: how many exposures whose outcome is known, ``bad``: how many of them ended badly;
        ``fold``, where it is there: a hash of the customer's key modulo 4, a whole number; without
        it a row's exposures stand in one fold, and a customer may be in several;
        ``to STEP`` and ``bad to STEP``, where they are there: how many of ``n`` reached that other
        step afterwards, still at risk there, and how many of these ended badly. By them an excess
        is told from one that arises at a later step, or is only reached because of a fault;
        the attributes, of any type, each value as it is (bin numbers first); a null is a value,
        “(missing)”
    attributes : columns that may become conditions, up to three at once beside the step
    outcome, journey : what stands in the findings
    seed, progress : of `rootcause.search.find_causes`

    Raises
    ------
    TooLittleDataError
        If a column is missing, days are no days, counts are no counts or folds no numbers.

    See Also
    --------
    rootcause.counted.causes_in_counts : which leaves explain a sudden excess at *one* time
    """
    counts = counts_in(rows, attributes)
    source = CountedTable(counts, np.zeros(len(counts.day), dtype=np.bool_))

    def stated(pursued: Pursued) -> tuple[Finding, ...]:
        return tuple(
            measured(settled, q, source, (journey, outcome), (exposed, exposed))
            for settled, q in pursued.causes
            for exposed in [_exposed(counts, settled)]
        )

    how = How(
        seed=seed,
        within=None,
        doubt=lambda: Placebo(0, 0),
        steps=None,
        tell=progress or (lambda _label, _share: None),
    )
    found = found_among(source, journey, outcome, stated, how)
    last = np.datetime64(int(counts.day.max(initial=0)), "D")
    note = found.note if counts.to or len(counts.steps) < 2 else f"{found.note} {_NO_ROADS}"
    return replace(found, log_ends=f"{last}T23:59:59Z", note=note.strip())


def _exposed(counts: Counts, settled: Settled) -> int:
    lead = settled.lead
    met = counts.meeting(lead, since=lead.onset.day) & (counts.step == lead.step)
    return round(float(counts.n[met].sum()))
