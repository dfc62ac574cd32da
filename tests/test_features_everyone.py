"""What is learnt of all customers: the same from a log and from its shards, of any size."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features import (
    Plan,
    learn_surroundings,
    learn_surroundings_over,
    learn_vocabulary,
    learn_vocabulary_over,
    plan_of,
)
from journeys import find_journeys
from journeys.definition import Definition
from journeys.log import EventLog
from journeys.shards import HeldShards
from tests.features_logs import DEFINITION, asked, frame_of, frames, random_frame
from tests.surroundings_world import UPLOADS, release, released

UNSTATED = DEFINITION.model_copy(update={"milestones": ()})


@pytest.fixture(scope="module")
def uploads() -> tuple[EventLog, pd.DataFrame]:
    return release()


# Who is silent for two weeks is known to have gone only from somebody else's later events.
SILENT = frame_of(
    [("a", 0, "begin", "app", "iOS", None), ("b", 900, "begin", "app", "Android", None)]
)


@settings(max_examples=20)
@example(SILENT, 1, False, DEFINITION)
@given(frames(), st.integers(1, 30), st.booleans(), st.sampled_from([DEFINITION, UNSTATED]))
def test_shards_of_any_size_teach_what_the_log_teaches_to_the_byte(
    frame: pd.DataFrame, size: int, cut: bool, definition: Definition
) -> None:
    sampled = asked(frame, definition)
    shards = HeldShards(definition, sampled.log, size=size)
    until = frame["time"].median() if cut else None
    known = learn_surroundings(sampled.log, sampled.journeys, definition, until=until)
    assert learn_surroundings_over(shards, until=until).to_bytes() == known.to_bytes()
    again = learn_surroundings(sampled.log, sampled.journeys, definition, frozen=known)
    assert learn_surroundings_over(shards, frozen=known).to_bytes() == again.to_bytes()
    vocabulary = learn_vocabulary(sampled.log, definition, until=until)
    assert learn_vocabulary_over(shards, until=until) == vocabulary


@pytest.mark.parametrize("size", [300, 2_000])
def test_a_release_that_goes_wrong_is_seen_from_shards_as_from_the_log(
    uploads: tuple[EventLog, pd.DataFrame], size: int
) -> None:
    log, journeys = uploads
    over = learn_surroundings_over(HeldShards(UPLOADS, log, size=size))
    assert over.to_bytes() == learn_surroundings(log, journeys, UPLOADS).to_bytes()


@pytest.mark.parametrize("days", [60, 75])
def test_a_plan_is_current_over_shards_where_it_is_for_the_log(days: int) -> None:
    _, _, plan = released()
    log, journeys = release(days)
    over, current = (
        plan.current_over(HeldShards(UPLOADS, log, size=500)),
        plan.current(log, journeys),
    )
    assert (current is plan) == (over is plan) == (days == 60)
    assert known(over) == known(current)


def test_a_first_plan_over_shards_is_the_logs() -> None:
    log = asked(random_frame(400, seed=4)).log
    shards = HeldShards(DEFINITION, log, size=50)
    over = plan_of(DEFINITION, learn_vocabulary_over(shards)).renewed_over(shards)
    journeys = find_journeys(log, DEFINITION)
    plan = plan_of(DEFINITION, learn_vocabulary(log, DEFINITION)).renewed(log, journeys)
    assert over.spec_hash == plan.spec_hash
    assert known(over) == known(plan)
    assert np.ptp(log.times) > 0


def known(plan: Plan) -> bytes:
    assert plan.surroundings is not None
    return plan.surroundings.to_bytes()
