"""A log in shards is scored to the bit as a log in memory, and nobody is lost or doubled."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from journeys.bucketed import bucketed
from journeys.file_shards import FileShards
from tests.trained_model import simulated
from training.score import score_every_event, score_open
from training.score_shards import score_shards
from training.train import Trained


@pytest.fixture(scope="module")
def later(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> FileShards:
    """Return other customers' log, in files: longer than the model's, so others are learnt anew."""
    folder = tmp_path_factory.mktemp("later")
    events, _ = simulated(1500, seed=8)
    ahead = events.assign(time=events["time"] + pd.Timedelta(days=20))
    ahead.to_parquet(folder / "log.parquet", index=False)
    said = trained.bundle.plan.definition
    return bucketed(folder / "log.parquet", said, folder / "kept", buckets=3, size=4000)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
@pytest.mark.parametrize("every_event", [False, True])
def test_scores_of_shards_are_those_of_the_log_to_the_bit(
    trained: Trained, later: FileShards, tmp_path: Path, suffix: str, every_event: bool
) -> None:
    file = tmp_path / f"scores{suffix}"
    rows = score_shards(later, trained.bundle, file, every_event=every_event)
    log = later.some(10_000)
    assert len(log) == later.whole.events
    wanted = (score_every_event if every_event else score_open)(log, trained.bundle)
    read = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".jsonl": read_lines}[suffix]
    found = read(file).sort_values("customer_id", kind="stable", ignore_index=True)
    assert rows == len(found) == len(wanted) > 100
    if suffix == ".parquet":
        pd.testing.assert_frame_equal(found, wanted, check_exact=True)
    names = ["customer_id", "journey_id", "step"]
    assert found[names].equals(wanted[names])
    numbers = wanted.filter(like="p_")
    np.testing.assert_allclose(found[numbers.columns], numbers, rtol=0, atol=1e-12)


def read_lines(file: Path) -> pd.DataFrame:
    return pd.read_json(file, lines=True, dtype=False, precise_float=True)


def test_others_were_learnt_from_all_shards(trained: Trained, later: FileShards) -> None:
    own, now = trained.bundle.plan, trained.bundle.plan.current_over(later)
    assert now.surroundings is not None
    assert own.surroundings is not None
    assert now.surroundings.until > own.surroundings.until
