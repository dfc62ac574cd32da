"""Sequences: the last events of a customer as whole numbers, for those who bring a neural model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.plan import plan_of
from features.primitives import LastK
from features.table import tables
from features.vocabulary import PAUSE, Vocabulary, learn_vocabulary
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import ACTIVITY, CHANNEL, EventLog

PADDING, MISSING = 0, 1
_NAMES = ("(no event)", "(missing)")

Codes = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Sequences:
    """The last events before each cutoff, the newest last, padded on the left.

    ``activity``, ``channel`` and ``gap`` (how long after the customer's event before, in classes
    that grow like a logarithm) are int16, shape (n_samples, k).  ``labels`` names the codes of
    each: 0 is padding, 1 a missing value, 2 a value never seen (of a gap: no event before), the
    others follow; an embedding needs ``len(labels[name])`` rows.
    """

    activity: Codes
    channel: Codes
    gap: Codes
    labels: dict[str, tuple[str, ...]]


def sequences(
    log: EventLog, samples: pd.DataFrame, k: int, *, vocabulary: Vocabulary | None = None
) -> Sequences:
    """Return the last ``k`` events of the customer up to each cutoff, of whatever journey.

    Parameters
    ----------
    samples : sorted by ``seen`` and ``cutoff``, as `journeys.samples_of` makes them
    vocabulary : as learnt on the training part.  Without it, it is learnt from this log: right for
        the training part, and for nothing else, because codes differ from log to log.

    Raises
    ------
    ValueError
        If ``k`` is not positive, or the samples are not sorted.
    """
    if k < 1:
        raise ValueError(f"A sequence has at least one event; k is {k}.")
    nothing_asked = Definition.model_validate({"name": "any", "churn": {"inactive_for": "1d"}})
    known = learn_vocabulary(log, nothing_asked) if vocabulary is None else vocabulary
    last = [LastK(column, "customer", length=k) for column in (ACTIVITY, CHANNEL, PAUSE)]
    plan = plan_of(nothing_asked, known, primitives=last)
    found = np.empty((3, len(samples), k), dtype=np.int16)
    for rows, part in tables(log, find_journeys(log, nothing_asked), samples, plan):
        for place, codes in enumerate(np.split(part, 3, axis=1)):
            found[place, rows] = _coded(codes[:, ::-1], part[:, k - 1 :: -1])
    labels = {
        name: (*_NAMES, *plan.columns[one.column])
        for name, one in zip(("activity", "channel", "gap"), last, strict=True)
    }
    return Sequences(found[0], found[1], found[2], labels)


def _coded(codes: NDArray[np.float32], activities: NDArray[np.float32]) -> Codes:
    """Return whole numbers for the codes of the fold; an event always has an activity."""
    absent = np.where(np.isnan(activities), PADDING, MISSING)
    known = np.nan_to_num(codes).astype(np.int16) + len(_NAMES)
    return np.where(np.isnan(codes), absent, known).astype(np.int16)
