"""Times as people write them: dates of any mixture of zones, or numbers since the epoch."""

from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

TimeUnit = Literal["s", "ms", "us"]

_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_LAST = 253_402_300_800 * 1_000_000  # the year 10000
_SOONEST, _LATEST = pd.Timestamp("1990-01-01", tz="UTC"), pd.Timestamp("2100-01-01", tz="UTC")
_BARE = 16  # digits of microseconds today


def read_times(values: pd.Series, unit: TimeUnit | None = None) -> pd.Series:
    """Return UTC instants with microseconds, of any mixture of zones; NaT where unreadable.

    ``unit``: numbers, and texts of digits alone, count this unit since 1970-01-01 in UTC.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return pd.to_datetime(values, utc=True).astype("datetime64[us, UTC]")
    if unit is None:
        times = pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
        return times.astype("datetime64[us, UTC]")
    if pd.api.types.is_integer_dtype(values) and not values.isna().any():
        return _instants(values.astype("int64"), unit)
    numbers = pd.to_numeric(values, errors="coerce")
    dates = read_times(values.where(numbers.isna()).astype(object))
    return dates.fillna(_instants(numbers, unit))


def unit_of(values: pd.Series) -> TimeUnit | None:
    """Return the unit in which numbers would be times of our days, None where in none."""
    numbers = pd.to_numeric(values.dropna(), errors="coerce")
    if numbers.empty or numbers.isna().any():
        return None
    units: tuple[TimeUnit, ...] = ("s", "ms", "us")
    ends = pd.Series([numbers.min(), numbers.max()])
    return next((unit for unit in units if _of_our_days(ends, unit)), None)


def number_hint(values: pd.Series) -> str:
    """Say what to do about a column of times that are plain numbers."""
    unit = unit_of(values)
    if unit is None:
        return "write them as dates, as in 2026-03-03T09:30:00Z"
    at = read_times(values.dropna().iloc[:1].reset_index(drop=True), unit)[0]
    return (
        f"if that is {at:%Y-%m-%d %H:%M} UTC, say `time_unit: {unit}` in the definition, else "
        "write them as dates, as in 2026-03-03T09:30:00Z"
    )


def are_instants(values: list[object]) -> bool:
    """Whether values are dates with a time, or missing, and not all missing."""
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, datetime) for value in present)


def _of_our_days(numbers: pd.Series, unit: TimeUnit) -> bool:
    return bool(_instants(numbers, unit).between(_SOONEST, _LATEST).all())


def _instants(numbers: pd.Series, unit: TimeUnit) -> pd.Series:
    factor = _MICROSECONDS[unit]
    possible = numbers.between(-_LAST // factor, _LAST // factor)
    kept = numbers.where(possible, 0)
    whole = kept if pd.api.types.is_integer_dtype(kept) else (kept * factor).round()
    counted = whole.astype("int64") * (factor if whole is kept else 1)
    instants = pd.Series(counted.to_numpy(dtype=np.int64).astype("datetime64[us]"))
    return instants.dt.tz_localize("UTC").where(possible.to_numpy()).set_axis(numbers.index)
