"""Checks: clean data pass, and each leak that is planted is caught by the check that is for it."""

from dataclasses import replace

import numpy as np
import pytest

from features.plan import Plan
from features.table import table
from journeys.find import find_journeys
from journeys.log import event_log
from journeys.samples import samples_of
from journeys.split import Split
from training.checks import (
    Check,
    customers_apart,
    future_removed,
    labels_known_in_time,
    no_single_feature,
    shuffled_labels,
)
from training.data import TrainingData
from training.train import Trained


@pytest.fixture(scope="module")
def data(trained: Trained) -> TrainingData:
    return trained.data


def leaky(data: TrainingData, column: np.ndarray) -> TrainingData:  # type: ignore[type-arg]
    """Return the data with another first column of the table: somebody has made a feature."""
    X = data.X.copy()
    X[:, 0] = column
    return replace(data, X=X)


def split_of(data: TrainingData, train: np.ndarray, test: np.ndarray) -> TrainingData:  # type: ignore[type-arg]
    old = data.splits["success"]
    return replace(data, splits={"success": Split(train, test, old.at, old.gap)})


def test_clean_data_pass_every_check(trained: Trained) -> None:
    for said in trained.bundle.manifest["evaluation"].values():  # type: ignore[attr-defined]
        assert [one["check"] for one in said["checks"] if not one["passed"]] == []
        assert len(said["checks"]) == 5


def test_a_feature_that_reads_the_label_is_too_good(data: TrainingData) -> None:
    y = np.nan_to_num(data.labels["success"]["y"].to_numpy(), nan=0.5)
    check = no_single_feature(leaky(data, y), "success", most_rows=4_000, seed=0)
    assert check is not None
    assert not check["passed"]
    assert data.plan.features[0].name in str(check["words"])


def test_a_label_behind_a_bent_curve_is_seen_as_well(data: TrainingData) -> None:
    y = data.labels["success"]["y"].to_numpy()
    rng = np.random.default_rng(0)
    bent = np.where(y == 1, rng.uniform(-1, 1, len(y)), rng.choice([-2.0, 2.0], len(y)))
    check = no_single_feature(leaky(data, bent), "success", most_rows=4_000, seed=0)
    assert check is not None
    assert not check["passed"]


def test_a_feature_that_reads_the_future_changes_without_it(data: TrainingData) -> None:
    """How long the journey will take in all: known at its end, useful at its beginning."""
    length = (data.journeys["last_time"] - data.journeys["start"]).dt.total_seconds().to_numpy()
    column = length[data.samples["journey"].to_numpy()]
    check = future_removed(leaky(data, column), "success", cutoffs=60, seed=0)
    assert check is not None
    assert not check["passed"]
    assert check["value"] == 1
    assert data.plan.features[0].name in str(check["words"])


def few_of(data: TrainingData, plan: Plan) -> TrainingData:
    """Return a few of the customers as `offramp evaluate` sees them, with another log's plan."""
    events = data.log.events[data.log.customers < 150]
    log = event_log(events.astype({"customer_id": str}), plan.definition)
    journeys = find_journeys(log, plan.definition)
    samples = samples_of(log, journeys, plan.definition)
    everybody = np.ones(len(samples), dtype=np.bool_)
    success = replace(data.splits["success"], train=everybody, test=everybody)
    return TrainingData(
        log, journeys, samples, {}, {"success": success}, plan, table(log, journeys, samples, plan)
    )


def test_what_a_bundle_knows_of_others_from_its_own_log_is_no_leak(data: TrainingData) -> None:
    """It cried so where somebody evaluated a slice of the customers, or without some events."""
    clean = few_of(data, data.plan)
    check = future_removed(clean, "success", cutoffs=100, seed=0)
    assert check is not None
    assert (check["passed"], check["value"]) == (True, 0)
    known = data.plan.surroundings
    assert known is not None
    outcomes = known.outcomes - np.array([0, 0, 12, 0, 0], dtype=np.int32)
    ahead = data.plan.with_surroundings(replace(known, outcomes=outcomes))
    early = replace(clean, X=table(clean.log, clean.journeys, clean.samples, ahead))
    check = future_removed(early, "success", cutoffs=100, seed=0)
    assert check is not None
    assert not check["passed"], "it looks three days ahead"


def test_a_split_by_row_puts_customers_in_both_parts(data: TrainingData) -> None:
    known = data.labels["success"]["y"].notna().to_numpy()
    even = np.arange(len(known)) % 2 == 0
    check = customers_apart(split_of(data, known & even, known & ~even), "success")
    assert check is not None
    assert not check["passed"]


def test_labels_dealt_anew_are_found_again_where_customers_stand_in_both_parts(
    data: TrainingData,
) -> None:
    """Who has learnt a customer's label by heart knows it again: the AUC is far above .50."""
    known = data.labels["success"]["y"].notna().to_numpy()
    even = np.arange(len(known)) % 2 == 0
    both = split_of(data, known & even, known & ~even)
    check = shuffled_labels(both, "success", fits=2, most_rows=6_000, seed=0)
    assert check is not None
    assert not check["passed"]
    assert check["value"] > check["limit"]  # type: ignore[operator]


def test_labels_dealt_anew_are_not_found_in_clean_parts(data: TrainingData) -> None:
    found = [shuffled_labels(data, "success", fits=2, most_rows=3_000, seed=at) for at in range(3)]
    passed = [one["passed"] for one in found if one is not None]
    assert len(passed) == 3
    assert sum(map(bool, passed)) >= 2


def test_a_label_that_closed_after_the_split_is_counted(data: TrainingData) -> None:
    split = data.splits["success"]
    known = data.labels["success"]["y"].notna().to_numpy()
    closed = data.labels["success"]["closed_at"]
    late = np.flatnonzero(known & (closed > split.at).to_numpy())[:3]
    train = split.train.copy()
    train[late] = True
    check = labels_known_in_time(split_of(data, train, split.test & ~train), "success")
    assert check is not None
    assert (check["passed"], check["value"]) == (False, 3)


def test_every_check_says_what_it_found(trained: Trained) -> None:
    checks: list[Check] = trained.bundle.manifest["evaluation"]["success"]["checks"]  # type: ignore[index]
    for one in checks:
        assert set(one) == {"check", "passed", "value", "limit", "words"}
