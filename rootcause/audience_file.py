"""Audience files: the earlier list, read back from Parquet, CSV or JSON Lines."""

import json
from pathlib import Path

import pandas as pd

from journeys.errors import FindingsError, listed
from journeys.times import read_times
from rootcause.forecast import NUMBERS
from rootcause.listing import COLUMNS, LEFT

_NEEDED = ("customer_id", "journey", "audience", "state", "held_out", "as_of", "until")
_TIMES = ("since", "suppress_until", "as_of", "until")
_NUMBERS = (*NUMBERS, "probability", "low", "high")
_WORDS = ("reason", "change", "suppress", "suppress_reason")
_STATES = ("affected", "at_risk", "matching", "ahead", LEFT)
_WROTE = "Give the file that `offramp audience --out FILE` wrote."


def read_audience(path: str | Path) -> pd.DataFrame:
    """Return the list that `offramp audience` wrote, with the columns `COLUMNS`.

    Raises
    ------
    FindingsError
        If the file is missing, cannot be read, or is no audience.
    """
    path = Path(path)
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _lines}
    if path.suffix not in readers:
        raise FindingsError(
            f"The earlier list {str(path)!r} must end in {listed(readers)}. {_WROTE}"
        )
    try:
        found = readers[path.suffix](path)
    except OSError as fault:
        said = fault.strerror or "it is damaged"
        raise FindingsError(f"The earlier list {str(path)!r} cannot be read: {said}.") from fault
    except (ValueError, TypeError, KeyError) as fault:
        raise FindingsError(f"The earlier list {str(path)!r} cannot be read. {_WROTE}") from fault
    return _checked(found, path)


def _parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path)


def _csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"customer_id": str, "journey": str}, keep_default_na=True)


def _lines(path: Path) -> pd.DataFrame:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=list(COLUMNS))


def _checked(found: pd.DataFrame, path: Path) -> pd.DataFrame:
    missing = [name for name in _NEEDED if name not in found.columns]
    if missing:
        raise FindingsError(
            f"The earlier list {str(path)!r} lacks {listed(missing)}; it has "
            f"{listed(map(str, found.columns), most=40)}. {_WROTE}"
        )
    strange = sorted(set(map(str, found["state"].unique())) - set(_STATES))
    if strange:
        raise FindingsError(
            f"The earlier list {str(path)!r} holds the state {strange[0]!r}; states are "
            f"{listed(_STATES)}. {_WROTE}"
        )
    found = found.reindex(columns=list(COLUMNS))
    for name in _TIMES:
        found[name] = read_times(found[name].astype(object))
    if found[["as_of", "until"]].isna().to_numpy().any():
        raise FindingsError(f"The earlier list {str(path)!r} has rows without a time. {_WROTE}")
    for name in _NUMBERS:
        found[name] = pd.to_numeric(found[name], errors="coerce").astype("float64")
    held = found["held_out"].astype(str).str.lower().isin(("true", "1"))
    words = {name: found[name].astype(object).fillna("").astype(str) for name in _WORDS}
    return found.assign(held_out=held, **words)
