"""Exposures over shards: however a log is parted, it is told as the same exposures."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.definition import Outcome
from journeys.definition_file import parse_definition
from journeys.find import find_journeys
from journeys.known_lengths import with_usual_length
from journeys.log import EventLog, event_log
from journeys.shards import HeldShards
from journeys.simulate import simulate
from rootcause.exposure import Exposures, exposures_of
from rootcause.exposures_over import exposures_over, survey_of
from rootcause.last_known import Ints
from rootcause.thresholds import counted_numbers, cuts_among, cuts_of

NUMBERING = {"customer", "journey", "row"}


@pytest.fixture(scope="module")
def held() -> HeldShards:
    made = simulate("ios_upload_bug", customers=250, seed=7)
    definition = parse_definition(made.definitions["mortgage_refinance"], source="a test")
    assert definition.attributes.numeric
    return HeldShards(definition, event_log(made.events, definition), size=100_000)


def exposures_in(log: EventLog, held: HeldShards, outcome: Outcome) -> Exposures:
    return exposures_of(log, find_journeys(log, held.definition), held.definition, outcome)


def number(names: Ints) -> Ints:
    """Return names numbered as they first come: what tells the same apart is numbered the same."""
    _, first, place = np.unique(names, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[place]


@pytest.mark.parametrize(
    ("size", "outcome"), [(700, "success"), (3000, "leakage"), (1500, "churn")]
)
def test_the_exposures_of_shards_are_those_of_the_log(
    held: HeldShards, size: int, outcome: Outcome
) -> None:
    whole = exposures_in(held.log, held, outcome)
    shards = with_usual_length(HeldShards(held.definition, held.log, size=size))
    over = exposures_over(shards, outcome, survey_of(shards))
    assert len(whole) > 500
    for field in fields(Exposures):
        one, other = getattr(whole, field.name), getattr(over, field.name)
        if field.name == "row":  # a journey's rows are counted from another first one
            one, other = np.diff(one), np.diff(other)
            same = np.diff(whole.journey) == 0
            assert np.array_equal(one[same], other[same])
        elif field.name in NUMBERING:
            assert np.array_equal(number(one), number(other))
        elif isinstance(one, np.ndarray):
            assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), field.name
        else:
            assert one == other, field.name


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6) | st.integers(0, 30).map(float), max_size=60), max_size=5
    )
)
def test_cuts_of_counted_parts_are_those_of_the_whole(parts: list[list[float]]) -> None:
    counted = [counted_numbers(np.array([*part, np.nan])) for part in parts]
    values = np.concatenate([np.empty(0), *(values for values, _ in counted)])
    counts = np.concatenate([np.empty(0, dtype=np.int64), *(counts for _, counts in counted)])
    each, place = np.unique(values, return_inverse=True)
    together = cuts_among(each, np.bincount(place, counts, len(each)).astype(np.int64))
    whole = np.concatenate([np.empty(0), *map(np.array, parts)])
    assert together == cuts_of(whole)
    if len(each) > 1:
        assert all(each[0] <= cut < each[-1] for cut in together)
