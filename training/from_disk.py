"""Training on all customers, their samples on disk: more of them than memory holds.

What is made is what `training.train` makes of the same log.  Features stand in a file, in the order
of a whole log; LightGBM reads them a batch at a time and keeps a byte of each value; a line learns
from the same few rows; whatever needs features of many rows at once (when to stop growing, what to
weigh, the calibration) takes as many customers as memory has room for, all of them where that is
all.  The search for settings, the evaluation and the reference look at a sample of the customers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from features.plan import Plan, plan_of
from features.table import table
from features.vocabulary import learn_vocabulary_over
from journeys.definition import Outcome
from journeys.definition_file import require_definition_holds
from journeys.find import find_journeys
from journeys.known_lengths import with_usual_length
from journeys.labels import labels_of
from journeys.log import EventLog
from journeys.samples import samples_of
from journeys.shards import Shards
from journeys.split import Split, split_watched
from models.blend import Grow
from models.bundle import bundle_of
from models.outcome import fit_refitted
from models.recipe import recipe_for
from models.row_file import RowFile
from models.threads import one_thread
from training.ahead import ahead_of
from training.constraints import constrained, require_constraints_hold
from training.data import TrainingData
from training.fit import Effort, Fitted, Progress, shared, stages_of, trial_of
from training.folds import settling_folds
from training.held_out import Exam, evaluated
from training.on_disk import Samples, features_in, samples_in
from training.reference import reference_of
from training.train import Trained, asked_of, described_by, splits_of
from training.tune import tune


@dataclass(frozen=True)
class Desk:
    """Where the work is done.

    A folder on a disk, how many customers and rows memory holds, and what grows the trees of the
    whole where this machine does not.
    """

    folder: Path
    customers: int
    rows: int
    grow: Grow | None = None


@dataclass(frozen=True, eq=False)
class Everybody:
    """All samples of a log, split, with their features in a file."""

    samples: Samples
    splits: dict[Outcome, Split]
    plan: Plan
    file: RowFile


@dataclass(frozen=True, eq=False)
class Some:
    """The data of some of the customers, and how their test part is examined."""

    data: TrainingData
    exam: Exam


def train_from_disk(
    shards: Shards,
    desk: Desk,
    *,
    outcomes: Sequence[Outcome] = (),
    seed: int = 0,
    effort: Effort | None = None,
    tell: Progress,
) -> Trained:
    """Learn to predict the outcomes of a journey from all customers of a log in shards.

    Parameters
    ----------
    outcomes, seed, effort : as in `training.train.train`
    desk : its folder is written to, and emptied by whoever made it

    Returns
    -------
    Trained
        Its data is that of a sample of the customers: the rest stands on disk.

    Raises
    ------
    DefinitionError, TooLittleDataError
        As `training.train.train`.
    """
    definition, shards = shards.definition, with_usual_length(shards, progress=tell)
    log = shards.some(desk.customers)
    require_definition_holds(definition, log)
    samples = samples_in(shards, desk.folder / "samples", progress=tell)
    known = {outcome: samples.y[outcome] for outcome in asked_of(definition, outcomes)}
    span = shards.whole.ends - shards.whole.begins
    splits, skipped = splits_of(known, lambda o: split_watched(samples.watched(o), span=span))
    first_split = min(one.at for one in splits.values())
    vocabulary = learn_vocabulary_over(shards, until=first_split)
    plan = plan_of(definition, vocabulary).renewed_over(shards, until=first_split)
    require_constraints_hold(definition, plan.features)
    file = features_in(shards, samples, plan, desk.folder, progress=tell)
    everybody = Everybody(samples, splits, plan, file)
    some = _some(log, everybody, is_all=len(log.offsets) > shards.whole.customers)
    fitted = _fitted(everybody, some, desk, effort or Effort(), seed, tell)
    data = some.data
    models = {str(outcome): one.model for outcome, one in fitted.items()}
    described = described_by(data, fitted, seed) | _of_all(shards, everybody)
    described |= {"reference": reference_of(data, models)}
    ahead = ahead_of(data.log, data.journeys, data.samples, definition, until=first_split)
    return Trained(bundle_of(plan, models, described, ahead=ahead), data, skipped)


def _some(log: EventLog, everybody: Everybody, *, is_all: bool) -> Some:
    """Return the data of some customers, as they stand among all, and how they are examined."""
    definition = everybody.plan.definition
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    labels = labels_of(log, journeys, samples, definition)
    places = everybody.samples.places_of(log, journeys, samples)
    splits = {
        outcome: replace(split, train=split.train[places], test=split.test[places])
        for outcome, split in everybody.splits.items()
    }
    X = everybody.file[places]
    data = TrainingData(log, journeys, samples, labels, splits, everybody.plan, X)
    if is_all:
        return Some(data, Exam())
    theirs = everybody.plan.renewed(log, journeys)
    checked = replace(data, plan=theirs, X=table(log, journeys, samples, theirs))
    return Some(data, Exam(checked=checked))


def _fitted(
    everybody: Everybody,
    some: Some,
    desk: Desk,
    effort: Effort,
    seed: int,
    tell: Progress,
) -> dict[Outcome, Fitted]:
    """Fit the outcomes, one after the other: each takes what memory there is."""
    effort = shared(effort, len(everybody.splits), at_once=1)
    fitted: dict[Outcome, Fitted] = {}
    with one_thread():
        for place, outcome in enumerate(everybody.splits, start=1):
            fitted[outcome] = _fit_one(everybody, some, outcome, desk, effort, seed)
            tell("models", place / len(everybody.splits))
    return fitted


def _fit_one(
    everybody: Everybody,
    some: Some,
    outcome: Outcome,
    desk: Desk,
    effort: Effort,
    seed: int,
) -> Fitted:
    split, plan = everybody.splits[outcome], everybody.plan
    part = everybody.samples.part(outcome, split, everybody.file)
    default = recipe_for(part, seed=seed, thorough=effort.trials > 0)
    tuned = tune(
        some.data.part(outcome, some.data.splits[outcome].train),
        categorical=plan.categorical,
        trials=effort.trials,
        recipe=constrained(default, plan.definition, outcome, plan.features),
        seconds=effort.seconds,
        seed=seed,
        on_trial=trial_of(outcome, effort),
    )
    model, recipe = fit_refitted(
        part,
        settling_folds(part.bare, most_rows=desk.rows, seed=seed),
        categorical=plan.categorical,
        recipe=tuned.recipe,
        stages=stages_of(plan, everybody.samples.journeys, split),
        seed=seed,
        grow=desk.grow,
    )
    said = evaluated(some.data, outcome, model, seed, some.exam) | {"train_samples": len(part)}
    return Fitted(model, recipe, said)


def _of_all(shards: Shards, everybody: Everybody) -> dict[str, object]:
    """Return what the manifest says of all customers, not of the sample that was looked at."""
    samples = everybody.samples
    closed = {outcome: samples.watched(outcome).closed for outcome in everybody.splits}
    rates = {o: float(samples.y[o][one].mean(dtype=np.float64)) for o, one in closed.items()}
    return {
        "customers": shards.whole.customers,
        "journeys": len(samples.journeys),
        "label_rates": rates,
    }
