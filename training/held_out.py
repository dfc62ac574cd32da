"""The held-out part of a training: what was predicted for it, what came, and what is compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journeys.definition import Outcome
from journeys.labels import at_risk_of
from journeys.log import microseconds
from models.baselines import fit_last_activity_rate, fit_logistic_regression
from models.outcome import OutcomeModel
from training.checks import checks_of
from training.data import TrainingData
from training.earliness import PRECISION, Course
from training.evaluate import Asked, evaluate_outcome
from training.last_event import predicted_by_last_event
from training.metrics import Codes, Floats, TestPart
from training.stages import median_hours
from training.subgroups import Groups

LAST_ACTIVITY = "last activity and elapsed time"
LOGISTIC = "logistic regression"
_MICROSECONDS_AN_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Exam:
    """How thoroughly to look.

    ``precision`` of the earliness; ``thorough`` checks on more rows; ``checked`` holds the same
    samples with what only these customers lived through: features that know of others cannot be
    made again from the log of a few of them.
    """

    precision: float = PRECISION
    thorough: bool = False
    checked: TrainingData | None = None


def evaluated(
    data: TrainingData,
    outcome: Outcome,
    model: OutcomeModel,
    seed: int,
    exam: Exam | None = None,
) -> dict[str, object]:
    """Return the evaluation of one outcome's model on the test part of its split."""
    exam, split = exam or Exam(), data.splits[outcome]
    X = data.X[split.test]
    part = held_out(data, outcome, model.predict(X).p)
    asked = Asked(
        course=course_of(data, outcome),
        bad=bad_label(outcome),
        groups=groups_of(data, outcome),
        last_event_only=predicted_by_last_event(data, outcome, seed=seed),
        precision=exam.precision,
    )
    baselines = _baselines(data, outcome, X, seed)
    return evaluate_outcome(part, baselines, seed=seed, asked=asked) | {
        "checks": checks_of(exam.checked or data, outcome, seed=seed, thorough=exam.thorough),
        "split_at": split.at.isoformat(),
        "gap_hours": split.gap.total_seconds() / 3600,
        "train_samples": int(split.train.sum()),
    }


def held_out(data: TrainingData, outcome: Outcome, p: Floats) -> TestPart:
    """Return the test part of an outcome with predictions of its samples, shape (n_test,)."""
    test = data.splits[outcome].test
    y = data.labels[outcome]["y"].to_numpy()[test]
    return TestPart(y, p, data.customers[test], _elapsed_share(data, outcome), _seen(data, outcome))


def bad_label(outcome: Outcome) -> float:
    """Return the label that is the bad outcome: not succeeding, leaking, churning."""
    return 0.0 if outcome == "success" else 1.0


def course_of(data: TrainingData, outcome: Outcome) -> Course:
    """Return how the journeys of the test part went on."""
    test, labels = data.splits[outcome].test, data.labels[outcome]
    journeys = data.samples["journey"].to_numpy()
    came = labels["y"].to_numpy() == bad_label(outcome)
    ahead = microseconds(labels["known_at"]) - microseconds(data.samples["cutoff"])
    hours = np.where(came, ahead / _MICROSECONDS_AN_HOUR, np.nan)
    definition = data.plan.definition
    asked = at_risk_of(data.log, data.journeys, data.samples, definition)[outcome]
    open_yet = np.zeros(len(data.journeys), dtype=np.bool_)
    open_yet[journeys[asked & labels["closed_at"].isna().to_numpy()]] = True
    return Course(journeys[test], hours[test], ~open_yet[journeys[test]])


def groups_of(data: TrainingData, outcome: Outcome) -> Groups:
    """Return the context attributes of the test samples as known at the cutoff."""
    test = data.splits[outcome].test
    context = set(data.plan.definition.attributes.context)
    return {
        feature.name: (_codes(data.X[test, place]), feature.labels)
        for place, feature in enumerate(data.plan.features)
        if feature.labels and feature.name in context
    }


def _codes(column: NDArray[np.float32]) -> Codes:
    return np.where(np.isfinite(column), np.nan_to_num(column), -1).astype(np.int64)


def _elapsed_share(data: TrainingData, outcome: Outcome) -> Floats:
    """Return how far each test sample is, as a share of the median journey known at the split."""
    split = data.splits[outcome]
    start = microseconds(data.journeys["start"])[data.samples["journey"].to_numpy()]
    hours = (microseconds(data.samples["cutoff"]) - start)[split.test] / _MICROSECONDS_AN_HOUR
    return np.asarray(hours / median_hours(data.journeys, split))


def _seen(data: TrainingData, outcome: Outcome) -> Codes:
    """Return how many events of its journey each test sample has seen."""
    first = data.journeys["first"].to_numpy()[data.samples["journey"].to_numpy()]
    seen = data.samples["seen"].to_numpy() - first + 1
    return np.asarray(seen[data.splits[outcome].test], dtype=np.int64)


def _baselines(
    data: TrainingData, outcome: Outcome, X: NDArray[np.float32], seed: int
) -> dict[str, Floats]:
    """Return what both baselines, fitted to the train part, predict for other rows.

    None where the train part has only one class (a later log that holds no past).
    """
    trained = data.part(outcome, data.splits[outcome].train)
    if len(np.unique(trained.y)) < 2:
        return {}
    last_activity = fit_last_activity_rate(trained.X, trained.y, data.plan)
    logistic = fit_logistic_regression(trained.X, trained.y, data.plan, seed=seed)
    return {
        LAST_ACTIVITY: last_activity.predict(X),
        LOGISTIC: logistic.predict_proba(X)[:, 1],
    }
