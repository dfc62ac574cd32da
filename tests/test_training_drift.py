"""Drift: an unchanged world raises no alarm, and each planted change is called by its name."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.drift import channel_stops, more_calls, moved_on, new_version
from journeys.errors import RequestError
from journeys.log import event_log
from tests.trained_model import customers_of, simulated
from training.drift import drift_metrics, drift_pictures, drift_since, drift_tables, harm
from training.evaluation_views import evaluation_metrics, evaluation_pictures, evaluation_tables
from training.later import Examination, examined
from training.moved import compared
from training.reference import binned, stability_index
from training.train import Trained

SINCE = pd.Timestamp("2026-01-26", tz="UTC") + pd.Timedelta(weeks=28)
SHARES = st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3)


@pytest.fixture(scope="module")
def later_events() -> pd.DataFrame:
    """Return other customers of the same world, half a year on."""
    return moved_on(simulated(1_500, seed=12)[0])


def asked(trained: Trained, events: pd.DataFrame) -> Examination:
    log = event_log(events, trained.bundle.plan.definition)
    return examined(log, trained.bundle, since=SINCE)


def some(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events of half of the customers, enough for what does not ask for labels."""
    return events[events["customer_id"] < "NC0000750"]


@pytest.fixture(scope="module")
def unchanged(trained: Trained, later_events: pd.DataFrame) -> Examination:
    return asked(trained, later_events)


def drift_of(found: Examination) -> dict[str, Any]:
    assert found.drift is not None
    return found.drift


def test_an_unchanged_world_raises_no_alarm(unchanged: Examination) -> None:
    drift = drift_of(unchanged)
    assert drift["verdict"] in ("nothing moved", "wait"), drift["reasons"]
    assert drift["stopped"] == []


def test_a_channel_that_stops_is_broken_tracking(
    trained: Trained, later_events: pd.DataFrame
) -> None:
    drift = drift_of(asked(trained, channel_stops(some(later_events), 0)))
    assert drift["verdict"] == "broken tracking"
    assert any("'ivr'" in reason and "stopped" in reason for reason in drift["reasons"])


def test_a_version_never_seen_is_named_with_its_share(
    trained: Trained, later_events: pd.DataFrame
) -> None:
    changed = new_version(some(later_events), 0)
    drift = drift_of(asked(trained, changed))
    assert any("app_version never seen" in one and "9.0.0" in one for one in drift["reasons"])
    (column,) = (one for one in drift["columns"] if one["column"] == "app_version")
    since = changed[changed["time"] >= SINCE]
    assert column["unseen_share"] >= (since["app_version"] == "9.0.0").mean()


def test_rates_that_changed_ask_for_a_new_training(
    trained: Trained, later_events: pd.DataFrame
) -> None:
    drift = drift_of(asked(trained, more_calls(later_events, 0, share=0.45)))
    assert drift["verdict"] == "retrain"
    assert any(reason.startswith("Leakage happens") for reason in drift["reasons"])


def test_everything_is_plain_data_of_a_bounded_size_without_a_customer(
    trained: Trained, unchanged: Examination
) -> None:
    document = json.dumps(unchanged.document("a model"), allow_nan=False)
    manifest = trained.bundle.manifest
    assert len(json.dumps(manifest["reference"], allow_nan=False)) < 150_000
    assert len(json.dumps(manifest["evaluation"], allow_nan=False)) < 200_000
    keys = customers_of(trained.data.log)[::50]
    assert not [key for key in keys if key in document or key in json.dumps(manifest["reference"])]


def test_views_hold_every_outcome(unchanged: Examination) -> None:
    drift, evaluation = drift_of(unchanged), unchanged.evaluation
    tables = evaluation_tables(evaluation) | drift_tables(drift)
    assert {"metrics", "stages", "earliness", "subgroups", "checks", "drift_features"} <= set(
        tables
    )
    assert set(tables["metrics"]["outcome"]) == set(evaluation)
    metrics = evaluation_metrics(evaluation) | drift_metrics(drift)
    assert metrics["leakage/auc"] == evaluation["leakage"]["metrics"]["auc"]["value"]  # type: ignore[index]
    assert all(np.isfinite(value) for value in metrics.values())
    pictures = evaluation_pictures(evaluation) | drift_pictures(drift)
    assert {"leakage_calibration", "leakage_stages", "leakage_earliness", "drift_inputs"} <= set(
        pictures
    )


