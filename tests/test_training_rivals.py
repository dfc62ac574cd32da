"""Challenger and champion in a real registry: who is promoted, who is not, and what is written."""

import json
from dataclasses import replace
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from journeys.definition import Rule
from models.outcome import OutcomeModel, fit_outcome
from training.rivals import judged, unseen_by_both
from training.tracking import Promote, Tracked, track
from training.train import Trained
from training.versions import Champion, champion_of, rollback

NOW = pd.Timestamp("2026-05-01", tz="UTC")


def with_models(trained: Trained, models: dict[str, OutcomeModel]) -> Trained:
    return replace(trained, bundle=replace(trained.bundle, outcomes=models))


def saying(trained: Trained, **said: object) -> Trained:
    """Return the training with something else in its manifest."""
    bundle = trained.bundle
    return replace(trained, bundle=replace(bundle, manifest=bundle.manifest | said))


def of_journey(trained: Trained, name: str) -> Trained:
    """Return the same training under another journey's name, so that no other test is met."""
    plan = trained.bundle.plan
    definition = plan.definition.model_copy(update={"name": name})
    bundle = replace(trained.bundle, plan=replace(plan, definition=definition))
    return saying(replace(trained, bundle=bundle), journey=name, name=f"offramp-{name}")


def of_leakage(trained: Trained) -> Trained:
    """Return the training of one outcome alone, which is quicker to log."""
    manifest = trained.bundle.manifest
    evaluation = {"leakage": manifest["evaluation"]["leakage"]}  # type: ignore[index]
    splits = {"leakage": trained.data.splits["leakage"]}
    models = {"leakage": trained.bundle.outcomes["leakage"]}
    alone = with_models(replace(trained, data=replace(trained.data, splits=splits)), models)
    return saying(alone, evaluation=evaluation, outcomes=["leakage"])


def as_champion(trained: Trained) -> Champion:
    return Champion("7", trained.bundle.manifest, trained.bundle)


@pytest.fixture(scope="module")
def unlearned(trained: Trained) -> Trained:
    """Models that have learnt from shuffled labels."""
    rng = np.random.default_rng(0)
    models = {}
    few = np.arange(len(trained.data.samples)) % 8 == 0
    for outcome, split in trained.data.splits.items():
        part = trained.data.part(outcome, split.train & few)
        dealt = replace(part, y=rng.permutation(part.y))
        models[outcome] = fit_outcome(dealt, dealt, categorical=trained.data.plan.categorical)
    return with_models(trained, models)


@pytest.fixture(scope="module")
def boastful(trained: Trained) -> Trained:
    """The same ranking, with probabilities that are all far too high."""
    models = {}
    for outcome, model in trained.bundle.outcomes.items():
        curve = model.calibration
        ends = {name: getattr(curve, name) for name in ("probability", "low", "high")}
        high = {name: p + (1 - p) * 0.6 for name, p in ends.items()}
        models[outcome] = replace(model, calibration=replace(curve, **high))
    return with_models(trained, models)


def test_a_first_model_of_use_is_promoted(trained: Trained) -> None:
    found = judged(trained, None)
    assert found.promote, found.reasons
    assert (found.champion, found.comparisons) == ("", ())
    assert "no champion" in found.basis


def test_a_first_model_that_is_of_no_use_is_not_promoted(
    unlearned: Trained, boastful: Trained
) -> None:
    """It became champion all the same, with probabilities that were off by 77 points."""
    assert not judged(boastful, None).promote
    assert "off by" in " ".join(judged(boastful, None).reasons)
    assert not judged(unlearned, None).promote


def test_what_has_learnt_from_shuffled_labels_is_refused(
    trained: Trained, unlearned: Trained
) -> None:
    found = judged(unlearned, as_champion(trained))
    assert (found.promote, found.state, found.champion) == (False, "worse", "7")
    assert any("the champion's" in reason for reason in found.reasons)


def test_what_is_better_than_the_champion_is_promoted(trained: Trained, unlearned: Trained) -> None:
    found = judged(trained, as_champion(unlearned))
    assert found.promote
    assert found.state == "better"
    assert {row.outcome for row in found.comparisons} == set(trained.bundle.outcomes)


def test_the_same_model_again_is_no_worse(trained: Trained) -> None:
    found = judged(trained, as_champion(trained))
    assert found.promote
    assert found.state == "no worse"
    assert {row.gain for row in found.comparisons} <= {0.0, None}


def test_the_same_ranking_with_other_probabilities_is_refused(
    trained: Trained, boastful: Trained
) -> None:
    found = judged(boastful, as_champion(trained))
    assert not found.promote
    assert any("off by" in reason for reason in found.reasons)


def test_a_model_that_predicts_less_is_refused(trained: Trained) -> None:
    less = of_leakage(trained)
    found = judged(less, as_champion(trained))
    assert not found.promote
    assert found.reasons[0] == "It does not predict 'success', 'churn', which the champion does."
    assert judged(trained, as_champion(less)).promote, "to predict more is no fault"


def test_a_failed_check_is_a_reason_not_to_promote(trained: Trained) -> None:
    """A leak makes the challenger look better than any champion."""
    evaluation: dict[str, Any] = dict(trained.bundle.manifest["evaluation"])  # type: ignore[call-overload]
    failed = {"check": "leak", "passed": False, "value": 1, "limit": 0, "words": "It knows."}
    leaky = evaluation | {"leakage": evaluation["leakage"] | {"checks": [failed]}}
    for champion in (None, as_champion(trained)):
        found = judged(saying(trained, evaluation=leaky), champion)
        assert not found.promote
        assert found.reasons == ("leakage: a check failed. It knows.",)


