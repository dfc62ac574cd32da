"""What LightGBM holds of rows in memory and of rows in a file, for `benchmarks.train_memory`.

One fit of ten trees to random numbers (255 bins a feature, the most there can be) in a process of
its own; the last line says what the process held before and at most.
"""

import json
import resource
import sys
from pathlib import Path

import numpy as np

from models.row_file import RowFile, new_row_file
from models.stored import StoredTable
from models.trees import TreeSettings, fit_trees

_AT_ONCE = 10_000


def main() -> None:
    """Fit trees to so many rows of so many features, from *memory* or from *disk*."""
    road, rows, features, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    file = _written(Path(folder) / "rows.f32", rows, features)
    y = (np.random.default_rng(1).random(rows) < 0.3).astype(np.float64)
    before = _held_mib()
    every = np.arange(rows)
    X = StoredTable(file, every) if road == "disk" else file[every]
    fit_trees(X, y, settings=TreeSettings(trees=10))
    print(json.dumps({"before_mib": before, "peak_mib": _held_mib()}))


def _written(path: Path, rows: int, features: int) -> RowFile:
    file, rng = new_row_file(path, rows, features), np.random.default_rng(0)
    for first in range(0, rows, _AT_ONCE):
        some = np.arange(first, min(first + _AT_ONCE, rows))
        file.write(some, rng.standard_normal((len(some), features), dtype=np.float32))
    return file


def _held_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


if __name__ == "__main__":
    main()