@pytest.mark.parametrize(
    ("since", "said"), [("soon", "is no time"), ("2099-01-01", "nothing in it is since")]
)
def test_a_time_that_cannot_be_is_refused(trained: Trained, since: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        examined(trained.data.log, trained.bundle, since=since)


def test_a_bundle_without_a_reference_has_no_drift(trained: Trained) -> None:
    old = {name: said for name, said in trained.bundle.manifest.items() if name != "reference"}
    bundle = type(trained.bundle)(trained.bundle.plan, trained.bundle.outcomes, old)
    since = min(split.at for split in trained.data.splits.values())
    assert drift_since(trained.data, bundle, since, {}) is None


@settings(max_examples=50)
@given(SHARES, SHARES)
def test_the_stability_index_is_symmetric_and_nought_only_for_equals(
    one: list[float], two: list[float]
) -> None:
    before, after = (np.array(shares) / sum(shares) for shares in (one, two))
    forth, back = (
        stability_index(*pair, floor=1e-9) for pair in ((before, after), (after, before))
    )
    assert forth == pytest.approx(back)
    assert forth >= 0
    assert stability_index(before, before, floor=1e-9) == 0


def sketched(rng: np.random.Generator, *, shift: float = 0.0) -> tuple[dict[str, Any], int]:
    """Ten samples each of 150 customers who have a level of their own."""
    level = np.repeat(rng.normal(size=150), 10)
    column = level + 0.3 * rng.normal(size=1_500) + shift
    edges = [float(one) for one in np.linspace(-1.5, 1.5, 9)]
    return binned(column, np.repeat(np.arange(150), 10), edges=edges, codes=0), 1_500


def test_samples_of_the_same_customers_are_no_evidence_of_a_move() -> None:
    """Counted as independent, nine in ten unchanged features would seem to have moved."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        (then, n_then), (now, n_now) = sketched(rng), sketched(rng)
        found.append(compared(then, now, (n_then, n_now))["p_value"])
    assert np.mean(np.array(found) < 0.05) <= 0.12


def test_a_shift_of_every_level_is_seen() -> None:
    rng = np.random.default_rng(1)
    (then, n_then), (now, n_now) = sketched(rng), sketched(rng, shift=0.8)
    said = compared(then, now, (n_then, n_now))
    assert said["p_value"] < 1e-4
    assert said["psi"] > 0.25 > said["by_chance"]


def told(gap: float, *, arm: float, auc: float = 0.7, positives: int = 200) -> dict[str, Any]:
    return {
        "samples": 2_000,
        "positives": positives,
        "metrics": {"auc": {"value": auc, "low": auc - 0.02, "high": auc + 0.02}},
        "calibration": {
            "observed_less_predicted": {"value": gap, "low": gap - arm, "high": gap + arm}
        },
    }


def test_what_was_off_at_the_training_already_is_called_so() -> None:
    """A model seven points off, five at its training, once was said to come true."""
    said = harm(told(0.06, arm=0.02), told(0.065, arm=0.02))
    assert (said["off"], said["off_as_before"]) == (False, True)
    assert not harm(told(0.0, arm=0.02), told(0.01, arm=0.02))["off_as_before"]


@pytest.mark.parametrize(
    ("then", "now", "off", "worse"),
    [
        (told(0.0, arm=0.02), told(0.06, arm=0.02), True, False),
        (told(0.0, arm=0.02), told(-0.06, arm=0.02), True, False),
        (told(0.0, arm=0.02), told(0.01, arm=0.001), False, False),  # sure, but it is little
        (told(0.0, arm=0.02), told(0.06, arm=0.08), False, False),  # much, but not sure
        (told(0.06, arm=0.02), told(0.06, arm=0.02), False, False),  # as it was at the training
        (told(0.0, arm=0.02), told(0.06, arm=0.02, positives=5), False, False),  # too few labels
        (told(0.0, arm=0.02, auc=0.8), told(0.0, arm=0.02, auc=0.7), False, True),
        (told(0.0, arm=0.02, auc=0.7), told(0.0, arm=0.02, auc=0.68), False, False),
    ],
)
def test_harm_is_what_is_beyond_chance_and_matters_and_is_new(
    then: dict[str, Any], now: dict[str, Any], off: bool, worse: bool
) -> None:
    said = harm(then, now)
    assert not (said["off"] and said["off_as_before"])
    assert (said["off"], said["ranks_worse"]) == (off, worse)
