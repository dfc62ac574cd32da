"""Scoring a log in shards: the same predictions, a shard at a time, written part by part.

Each shard is scored by what scores a whole log.  What has become of others since the model was
trained is learnt first, over all shards, where the log knows more of that than the model does.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from journeys.shards import HeldShards, Progress, Shards
from journeys.writing import whole_file
from models.bundle import Bundle
from training.score import (
    require_suffix,
    score_every_event,
    score_open,
    scores_text,
    write_scores,
)
from training.score_task import score_task


def score_shards(
    shards: Shards,
    bundle: Bundle,
    path: str | Path,
    *,
    every_event: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write the prediction of every open journey, or of every sample, of a log in shards.

    A row and its numbers are those of `training.score.score_open` and `score_every_event`.  Of a
    log that does not fit in memory, open journeys stand by customer_id, as text; the samples of a
    customer stand together, in order, but the customers by shard: nobody holds them all.

    Parameters
    ----------
    path : a file to write, with one of `training.score.SUFFIXES`
    progress : called while shards are read and scored

    Returns
    -------
    How many rows were written.

    Raises
    ------
    OfframpError
        If the place cannot be written to.
    """
    path = Path(path)
    require_suffix(path)
    if isinstance(shards, HeldShards):
        score = score_every_event if every_event else score_open
        scores = score(shards.log, bundle)
        write_scores(scores, path)
        return len(scores)
    task = score_task(shards, bundle, every_event=every_event)
    if not every_event:
        scores = shards.map(task, progress=progress).to_pandas()
        write_scores(scores.sort_values("customer_id", kind="stable", ignore_index=True), path)
        return len(scores)
    with TemporaryDirectory(prefix="offramp-scores-") as folder:
        rows = shards.write(task, Path(folder), progress=progress)
        with whole_file(path) as beside:
            _write_together(sorted(Path(folder).glob("*.parquet")), beside, path.suffix)
    return rows


def _write_together(parts: Sequence[Path], place: Path, suffix: str) -> None:
    """Write files of scores as one, holding one of them at a time."""
    if suffix == ".parquet":
        with pq.ParquetWriter(place, pq.read_schema(parts[0])) as writer:
            for part in parts:
                writer.write_table(pq.read_table(part, partitioning=None))
        return
    with place.open("w", encoding="utf-8", newline="") as file:
        for number, part in enumerate(parts):
            scores = pq.read_table(part, partitioning=None).to_pandas()
            file.write(scores_text(scores, suffix, header=number == 0))
