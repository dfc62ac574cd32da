"""Good bundles kept in a folder of this machine, for when the registry is away.

```
FOLDER/NAME-DIGEST/         one address of one store
    good.json               the versions that have answered, the latest first
    VERSION/                a bundle, as it was fetched; its hashes are checked when it is loaded
```
A bundle is moved to its place as a whole, and named in ``good.json`` only then.
"""

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

_GOOD = "good.json"
_KEPT = 2
_logger = logging.getLogger("offramp.serving")


class Kept(NamedTuple):
    """A version that has answered before, and its folder."""

    version: str
    folder: Path


def default_cache() -> Path:
    """Return where models are kept if nobody says otherwise: in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "offramp" / "models"


class ModelCache:
    """The good bundles of every address served from here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kept(self, uri: str, store: str) -> list[Kept]:
        """Return the versions of an address that have answered before, the latest first."""
        place = self._place(uri, store)
        try:
            versions = json.loads((place / _GOOD).read_text(encoding="utf-8"))
            found = [Kept(str(version), place / _as_name(version)) for version in versions]
        except (OSError, ValueError, TypeError):
            return []
        return [one for one in found if one.folder.is_dir()]

    @contextmanager
    def room(self) -> Iterator[Path]:
        """Give an empty folder to fetch into, on the same disk where that can be."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = mkdtemp(prefix=".fetching-", dir=self._folder)
        except OSError:
            folder = mkdtemp(prefix="offramp-")
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, uri: str, store: str, version: str, bundle: Path) -> None:
        """Keep the bundle of a version that has passed its self-test; it is moved.

        A disk that is full or may not be written to is logged: the service has what it needs in
        memory, only a restart without the registry would not.
        """
        place = self._place(uri, store)
        others = [one.version for one in self.kept(uri, store) if one.version != version]
        good = [version, *others[: _KEPT - 1]]
        try:
            place.mkdir(parents=True, exist_ok=True)
            _move(bundle, place / _as_name(version))
            _write(place / _GOOD, json.dumps(good))
            for old in others[_KEPT - 1 :]:
                shutil.rmtree(place / _as_name(old), ignore_errors=True)
        except OSError as fault:
            _logger.warning(
                "The model %r cannot be kept in %s (%s): a restart while the registry is away "
                "would not have it. Name a folder that can be written to with --cache.",
                uri,
                self._folder,
                fault.strerror,
            )

    def _place(self, uri: str, store: str) -> Path:
        told = re.sub(r"//[^/@\s]*@", "//", store)  # a new password makes no new store
        if told.startswith("sqlite:///"):  # a relative path is another store elsewhere
            told = str(Path(told.removeprefix("sqlite:///")).absolute())
        digest = hashlib.sha256(f"{told}\n{uri}".encode()).hexdigest()[:12]
        return self._folder / f"{_as_name(uri.rpartition('/')[2])[:80]}-{digest}"


def _as_name(text: object) -> str:
    """Return a text as the name of a file."""
    return re.sub(r"[^A-Za-z0-9_@=-]", "_", str(text)) or "_"


def _move(bundle: Path, to: Path) -> None:
    """Let a folder stand at its place, whole, and on the disk."""
    for path in bundle.iterdir():
        _sync(path)
    aside = to.with_name(f".old-{to.name}-{os.getpid()}")
    if to.exists():
        to.rename(aside)
    try:
        shutil.move(bundle, to)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _sync(to.parent)


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    _sync(beside)
    beside.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
