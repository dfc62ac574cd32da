"""Rows that stand on disk and are read some at a time: more of them than memory holds.

Whatever takes rows of a part in memory takes them of a stored one in the same way, and gets the
same: only what would need all of its features at once goes batch by batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.part import Floats, Part, Rows, Table
from models.row_file import RowFile

_BATCH = 16_384


@dataclass(frozen=True, eq=False)
class StoredTable:
    """Some rows of a file (or, to compare with, of a table in memory), ``rows`` ascending.

    >>> import numpy as np
    >>> some = StoredTable(np.arange(8, dtype=np.float32).reshape(4, 2), np.array([1, 3]))
    >>> some.shape, some[np.array([1])].tolist()
    ((2, 2), [[6.0, 7.0]])
    """

    table: RowFile | Table
    rows: Rows

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, as of an array."""
        return len(self.rows), self.table.shape[1]

    def __getitem__(self, asked: int | slice | list[int] | Rows | NDArray[np.bool_]) -> Table:
        """Return the asked rows, read into memory."""
        return np.asarray(self.table[self.rows[asked]], dtype=np.float32)

    def batches(self, size: int = _BATCH) -> Iterator[Table]:
        """Yield all rows in order, so many at a time."""
        for first in range(0, len(self.rows), size):
            yield self[first : first + size]


@dataclass(frozen=True, eq=False)
class StoredPart:
    """A `models.part.Part` whose features stand on disk; its other columns are in memory."""

    X: StoredTable
    y: Floats
    customers: Rows
    weight: Floats
    started: Rows
    closed_at: Rows

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.y)

    @property
    def bare(self) -> Part:
        """The samples without their features: enough to say who learns and who is held out."""
        nothing = np.empty((len(self), 0), dtype=np.float32)
        return Part(nothing, self.y, self.customers, self.weight, self.started, self.closed_at)

    def take(self, rows: Rows | NDArray[np.bool_]) -> Part:
        """Return some of the samples, in memory, their weights again of mean 1."""
        return replace(self.bare.take(rows), X=self.X[rows])


AnyPart = Part | StoredPart
AnyTable = Table | StoredTable


def batches_of(X: AnyTable) -> Iterator[Table]:
    """Yield a table whole, or a stored one a batch at a time; at least one, if an empty one."""
    if not isinstance(X, StoredTable):
        yield X
    elif len(X):
        yield from X.batches()
    else:
        yield X[:0]
