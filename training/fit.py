"""Fitting the outcomes: each recipe from folds of the past, each model from every past row."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import pandas as pd

from features.plan import Plan
from journeys.definition import Outcome
from journeys.split import Split
from models.calibration import Stages
from models.outcome import OutcomeModel, fit_refitted
from models.recipe import Recipe, recipe_for
from models.threads import one_thread
from training.constraints import CLOCK, constrained
from training.data import TrainingData
from training.folds import settling_folds
from training.held_out import evaluated
from training.stages import STAGE_SHARES, median_hours
from training.tune import OnTrial, tune

Progress = Callable[[str, float], None]
OnOutcomeTrial = Callable[[str, int, dict[str, object], float, str], None]
"""Called with the outcome, then as `training.tune.OnTrial`; never by two outcomes at once."""

_AT_ONCE = 2


@dataclass(frozen=True)
class Effort:
    """How hard to search: ``trials`` an outcome, within ``seconds`` for all outcomes together."""

    trials: int = 0
    seconds: float | None = None
    on_trial: OnOutcomeTrial | None = None


@dataclass(frozen=True, eq=False)
class Fitted:
    """The model of an outcome, the recipe it was made by, and how good it is."""

    model: OutcomeModel
    recipe: Recipe
    evaluation: dict[str, object]


def fit_all(
    data: TrainingData, effort: Effort, *, seed: int, tell: Progress
) -> dict[Outcome, Fitted]:
    """Fit and evaluate the outcomes side by side, each on one thread: two cores do two at a time.

    Threads inside the algebra are switched off: on busy cores they cost four times the time.
    """
    effort = shared(effort, len(data.splits))
    fitted: dict[Outcome, Fitted] = {}
    with one_thread(), ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        running = {o: pool.submit(_fit_one, data, o, effort, seed) for o in data.splits}
        for place, (outcome, job) in enumerate(running.items(), start=1):
            fitted[outcome] = job.result()
            tell("models", place / len(running))
    return fitted


def shared(effort: Effort, n_outcomes: int, *, at_once: int = _AT_ONCE) -> Effort:
    """Return the effort of each of so many outcomes, their trials told one after the other."""
    share = min(at_once, n_outcomes) / n_outcomes
    seconds = None if effort.seconds is None else effort.seconds * share
    lock, told = Lock(), effort.on_trial

    def one_at_a_time(
        outcome: str, number: int, params: dict[str, object], value: float, state: str
    ) -> None:
        if told is not None:
            with lock:
                told(outcome, number, params, value, state)

    return Effort(effort.trials, seconds, one_at_a_time)


def _fit_one(data: TrainingData, outcome: Outcome, effort: Effort, seed: int) -> Fitted:
    split, plan = data.splits[outcome], data.plan
    part = data.part(outcome, split.train)
    default = recipe_for(part, seed=seed, thorough=effort.trials > 0)
    recipe = constrained(default, plan.definition, outcome, plan.features)
    tuned = tune(
        part,
        categorical=plan.categorical,
        trials=effort.trials,
        recipe=recipe,
        seconds=effort.seconds,
        seed=seed,
        on_trial=trial_of(outcome, effort),
    )
    model, recipe = fit_refitted(
        part,
        settling_folds(part, seed=seed),
        categorical=plan.categorical,
        recipe=tuned.recipe,
        stages=stages_of(plan, data.journeys, split),
        seed=seed,
    )
    return Fitted(model, recipe, evaluated(data, outcome, model, seed))


def trial_of(outcome: Outcome, effort: Effort) -> OnTrial:
    """Return what a search calls, with its outcome before the rest."""

    def told(number: int, params: dict[str, object], value: float, state: str) -> None:
        if effort.on_trial is not None:
            effort.on_trial(outcome, number, params, value, state)

    return told


def stages_of(plan: Plan, journeys: pd.DataFrame, split: Split) -> Stages:
    """Return the stages of evaluation in hours: shares of the median journey known at the split."""
    column = [feature.name for feature in plan.features].index(CLOCK)
    median = median_hours(journeys, split)
    return Stages(column, tuple(share * median for share in STAGE_SHARES))
