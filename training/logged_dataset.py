"""The event log as a dataset of a run: where it came from, its digest and shape, never a row."""

import hashlib
import json
from typing import Any

import pandas as pd
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.types import ColSpec, DataType, Schema

from journeys.log import EventLog
from journeys.query import masked


class LoggedEvents(MetaDataset):  # type: ignore[misc]  # mlflow is untyped here
    """What MLflow shows of an event log: its columns and how many events of how many customers."""

    def __init__(self, log: EventLog, source: str) -> None:
        origin = CodeDatasetSource({"offramp.events": masked(source)})
        self._profile = _profile(log)
        super().__init__(origin, name="event log", digest=digest_of(log), schema=_schema(log))

    def to_dict(self) -> dict[str, Any]:
        """Return the record that MLflow keeps."""
        return {**super().to_dict(), "profile": json.dumps(self._profile)}


def digest_of(log: EventLog) -> str:
    """Return a digest of all events of the log, in order: the same events, the same digest."""
    rows = pd.util.hash_pandas_object(log.events.drop(columns="time"), index=False).to_numpy()
    return hashlib.sha256(log.times.tobytes() + rows.tobytes()).hexdigest()[:16]


def _profile(log: EventLog) -> dict[str, object]:
    return {
        "num_rows": len(log),
        "customers": len(log.offsets) - 1,
        "begins": log.begins.isoformat(),
        "ends": log.ends.isoformat(),
    }


def _schema(log: EventLog) -> Schema:
    kinds = {"f": DataType.double, "M": DataType.datetime}
    return Schema(
        [
            ColSpec(kinds.get(column.dtype.kind, DataType.string), str(name))
            for name, column in log.events.items()
        ]
    )
