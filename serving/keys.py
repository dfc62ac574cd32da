"""API keys: who may ask for what.  Shown once, kept as a digest, read again when the file changes.

A key is 256 random bits, so a plain SHA-256 hides it: there is nothing to guess that a slow digest
would protect.
"""

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import Literal

import msgspec
from msgspec import Struct

from journeys.errors import KeysError, listed, with_closest

Scope = Literal["read", "ingest", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "ingest", "admin")
PREFIX = "ofr_"

_CHECKED_EVERY = 1.0  # seconds
_logger = logging.getLogger("offramp.serving")


class Key(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One key: its name, the digest of its text, what it may do, since when, how often.

    ``rate`` is requests per second, None for any number.
    """

    name: str
    sha256: str
    scopes: list[Scope]
    created: str
    rate: float | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[Key]


class Keys:
    """The keys of a file, which is looked at again once a second.

    A file that has become unreadable changes nothing but the log: the keys read last stay valid,
    because a slip of the hand must not lock everybody out, and whom it lets in was let in before.
    """

    def __init__(self, keys: Sequence[Key], path: Path | None = None) -> None:
        self._path = path
        self._stamp = None if path is None else _stamp(path)
        self._looked = monotonic()
        self._take(keys)

    @classmethod
    def from_file(cls, path: str | Path) -> "Keys":
        """Return the keys of a file; raise `KeysError` if it has none that can be read."""
        found = read_keys(path)
        if not found:
            raise KeysError(
                f"The file of keys {str(path)!r} holds no key: nobody could ask anything. "
                f"Add one: offramp keys add --file {path} --scope read"
            )
        return cls(found, Path(path))

    def find(self, presented: str) -> Key | None:
        """Return whose key this is, or None; in a time that says nothing of the keys there are."""
        if self._path is not None and monotonic() - self._looked > _CHECKED_EVERY:
            self._look_again(self._path)
        shown = sha256(presented.encode(errors="replace")).digest()
        found = None
        for digest, key in self._known:
            if compare_digest(digest, shown):
                found = key
        return found

    def scopes(self, presented: str) -> frozenset[Scope] | None:
        """Return what a presented key may do; None if it is none of ours."""
        key = self.find(presented)
        return None if key is None else frozenset(key.scopes)

    def _take(self, keys: Sequence[Key]) -> None:
        self._known = [(bytes.fromhex(key.sha256), key) for key in keys]

    def _look_again(self, path: Path) -> None:
        self._looked = monotonic()
        stamp = _stamp(path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._take(read_keys(path))
            _logger.info("the file of keys was read again: %d keys", len(self._known))
        except KeysError as error:
            _logger.error("the keys read before stay valid: %s", error)


@dataclass
class Bucket:
    """A token bucket: ``rate`` requests per second on average, at most a second's worth at once."""

    rate: float
    left: float = field(init=False)
    since: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.since = self.most, monotonic()

    @property
    def most(self) -> float:
        """How many requests may come at once."""
        return max(1.0, self.rate)

    def taken(self, now: float) -> bool:
        """Take one token, if there is one; ``now`` is `time.monotonic`'s."""
        self.left = min(self.most, self.left + max(0.0, now - self.since) * self.rate)
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True

    @property
    def seconds_until_next(self) -> float:
        """How long until there is a token again."""
        return max(0.0, (1 - self.left) / self.rate)

    @property
    def seconds_until_full(self) -> float:
        """How long until the bucket is full again, if nobody asks."""
        return (self.most - self.left) / self.rate


def read_keys(path: str | Path) -> list[Key]:
    """Return the keys of a file; none if there is no such file.

    Raises
    ------
    KeysError
        If the file cannot be read, is not one of keys, or others may write to it.
    """
    path = Path(path)
    try:
        _require_ours(path)
        found = msgspec.json.decode(path.read_bytes(), type=_File).keys
        for key in found:
            bytes.fromhex(key.sha256)
    except FileNotFoundError:
        return []
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise KeysError(
            f"The file of keys {str(path)!r} cannot be read: {error}. "
            "Write it with `offramp keys add`, or take it from a backup."
        ) from None
    return found


def add_key(path: str | Path, name: str, scopes: Iterable[Scope], rate: float | None) -> str:
    """Add a key to a file, made if need be (mode 0600), and return the key's text.

    It is not kept: who loses it gets a new one.
    """
    there = read_keys(path)
    if name in {key.name for key in there}:
        raise KeysError(
            f"There is a key named {name!r} in {str(path)!r} already. Choose another name, or "
            f"remove that one first: offramp keys remove --file {path} --name {name}"
        )
    text = PREFIX + token_urlsafe(32)
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    digest = sha256(text.encode()).hexdigest()
    asked = set(scopes)
    ordered = [scope for scope in SCOPES if scope in asked]
    _write(Path(path), [*there, Key(name, digest, ordered, created, rate)])
    return text


def remove_key(path: str | Path, name: str) -> None:
    """Take a key out of a file; a running service forgets it within a second or two."""
    there = read_keys(path)
    left = [key for key in there if key.name != name]
    if len(left) == len(there):
        names = [key.name for key in there]
        raise KeysError(
            f"There is no key named {with_closest(name, names)} in {str(path)!r}; it has "
            f"{listed(names)}."
        )
    _write(Path(path), left)


def _write(path: Path, keys: Sequence[Key]) -> None:
    """Replace a file as a whole: a reader sees all of it or what was there before."""
    text = msgspec.json.format(msgspec.json.encode(_File(list(keys))), indent=2)
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=".keys-", delete=False) as file:
            file.write(text + b"\n")  # such a file is made with mode 0600
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise KeysError(f"Cannot write the file of keys {str(path)!r}: {error.strerror}.") from None


def _require_ours(path: Path) -> None:
    if path.stat().st_mode & 0o022:
        raise PermissionError(
            "others than its owner may write to it, so anybody could have added a key "
            "(chmod 600 it, after a look at the names in it)"
        )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
