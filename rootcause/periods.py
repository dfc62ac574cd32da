"""Periods: instants and days as the exposures count them."""

import numpy as np
import pandas as pd

from rootcause.exposure import MICROS_A_DAY


def utc(instant: pd.Timestamp) -> pd.Timestamp:
    """Return an instant in UTC; one without a zone is taken as UTC."""
    return instant.tz_localize("UTC") if instant.tzinfo is None else instant.tz_convert("UTC")


def day_of(date: str) -> int:
    """Return a date (YYYY-MM-DD) in days since the epoch."""
    return int(np.datetime64(date, "D").astype(np.int64))


def micros_of(date: str) -> int:
    """Return the beginning of a date (YYYY-MM-DD, UTC) in microseconds since the epoch."""
    return day_of(date) * MICROS_A_DAY
