"""Writing files whole or not at all: beside their place first, then moved there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from journeys.errors import OfframpError


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a place beside ``path`` to write to; it becomes ``path`` when the block ends well.

    Missing folders are made.  When anything fails, ``path`` stays as it was and nothing is left.

    Raises
    ------
    OfframpError
        If the place cannot be written to.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as fault:
        raise OfframpError(
            f"The answer cannot be written to {str(path)!r}: {fault.strerror or fault}. "
            "Give a file in a folder that may be written to."
        ) from fault
    finally:
        with suppress(OSError):
            beside.unlink()
