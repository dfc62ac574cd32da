"""Challenger and champion before the same journeys: those that neither of them has learnt from."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.table import table
from journeys.definition import Definition, Outcome
from journeys.errors import listed
from journeys.log import EventLog
from journeys.split import split_at
from models.bundle import Bundle
from models.threads import one_thread
from training.data import TrainingData
from training.held_out import held_out
from training.later import examined, learnt_until
from training.promotion import Verdict, compare, of_use, verdict_alone, verdict_over_champion
from training.stages import stage_of
from training.train import Trained
from training.versions import Champion

Floats = NDArray[np.float64]
Drift = dict[str, object]

# What makes two models answer one question; attributes and columns may differ.
_QUESTION = ("start", "success", "failure", "abandoned_after", "leakage", "churn", "ticks")


def judged(trained: Trained, champion: Champion | None) -> Verdict:
    """Return whether a new model may be champion, and why.

    Both are asked about the test part of the new model's split, without journeys begun before the
    champion's own split and without the customers that it learnt from.  A champion that cannot be
    asked (other features, another question) leaves the new model to be judged alone.
    """
    with one_thread():
        verdict = _judged(trained, champion)
    failed = [*_failed_checks(trained.bundle.manifest)]
    if not failed:
        return verdict
    against = verdict.reasons if verdict.state == "worse" else ()
    return replace(verdict, promote=False, state="worse", reasons=(*failed, *against))


def drift_of(champion: Champion | None, log: EventLog, definition: Definition) -> Drift | None:
    """Return what has moved in a newer log since the champion's training, and the verdict.

    None without a champion that can be asked, or if the log holds nothing newer.
    """
    if champion is None or champion.bundle is None or [*_unlike(definition, champion)]:
        return None
    since = pd.Timestamp(str(champion.manifest["log_ends"]))
    if since >= log.ends:
        return None
    return examined(log, champion.bundle, since=since).drift


def _judged(trained: Trained, champion: Champion | None) -> Verdict:
    if champion is None:
        return replace(_alone(trained), basis="there is no champion yet")
    faults = [*_unlike(trained.bundle.plan.definition, champion)]
    if faults or champion.bundle is None:
        return _beside_the_record(trained, champion, faults)
    return _face_to_face(trained, champion.version, champion.bundle)


def _failed_checks(manifest: Mapping[str, object]) -> Iterator[str]:
    """Yield the checks of the evaluation that did not come out clean: a leak looks like a gain."""
    for outcome, said in manifest["evaluation"].items():  # type: ignore[attr-defined]  # plain data
        for check in said.get("checks", ()):
            if not check["passed"]:
                yield f"{outcome}: a check failed. {check['words']}"


def _alone(trained: Trained) -> Verdict:
    of_outcome: dict[str, Verdict] = {o: _of_use(trained, o) for o in trained.data.splits}
    return verdict_alone(of_outcome)


def _of_use(trained: Trained, outcome: Outcome) -> Verdict:
    data = trained.data
    p = trained.bundle.outcomes[outcome].predict(data.X[data.splits[outcome].test]).p
    return of_use(held_out(data, outcome, p), seed=_seed(trained))


def _face_to_face(trained: Trained, version: str, champion: Bundle) -> Verdict:
    """Compare in every outcome that the champion predicts; what is new must be of use."""
    missing = [outcome for outcome in champion.outcomes if outcome not in trained.bundle.outcomes]
    data = unseen_by_both(trained.data, champion)
    predicted = _predicted(data, champion)
    verdicts: dict[str, Verdict] = {}
    new: dict[str, Verdict] = {o: _of_use(trained, o) for o in data.splits if o not in predicted}
    for outcome, split in data.splits.items():
        if outcome in new:
            continue
        p = trained.bundle.outcomes[outcome].predict(data.X[split.test]).p
        part = held_out(data, outcome, p)
        verdicts[outcome] = compare(
            predicted[outcome],
            p,
            y=part.y,
            customers=part.customers,
            stage=stage_of(part.elapsed),
            seed=_seed(trained),
        )
    basis = f"the same later journeys as version {version}"
    verdict = replace(verdict_over_champion(verdicts, new), champion=version, basis=basis)
    if not missing:
        return verdict
    lost = f"It does not predict {listed(missing)}, which the champion does."
    against = verdict.reasons if verdict.state == "worse" else ()
    return replace(verdict, promote=False, state="worse", reasons=(lost, *against))


def unseen_by_both(data: TrainingData, champion: Bundle) -> TrainingData:
    """Return the data with test parts that the champion has not learnt from either."""
    splits = {}
    for outcome, split in data.splits.items():
        test = split.test
        if outcome in champion.outcomes:
            parts = (data.log, data.journeys, data.samples, data.labels[outcome])
            at, gap = learnt_until(champion, outcome)
            test = test & split_at(*parts, at=at, gap=gap).test
        splits[outcome] = replace(split, test=test)
    return replace(data, splits=splits)


def _predicted(data: TrainingData, champion: Bundle) -> dict[str, Floats]:
    """Return the champion's probabilities of the test parts, from features of its own."""
    shared = {o: split.test for o, split in data.splits.items() if o in champion.outcomes}
    if not shared:
        return {}
    rows = np.flatnonzero(np.logical_or.reduce([*shared.values()]))
    samples = data.samples.iloc[rows].reset_index(drop=True)
    plan = champion.plan.current(data.log, data.journeys)  # as a nightly score would see others
    X = table(data.log, data.journeys, samples, plan)
    return {o: champion.outcomes[o].predict(X[test[rows]]).p for o, test in shared.items()}


