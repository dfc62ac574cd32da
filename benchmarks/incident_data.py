"""Real incidents: counted rows of every minute and leaf, and what the operators named."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from journeys.errors import EventLogError, listed

# An answer: attribute = value pairs, the values as text.
Answer = frozenset[tuple[str, str]]

ALL, DEVELOP, HELD_OUT = "all", "develop", "held-out"
PARTS = (ALL, DEVELOP, HELD_OUT)
# A third of the names hash below this; the parts were fixed before any incident was looked at.
_HELD_OUT_BELOW = "5f87087d"

_COUNTS = {"min": "time", "cnt": "n", "value": "bad"}


@dataclass(frozen=True)
class Incident:
    """The rows of one incident up to its time, and the causes that the operators named.

    ``at``: the labelled time, or the last one before it that anybody was counted in.
    ``rows``: time, n, bad and ``attributes``, which may be null.
    """

    name: str
    rows: pd.DataFrame
    attributes: tuple[str, ...]
    at: int
    causes: tuple[Answer, ...]


def incidents_in(folder: Path, part: str = ALL) -> list[Incident]:
    """Return the incidents of ``labels.csv`` and ``leaf_timeseries.parquet``, in the file's order.

    Raises
    ------
    EventLogError
        If a file or a column is not there, or an incident has no rows.
    """
    labels, rows = _read(folder)
    by_case = {str(case): of_case for case, of_case in rows.groupby("case")}
    lost = [case for case in labels["case"] if case not in by_case]
    if lost:
        raise EventLogError(
            f"{folder}/leaf_timeseries.parquet has no rows of {listed(lost)}, which labels.csv "
            "names. Give both files of the same incidents."
        )
    return [
        _incident(case, by_case[case], int(at), str(cause))
        for case, at, cause in zip(
            labels["case"], labels["timestamp"], labels["cause"], strict=True
        )
        if part in (ALL, part_of(case))
    ]


def part_of(case: str) -> str:
    """Return the part of the development that an incident belongs to, by the hash of its name."""
    below = hashlib.sha256(case.encode()).hexdigest() < _HELD_OUT_BELOW
    return HELD_OUT if below else DEVELOP


def answer(conditions: Mapping[str, object]) -> Answer:
    """Return conditions in the one form in which they are compared.

    >>> answer({"bitrate": 500.0, "cdn": 5}) == answer({"cdn": "5", "bitrate": 500})
    True
    """
    return frozenset((name, _text(value)) for name, value in conditions.items())


def _text(value: object) -> str:
    try:
        return str(int(value)) if float(value) == int(value) else str(value)  # type: ignore[call-overload, arg-type]
    except (TypeError, ValueError):
        return str(value)


def _read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    try:
        labels = pd.read_csv(folder / "labels.csv", dtype={"case": str})
        rows = pd.read_parquet(folder / "leaf_timeseries.parquet")
    except (OSError, ValueError) as error:
        raise EventLogError(
            f"No incidents can be read in {folder}: {error}. It must hold labels.csv (case, "
            "timestamp, cause) and leaf_timeseries.parquet (case, min, value, cnt, attributes); "
            "name another folder with --data."
        ) from error
    _refuse_missing(labels, ("case", "timestamp", "cause"), folder / "labels.csv")
    _refuse_missing(rows, ("case", *_COUNTS), folder / "leaf_timeseries.parquet")
    return labels, rows.assign(case=rows["case"].astype(str)).rename(columns=_COUNTS)


def _refuse_missing(table: pd.DataFrame, needed: Iterable[str], path: Path) -> None:
    missing = [name for name in needed if name not in table]
    if missing:
        raise EventLogError(f"{path} lacks {listed(missing)}; it has {listed(table.columns)}.")


def _incident(name: str, rows: pd.DataFrame, at: int, cause: str) -> Incident:
    somebody = rows[(rows["time"] <= at) & (rows["n"] > 0)].drop(columns="case")
    # Stalls and viewers are counted apart: now and then a leaf has more of the former.
    bad = somebody["bad"].fillna(0).clip(lower=0, upper=somebody["n"])
    known = somebody.assign(bad=bad).reset_index(drop=True)
    counted = ("time", "n", "bad")
    attributes = [c for c in known if c not in counted and bool(known[c].notna().any())]
    named = json.loads(cause)
    causes = named if isinstance(named, list) else [named]
    last = int(known["time"].max()) if len(known) else at
    return Incident(name, known, tuple(map(str, attributes)), last, tuple(map(answer, causes)))
