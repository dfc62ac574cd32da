"""The task that scores a shard: the whole log's scores to the last bit, from shards of any size."""

import pickle
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from journeys.log import event_log
from journeys.shards import HeldShards
from tests.trained_model import simulated
from training.score import score_every_event, score_open
from training.score_task import score_task
from training.train import Trained


@pytest.fixture(scope="module")
def later() -> pd.DataFrame:
    """Return events of others, which reach further than those that the model learnt from."""
    events, _ = simulated(1_500, seed=9)
    return events.assign(time=events["time"] + pd.Timedelta(days=20))


@pytest.mark.parametrize("size", [2_000, 1_000_000])
@pytest.mark.parametrize("every_event", [False, True])
def test_the_scores_of_shards_are_the_logs_to_the_last_bit(
    trained: Trained, later: pd.DataFrame, size: int, every_event: bool
) -> None:
    log = event_log(later, trained.bundle.plan.definition)
    whole = (score_every_event if every_event else score_open)(log, trained.bundle)
    shards = HeldShards(trained.bundle.plan.definition, log, size=size)
    assert shards.whole.ends > trained.data.log.ends
    task = score_task(shards, trained.bundle, every_event=every_event)
    found = shards.map(task).to_pandas()
    pd.testing.assert_frame_equal(found, whole, check_exact=True)


def test_a_task_that_was_sent_away_writes_the_same_scores(
    trained: Trained, later: pd.DataFrame, tmp_path: Path
) -> None:
    shards = HeldShards(trained.bundle.plan.definition, trained.data.log, size=3_000)
    task = score_task(shards, trained.bundle)
    rows = shards.write(pickle.loads(pickle.dumps(task)), tmp_path / "scores")
    written = pq.read_table(tmp_path / "scores").to_pandas()
    scores = score_open(trained.data.log, trained.bundle)
    assert rows == len(scores) > 20
    pd.testing.assert_frame_equal(written, scores, check_exact=True)


def test_nobody_to_score_is_an_empty_table_of_the_same_types(trained: Trained) -> None:
    definition = trained.bundle.plan.definition
    events, _ = simulated(40, seed=8)
    elsewhere = event_log(events[events["activity"] != "refinance_started"], definition)
    log = trained.data.log
    some, none = (
        HeldShards(definition, one, size=10_000).map(
            score_task(HeldShards(definition, one), trained.bundle)
        )
        for one in (log, elsewhere)
    )
    assert none.num_rows == 0
    assert none.schema == some.schema
