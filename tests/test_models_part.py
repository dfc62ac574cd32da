"""Parts: what is taken keeps its meaning, and long journeys do not drown short ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.part import journey_weight, part_of

lengths = st.lists(st.integers(1, 40), min_size=1, max_size=20)


@given(lengths=lengths)
def test_weighed_evenly_every_journey_counts_the_same(lengths: list[int]) -> None:
    journeys = np.repeat(np.arange(len(lengths)) * 7, lengths)
    weight = journey_weight(journeys, evenness=1.0)
    of_journey = np.bincount(journeys, weight)[::7]
    assert of_journey == pytest.approx(np.full(len(lengths), len(journeys) / len(lengths)))


@given(lengths=lengths, evenness=st.floats(0, 1))
def test_weights_have_mean_one_and_never_favour_a_longer_journeys_sample(
    lengths: list[int], evenness: float
) -> None:
    journeys = np.repeat(np.arange(len(lengths)), lengths)
    weight = journey_weight(journeys, evenness=evenness)
    assert weight.mean() == pytest.approx(1.0)
    by_length = weight[np.argsort(np.repeat(lengths, lengths), kind="stable")]
    assert (np.diff(by_length) <= 1e-12).all()


def test_no_sample_has_no_weight() -> None:
    assert len(journey_weight(np.empty(0, dtype=np.int64), evenness=1.0)) == 0


def test_what_is_taken_weighs_one_on_average_again() -> None:
    part = part_of(np.zeros((6, 2), dtype=np.float32), np.arange(6) % 2.0, np.arange(6))
    part.weight[:] = [1, 2, 3, 4, 5, 6]
    taken = part.take(np.array([1, 3]))
    assert taken.weight == pytest.approx([2 / 3, 4 / 3])
    assert taken.customers.tolist() == [1, 3]
    assert len(part.take(np.zeros(6, dtype=np.bool_))) == 0
