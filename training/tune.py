"""Tuning: a search for each member's settings, on folds of the past alone.

Each kind of member is searched by itself (tree-structured Parzen estimators, seeded), its default
settings first, so that the search can only gain on the folds.  What counts is the log loss of held
out rows once the margin has been stretched and shifted as best it can: how well customers are told
apart, not how the margin happens to be scaled.  A trial that is worse than the median of the others
after some folds is pruned.  On few customers the simplest settings within a standard error of the
best are taken (Breiman et al. 1984), because the best of many noisy means flatters itself.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.blend import fit_member
from models.crossfit import Fold, stretched_log_loss
from models.part import Part
from models.recipe import FEW_CUSTOMERS, Ingredient, Recipe, Settings, recipe_for
from training.folds import CUSTOMER_FOLDS, MOST_ROWS, folds_of, rows_of_some
from training.space import complexity, defaults_of, suggested

if TYPE_CHECKING:
    import optuna

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
OnTrial = Callable[[int, dict[str, object], float, str], None]
"""Called with number, parameters by ``member.name``, mean log loss, and *complete* or *pruned*."""

_BOOSTED_SHARE = 0.5


@dataclass(frozen=True)
class Trial:
    """One set of settings that was tried; ``value`` is the mean log loss over the folds so far."""

    number: int
    params: dict[str, object]
    value: float
    state: str


@dataclass(frozen=True)
class Tuned:
    """The recipe that was found, its weights still to be settled, and all that was tried."""

    recipe: Recipe
    trials: tuple[Trial, ...]


def tune(  # noqa: PLR0913 - what bounds a search, and who is told of it
    part: Part,
    *,
    categorical: tuple[int, ...],
    trials: int,
    recipe: Recipe | None = None,
    seconds: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    on_trial: OnTrial | None = None,
) -> Tuned:
    """Search settings on past data; nothing but ``part`` is seen.

    Parameters
    ----------
    trials : so many sets of settings are tried, of all kinds of members together; 0 for none
    recipe : where to start from, with its constraints; the default for as many customers if None
    seconds : no trial begins after so long; without it the same seed gives the same recipe
    """
    recipe = recipe or recipe_for(part, seed=seed, thorough=trials > 0)
    if trials <= 0:
        return Tuned(recipe, ())
    begun = time.monotonic()
    learnt = part.take(rows_of_some(part, MOST_ROWS, seed=seed))
    few = len(np.unique(part.customers)) < FEW_CUSTOMERS
    search = _Search(learnt, folds_of(learnt, seed=seed), categorical, few, seed)
    tried: list[Trial] = []
    found = []
    for one, share, until in _shares(recipe.ingredients, trials):
        deadline = None if seconds is None else begun + until * seconds
        for trial in search.trials_of(one, share, deadline, first=len(tried)):
            tried.append(trial)
            if on_trial is not None:
                on_trial(trial.number, trial.params, trial.value, trial.state)
            if progress is not None:
                progress("trials", min(len(tried) / trials, 1.0))
        found.append(replace(one, settings=search.best(one)))
    chosen = replace(recipe, ingredients=tuple(found), chosen=_told(tried, search))
    return Tuned(chosen, tuple(tried))


@dataclass(eq=False)
class _Search:
    part: Part
    folds: list[Fold]
    categorical: tuple[int, ...]
    few: bool
    seed: int
    losses: dict[str, list[tuple[Settings, Floats]]] = field(default_factory=dict)

    def trials_of(
        self, one: Ingredient, n: int, deadline: float | None, *, first: int
    ) -> Iterator[Trial]:
        """Try settings of one ingredient, its own first; at least these, whatever the time."""
        # Most models are made without trials: they need not wait for what tries.
        import optuna
        from optuna.trial import TrialState

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=self.seed + first, n_startup_trials=5),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
        )
        study.enqueue_trial(defaults_of(one.settings, few=self.few))
        for place in range(n):
            if place and deadline is not None and time.monotonic() > deadline:
                return
            trial = study.ask()
            settings = suggested(trial, one.settings, few=self.few)
            losses, pruned = self._tried(trial, settings)
            state = TrialState.PRUNED if pruned else TrialState.COMPLETE
            if not pruned:
                self.losses.setdefault(one.name, []).append((settings, losses))
            mean = float(losses.mean())
            study.tell(trial, None if pruned else mean, state=state)
            params = {f"{one.name}.{name}": value for name, value in trial.params.items()}
            yield Trial(first + place, params, mean, state.name.lower())

    def best(self, one: Ingredient) -> Settings:
        """Return the settings to take: the lowest mean, or the simplest near it if data are few."""
        tried = self.losses[one.name]
        means = np.array([losses.mean() for _, losses in tried])
        best = tried[int(np.argmin(means))]
        if not self.few:
            return best[0]
        near = [settings for settings, losses in tried if _within_one_error(losses, best[1])]
        return min(near, key=complexity)

    def _tried(self, trial: "optuna.Trial", settings: Settings) -> tuple[Floats, bool]:
        losses: list[float] = []
        for earlier, later in reversed(self.folds):  # the last is the most like what is to come
            learnt, held = self.part.take(earlier), self.part.take(later)
            member = fit_member(learnt, settings, categorical=self.categorical, watched=held)
            losses.append(stretched_log_loss(member.margin(held.X), held))
            trial.report(float(np.mean(losses)), len(losses) - 1)
            if len(losses) < len(self.folds) and trial.should_prune():
                return np.array(losses), True
        return np.array(losses), False


def _within_one_error(losses: Floats, best: Floats) -> bool:
    """Whether losses on the same folds are no more than a standard error above the best.

    Repeats of the same customers say nothing new: the folds of one repeat are what counts.
    """
    more = losses - best
    return bool(more.mean() <= more.std() / np.sqrt(min(len(more), CUSTOMER_FOLDS)) + 1e-12)


def _shares(
    ingredients: tuple[Ingredient, ...], trials: int
) -> Iterator[tuple[Ingredient, int, float]]:
    """Yield each ingredient with its trials and the share of the time by which it must be done."""
    rest = max(len(ingredients) - 1, 1)
    until, left = 0.0, trials
    for place, one in enumerate(ingredients):
        share = _BOOSTED_SHARE if place == 0 else (1 - _BOOSTED_SHARE) / rest
        share = 1.0 if len(ingredients) == 1 else share
        after = len(ingredients) - 1 - place
        n = max(min(round(trials * share), left - after) if after else left, 1)
        until, left = until + share, left - n
        yield one, n, until


def _told(tried: list[Trial], search: _Search) -> str:
    pruned = sum(trial.state == "pruned" for trial in tried)
    return (
        f"best of {len(tried)} trials ({pruned} pruned) on {len(search.folds)} folds of past data"
    )
