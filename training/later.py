"""Evaluating a bundle on a log it may never have seen: only on what began after its training."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from features.table import table
from journeys.errors import RequestError, TooLittleDataError
from journeys.find import find_journeys
from journeys.labels import labels_of
from journeys.log import EventLog
from journeys.samples import samples_of
from journeys.split import Split, split_at
from journeys.times import read_times
from models.bundle import Bundle
from models.threads import one_thread
from training.data import TrainingData
from training.drift import drift_since
from training.earliness import PRECISION
from training.fit import Progress
from training.held_out import Exam, evaluated


@dataclass(frozen=True, eq=False)
class Examination:
    """What a later log says of a bundle: an evaluation per outcome, and the drift if asked for."""

    bundle: Bundle
    evaluation: dict[str, dict[str, object]]
    drift: dict[str, object] | None = None

    def document(self, model: str) -> dict[str, object]:
        """Return everything as it is written to evaluation.json; ``model`` names the bundle."""
        return evaluation_document(self.bundle.manifest, self.evaluation) | {
            "model": model,
            "drift": self.drift,
        }


def evaluation_document(
    manifest: Mapping[str, object], evaluation: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return evaluation.json of a bundle: of its training, unless another evaluation is given."""
    said = manifest["evaluation"] if evaluation is None else dict(evaluation)
    kept = ("journey", "name", "code_version", "spec_hash", "trained_to")
    return {"format": 1} | {name: manifest[name] for name in kept} | {"evaluation": said}


def examined(
    log: EventLog,
    bundle: Bundle,
    *,
    since: str | pd.Timestamp | None = None,
    precision: float = PRECISION,
    progress: Progress | None = None,
) -> Examination:
    """Return all that a later log says of a bundle, with thorough checks.

    Parameters
    ----------
    since : only journeys that began then or later are evaluated, and what moved since the training
        is said; their labels need not be in yet
    precision : at which the earliness is stated

    Raises
    ------
    RequestError
        If the precision is no share, or `since` no time of this log.
    TooLittleDataError
        If no outcome has a known label, and no drift is asked for.
    """
    if not 0.0 < precision < 1.0:
        raise RequestError(f"A precision of {precision:g} cannot be; ask for one between 0 and 1.")
    begins = _instant(since, log) if since else None
    data = _later(log, bundle, begins, progress)
    if begins is None:
        _require_labels(data, bundle)
    exam = Exam(precision=precision, thorough=begins is None)
    evaluation = _evaluated(data, bundle, int(str(bundle.manifest["seed"])), exam)
    with one_thread():
        drift = None if begins is None else drift_since(data, bundle, begins, evaluation)
    return Examination(bundle, evaluation, drift)


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
    data = _later(log, bundle, None, progress)
    _require_labels(data, bundle)
    seed = int(str(bundle.manifest["seed"])) if seed is None else seed
    return _evaluated(data, bundle, seed, Exam())


def _later(
    log: EventLog, bundle: Bundle, since: pd.Timestamp | None, progress: Progress | None
) -> TrainingData:
    """Return a log with the bundle's features, split where its training ended."""
    definition = bundle.plan.definition
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    labels = labels_of(log, journeys, samples, definition)
    splits = {
        outcome: _split_of(bundle, outcome, (log, journeys, samples, labels[outcome]), since)
        for outcome in labels
        if outcome in bundle.outcomes
    }
    splits = {outcome: one for outcome, one in splits.items() if one.test.any()}
    plan = bundle.plan.current(log, journeys)
    X = table(log, journeys, samples, plan, progress=progress)
    return TrainingData(log, journeys, samples, labels, splits, plan, X)


def _require_labels(data: TrainingData, bundle: Bundle) -> None:
    if not data.splits:
        raise TooLittleDataError(
            f"The log ends {data.log.ends:%Y-%m-%d}; no journey in it began after the training of "
            f"{bundle.manifest['name']} ({bundle.manifest['trained_to']}) and has a known outcome. "
            "Give a later log."
        )


def _evaluated(
    data: TrainingData, bundle: Bundle, seed: int, exam: Exam
) -> dict[str, dict[str, object]]:
    with one_thread():
        return {o: evaluated(data, o, bundle.outcomes[o], seed, exam) for o in data.splits}


def _instant(since: str | pd.Timestamp, log: EventLog) -> pd.Timestamp:
    """Return the instant (UTC, unless it names another zone) if the log goes beyond it."""
    at = pd.Timestamp(read_times(pd.Series([str(since)]))[0])
    if pd.isna(at):
        raise RequestError(f"{since!r} is no time; write it as in 2026-03-03 or 2026-03-03T09:30Z.")
    if at >= log.ends:
        raise RequestError(
            f"The log ends {log.ends:%Y-%m-%d %H:%M}, so nothing in it is since "
            f"{at:%Y-%m-%d %H:%M}. Give an earlier time, or a later log."
        )
    return at


def _split_of(
    bundle: Bundle,
    outcome: str,
    parts: tuple[EventLog, pd.DataFrame, pd.DataFrame, pd.DataFrame],
    since: pd.Timestamp | None,
) -> Split:
    """Return the split at the instant at which the outcome's training ended."""
    at, gap = learnt_until(bundle, outcome)
    split = split_at(*parts, at=at, gap=gap)
    if since is None:
        return split
    _, journeys, samples, _ = parts
    late = (journeys["start"] >= since).to_numpy()[samples["journey"].to_numpy()]
    return replace(split, test=split.test & late)


def learnt_until(bundle: Bundle, outcome: str) -> tuple[pd.Timestamp, pd.Timedelta]:
    """Return the instant at which the training of an outcome ended, and the gap kept after it."""
    said = bundle.manifest["evaluation"][outcome]  # type: ignore[index]  # plain data
    # To the microsecond: a journey may begin at the very end of the gap.
    gap = pd.Timedelta(microseconds=round(said["gap_hours"] * 3_600_000_000))
    return pd.Timestamp(said["split_at"]), gap
