"""The commands that make a model and put it in its place."""

from offramp.console import out, working, write_json
from offramp.options import Events, Journey, Json, Outcome, Seed
from offramp.reading import outcome_of, read_log


def train(
    events: Events, journey: Journey, outcome: Outcome = "", json: Json = "", seed: Seed = 0
) -> None:
    """Learn to predict the outcomes; track and register the model in MLflow.

    The first model of a journey becomes `champion`, later ones `challenger`. MLFLOW_TRACKING_URI
    is honoured; the default is sqlite:///mlflow.db in the working directory.
    """
    from offramp.show import evaluated, skipped
    from training.tracking import track
    from training.train import train as trained_on

    log, definition = read_log(events, journey)
    outcomes = [outcome_of(definition, outcome)] if outcome else []
    with working("Training") as tell:
        trained = trained_on(log, definition, outcomes=outcomes, seed=seed, progress=tell)
        tracked = track(trained, source=events)
    manifest = trained.bundle.manifest
    out().print(evaluated(manifest["evaluation"]))
    out().print(skipped(trained.skipped))
    out().print(f"Model: {tracked.uri} (version {tracked.version}, run {tracked.run_id})")
    answer = {"model": tracked.uri, "version": tracked.version, "run_id": tracked.run_id}
    write_json(json, {**answer, "skipped": trained.skipped, "manifest": manifest})
