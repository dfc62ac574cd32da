"""The laws of the fold: what a feature may depend on, and that the compiler changes nothing."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings

from features import table
from features.kernel import fold
from journeys import event_log, find_journeys
from tests.features_logs import (
    DEFINITION,
    PLAN,
    asked,
    frame_of,
    frames,
    frames_without_ties,
    random_frame,
)

ROOT = Path(__file__).resolve().parent.parent


@settings(max_examples=50)
@given(frames())
def test_events_after_the_cutoff_change_nothing(frame: pd.DataFrame) -> None:
    everything = asked(frame).keyed()
    until = frame["time"].median()
    past = asked(frame[frame["time"] <= until]).keyed()
    known = everything[everything.index.get_level_values("cutoff") <= past_end(frame, until)]
    assert_same(past, known)


@settings(max_examples=30)
@given(frames())
def test_the_features_at_a_cutoff_are_those_of_the_events_so_far(frame: pd.DataFrame) -> None:
    sampled = asked(frame)
    features = sampled.features()
    for place, sample in enumerate(sampled.samples.itertuples()):
        events = sampled.log.events.iloc[: sample.seen + 1]
        so_far = event_log(
            events[events["customer_id"] == events["customer_id"].iloc[-1]], DEFINITION
        )
        journeys = find_journeys(so_far, DEFINITION)
        request = pd.DataFrame({"seen": [len(so_far) - 1], "cutoff": [sample.cutoff]})
        alone = table(so_far, journeys, request, PLAN)
        np.testing.assert_array_equal(alone[0], features[place])


@settings(max_examples=30)
@given(frames())
def test_events_of_other_customers_change_nothing(frame: pd.DataFrame) -> None:
    together = asked(frame).keyed()
    for customer, events in frame.groupby("customer_id"):
        alone = asked(events).keyed()
        theirs = together[together.index.get_level_values("customer_id") == customer]
        # Alone, the log may end sooner, and with it the ticks of silence.
        assert_same(alone, theirs[theirs.index.isin(alone.index)])


@settings(max_examples=30)
@given(frames_without_ties())
def test_the_order_of_rows_in_the_file_changes_nothing(frame: pd.DataFrame) -> None:
    assert_same(asked(frame).keyed(), asked(frame.iloc[::-1]).keyed())


def test_of_two_events_at_one_instant_the_later_in_the_file_is_the_last() -> None:
    events = [("a", 0, "begin", "app", None, None), ("a", 0, "upload", "call", None, None)]
    assert asked(frame_of(events)).keyed()["channel"].tolist() == [2]
    first_upload = asked(frame_of(events[::-1])).keyed()
    assert first_upload["channel"].tolist() == [1]
    # What happened before the start of a journey, even in the same instant, is not part of it.
    assert first_upload["upload_count"].tolist() == [0]


def test_compiled_and_plain_python_agree_bit_for_bit(tmp_path: Path) -> None:
    rows = {name: rows_of_another_process(tmp_path / f"{name}.npy", name) for name in ("0", "1")}
    assert rows["0"].shape[0] > 500
    assert rows["0"].tobytes() == rows["1"].tobytes()


def test_the_kernel_is_compiled_once_whatever_the_arrays_come_from() -> None:
    """A read-only view of a data frame once was a second compilation of eight seconds."""
    sampled = asked(random_frame(50, seed=1))
    sampled.features()
    compiled = len(fold.signatures)
    filtered = sampled.samples[sampled.samples["seen"] % 2 == 0]
    table(sampled.log, sampled.journeys, filtered, PLAN)
    table(sampled.log, sampled.journeys.copy(), sampled.samples.copy(), PLAN)
    asked(random_frame(60, seed=2)).features()
    assert len(fold.signatures) == compiled


def test_a_journey_of_ten_thousand_events_is_folded() -> None:
    frame = random_frame(10_000, seed=5).assign(customer_id="a")
    assert asked(frame).keyed()["known_since_hours"].max() > 1_000


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert one.index.equals(other.index)
    np.testing.assert_array_equal(one.to_numpy(), other.to_numpy())


def past_end(frame: pd.DataFrame, until: pd.Timestamp) -> pd.Timestamp:
    """Return the end of the log cut at an instant: later silence is not known yet."""
    return frame.loc[frame["time"] <= until, "time"].max()


def rows_of_another_process(path: Path, disable_jit: str) -> np.ndarray:
    subprocess.run(
        [sys.executable, "-m", "tests.features_logs", path],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": disable_jit},
        check=True,
    )
    return np.load(path)
