"""A log on disk as shards: held where it fits in memory, else in buckets on disk."""

import json
import shutil
import weakref
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pandas as pd

from journeys.batches import events_in
from journeys.bucketed import bucketed
from journeys.definition import Definition
from journeys.errors import OfframpError
from journeys.file_shards import FileShards
from journeys.log import needed_columns
from journeys.read import read_events
from journeys.shards import HeldShards, Progress, Shards, Whole
from journeys.writing import whole_file

FITS = 20_000_000
"""A log of so many events is held: about two GiB, and as much again while it is read."""

_MOST_BUCKETS = 256  # files that are written to at once
_FORM = 3


def read_shards(
    path: str | Path,
    definition: Definition,
    *,
    folder: Path | None = None,
    fits: int = FITS,
    size: int = 1_000_000,
    progress: Progress | None = None,
) -> Shards:
    """Return a log as shards: in memory where it has at most ``fits`` events, else in files.

    Parameters
    ----------
    path : a file of events, a folder of Parquet files, or a database's address; what can only be
        read whole (XES, a form, a query) is held, whatever its size
    folder : where the buckets stay, for whoever asks for the same log again by a definition that
        reads the same columns; without it they stand in a temporary folder (``TMPDIR``) and go
        with the shards
    size : about how many events a shard has
    progress : called while a log that does not fit is read

    Raises
    ------
    EventLogError, DefinitionError
        As `journeys.read.read_events`.
    OfframpError
        If the buckets cannot be written.
    """
    events = events_in(path, definition)
    if events <= fits:
        return HeldShards(definition, read_events(path, definition), size)
    path = Path(path)
    kept: object = None
    if folder is None:
        temporary = _Temporary()
        folder, kept = temporary.folder, temporary
    print_ = _print_of(path, definition)
    found = _kept(folder, definition, print_, size)
    if found is not None:
        return found
    many = max(1, min(_MOST_BUCKETS, -(-events // size)))
    try:
        (folder / "shards.json").unlink(missing_ok=True)
        made = bucketed(path, definition, folder, buckets=many, size=size, progress=progress)
    except OSError as fault:
        raise OfframpError(
            f"The shards of the log cannot be written to {str(folder)!r}: "
            f"{fault.strerror or fault}. They take about as much space as the log does as Parquet; "
            "give a folder that has it (TMPDIR names the one for temporary files)."
        ) from None
    _keep(made, folder, print_)
    return replace(made, kept=kept)


class _Temporary:
    """A folder that goes when nobody holds this any more, at the latest at the end."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="offramp-shards-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def _print_of(path: Path, definition: Definition) -> str:
    """Return a fingerprint of the log's files, and of how a definition reads them."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    stats = [(str(file), file.stat()) for file in files if file.is_file()]
    numbers = {*definition.attributes.numeric, *definition.said}
    read = [sorted(needed_columns(definition)), sorted(definition.fields), sorted(numbers)]
    said = [json.dumps([definition.of_the_file, *read], sort_keys=True), str(path.resolve())]
    said += [f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats]
    return blake2b("\n".join(said).encode(), digest_size=16).hexdigest()


def _keep(shards: FileShards, folder: Path, print_: str) -> None:
    whole = shards.whole
    said = {
        "form": _FORM,
        "print": print_,
        "begins": whole.begins.isoformat(),
        "ends": whole.ends.isoformat(),
        "events": whole.events,
        "customers": whole.customers,
        "categories": whole.categories,
        "number_keys": shards.number_keys,
        "buckets": [bucket.name for bucket in shards.buckets],
    }
    with whole_file(folder / "shards.json") as place:
        place.write_text(json.dumps(said), encoding="utf-8")


def _kept(folder: Path, definition: Definition, print_: str, size: int) -> FileShards | None:
    """Return the shards that a folder holds of this very log, if it does."""
    try:
        said: dict[str, Any] = json.loads((folder / "shards.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if (said.get("form"), said.get("print")) != (_FORM, print_):
        return None
    buckets = [folder / name for name in said["buckets"]]
    if not all(bucket.is_file() for bucket in buckets):
        return None
    begins, ends = (pd.Timestamp(said[name]).as_unit("us") for name in ("begins", "ends"))
    return FileShards(
        definition=definition,
        whole=Whole(begins, ends, said["events"], said["customers"], _tuples(said["categories"])),
        buckets=buckets,
        number_keys=said["number_keys"],
        size=size,
    )


def _tuples(said: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in said.items()}
