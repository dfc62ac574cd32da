"""Leaves: every combination of attribute values that was counted, over time."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.errors import TooLittleDataError, listed, with_closest

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Leaves:
    """Counts per leaf and time, shape (leaves, times); the last time is the one asked about.

    ``codes`` has a row per leaf and a column per attribute, -1 where it does not exist; they index
    ``values``, one array per attribute.
    """

    n: Floats
    bad: Floats
    attributes: tuple[str, ...]
    codes: Codes
    values: tuple[NDArray[np.object_], ...]


def leaves_of(rows: pd.DataFrame, *, at: Hashable, attributes: Sequence[str], time: str) -> Leaves:
    """Return the leaves of all rows up to a time; what can't be counted is refused."""
    refuse_missing_columns(rows, [time, "n", "bad", *attributes])
    refuse_what_is_no_count(rows)
    if not attributes:
        raise TooLittleDataError("No attributes are named: name the columns to search.")
    somebody = rows[rows["n"] > 0]
    _refuse_unknown_time(somebody[time], at)
    known = somebody[somebody[time] <= at]
    moments, times = pd.factorize(known[time], sort=True)
    if len(times) < 3:
        raise TooLittleDataError(
            f"Only {len(times) - 1} times before {at} are counted; two are needed to know what is "
            "usual. Give rows of earlier times."
        )
    coded = [pd.factorize(known[name].astype(object)) for name in attributes]
    codes = np.column_stack([codes for codes, _ in coded]).astype(np.int64)
    unique, leaf = np.unique(codes, axis=0, return_inverse=True)
    cell = leaf.reshape(-1) * len(times) + moments
    n, bad = (_summed(known[name], cell, (len(unique), len(times))) for name in ("n", "bad"))
    values = tuple(np.asarray(found, dtype=object) for _, found in coded)
    return Leaves(n, bad, tuple(attributes), unique, values)


def _summed(counts: "pd.Series[float]", cell: Codes, shape: tuple[int, int]) -> Floats:
    weights = counts.to_numpy(dtype=np.float64)
    summed = np.bincount(cell, weights, minlength=shape[0] * shape[1])
    return np.asarray(summed.reshape(shape), dtype=np.float64)


def refuse_missing_columns(rows: pd.DataFrame, needed: Sequence[str]) -> None:
    """Raise a TooLittleDataError if a table lacks a column."""
    missing = [name for name in needed if name not in rows]
    if missing:
        named = ", ".join(with_closest(name, rows.columns) for name in missing)
        raise TooLittleDataError(
            f"The counted rows lack the column {named}; they have {listed(rows.columns)}. "
            "Rename the columns, or name other attributes."
        )


def refuse_what_is_no_count(rows: pd.DataFrame) -> None:
    """Raise a TooLittleDataError if ``n`` and ``bad`` are not so many, and so many of them."""
    for name in ("n", "bad"):
        if not pd.api.types.is_numeric_dtype(rows[name]):
            raise TooLittleDataError(
                f"The column {name!r} holds {rows[name].dtype}, not counts. Give whole numbers."
            )
    wrong = ~((rows["bad"] >= 0) & (rows["bad"] <= rows["n"]) & np.isfinite(rows["n"]))
    if wrong.any():
        first = rows[wrong].iloc[0]
        raise TooLittleDataError(
            f"{int(wrong.sum())} rows can't be counts: 'bad' must be 0 or more and at most 'n'; "
            f"the first has n = {first['n']}, bad = {first['bad']}. Mend or leave out such rows."
        )


def _refuse_unknown_time(times: "pd.Series[float]", at: Hashable) -> None:
    if not (times == at).any():
        raise TooLittleDataError(
            f"No rows at {at}; they are counted from {times.min()} to {times.max()}. Ask about a "
            "time that the rows hold, of the same type."
        )
