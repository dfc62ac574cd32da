"""Scoring a log in shards: the same predictions, a shard at a time, written part by part.

Each shard is scored by what scores a whole log.  What has become of others since the model was
trained is learnt first, over all shards, where the log knows more of that than the model does.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.plan import Plan
from journeys.find import find_journeys
from journeys.log import EventLog, microseconds
from journeys.samples import samples_at_end, samples_of
from journeys.shards import HeldShards, Progress, Shards, Task
from journeys.writing import whole_file
from models.bundle import Bundle
from training.score import (
    require_suffix,
    score_every_event,
    score_open,
    scored,
    scores_text,
    write_scores,
)


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
    task = score_task(bundle, bundle.plan.current_over(shards), every_event=every_event)
    if not every_event:
        scores = shards.map(task, progress=progress).to_pandas()
        write_scores(scores.sort_values("customer_id", kind="stable", ignore_index=True), path)
        return len(scores)
    with TemporaryDirectory(prefix="offramp-scores-") as folder:
        rows = shards.write(task, Path(folder), progress=progress)
        with whole_file(path) as beside:
            _write_together(sorted(Path(folder).glob("*.parquet")), beside, path.suffix)
    return rows


def score_task(bundle: Bundle, plan: Plan, *, every_event: bool) -> Task:
    """Return the task that scores a shard: the columns of `training.score.score_open`."""

    def score(shard: EventLog) -> pa.Table:
        journeys = find_journeys(shard, plan.definition)
        if every_event:
            samples = samples_of(shard, journeys, plan.definition)
        else:
            samples = samples_at_end(shard, journeys)
        return _arrow(scored(shard, journeys, samples, bundle, plan))

    return score


def _arrow(scores: pd.DataFrame) -> pa.Table:
    """Return scores as Arrow: one schema, also where there are none."""
    kinds = {"as_of": pa.timestamp("us", tz="UTC")}
    kinds |= dict.fromkeys(("customer_id", "journey_id", "step", "happened"), pa.string())
    columns = {}
    for name, column in scores.items():
        values = microseconds(column) if name == "as_of" else column.to_numpy()
        columns[str(name)] = pa.array(
            values, type=kinds.get(str(name), pa.float64()), from_pandas=False
        )
    return pa.table(columns)


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
