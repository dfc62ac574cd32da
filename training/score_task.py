"""The task that scores a shard: the numbers of `training.score` to the last bit, on any worker."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from journeys.find import find_journeys
from journeys.log import EventLog, microseconds
from journeys.samples import samples_at_end, samples_of
from journeys.shards import Shards, only_of
from models.bundle import Bundle, load_bundle, save_bundle
from training.score import scored

Files = tuple[tuple[str, bytes], ...]

_WORDS = ("customer_id", "journey_id", "step", "happened")


@dataclass(frozen=True)
class ScoreTask:
    """The task that scores a shard; a worker is sent the bundle's files, which hold only data.

    Attributes
    ----------
    files : name and content of each file of the bundle, its surroundings those of the whole log
    every_event : score every sample of every journey, not only where open ones stand at the end
    """

    files: Files
    every_event: bool = False

    def __call__(self, shard: EventLog) -> pa.Table:
        """Return the rows that `training.score` gives for these customers, one per prediction."""
        bundle = _loaded(self.files)
        definition = bundle.plan.definition
        journeys = find_journeys(shard, definition)
        if self.every_event:
            samples = samples_of(shard, journeys, definition)
            return _rows(scored(shard, journeys, samples, bundle, bundle.plan))
        mine = only_of(shard, _with_an_open_one(shard, journeys))
        theirs = find_journeys(mine, definition)
        return _rows(scored(mine, theirs, samples_at_end(mine, theirs), bundle, bundle.plan))


def score_task(shards: Shards, bundle: Bundle, *, every_event: bool = False) -> ScoreTask:
    """Return the task that scores each shard by what was known of all customers of the log."""
    current = replace(bundle, plan=bundle.plan.current_over(shards))
    with TemporaryDirectory() as place:
        folder = save_bundle(current, Path(place) / "bundle")
        return ScoreTask(
            tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir())), every_event
        )


def _with_an_open_one(shard: EventLog, journeys: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which customers have an open journey; nobody else's events are looked at again."""
    chosen = np.zeros(len(shard.offsets) - 1, dtype=np.bool_)
    chosen[journeys.loc[journeys["state"] == "open", "customer"].to_numpy()] = True
    return chosen


@lru_cache(maxsize=2)
def _loaded(files: Files) -> Bundle:
    """Return the bundle of these files, read once by each process."""
    with TemporaryDirectory() as place:
        for name, content in files:
            (Path(place) / name).write_bytes(content)
        return load_bundle(place)


def _rows(scores: pd.DataFrame) -> pa.Table:
    """Return scores as a table whose types do not depend on what is in it."""
    kinds = dict.fromkeys(_WORDS, pa.string())
    times = pa.array(microseconds(scores["as_of"]), pa.timestamp("us", "UTC"))
    columns = {
        str(name): times
        if name == "as_of"
        else pa.array(column.tolist(), kinds.get(str(name), pa.float64()))
        for name, column in scores.items()
    }
    return pa.table(columns)
