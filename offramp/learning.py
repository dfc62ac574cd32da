"""The commands that make a model and put it in its place."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from offramp.console import out, working, write_json
from offramp.engine import Where, log_in_shards
from offramp.erased import LeaveOut, without_erased
from offramp.options import (
    Customers,
    Dask,
    Engine,
    Events,
    Journey,
    Json,
    Kept,
    Memory,
    Outcome,
    Promote,
    Seconds,
    Seed,
    SparkMaster,
    Trials,
    Work,
)
from offramp.reading import journey_name, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from journeys.shards import Shards
    from training.at_scale import Means
    from training.tracking import Tracked
    from training.train import Trained

    _Before = Callable[[Shards, "_Wishes"], dict[str, object] | None]


_LOOKED_AT = 50_000


def train(  # noqa: PLR0913 - a command has this many options
    events: Events,
    journey: Journey,
    *,
    outcome: Outcome = "",
    trials: Trials = 0,
    seconds: Seconds = 0.0,
    promote: Promote = "gate",
    leave_out: LeaveOut = "",
    customers: Customers = "",
    memory: Memory = 0.0,
    work: Work = "",
    dask: Dask = "",
    kept: Kept = "",
    engine: Engine = "local",
    spark_master: SparkMaster = "local[*]",
    json: Json = "",
    seed: Seed = 0,
) -> None:
    """Learn to predict the outcomes; track and register the model in MLflow.

    The model becomes `champion` if nothing speaks against it: both are asked about the same later
    journeys, and the new one must be no worse, calibrated, and not behind in any stage. Otherwise
    it is registered as `challenger`, and you are told why. docs/retraining.md has the whole story.

    A log of more customers than memory holds is learnt from by a sample of them, if that loses less
    than .002 of AUC (it is measured, and said), else from disk: docs/training-at-scale.md. With
    `--engine spark` the workers of a cluster make the samples; what is learnt is the same.

    MLFLOW_TRACKING_URI is honoured; the default is sqlite:///mlflow.db in the working directory.
    """
    wishes = _Wishes(events, journey, outcome, trials, seconds, promote, leave_out, json, seed)
    with log_in_shards(events, journey, Where(engine, spark_master, kept)) as shards:
        _learn(shards, wishes, means_of(customers, memory, work, dask))


def retrain(  # noqa: PLR0913 - a command has this many options
    events: Events,
    journey: Journey,
    *,
    trials: Trials = 20,
    seconds: Seconds = 600.0,
    promote: Promote = "gate",
    leave_out: LeaveOut = "",
    customers: Customers = "",
    memory: Memory = 0.0,
    work: Work = "",
    dask: Dask = "",
    kept: Kept = "",
    engine: Engine = "local",
    spark_master: SparkMaster = "local[*]",
    json: Json = "",
    seed: Seed = 0,
) -> None:
    """Train again on a newer log, as a schedule does: tuned, compared, promoted only if no worse.

    First it says what has moved since the champion was trained. If tracking looks broken it stops
    with exit code 1 rather than learn from that, unless `--promote always` insists. Exit code 0
    also when the champion stays: `--json` says `promoted: true` or `false`, and why.
    """
    wishes = _Wishes(events, journey, "", trials, seconds, promote, leave_out, json, seed)
    with log_in_shards(events, journey, Where(engine, spark_master, kept)) as shards:
        _learn(shards, wishes, means_of(customers, memory, work, dask), before=_say_what_moved)


def rollback(
    journey: Annotated[
        str, Option("--journey", help="The journey's name, or its definition (a YAML file).")
    ],
    to: Annotated[str, Option("--to", help="A version; without it, the champion before.")] = "",
    json: Json = "",
) -> None:
    """Make the champion before this one champion again, or any version by its number.

    Doing it again goes one champion further back. Asking for the version that is champion already
    changes nothing. A running `offramp serve` follows at its next look at the registry.
    """
    import pandas as pd

    from training.versions import rollback as rolled_back

    moved = rolled_back(journey_name(journey), to=to, now=pd.Timestamp.now(tz="UTC"))
    out().print(moved.sentence, markup=False)
    write_json(json, {"model": moved.name, "before": moved.before, "champion": moved.after})


@dataclass(frozen=True)
class _Wishes:
    """What a training is asked for."""

    events: str
    journey: str
    outcome: str
    trials: int
    seconds: float
    promote: Promote
    leave_out: str
    json: str
    seed: int


def means_of(customers: str, memory: float, work: str, dask: str) -> "Means":
    """Return what a training may take, as the options say it."""
    from pathlib import Path

    from journeys.errors import RequestError
    from training.at_scale import Means

    if customers not in ("", "all") and not (customers.isdecimal() and int(customers) > 0):
        raise RequestError(f"--customers {customers!r} is no number; give one, or `all`.")
    asked = int(customers) if customers.isdecimal() else None
    folder = Path(work) if work else None
    return Means("all" if customers == "all" else asked, memory or None, folder, dask)


def _learn(
    shards: "Shards", wishes: _Wishes, means: "Means", before: "_Before | None" = None
) -> None:
    """Train, track, and say how good the model is and where it stands."""
    from training.at_scale import Task, train_over
    from training.fit import Effort
    from training.store import require_store
    from training.tracking import track
    from training.trials import TrialList

    shards, left_out = without_erased(shards, wishes.leave_out)
    definition = shards.definition
    outcomes = [outcome_of(definition, wishes.outcome)] if wishes.outcome else []
    with working("Reaching the MLflow store"):
        require_store()  # before the work, not after it
    drift = before(shards, wishes) if before is not None else None
    with working("Training") as tell:
        tried = TrialList(tell, wishes.trials * len(outcomes or definition.outcomes))
        effort = Effort(wishes.trials, wishes.seconds or None, tried)
        task = Task(outcomes, wishes.seed, effort, tell)
        trained = train_over(shards, task, means)
    with working("Comparing and tracking"):
        more = {} if left_out is None else {"customers_left_out": left_out}
        tracked = track(
            trained, source=wishes.events, promote=wishes.promote, trials=tried.told, said=more
        )
    _say(trained, tracked)
    judged = {"promoted": tracked.promoted, "verdict": tracked.verdict.as_dict()}
    answer = {"model": tracked.uri, "version": tracked.version, "run_id": tracked.run_id, **judged}
    rest = {"skipped": trained.skipped, "drift": drift, "manifest": trained.bundle.manifest}
    write_json(wishes.json, answer | rest)


def _say_what_moved(shards: "Shards", wishes: _Wishes) -> dict[str, object] | None:
    """Say what has moved since the champion's training; refuse to learn from broken tracking.

    Of a log that does not stand in memory fifty thousand customers are looked at.
    """
    from journeys.errors import OfframpError
    from journeys.shards import HeldShards
    from offramp.show_evaluation import drifted
    from training.rivals import drift_of
    from training.versions import champion_of

    definition = shards.definition
    with working("Looking for what has moved"):
        log = shards.log if isinstance(shards, HeldShards) else shards.some(_LOOKED_AT)
        drift = drift_of(champion_of(definition.name), log, definition)
    if drift is None:
        return None
    out().print(drifted(drift))
    if drift["verdict"] == "broken tracking" and wishes.promote != "always":
        raise OfframpError(
            "Tracking looks broken since the champion was trained; nothing was learnt from it. "
            "Repair the log, or insist with --promote always."
        )
    return drift


def _say(trained: "Trained", tracked: "Tracked") -> None:
    from offramp.show import evaluated, skipped
    from offramp.show_models import placed
    from offramp.show_sample import learnt_from

    out().print(learnt_from(trained.bundle.manifest))
    out().print(evaluated(trained.bundle.manifest["evaluation"]))
    out().print(skipped(trained.skipped))
    out().print(placed(tracked))
