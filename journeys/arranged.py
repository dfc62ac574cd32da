"""A bucket in order: read often, so it is sorted once and kept as the arrays that a pass needs.

While a log is read its events are appended to the **part** of their customer, as they come: keys as
text, values of text columns as places by first appearance.  Once all is read, each part becomes a
bucket: sorted by customer and time, each text as the code that it has in the whole log.  Both are
Arrow files, packed by LZ4, which are written and read many times faster than Parquet.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from journeys.log import CUSTOMER, TIME
from journeys.shards import Whole

PACKED = pa.ipc.IpcWriteOptions(compression="lz4")


def arrange(
    part: Path, bucket: Path, whole: Whole, texts: Mapping[str, Sequence[str]], *, numbers: bool
) -> int:
    """Write a part as a bucket, the part is gone then; return how many customers it has.

    Parameters
    ----------
    texts : per text column but the customers', its values in the order of their places
    numbers : whether the keys were numbers in the log, and are sorted as such
    """
    with pa.OSFile(str(part)) as file, pa.ipc.open_stream(file) as opened:
        table = opened.read_all()
    keys = table.column(CUSTOMER).combine_chunks().dictionary_encode()
    names = keys.dictionary.to_pylist()
    sorted_, rank = ranked(names, numbers=numbers)
    customers, times = rank[keys.indices.to_numpy()], table.column(TIME).to_numpy()
    order = _in_order(customers, times)
    whose = pa.DictionaryArray.from_arrays(pa.array(customers[order]), pa.array(sorted_))
    columns: dict[str, pa.Array] = {CUSTOMER: whose, TIME: pa.array(times[order])}
    for name in table.column_names[2:]:
        values = table.column(name).to_numpy()
        if name in texts:
            values = _codes(texts[name], whole.categories[name])[values]
        columns[name] = pa.array(values[order])
    _write(pa.table(columns), bucket)
    part.unlink()
    return len(names)


def read_bucket(bucket: Path) -> pa.Table:
    """Return the events of a bucket, in order, each column in one piece."""
    with pa.OSFile(str(bucket)) as file, pa.ipc.open_file(file) as opened:
        return opened.read_all().combine_chunks()


def ranked(names: Sequence[str], *, numbers: bool) -> tuple[list[str], NDArray[np.int32]]:
    """Return keys in order, and the place of each in it; as numbers where they were numbers."""
    by = (lambda code: order_of(names[code], number=True)) if numbers else names.__getitem__
    in_order = sorted(range(len(names)), key=by)
    rank = np.empty(len(names), dtype=np.int32)
    rank[in_order] = np.arange(len(names), dtype=np.int32)
    return [names[code] for code in in_order], rank


def order_of(text: str, *, number: bool) -> tuple[float, str]:
    """Return by what a value is sorted: its text or, of a column of numbers, the number."""
    if not number:
        return 0, text
    try:
        return int(text), text
    except ValueError:
        return float(text), text


def _write(table: pa.Table, bucket: Path) -> None:
    with (
        pa.OSFile(str(bucket), "wb") as file,
        pa.ipc.new_file(file, table.schema, options=PACKED) as opened,
    ):
        opened.write_table(table)


def _in_order(customers: NDArray[np.int32], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order by customer and time; events of one instant stay as the log has them."""
    if (np.diff(times) >= 0).all():
        return np.argsort(customers, kind="stable")
    return np.lexsort((times, customers))


def _codes(values: Sequence[str], categories: Sequence[str]) -> NDArray[np.signedinteger]:
    """Return the code of each place, and last of the missing, in the smallest numbers that hold."""
    code = {value: place for place, value in enumerate(categories)}
    kind = np.min_scalar_type(-max(len(categories), 1))
    return np.array([*(code[value] for value in values), -1], dtype=kind)
