"""From Arrow to pandas without losing a digit: long numbers are keys, and keys are never rounded.

A float holds whole numbers up to 2**53. pandas makes floats of whole numbers where one is missing,
and the reader of JSON where one of a column is beyond 64 bits: two customers would become one.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_LONGEST = 2**53
_WHOLE = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}


def frame_from(table: pa.Table) -> pd.DataFrame:
    """Return a table as pandas has it, an index that pandas wrote as a column like any other."""
    is_long = any(_has_long_and_missing(column) for column in table.columns)
    found: pd.DataFrame = table.to_pandas(
        ignore_metadata=True, types_mapper=_WHOLE.get if is_long else None
    )
    return found


def may_be_rounded(table: pa.Table) -> bool:
    """Return whether a column of floats holds what may have been a longer whole number."""
    floats = (column for column in table.columns if pa.types.is_floating(column.type))
    return any(pc.any(pc.greater_equal(pc.abs(one), float(_LONGEST))).as_py() for one in floats)


def _has_long_and_missing(column: pa.ChunkedArray) -> bool:
    if column.type not in _WHOLE or not column.null_count:
        return False
    ends = pc.min_max(column).as_py()
    return ends["max"] is not None and max(ends["max"], -ends["min"]) > _LONGEST
