"""Evaluating a bundle on a log it may never have seen: only on what began after its training."""

import pandas as pd

from features.table import table
from journeys.errors import TooLittleDataError
from journeys.find import find_journeys
from journeys.labels import labels_of
from journeys.log import EventLog
from journeys.samples import samples_of
from journeys.split import Split, split_at
from models.bundle import Bundle
from models.threads import one_thread
from training.data import TrainingData
from training.fit import Progress
from training.held_out import evaluated


def evaluate_later(
    log: EventLog, bundle: Bundle, *, seed: int | None = None, progress: Progress | None = None
) -> dict[str, dict[str, object]]:
    """Return the evaluation of each outcome on journeys that began after the bundle's training.

    On the log that the bundle was trained on this is its test part again, with the same numbers
    (``seed``, of the bootstrap, is the training's unless given).
    Baselines are fitted to what this log holds from before.  An outcome that cannot be evaluated
    is left out.

    Raises
    ------
    TooLittleDataError
        If no outcome has a known label after the training.
    """
    definition = bundle.plan.definition
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    labels = labels_of(log, journeys, samples, definition)
    splits = {
        outcome: _split_of(bundle, outcome, (log, journeys, samples, labels[outcome]))
        for outcome in labels
        if outcome in bundle.outcomes
    }
    splits = {outcome: one for outcome, one in splits.items() if one.test.any()}
    if not splits:
        raise TooLittleDataError(
            f"The log ends {log.ends:%Y-%m-%d}; no journey in it began after the training of "
            f"{bundle.manifest['name']} ({bundle.manifest['trained_to']}) and has a known outcome. "
            "Give a later log."
        )
    X = table(log, journeys, samples, bundle.plan, progress=progress)
    data = TrainingData(log, journeys, samples, labels, splits, bundle.plan, X)
    seed = int(str(bundle.manifest["seed"])) if seed is None else seed
    with one_thread():
        return {o: evaluated(data, o, bundle.outcomes[o], seed) for o in splits}


def _split_of(
    bundle: Bundle,
    outcome: str,
    parts: tuple[EventLog, pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> Split:
    """Return the split at the instant at which the outcome's training ended."""
    said = bundle.manifest["evaluation"][outcome]  # type: ignore[index]  # plain data
    at = pd.Timestamp(said["split_at"])
    # To the microsecond: a journey may begin at the very end of the gap.
    gap = pd.Timedelta(microseconds=round(said["gap_hours"] * 3_600_000_000))
    return split_at(*parts, at=at, gap=gap)
