"""The fold is compiled anew when any file of the room has changed, and only then."""

import os
import subprocess
import sys
from pathlib import Path

from features.compiled import SOURCES
from features.kernel import fold

_ROOM = """
from numba import njit

def made_from(sources):
    @njit(cache=True)
    def fold(x):
        _ = sources
        return x + 1
    return fold

if __name__ == "__main__":
    import sys
    fold = made_from(int(sys.argv[1]))
    fold(1)
    print(len(fold.stats.cache_hits))
"""


def test_the_fold_closes_over_a_number_of_all_files() -> None:
    closed_over = [cell.cell_contents for cell in fold.py_func.__closure__]
    assert closed_over == [SOURCES]


def test_another_number_is_another_compilation(tmp_path: Path) -> None:
    """A change in a file that the fold only calls once left the old code in numba's cache."""
    (tmp_path / "room.py").write_text(_ROOM)
    hits = []
    for number in ("1", "1", "2"):
        ran = subprocess.run(
            [sys.executable, "room.py", number],
            cwd=tmp_path,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        )
        hits.append(ran.stdout.strip())
    assert hits == ["0", "1", "0"]
