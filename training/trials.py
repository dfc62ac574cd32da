"""What tuning has tried, as nested MLflow runs: one a trial, beneath the run of the training."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mlflow
import pandas as pd
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

METRIC = "log_loss_on_folds"


@dataclass(frozen=True)
class TrialTold:
    """One set of settings that was tried; ``value`` is the mean log loss over the past's folds."""

    outcome: str
    number: int
    params: dict[str, object]
    value: float
    state: str


class TrialList:
    """Remembers trials as `training.train` tells of them, to be logged when the run is open.

    ``progress`` is called with what was tried and the share of the ``expected`` trials.
    """

    def __init__(self, progress: Callable[[str, float], None] | None = None, expected: int = 0):
        self._told: list[TrialTold] = []
        self._progress = progress
        self._expected = expected

    def __call__(
        self, outcome: str, number: int, params: dict[str, object], value: float, state: str
    ) -> None:
        """Remember one trial."""
        self._told.append(TrialTold(outcome, number, dict(params), value, state))
        if self._progress is not None:
            what = f"trial {number + 1} of {outcome}: log loss {value:.4f}, {state}"
            self._progress(what, len(self._told) / max(self._expected, 1))

    @property
    def told(self) -> tuple[TrialTold, ...]:
        """The trials by outcome and number, in whatever order they ended."""
        return tuple(sorted(self._told, key=lambda one: (one.outcome, one.number)))


def log_trials(trials: Sequence[TrialTold], parent_run: str) -> None:
    """Log each trial as a run beneath the parent, and all of them as one table of it."""
    if not trials:
        return
    client = MlflowClient()
    experiment = client.get_run(parent_run).info.experiment_id
    for trial in trials:
        run = client.create_run(experiment, tags={MLFLOW_PARENT_RUN_ID: parent_run})
        name = RunTag(MLFLOW_RUN_NAME, f"{trial.outcome}-trial-{trial.number}")
        client.log_batch(
            run.info.run_id,
            metrics=_metrics(trial, run.info.start_time),
            params=[Param(key, str(value)) for key, value in trial.params.items()],
            tags=[name, RunTag("offramp.outcome", trial.outcome), _state(trial)],
        )
        client.set_terminated(run.info.run_id)
    rows = [
        {"outcome": one.outcome, "trial": one.number, METRIC: one.value, "state": one.state}
        | one.params
        for one in trials
    ]
    mlflow.log_table(pd.DataFrame(rows), "tables/trials.json")


def _metrics(trial: TrialTold, at: int) -> list[Metric]:
    """Return the loss; a trial that was given up before its first fold has none."""
    return [Metric(METRIC, trial.value, at, 0)] if math.isfinite(trial.value) else []


def _state(trial: TrialTold) -> RunTag:
    return RunTag("offramp.trial", trial.state)