def test_nobody_is_asked_about_what_the_champion_has_learnt(trained: Trained) -> None:
    """A champion trained a fortnight later has seen some of the new model's test part."""
    evaluation: dict[str, Any] = dict(trained.bundle.manifest["evaluation"])  # type: ignore[call-overload]
    split = trained.data.splits["leakage"]
    later = split.at + pd.Timedelta(days=14)
    said = evaluation | {"leakage": evaluation["leakage"] | {"split_at": later.isoformat()}}
    champion = saying(trained, evaluation=said).bundle
    data = trained.data
    kept = unseen_by_both(data, champion).splits["leakage"].test
    assert 0 < kept.sum() < split.test.sum()
    assert not (kept & ~split.test).any()
    journey = data.samples["journey"].to_numpy()
    assert (data.journeys["start"].take(journey[kept]) >= later).all()
    closed = data.labels["leakage"]["closed_at"]
    learnt = data.customers[(closed <= later).to_numpy()]
    assert not set(data.customers[kept]) & set(learnt)


def test_a_champion_of_other_features_leaves_the_model_to_be_judged_alone(
    trained: Trained, boastful: Trained
) -> None:
    other = Champion("7", trained.bundle.manifest, None, "It computes other features.")
    found = judged(trained, other)
    assert found.promote
    assert "cannot be asked" in found.basis
    assert "It computes other features." in found.warnings[0]
    assert not judged(boastful, other).promote


def test_a_champion_that_was_said_to_be_far_better_is_not_replaced_unseen(
    trained: Trained,
) -> None:
    said = {o: {"metrics": {"auc": {"value": 0.99, "low": 0.98}}} for o in trained.bundle.outcomes}
    found = judged(trained, Champion("7", {"evaluation": said}, None, "Other features."))
    assert not found.promote
    assert "at least 0.980 was said" in found.reasons[0]


def test_a_champion_that_was_asked_something_else_is_not_compared_with(trained: Trained) -> None:
    definition = trained.bundle.plan.definition
    sooner = definition.model_copy(
        update={"leakage": Rule.model_validate({"channel": ["chat"], "within": "1d"})}
    )
    plan = replace(trained.bundle.plan, definition=sooner)
    champion = replace(trained.bundle, plan=plan)
    found = judged(trained, Champion("7", champion.manifest, champion))
    assert found.promote
    assert "has changed what is asked: 'leakage'" in found.warnings[0]
    assert found.comparisons == ()


def registered(trained: Trained, name: str, promote: Promote = "gate") -> Tracked:
    return track(
        of_leakage(of_journey(trained, name)), source="somewhere", promote=promote, now=NOW
    )


def tags_of(tracked: Tracked) -> dict[str, str]:
    return dict(MlflowClient().get_model_version(tracked.name, tracked.version).tags)


def test_the_registry_says_who_is_champion_and_why(
    mlflow_store: str, trained: Trained, unlearned: Trained
) -> None:
    first = registered(trained, "gated")
    assert (first.version, first.alias) == ("1", "champion")
    worse = registered(unlearned, "gated")
    assert (worse.version, worse.alias) == ("2", "challenger")
    equal = registered(trained, "gated")
    assert (equal.version, equal.alias) == ("3", "champion")
    assert tags_of(first)["offramp.compared_with"] == "nobody"
    told = tags_of(worse)
    assert told["offramp.promoted"] == "false"
    assert told["offramp.verdict"] == "worse"
    assert told["offramp.compared_with"] == "1"
    assert told["offramp.judged_at"] == NOW.isoformat()
    assert told["offramp.why"].splitlines() == list(worse.verdict.reasons)
    rows = json.loads(told["offramp.comparisons"])
    assert {row["outcome"] for row in rows} == {"leakage"}
    assert all(row["low"] <= row["gain"] <= row["high"] for row in rows if row["gain"] is not None)
    table = mlflow.load_table("tables/promotion.json", run_ids=[worse.run_id])
    assert len(table) == len(rows)
    metrics = MlflowClient().get_run(worse.run_id).data.metrics
    assert metrics["leakage/interval/auc_gain_low"] <= metrics["leakage/auc_gain"] < 0
    assert tags_of(equal)["offramp.replaced"] == "1"
    assert rollback("gated", now=NOW).after == "1"


def test_never_registers_and_always_promotes_and_both_say_what_the_gate_says(
    mlflow_store: str, trained: Trained, boastful: Trained
) -> None:
    waiting = registered(trained, "by_hand", "never")
    assert waiting.alias == "challenger"
    assert tags_of(waiting)["offramp.verdict"] in ("better", "cannot tell")
    assert champion_of("by_hand") is None
    forced = registered(boastful, "by_hand", "always")
    assert forced.alias == "champion"
    assert not forced.verdict.promote
    assert tags_of(forced)["offramp.promote"] == "always"
    assert tags_of(forced)["offramp.verdict"] == "worse"


def test_a_champion_made_by_other_code_is_told(mlflow_store: str, trained: Trained) -> None:
    older = saying(of_leakage(of_journey(trained, "older")), spec_hash="of older code")
    track(older, source="somewhere", now=NOW)
    champion = champion_of("older")
    assert champion is not None
    assert champion.bundle is None
    assert "trained with features of older code" in champion.fault
    assert champion.manifest["spec_hash"] == "of older code"
    newer = registered(trained, "older")
    assert newer.alias == "champion"
    assert "of older code" in tags_of(newer)["offramp.warnings"]
