"""What a person reads of a run and of a model in MLflow: names, tags and a page of words.

The runs of a journey stand in one experiment; what tells them apart stands in their names and tags.
"""

import re
import subprocess
from collections.abc import Mapping
from typing import Any

import mlflow

from models.bundle import Bundle
from rootcause.figures import pixels
from training.evaluation_views import Evaluation, evaluation_pictures
from training.promotion import Verdict

NOTE = "mlflow.note.content"
_COMMIT = "mlflow.source.git.commit"
_SHOWN = ("calibration", "earliness", "events")


def name_of_training(bundle: Bundle) -> str:
    """Return the name of a training: until when its log goes, and its seed; short, for a table."""
    return f"train {_day(bundle.manifest['log_ends'])} seed {bundle.manifest['seed']}"


def tags_of(bundle: Bundle, *, what: str, engine: str, data: str) -> dict[str, str]:
    """Return the tags by which runs are found and told apart.

    Parameters
    ----------
    what : train or evaluate
    data : the digest of the events
    """
    tags = {
        "what": what,
        "journey": bundle.journey,
        "engine": engine,
        "data": data,
        "code_version": str(bundle.manifest["code_version"]),
        "features": str(bundle.manifest["spec_hash"]),
    }
    return {f"offramp.{key}": said for key, said in tags.items()}


def tag_commit() -> None:
    """Say which commit the working directory is at, where it is one of git and MLflow has not."""
    run = mlflow.active_run()
    if run is None or _COMMIT in run.data.tags:
        return
    try:
        asked = ["git", "rev-parse", "HEAD"]
        found = subprocess.run(asked, capture_output=True, check=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return
    mlflow.set_tag(_COMMIT, found.stdout.strip())


def page_of(bundle: Bundle, verdict: Verdict | None = None) -> str:
    """Return a training as a page of Markdown: what was learnt, how good it is, the verdict."""
    said = bundle.manifest
    lines = [
        f"**{bundle.journey}**: {', '.join(bundle.outcomes)}. Learnt from {said['customers']:,} "
        f"customers with {said['journeys']:,} journeys, {_day(said['trained_from'])} to "
        f"{_day(said['trained_to'])}; judged on later journeys, until {_day(said['log_ends'])}.",
        "",
        "| outcome | base rate | AUC (95 %) | calibration error | checks failed |",
        "| --- | --- | --- | --- | --- |",
        *(_row(outcome, one) for outcome, one in _evaluation(bundle).items()),
    ]
    if verdict is not None:
        lines += ["", f"Verdict: **{verdict.state}**.", ""]
        lines += [f"- {reason}" for reason in (*verdict.reasons, *verdict.warnings)]
    return "\n".join(lines)


def log_evaluation(evaluation: Evaluation) -> None:
    """Log what MLflow's charts lay side by side for many runs: curves by events seen, pictures."""
    for outcome, said in evaluation.items():
        for row in said.get("stages_by_events", ()):
            auc = row.get("metrics", {}).get("auc", {}).get("value")
            if auc is not None:
                seen = _leading(str(row["events"]))
                mlflow.log_metric(f"{outcome}/auc_after_events", auc, step=seen)
    for name, figure in evaluation_pictures(evaluation).items():
        if name.endswith(_SHOWN):
            mlflow.log_image(pixels(figure), key=name, step=0, synchronous=True)


def _row(outcome: str, said: Mapping[str, Any]) -> str:
    metrics = said["metrics"]
    auc, off = metrics["auc"], metrics["calibration_error"]["value"]
    failed = [str(one["name"]) for one in said.get("checks", ()) if not one["passed"]]
    return (
        f"| {outcome} | {_share(said['base_rate'])} | {_number(auc['value'])} "
        f"({_number(auc['low'])} to {_number(auc['high'])}) | {_share(off)} | "
        f"{', '.join(failed) or 'none'} |"
    )


def _evaluation(bundle: Bundle) -> Evaluation:
    return bundle.manifest["evaluation"]  # type: ignore[return-value]  # plain data of the manifest


def _day(instant: object) -> str:
    return str(instant)[:10]


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.1%}"


def _leading(words: str) -> int:
    """Return the number with which words begin: 3 of *3-4 events*."""
    found = re.match(r"\d+", words)
    return int(found[0]) if found else 0
