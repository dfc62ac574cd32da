"""The split by time: nobody's future on both sides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.errors import TooLittleDataError
from journeys.find import find_journeys
from journeys.labels import labels_of
from journeys.log import EventLog, event_log, microseconds
from journeys.samples import samples_of
from journeys.split import Split, split_by_time

DEFINITION = Definition.from_dict(
    {
        "name": "x",
        "start": {"activity": "start"},
        "success": {"activity": "won", "within": "5d"},
        "abandoned_after": "3d",
    }
)
Parts = tuple[EventLog, pd.DataFrame, pd.DataFrame, pd.DataFrame, Split]


def random_log(seed: int, *, customers: int, journeys: int = 300) -> EventLog:
    random = np.random.default_rng(seed)
    who = random.integers(0, customers, journeys).astype(str)
    begins = random.uniform(0, 100, journeys)
    wins = begins + random.exponential(1.5, journeys)
    frame = pd.DataFrame(
        {
            "customer_id": np.concatenate([who, who]),
            "time": pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(np.concatenate([begins, wins]), unit="D"),
            "activity": np.repeat(["start", "won"], journeys),
        }
    )
    return event_log(frame, DEFINITION)


def split(log: EventLog) -> Parts:
    journeys = find_journeys(log, DEFINITION)
    samples = samples_of(log, journeys, DEFINITION)
    label = labels_of(log, journeys, samples, DEFINITION)["success"]
    return log, journeys, samples, label, split_by_time(log, journeys, samples, label)


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), customers=st.sampled_from([20, 100, 5000]))
def test_train_is_known_before_the_split_and_test_begins_after_it(
    seed: int, customers: int
) -> None:
    _, journeys, samples, label, found = split(random_log(seed, customers=customers))
    start = journeys["start"].to_numpy()[samples["journey"]]
    customer = journeys["customer"].to_numpy()[samples["journey"]]
    at, gap = microseconds(pd.Series([found.at]))[0], found.gap
    assert found.train.any()
    assert found.test.any()
    assert (microseconds(label["known_at"])[found.train] <= at).all()
    assert (pd.Series(start)[found.test] >= found.at + gap).all()
    assert label["y"].notna()[found.train | found.test].all()
    assert not set(customer[found.train]) & set(customer[found.test])


def test_the_same_log_splits_the_same_way() -> None:
    one, other = split(random_log(1, customers=50))[-1], split(random_log(1, customers=50))[-1]
    assert one.at == other.at
    np.testing.assert_array_equal(one.train, other.train)


def test_where_nobody_comes_back_the_smaller_part_is_near_a_third() -> None:
    *_, label, found = split(random_log(2, customers=100_000))
    known = label["y"].notna().sum()
    assert 0.2 < found.test.sum() / known < 0.4
    assert 0.5 < found.train.sum() / known < 0.8


def test_one_customer_alone_cannot_be_split() -> None:
    """It returned a train or a test part without a single sample."""
    with pytest.raises(TooLittleDataError, match="customers"):
        split(random_log(3, customers=1))


def test_a_log_without_a_known_label_cannot_be_split() -> None:
    frame = pd.DataFrame({"customer_id": ["a"], "time": ["2026-01-01"], "activity": ["start"]})
    with pytest.raises(TooLittleDataError, match="0 samples whose label is known"):
        split(event_log(frame, DEFINITION))
