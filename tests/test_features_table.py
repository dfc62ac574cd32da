"""The table: its shape, its parts, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import features
from features import tables
from features.table import table
from tests.features_logs import PLAN, asked, frame_of, frames, random_frame


@settings(max_examples=30)
@given(frames(), st.integers(1, 20))
def test_the_size_of_the_parts_changes_nothing(frame: pd.DataFrame, part: int) -> None:
    sampled = asked(frame)
    parts = tables(sampled.log, sampled.journeys, sampled.samples, PLAN, part=part)
    together = np.full((len(sampled.samples), len(PLAN.features)), -1, dtype=np.float32)
    for rows, written in parts:
        together[rows] = written
    np.testing.assert_array_equal(together, sampled.features())


def test_the_table_has_a_row_a_sample_and_a_column_a_feature() -> None:
    sampled = asked(random_frame(500, seed=2))
    features_ = sampled.features()
    assert features_.shape == (len(sampled.samples), len(PLAN.features))
    assert features_.dtype == np.float32


def test_a_log_without_a_journey_has_an_empty_table() -> None:
    sampled = asked(frame_of([("a", 0, "look", "app", None, None)]))
    assert sampled.features().shape == (0, len(PLAN.features))


def test_some_of_the_samples_have_the_same_features_as_among_all() -> None:
    sampled = asked(random_frame(400, seed=4))
    some = sampled.samples.iloc[5::7]
    alone = table(sampled.log, sampled.journeys, some, PLAN)
    np.testing.assert_array_equal(alone, sampled.features()[5::7])


def test_unsorted_samples_are_refused() -> None:
    """They once gave rows of whatever stood in the memory."""
    sampled = asked(random_frame(400, seed=4))
    backwards = sampled.samples.iloc[::-1]
    with pytest.raises(ValueError, match="not sorted"):
        table(sampled.log, sampled.journeys, backwards, PLAN)


def test_progress_ends_at_one() -> None:
    sampled = asked(random_frame(400, seed=4))
    told: list[tuple[str, float]] = []
    table(
        sampled.log,
        sampled.journeys,
        sampled.samples,
        PLAN,
        progress=lambda label, share: told.append((label, share)),
    )
    assert told[-1] == ("features", 1.0)
    assert told == sorted(told)


def test_the_callers_frames_stay_as_they_were() -> None:
    sampled = asked(random_frame(200, seed=4))
    before = [frame.copy() for frame in (sampled.log.events, sampled.journeys, sampled.samples)]
    sampled.features()
    after = (sampled.log.events, sampled.journeys, sampled.samples)
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_the_room_offers_the_function_under_the_name_of_its_file() -> None:
    assert features.table is table
    assert callable(features.encode)
