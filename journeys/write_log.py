"""Writing a log in another format: XES, Parquet, CSV or JSON Lines, by the name of the file."""

import gzip
from pathlib import Path
from typing import IO, Literal, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from journeys.definition import Definition
from journeys.errors import OfframpError, listed
from journeys.find import find_journeys, journey_ids
from journeys.log import ACTIVITY, CUSTOMER, TIME, EventLog
from journeys.rule import plain_text
from journeys.writing import whole_file
from journeys.xes_write import ACTIVITY as XES_ACTIVITY
from journeys.xes_write import CASE, write_xes
from journeys.xes_write import TIME as XES_TIME

Traces = Literal["customers", "journeys"]
ENDINGS = (".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".xes", ".xes.gz")


def require_ending(path: str | Path) -> str:
    """Return the ending of a file that a log can be written to.

    Raises
    ------
    OfframpError
        If the name ends in none of `ENDINGS`.
    """
    name = Path(path).name.lower()
    ending = next((end for end in reversed(ENDINGS) if name.endswith(end)), None)
    if ending is None:
        raise OfframpError(
            f"A log cannot be written to {str(path)!r}: its name must end in {listed(ENDINGS)}."
        )
    return ending


def is_xes(path: str | Path) -> bool:
    """Whether a file is to be XES."""
    return require_ending(path).startswith(".xes")


def write_log(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table of events, whole or not at all; XES where its columns are those of XES.

    Times are written in UTC.  A CSV of numbers and texts is read back as texts, and so is a column
    that holds both in Parquet.

    Raises
    ------
    OfframpError
        If the name ends in none of `ENDINGS`, the place cannot be written to, or XES lacks what it
        needs (`journeys.xes_write.write_xes`).
    """
    ending = require_ending(path)
    with whole_file(path) as beside:
        if ending == ".parquet":
            _of_one_kind(frame).to_parquet(beside, index=False)
            return
        with _packed(beside, ending) as stream:
            if is_xes(path):
                write_xes(as_xes(frame), stream)
            elif ending.startswith(".csv"):
                frame.to_csv(stream, index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ")
            else:
                frame.to_json(
                    stream,
                    orient="records",
                    lines=True,
                    date_format="iso",
                    date_unit="us",
                    double_precision=15,
                )


def _packed(path: Path, ending: str) -> IO[bytes]:
    packed = ending.endswith(".gz")
    return cast("IO[bytes]", gzip.open(path, "wb") if packed else path.open("wb"))


def _of_one_kind(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with columns of several kinds, such as 7 and "b", as the text of a log."""
    mixed = {}
    for name, column in frame.items():
        if column.dtype == object:
            try:
                pa.array(column, from_pandas=True)
            except (pa.ArrowException, OverflowError):
                mixed[str(name)] = column.map(plain_text, na_action="ignore")
    return frame.assign(**mixed) if mixed else frame


def as_xes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table under XES' names, where it has ours; what has XES' names stays."""
    ours = {CUSTOMER: CASE, TIME: XES_TIME, ACTIVITY: XES_ACTIVITY}
    return frame.rename(
        columns={name: xes for name, xes in ours.items() if xes not in frame.columns}
    )


def in_names_of_xes(frame: pd.DataFrame, definition: Definition) -> pd.DataFrame:
    """Return a table of our columns with those of XES, such as ``org:resource``, by that name."""
    names = {
        ours: theirs
        for ours, theirs in definition.columns.items()
        if ":" in theirs and ours not in (CUSTOMER, TIME, ACTIVITY)
    }
    return frame.rename(columns=names)


def events_by_journey(log: EventLog, definition: Definition) -> pd.DataFrame:
    """Return the events that belong to journeys, each with its journey as the case.

    ``case:concept:name`` is the journey's id, ``case:customer_id`` its customer, ``case:state`` how
    it ended, or ``open``.  What happened between journeys is left out.
    """
    journeys = find_journeys(log, definition)
    first, last = journeys["first"].to_numpy(), journeys["last"].to_numpy()
    n_events = last - first + 1
    journey = np.repeat(np.arange(len(journeys)), n_events)
    offset = np.arange(len(journey)) - np.repeat(np.cumsum(n_events) - n_events, n_events)
    events = log.events.iloc[first[journey] + offset].reset_index(drop=True)
    case = {
        CASE: journey_ids(log, journeys, definition)[journey],
        "case:state": journeys["state"].to_numpy()[journey],
    }
    return pd.DataFrame(events.rename(columns={CUSTOMER: "case:customer_id"}).assign(**case))
