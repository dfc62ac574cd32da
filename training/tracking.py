"""What a training run leaves in MLflow: everything needed to compare it, doubt it and load it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import mlflow
import pandas as pd
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

from journeys.definition_file import definition_text
from journeys.errors import BundleError
from models.bundle import Bundle, load_bundle, save_bundle
from rootcause.figures import png_bytes
from training.comparison import EVERYWHERE
from training.evaluation_views import (
    evaluation_metrics,
    evaluation_pictures,
    evaluation_tables,
)
from training.later import evaluation_document
from training.logged_dataset import LoggedEvents
from training.promotion import MARGINS, Verdict
from training.rivals import judged
from training.run_page import (
    NOTE,
    log_evaluation,
    name_of_training,
    page_of,
    tag_commit,
    tags_of,
)
from training.store import log_parameters, named_by_others, open_run, quiet, reached_store
from training.tracked_sample import log_sample
from training.train import Trained
from training.trials import TrialTold, log_trials
from training.versions import (
    CHALLENGER,
    CHAMPION,
    challenge,
    champion_of,
    crown,
    name_of,
    register,
    tag,
)

Promote = Literal["never", "gate", "always"]


@dataclass(frozen=True)
class Tracked:
    """Where a training run stands: ``uri`` loads it, by its alias in the registry."""

    run_id: str
    name: str
    version: str
    alias: str
    verdict: Verdict

    @property
    def uri(self) -> str:
        """The model by name and alias, as ``offramp score --model`` takes it."""
        return f"models:/{self.name}@{self.alias}"

    @property
    def promoted(self) -> bool:
        """Whether this version is the one in use now."""
        return self.alias == CHAMPION


def track(
    trained: Trained,
    *,
    source: str,
    promote: Promote = "gate",
    trials: Sequence[TrialTold] = (),
    said: Mapping[str, object] | None = None,
    now: pd.Timestamp | None = None,
) -> Tracked:
    """Log a training run, register its bundle, and make it champion if it may be.

    Parameters
    ----------
    source : where the event log came from; neither events nor customer keys are logged
    promote : ``gate`` asks `training.rivals.judged`; ``always`` and ``never`` only write down what
        it says
    trials : what tuning has tried
    said : further parameters of the run
    now : when the verdict was given; the clock's, unless given
    """
    with kept_if_not_taken(trained.bundle), quiet(), reached_store(retries=5):
        verdict = judged(trained, champion_of(trained.bundle.journey))
        promoted = promote == "always" or (promote == "gate" and verdict.promote)
        run_id, version = _logged(trained, source, verdict, trials, dict(said or {}))
        mlflow.MlflowClient().set_tag(run_id, "offramp.promoted", str(promoted).lower())
        name = name_of(trained.bundle.journey)
        at = pd.Timestamp.now(tz="UTC") if now is None else now
        tag(name, version, _tags(verdict, promoted=promoted, promote=promote, at=at))
        if promoted:
            crown(name, version)
        else:
            challenge(name, version)
    return Tracked(run_id, name, version, CHAMPION if promoted else CHALLENGER, verdict)


def _logged(
    trained: Trained,
    source: str,
    verdict: Verdict,
    trials: Sequence[TrialTold],
    said: dict[str, object],
) -> tuple[str, str]:
    """Log the run and register its bundle; return the run's id and the model's version."""
    bundle, data = trained.bundle, LoggedEvents(trained.data.log, source)
    engine = str(said.get("engine", "one machine"))
    tags = tags_of(bundle, what="train", engine=engine, data=data.digest)
    page = page_of(bundle, verdict)
    name, ours = name_of_training(bundle), not named_by_others()
    with open_run(bundle.journey, name, tags) as run_id, TemporaryDirectory() as folder:
        tag_commit()
        mlflow.set_tag(NOTE, page)
        log_parameters(run_id, _parameters(trained) | said)
        mlflow.log_metrics(evaluation_metrics(_evaluation(bundle)))
        log_sample(bundle.manifest)
        mlflow.log_input(data, context="training")
        _log_documents(bundle)
        _log_pictures(bundle)
        log_evaluation(_evaluation(bundle))
        _log_verdict(verdict)
        log_trials(trials, run_id)
        saved = save_bundle(bundle, Path(folder) / "bundle")
        version = register(bundle, saved, described=page)
        if ours:
            mlflow.set_tag(MLFLOW_RUN_NAME, f"v{version} {name}")
        return run_id, version


@contextmanager
def kept_if_not_taken(bundle: Bundle) -> Iterator[None]:
    """Keep a trained bundle in the working directory when the store does not take it.

    Raises
    ------
    BundleError
        Which says where the bundle is, and what can be done with it.
    """
    try:
        yield
    except BundleError as fault:
        at = pd.Timestamp.now(tz="UTC")
        kept = save_bundle(bundle, Path(f"offramp-{bundle.journey}-{at:%Y%m%dT%H%M%S}"))
        raise BundleError(
            f"{fault} Nothing is lost: the trained model is in {str(kept.resolve())!r}; score, "
            "evaluate and serve take that folder as --model, and docs/mlflow.md says how to "
            "register it when the store is up."
        ) from None


def register_kept(folder: str | Path) -> str:
    """Register a bundle that the store did not take, as challenger; return its version.

    Raises
    ------
    BundleError
        If there is no bundle, or the store does not answer.
    """
    bundle = load_bundle(folder)
    with quiet(), reached_store():
        tags = tags_of(bundle, what="register", engine="one machine", data="not at hand")
        with open_run(bundle.journey, f"register {Path(folder).name}", tags):
            mlflow.log_metrics(evaluation_metrics(_evaluation(bundle)))
            version = register(bundle, Path(folder), described=page_of(bundle))
        challenge(name_of(bundle.journey), version)
    return version


def _tags(
    verdict: Verdict, *, promoted: bool, promote: Promote, at: pd.Timestamp
) -> dict[str, str]:
    """Return why a version stands where it stands, as its tags say it."""
    tags = {
        "promoted": str(promoted).lower(),
        "promote": promote,
        "verdict": verdict.state,
        "why": "\n".join(verdict.reasons),
        "warnings": "\n".join(verdict.warnings),
        "basis": verdict.basis,
        "compared_with": verdict.champion or "nobody",
        "comparisons": json.dumps([asdict(row) for row in verdict.comparisons]),
        "margins": json.dumps(asdict(MARGINS)),
        "judged_at": at.isoformat(),
    }
    return {f"offramp.{key}": said for key, said in tags.items() if said}


def _log_verdict(verdict: Verdict) -> None:
    """Log the verdict whole, its comparisons as a table, and the gains as metrics."""
    mlflow.log_dict(verdict.as_dict(), "promotion.json")
    rows = [asdict(row) for row in verdict.comparisons]
    if rows:
        mlflow.log_table(pd.DataFrame(rows), "tables/promotion.json")
    for row in verdict.comparisons:
        if row.where == EVERYWHERE and row.gain is not None:
            ends = {"": row.gain, "_low": row.low, "_high": row.high}
            names = {end: f"{'interval/' if end else ''}{row.what}_gain{end}" for end in ends}
            gained = {f"{row.outcome}/{names[end]}": at for end, at in ends.items()}
            mlflow.log_metrics({key: at for key, at in gained.items() if at is not None})


def _parameters(trained: Trained) -> dict[str, object]:
    manifest = trained.bundle.manifest
    kept = ("spec_hash", "code_version", "seed", "trained_from", "trained_to", "log_ends")
    settings = {
        f"{outcome}_trees": model.blend.n_trees
        for outcome, model in trained.bundle.outcomes.items()
    }
    return (
        {name: manifest[name] for name in kept}
        | settings
        | {
            "customer_count": manifest["customers"],
            "journeys": manifest["journeys"],
            "event_count": len(trained.data.log),
            "samples": len(trained.data.samples),
            "features": len(trained.data.plan.features),
        }
    )


def _evaluation(bundle: Bundle) -> dict:  # type: ignore[type-arg]  # plain data of the manifest
    return bundle.manifest["evaluation"]  # type: ignore[return-value]


def _log_documents(bundle: Bundle) -> None:
    features = [
        {"name": one.name, "unit": one.unit, "tier": one.tier, "words": one.words}
        for one in bundle.plan.features
    ]
    mlflow.log_text(definition_text(bundle.plan.definition), "journey.yaml")
    mlflow.log_dict(evaluation_document(bundle.manifest), "evaluation.json")
    mlflow.log_dict(bundle.manifest["recipes"], "recipes.json")
    for name, table in evaluation_tables(_evaluation(bundle)).items():
        mlflow.log_table(table, f"tables/{name}.json")
    mlflow.log_text(json.dumps(features, indent=1, ensure_ascii=False), "features.json")


def _log_pictures(bundle: Bundle) -> None:
    for name, figure in evaluation_pictures(_evaluation(bundle)).items():
        _log_png(png_bytes(figure), f"pictures/{name}.png")


def _log_png(content: bytes, path: str) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / Path(path).name
        file.write_bytes(content)
        mlflow.log_artifact(str(file), str(Path(path).parent))
