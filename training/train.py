"""Training: from an event log to a bundle, each statement one arrow of the design."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.plan import plan_of
from features.table import table
from features.vocabulary import learn_vocabulary
from journeys.definition import Definition, Outcome
from journeys.definition_file import require_definition_holds
from journeys.errors import DefinitionError, TooLittleDataError, listed
from journeys.find import find_journeys
from journeys.labels import labels_of
from journeys.log import EventLog
from journeys.samples import samples_of
from journeys.split import Split, split_by_time
from models.bundle import Bundle, bundle_of
from training.ahead import ahead_of
from training.constraints import require_constraints_hold
from training.data import TrainingData
from training.fit import Effort, Fitted, OnOutcomeTrial, Progress, fit_all
from training.reference import reference_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trained:
    """A bundle and what it was made from; ``skipped`` says why an outcome has no model."""

    bundle: Bundle
    data: TrainingData
    skipped: dict[str, str]


def train(  # noqa: PLR0913 - what is learnt, how hard to search, and who is told of it
    log: EventLog,
    definition: Definition,
    *,
    outcomes: Sequence[Outcome] = (),
    seed: int = 0,
    trials: int = 0,
    seconds: float | None = None,
    on_trial: OnOutcomeTrial | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learn to predict the outcomes of a journey, and say how well on later journeys.

    Parameters
    ----------
    outcomes : some of ``definition.outcomes``; all of them when empty
    trials : so many settings are tried for each outcome on past data; 0 takes the default recipe
    seconds : no trial begins after so long, all outcomes together; a search that is not cut short
        finds the same recipe for the same seed
    on_trial : called after each trial with outcome, number, parameters, log loss and state

    Raises
    ------
    DefinitionError, TooLittleDataError
        If the definition and the log do not fit, or no outcome can be learnt from this log.
    """
    tell = progress or _silent
    require_definition_holds(definition, log)
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    labels = labels_of(log, journeys, samples, definition)
    known = {o: labels[o]["y"].to_numpy() for o in asked_of(definition, outcomes)}
    splits, skipped = splits_of(
        known, lambda outcome: split_by_time(log, journeys, samples, labels[outcome])
    )
    first_split = min(one.at for one in splits.values())
    vocabulary = learn_vocabulary(log, definition, until=first_split)
    plan = plan_of(definition, vocabulary).renewed(log, journeys, until=first_split)
    require_constraints_hold(definition, plan.features)
    X = table(log, journeys, samples, plan, progress=progress)
    data = TrainingData(log, journeys, samples, labels, splits, plan, X)
    fitted = fit_all(data, Effort(trials, seconds, on_trial), seed=seed, tell=tell)
    models = {str(outcome): one.model for outcome, one in fitted.items()}
    described = described_by(data, fitted, seed) | {"reference": reference_of(data, models)}
    ahead = ahead_of(log, journeys, samples, definition, until=first_split)
    bundle = bundle_of(plan, models, described, ahead=ahead)
    return Trained(bundle, data, skipped)


def _silent(_label: str, _share: float) -> None:
    return None


def asked_of(definition: Definition, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes to learn, all of the definition's where none is named.

    Raises
    ------
    DefinitionError
        If one is named that the definition does not ask for.
    """
    known = definition.outcomes
    unknown = [outcome for outcome in outcomes if outcome not in known]
    if unknown:
        raise DefinitionError(
            f"The definition asks for {listed(known)}, not for {listed(unknown)}; choose one of "
            "these, or add its rule to the definition."
        )
    return [outcome for outcome in known if outcome in (outcomes or known)]


def splits_of(
    known: Mapping[Outcome, Floats | NDArray[np.float32]], split_of: Callable[[Outcome], Split]
) -> tuple[dict[Outcome, Split], dict[str, str]]:
    """Return a split for each outcome that can be learnt, and why the others cannot.

    Parameters
    ----------
    known : the outcomes to learn, each with ``y`` of every sample

    Raises
    ------
    TooLittleDataError
        If no outcome can be learnt.
    """
    splits: dict[Outcome, Split] = {}
    skipped: dict[str, str] = {}
    for outcome, y in known.items():
        try:
            split = split_of(outcome)
            _require_both_classes(outcome, y[split.train])
            splits[outcome] = split
        except TooLittleDataError as error:
            skipped[outcome] = str(error)
    if not splits:
        told = " ".join(f"{outcome}: {why}" for outcome, why in skipped.items())
        raise TooLittleDataError(f"No outcome can be learnt from this log. {told}")
    return splits, skipped


def _require_both_classes(outcome: Outcome, y: Floats | NDArray[np.float32]) -> None:
    positives = int(y.sum())
    if positives in (0, len(y)):
        seen = "none" if positives == 0 else "all"
        raise TooLittleDataError(
            f"Of {len(y):,} samples with a known {outcome} before the split, {seen} are positive; "
            f"there is nothing to tell apart. Check the rule under `{outcome}:` with "
            "`offramp check`, or give a longer log."
        )


def described_by(data: TrainingData, fitted: dict[Outcome, Fitted], seed: int) -> dict[str, object]:
    """Return what the manifest says of the training beyond the models themselves."""
    closed = {o: found["y"][found["closed_at"].notna()] for o, found in data.labels.items()}
    rates = {o: float(y.mean()) for o, y in closed.items()}
    return {
        "seed": seed,
        "trained_from": data.log.begins.isoformat(),
        "trained_to": max(split.at for split in data.splits.values()).isoformat(),
        "log_ends": data.log.ends.isoformat(),
        "customers": len(data.log.offsets) - 1,
        "journeys": len(data.journeys),
        "label_rates": {o: rate for o, rate in rates.items() if o in data.splits},
        "recipes": {o: one.recipe.as_dict() for o, one in fitted.items()},
        "evaluation": {o: one.evaluation for o, one in fitted.items()},
    }