def _unlike(ours: Definition, champion: Champion) -> Iterator[str]:
    """Yield why the champion cannot be asked about these journeys."""
    if champion.bundle is None:
        yield champion.fault
        return
    if "evaluation" not in champion.manifest:
        yield "It does not say until when it was trained, so any journey may be one it learnt from."
    theirs = champion.bundle.plan.definition
    changed = [key for key in _QUESTION if getattr(ours, key) != getattr(theirs, key)]
    if changed:
        yield f"The definition has changed what is asked: {listed(changed)}."
    absent = [name for name in theirs.fields if not _reads_alike(name, ours, theirs)]
    if absent:
        yield f"The champion learnt from {listed(absent)}, which is not read as it was."


def _reads_alike(name: str, ours: Definition, theirs: Definition) -> bool:
    number = name in ours.attributes.numeric, name in theirs.attributes.numeric
    return name in ours.fields and number[0] == number[1]


def _beside_the_record(trained: Trained, champion: Champion, faults: list[str]) -> Verdict:
    """Judge alone, and beside what the champion's own training said of it, on other journeys.

    Two intervals that do not even overlap are needed to refuse: the journeys are not the same.
    """
    verdict = _alone(trained)
    lower = [*_below_the_record(trained.bundle.manifest, champion.manifest)]
    if lower and champion.bundle is None:
        against = verdict.reasons if verdict.state == "worse" else ()
        verdict = replace(verdict, promote=False, state="worse", reasons=(*against, *lower))
    told = f"Version {champion.version} could not be compared with: {' '.join(faults)}"
    basis = f"judged alone, version {champion.version} cannot be asked"
    warnings = (told, *verdict.warnings)
    return replace(verdict, champion=champion.version, basis=basis, warnings=warnings)


def _below_the_record(ours: Mapping[str, object], theirs: Mapping[str, object]) -> Iterator[str]:
    """Yield the outcomes whose AUC lies wholly below what the champion's manifest says."""
    now, then = (
        {outcome: said["metrics"]["auc"] for outcome, said in one.get("evaluation", {}).items()}  # type: ignore[attr-defined]  # plain data
        for one in (ours, theirs)
    )
    for outcome, auc in now.items():
        before = then.get(outcome, {}).get("low")
        if before is not None and auc["high"] is not None and auc["high"] < before:
            yield (
                f"{outcome}: AUC {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f}); of "
                f"the champion at least {before:.3f} was said, on journeys of its own time."
            )


def _seed(trained: Trained) -> int:
    return int(str(trained.bundle.manifest["seed"]))
