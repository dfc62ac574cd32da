"""Training: repeatable, blind to the future, and plain about what it cannot learn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.table import table
from features.vocabulary import NEVER_SEEN, learn_vocabulary
from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.errors import DefinitionError, TooLittleDataError
from journeys.find import find_journeys
from journeys.log import event_log
from journeys.samples import samples_of
from journeys.split import split_by_time
from models import TreeSettings, fit_outcome, one_thread, part_of, recipe_of, save_bundle
from training.data import TrainingData
from training.evaluate import evaluate_outcome
from training.held_out import LAST_ACTIVITY, LOGISTIC
from training.metrics import TestPart
from training.score import score_every_event
from training.train import Trained, train

START = pd.Timestamp("2026-01-01", tz="UTC")
SHORT = """
name: errand
start: {activity: begun}
success: {activity: done, within: 5d}
abandoned_after: 2d
leakage: {channel: [call], within: 2d}
milestones: [begun]
attributes: {technical: [version]}
"""


def definition(text: str = SHORT) -> Definition:
    return parse_definition(text, source="a test")


def errands(
    ends: Sequence[str], *, calls: Sequence[bool] | None = None, version: str = "1"
) -> pd.DataFrame:
    """One customer a quarter of a day begins, looks, perhaps calls, and ends so."""
    rows = []
    for place, end in enumerate(ends):
        at = START + pd.Timedelta(hours=6 * place)
        call = calls is not None and calls[place]
        steps = ["begun", "looked", *(["asked"] if call else []), end]
        for step, activity in enumerate(steps):
            channel = "call" if activity == "asked" else "app"
            hour = at + pd.Timedelta(hours=step + place % 3)
            rows.append((f"K{place:04}", hour, activity, channel, version))
    return pd.DataFrame(rows, columns=["customer_id", "time", "activity", "channel", "version"])


def mixed(n: int, *, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return errands(draw.choice(["done", "lost"], n), calls=draw.random(n) < 0.4)


def trained_on(frame: pd.DataFrame, said: Definition | None = None) -> Trained:
    said = said or definition()
    return train(event_log(frame, said), said)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (save_bundle(trained_on(mixed(200)).bundle, tmp_path / name) for name in "ab")
    assert {file.name: file.read_bytes() for file in one.iterdir()} == {
        file.name: file.read_bytes() for file in two.iterdir()
    }


def test_no_customer_is_learnt_from_and_tested_on(trained: Trained) -> None:
    for split in trained.data.splits.values():
        train_customers = set(trained.data.customers[split.train])
        assert train_customers.isdisjoint(trained.data.customers[split.test])
        starts = trained.data.journeys["start"].take(trained.data.samples["journey"])
        assert starts[split.test].min() >= split.at + split.gap
        assert trained.data.samples["cutoff"][split.train].max() <= split.at


def test_all_three_outcomes_are_learnt_and_nothing_is_skipped(trained: Trained) -> None:
    assert set(trained.bundle.outcomes) == {"success", "leakage", "churn"}
    assert trained.skipped == {}
    assert set(trained.bundle.manifest["evaluation"]) == set(trained.bundle.outcomes)  # type: ignore[call-overload]


@pytest.mark.parametrize("outcome", ["success", "leakage"])
def test_later_journeys_are_told_better_than_by_their_last_step(
    outcome: str, trained: Trained
) -> None:
    said = trained.bundle.manifest["evaluation"][outcome]  # type: ignore[index]
    assert said["lift"][LAST_ACTIVITY]["value"] > 0
    assert said["metrics"]["auc"]["value"] > 0.6
    assert set(said["baselines"]) == {LAST_ACTIVITY, LOGISTIC}


def test_labels_without_meaning_cannot_be_told(trained: Trained) -> None:
    """Drawn by customer, so that the samples of one still share their luck."""
    with one_thread():
        found = [auc_of_luck(trained.data, seed=seed) for seed in range(4)]
    assert np.mean([auc["value"] for auc in found]) == pytest.approx(0.5, abs=0.06)
    assert sum(auc["low"] <= 0.5 <= auc["high"] for auc in found) >= 2


def auc_of_luck(data: TrainingData, *, seed: int) -> dict[str, float]:
    """Learn and test a coin thrown for each customer, on the parts that success is learnt on."""
    rows = np.flatnonzero(data.splits["success"].train)
    earlier, later = rows[: len(rows) * 2 // 3], rows[len(rows) * 2 // 3 :]
    test = np.flatnonzero(data.splits["success"].test)
    luck = np.random.default_rng(seed).integers(0, 2, data.customers.max() + 1).astype(float)
    parts = [
        part_of(data.X[part], luck[data.customers[part]], data.customers[part])
        for part in (earlier, later, test)
    ]
    quick = TreeSettings(trees=60, leaves=8)
    model = fit_outcome(*parts[:2], categorical=data.plan.categorical, recipe=recipe_of(quick))
    p, elapsed = model.predict(parts[2].X).p, np.zeros(len(test))
    said = evaluate_outcome(TestPart(parts[2].y, p, parts[2].customers, elapsed), {}, seed=0)
    return said["metrics"]["auc"]  # type: ignore[index,no-any-return]


def test_the_vocabulary_is_learnt_before_the_split(trained: Trained) -> None:
    data = trained.data
    first = min(split.at for split in data.splits.values())
    learnt = learn_vocabulary(data.log, data.plan.definition, until=first)
    assert data.plan.vocabulary == learnt


def test_a_value_of_the_future_is_never_seen() -> None:
    frame = mixed(200)
    late = frame["time"] > START + pd.Timedelta(days=45)
    trained = trained_on(frame.assign(version=np.where(late, "2", "1")))
    assert trained.bundle.plan.vocabulary.labels("version") == (NEVER_SEEN, "1")
    names = [feature.name for feature in trained.data.plan.features]
    last = trained.data.X[:, names.index("version")]
    assert set(last[trained.data.samples["cutoff"] > START + pd.Timedelta(days=47)]) == {0.0}


def test_events_after_a_cutoff_change_neither_features_nor_predictions(trained: Trained) -> None:
    bundle, data, said = trained.bundle, trained.data, trained.bundle.plan.definition
    events = data.log.events
    until = events["time"].quantile(0.7)
    short = event_log(events[events["time"] <= until].astype({"customer_id": str}), said)
    journeys = find_journeys(short, said)
    samples = samples_of(short, journeys, said)
    known = (data.samples["cutoff"] <= short.ends).to_numpy()
    assert known.sum() > 5000
    assert np.array_equal(table(short, journeys, samples, data.plan), data.X[known], equal_nan=True)
    whole = score_every_event(data.log, bundle)[known].reset_index(drop=True)
    pd.testing.assert_frame_equal(score_every_event(short, bundle), whole, check_exact=True)


def test_only_the_outcome_asked_for_is_learnt() -> None:
    said = definition()
    trained = train(event_log(mixed(120), said), said, outcomes=["leakage"])
    assert set(trained.bundle.outcomes) == {"leakage"}
    assert trained.skipped == {}


def test_an_outcome_that_the_definition_does_not_ask_for_is_named() -> None:
    said = definition()
    with pytest.raises(DefinitionError, match=r"asks for 'success', 'leakage', not for 'churn'"):
        train(event_log(mixed(40), said), said, outcomes=["churn"])


@pytest.mark.parametrize(("end", "seen"), [("done", "all"), ("lost", "none")])
def test_one_sided_outcomes_are_skipped_with_the_reason(end: str, seen: str) -> None:
    calls = np.random.default_rng(0).random(200) < 0.4
    trained = trained_on(errands([end] * 200, calls=calls))
    assert set(trained.bundle.outcomes) == {"leakage"}
    assert f"known success before the split, {seen} are positive" in trained.skipped["success"]


def test_a_log_from_which_nothing_can_be_learnt_is_told_with_every_reason() -> None:
    with pytest.raises(TooLittleDataError, match=r"success: .*all are positive.*leakage: .*none"):
        trained_on(errands(["done"] * 200))


@pytest.mark.parametrize("n_events", [1, 2, 3])
def test_one_customer_or_one_event_is_too_little(n_events: int) -> None:
    with pytest.raises(TooLittleDataError, match="No outcome can be learnt from this log"):
        trained_on(errands(["done"]).head(n_events))


def test_one_customer_who_comes_back_is_too_little() -> None:
    """Learnt from and tested on must be different people."""
    with pytest.raises(TooLittleDataError, match="customers"):
        trained_on(mixed(80).assign(customer_id="K"))


@pytest.mark.parametrize("n", [8, 12, 20, 40])
def test_a_handful_of_customers_trains_or_says_why_not(n: int) -> None:
    try:
        trained = trained_on(mixed(n))
    except TooLittleDataError:
        return
    scores = score_every_event(trained.data.log, trained.bundle)
    assert np.isfinite(scores.filter(like="p_").to_numpy()).all()


def test_a_milestone_that_never_occurs_is_named() -> None:
    said = definition(SHORT.replace("milestones: [begun]", "milestones: [begun, doen]"))
    with pytest.raises(DefinitionError, match=r"'doen' \(closest: 'done'\)"):
        trained_on(mixed(40), said)


def test_a_hostile_activity_is_an_activity_like_any_other() -> None:
    hostile = '"; drop table {0} %s \n✂'
    frame = mixed(120).replace({"activity": {"looked": hostile}})
    trained = trained_on(frame)
    assert hostile in trained.bundle.plan.vocabulary.labels("activity")


def test_a_missing_attribute_and_channel_are_learnt_around() -> None:
    trained = trained_on(mixed(120).assign(version=None))
    assert set(trained.bundle.outcomes) == {"success", "leakage"}


def test_progress_ends_at_the_whole() -> None:
    told: list[tuple[str, float]] = []
    said = definition()
    train(event_log(mixed(120), said), said, progress=lambda *step: told.append(step))
    assert {label for label, _ in told} == {"features", "models"}
    assert told[-1] == ("models", 1.0)


def test_splits_are_those_of_the_journeys_room(trained: Trained) -> None:
    data = trained.data
    for outcome, split in data.splits.items():
        again = split_by_time(data.log, data.journeys, data.samples, data.labels[outcome])
        assert np.array_equal(split.train, again.train)
        assert np.array_equal(split.test, again.test)


def test_the_manifest_says_how_each_recipe_was_chosen(trained: Trained) -> None:
    recipes = trained.bundle.manifest["recipes"]
    assert set(recipes) == set(trained.bundle.outcomes)  # type: ignore[call-overload]
    for outcome, written in recipes.items():  # type: ignore[attr-defined]
        assert written["chosen"].startswith("default for")
        names = {one["name"] for one in written["ingredients"]}
        assert names == set(trained.bundle.outcomes[outcome].blend.members)


def test_trials_are_told_by_outcome_and_end_in_the_manifest() -> None:
    told: list[tuple[str, int]] = []
    said = definition()
    trained = train(
        event_log(mixed(120), said),
        said,
        trials=3,
        on_trial=lambda outcome, number, *_: told.append((outcome, number)),
    )
    assert sorted(told) == sorted((o, n) for o in trained.bundle.outcomes for n in range(3))
    for written in trained.bundle.manifest["recipes"].values():  # type: ignore[attr-defined]
        assert "best of 3 trials" in written["chosen"]
