"""The road of one customer: what the table says of the same history, to the last bit."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.errors import OfframpError
from models import Bundle
from serving.histories import Timed, timed
from serving.messages import History
from serving.problems import Problem
from serving.reading import Reader
from serving.road import Scorer
from tests.serving_bundle import body_of, histories_of, random_events, small_bundle
from tests.serving_oracle import told_by_the_table, values_by_the_table


def _time(hours: int) -> str:
    return f"2026-01-{1 + hours // 32:02}T{hours % 24:02}:00:00Z"


ODD = st.sampled_from([None, "", " ", "1", "1.0", "nan", "x" * 99, 1, 1.0, 1.5, True, 10**30, -0.0])
Activities = st.sampled_from(["begun", "looked", "uploaded", "called", "funded", "withdrawn", "1"])
Channels = st.sampled_from(["app", "web", "call_centre", "fax", None, ""])
Times = st.integers(0, 40 * 24).map(_time)
Events = st.fixed_dictionaries(
    {"time": Times, "activity": Activities},
    optional={
        "channel": Channels,
        "region": st.sampled_from(["north", "south"]) | ODD,
        "app_version": st.sampled_from(["8.1.0", "8.2.0", 8]) | ODD,
        "amount": st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | st.sampled_from(["12", "1e3", "inf", True]),
        "shoe_size": ODD,
    },
)  # fmt: skip
Histories = st.fixed_dictionaries(
    {"customer_id": st.text(min_size=1, max_size=5), "events": st.lists(Events, min_size=1)},
    optional={"as_of": st.sampled_from(["2026-02-20", "2026-03-01T00:00:00+02:00"])},
)


@cache
def scorer() -> Scorer:
    return Scorer(small_bundle())


@cache
def reader() -> Reader:
    return Reader([small_bundle().plan.definition])


def read(histories: list[Any]) -> list[Timed]:
    return [one for one in reader().read(body_of(histories)).histories if isinstance(one, Timed)]


def require_the_same(bundle: Bundle, scorer: Scorer, histories: list[Timed]) -> int:
    """Check that the road and the table agree; return how many journeys are open."""
    told = told_by_the_table(bundle, histories)
    values = values_by_the_table(bundle, histories)
    for history, by_table, counted in zip(histories, told, values, strict=True):
        standing = scorer.predict(history, explain=0)
        assert (standing.told_values, standing.unknown_values) == counted
        assert (standing.prediction is None) == (by_table is None)
        if by_table is None or standing.prediction is None or standing.row is None:
            continue
        np.testing.assert_array_equal(standing.row, by_table.row)
        found = standing.prediction
        assert (found.step, found.happened) == (by_table.step, by_table.happened)
        assert found.age_hours == by_table.age_hours
        assert history.times[standing.begins or 0] == by_table.started
        assert {
            outcome: (p, *found.interval[outcome]) for outcome, p in found.p.items()
        } == by_table.p
    return sum(one is not None for one in told)


def test_a_whole_log_gets_what_the_table_gives_it() -> None:
    histories = read(histories_of(random_events(60, seed=11)))
    assert require_the_same(small_bundle(), scorer(), histories) > 10


@settings(max_examples=60)
@given(st.lists(Histories, min_size=1, max_size=3))
def test_any_history_gets_what_the_table_gives_it(histories: list[Any]) -> None:
    if good := read(histories):
        require_the_same(small_bundle(), scorer(), good)


@settings(max_examples=150)
@given(st.lists(Histories, min_size=1, max_size=3))
def test_a_history_is_read_at_once_as_event_by_event(histories: list[Any]) -> None:
    definitions = [small_bundle().plan.definition]
    at_once = reader().read(body_of(histories)).histories
    for place, (one, written) in enumerate(zip(at_once, histories, strict=True)):
        if isinstance(one, Problem):
            with pytest.raises(OfframpError) as refused:
                timed(History(**written), place, definitions)
            assert one.detail == str(refused.value)
        else:
            slowly = timed(History(**written), place, definitions)
            columns = {column: list(values) for column, values in one.columns.items()}
            assert columns == {column: list(values) for column, values in slowly.columns.items()}
            assert (one.times, one.as_of, one.customer_id) == (
                slowly.times,
                slowly.as_of,
                slowly.customer_id,
            )
