"""What the watch knows: the cases of its state folder, read again whenever they change.

The folder is that of ``offramp watch --state``; a folder or a single file of ``offramp findings``
will do, too, but nobody can act on it.
"""

import hashlib
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import get_args

from journeys.errors import FindingsError, OfframpError
from rootcause.findings import Findings, read_findings
from rootcause.life import Case, State, opened
from rootcause.register import REGISTER, read_register

_logger = logging.getLogger("offramp.serving")

_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Known:
    """The cases as they were last read; ``tag`` names this reading of them."""

    cases: tuple[Case, ...] = ()
    tag: str = "none"


class KnownCases:
    """The cases of a state folder or a file of findings; None for a place: there are none.

    Whoever asks gets what stands in the files now.  Files that cannot be read any more are told in
    the log, and what was known before stays known.

    Raises
    ------
    FindingsError
        When it is made: if what is there cannot be read.
    """

    def __init__(self, place: str | Path | None) -> None:
        self.place = None if place is None else Path(place)
        self._lock = Lock()
        self._stamp: _Stamp = ()
        self._known = Known()
        if self.place is not None:
            _require_there(self.place)
            self._stamp = self._stamped()
            self._known = _read(self.place, self._stamp)

    @property
    def folder(self) -> Path | None:
        """The folder of a watch, in which people can act; None for mere files of findings."""
        if self.place is None or self.place.is_file() or not (self.place / REGISTER).is_file():
            return None
        return self.place

    def now(self) -> Known:
        """Return the cases as they stand now; the same object as long as nothing has changed."""
        if self.place is None or self._stamped() == self._stamp:
            return self._known
        with self._lock:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._read_again(self.place, stamp)
        return self._known

    def _read_again(self, place: Path, stamp: _Stamp) -> None:
        try:
            self._known = _read(place, stamp)
        except OfframpError as error:
            _logger.error("The findings stay as they were: %s", error)
        self._stamp = stamp

    def _stamped(self) -> _Stamp:
        """Return what changes when the files do."""
        place = self.place
        if place is None:
            return ()
        try:
            return (_stamp_of(place / REGISTER),)
        except OSError:
            return tuple(_stamp_of(file) for file in _files(place))


def _require_there(place: Path) -> None:
    if not place.exists():
        raise FindingsError(
            f"There is no state folder or file of findings at {str(place)!r}. Give the folder that "
            "`offramp watch --state` wrote, or the file of `offramp findings --json`."
        )


def _stamp_of(file: Path) -> tuple[str, int, int, int]:
    told = os.stat(file)  # noqa: PTH116 - asked at every request; Path.stat costs twice as much
    return file.name, told.st_mtime_ns, told.st_size, told.st_ino


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(place.glob("findings*.json"))


def _read(place: Path, stamp: _Stamp) -> Known:
    if (place / REGISTER).is_file():
        cases = read_register(place).cases
    else:
        cases = tuple(_once(case for file in _files(place) for case in _cases_of(file)))
    return Known(cases, hashlib.blake2b(repr(stamp).encode(), digest_size=8).hexdigest())


def _cases_of(file: Path) -> list[Case]:
    found: Findings = read_findings(file)
    day = found.log_ends[:10]
    cases = [
        opened(one, journey=found.journey, outcome=found.outcome, day=day, at=found.log_ends)
        for one in found.findings
    ]
    return [_in_its_state(case) for case in cases]


def _in_its_state(case: Case) -> Case:
    """Return the case in the state that the file gives its finding."""
    state = next((one for one in get_args(State) if one == case.finding.state), case.state)
    return replace(case, state=state, history=(replace(case.history[0], state=state),))


def _once(cases: Iterable[Case]) -> list[Case]:
    return list({case.id: case for case in cases}.values())
