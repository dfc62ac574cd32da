"""A file of float32 rows, read some at a time: what is read is all that memory holds of it.

A memory map would count as memory of the process as long as the machine has some to spare, and
nobody could say how much is needed.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Table = NDArray[np.float32]

_AT_ONCE = 16_384
_WORTH_READING_THROUGH = 8
_BYTES = 4


@dataclass(frozen=True)
class RowFile:
    """Rows of ``width`` float32 (this machine's byte order), one after the other, without a head.

    Attributes
    ----------
    path : the file; whoever learns from it, here or on a cluster, must be able to read it
    length, width : how many rows, of how many values
    """

    path: Path
    length: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, as of an array."""
        return self.length, self.width

    def __getitem__(self, rows: Rows | int) -> Table:
        """Return rows, shape (n, width); given ascending, neighbours are read together."""
        if isinstance(rows, int | np.integer):
            return np.asarray(self[np.array([rows])][0])
        found = np.empty((len(rows), self.width), dtype=np.float32)
        with self.path.open("rb", buffering=0) as file:
            for first in range(0, len(rows), _AT_ONCE):
                some = rows[first : first + _AT_ONCE]
                for begin, end in _stretches(some, _WORTH_READING_THROUGH):
                    span = self._span(file.fileno(), int(some[begin]), int(some[end - 1]) + 1)
                    found[first + begin : first + end] = span[some[begin:end] - some[begin]]
        return found

    def write(self, rows: Rows, values: Table) -> None:
        """Write values to rows, ascending; the file must be there."""
        width = self.width * _BYTES
        with self.path.open("r+b", buffering=0) as file:
            for begin, end in _stretches(rows, 1):
                file.seek(int(rows[begin]) * width)
                file.write(np.ascontiguousarray(values[begin:end], dtype=np.float32).tobytes())

    def _span(self, file: int, first: int, after: int) -> Table:
        width = self.width * _BYTES
        read = os.pread(file, (after - first) * width, first * width)
        return np.frombuffer(read, dtype=np.float32).reshape(-1, self.width)


def new_row_file(path: Path, length: int, width: int) -> RowFile:
    """Return a file of so many rows, to be written in any order."""
    with path.open("wb") as file:
        file.truncate(length * width * _BYTES)
    return RowFile(path, length, width)


def _stretches(rows: Rows, gap: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of stretches whose rows ascend by at most ``gap``."""
    step = np.diff(rows)
    breaks = np.flatnonzero((step < 1) | (step > gap)) + 1
    yield from pairwise([0, *breaks.tolist(), len(rows)] if len(rows) else [0])
