"""Audiences: the lists of ``offramp audience`` in the folder of the watch, read when they change.

Every file of ``STATE/audiences`` (Parquet, CSV or JSON Lines) is a list as of an instant; of each
finding the newest is the audience, and the older ones tell who came and went.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import numpy as np
import pandas as pd

from journeys.errors import OfframpError
from journeys.log import microseconds
from rootcause.audience_file import read_audience
from serving.finding_messages import Member, Move
from serving.histories import utc_text
from serving.pseudonym import Pseudonym

FOLDER = "audiences"
STATES = ("affected", "at_risk")

_SUFFIXES = (".parquet", ".csv", ".jsonl")
_logger = logging.getLogger("offramp.serving")

Key = tuple[str, str]
"""A customer (pseudonym) and the id of a journey of theirs: by these lists are sorted."""
_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Audience:
    """The list of one finding as of an instant (microseconds UTC): ``members`` by their keys."""

    as_of: int
    members: Mapping[Key, Member]


_Lists = Mapping[str, tuple[Audience, ...]]


class Audiences:
    """The audiences in a state folder; None for a folder: there are none."""

    def __init__(self, state: Path | None, pseudonym: Pseudonym) -> None:
        self._folder = None if state is None else state / FOLDER
        self._pseudonym = pseudonym
        self._lock = Lock()
        self._stamp: _Stamp = ()
        self._files: dict[tuple[str, int, int, int], list[tuple[str, Audience]]] = {}
        self._lists: _Lists = MappingProxyType({})

    def of(self, finding: str) -> tuple[Audience, ...]:
        """Return the lists of a finding, the oldest first; read anew where a file has changed."""
        stamp = self._stamped()
        if stamp != self._stamp:
            with self._lock:
                self._read_again(stamp)
        return self._lists.get(finding, ())

    def _stamped(self) -> _Stamp:
        if self._folder is None or not self._folder.is_dir():
            return ()
        with os.scandir(self._folder) as entries:
            found = [one for one in entries if one.name.endswith(_SUFFIXES)]
            told = [(one.name, one.stat()) for one in found if not one.name.startswith(".")]
        return tuple(sorted((name, at.st_mtime_ns, at.st_size, at.st_ino) for name, at in told))

    def _read_again(self, stamp: _Stamp) -> None:
        """Read the files that are new; one that cannot be read is told in the log and left out."""
        if self._folder is None or stamp == self._stamp:
            return
        self._files = {
            one: self._files[one] if one in self._files else self._read(self._folder / one[0])
            for one in stamp
        }
        self._lists = _by_finding(audience for file in self._files.values() for audience in file)
        self._stamp = stamp

    def _read(self, path: Path) -> list[tuple[str, Audience]]:
        try:
            rows = read_audience(path)
        except OfframpError as error:
            _logger.error("An audience is left out: %s", error)
            return []
        there = rows[rows["state"].isin(STATES)]
        # Everybody may have left: then the list is empty, and says as of when.
        groups = dict(iter(there.groupby("audience", sort=False)))
        return [
            (str(name), self._audience(all_of_it, groups.get(name, there[:0])))
            for name, all_of_it in rows.groupby("audience", sort=False)
        ]

    def _audience(self, everybody: pd.DataFrame, there: pd.DataFrame) -> Audience:
        as_of = int(microseconds(everybody["as_of"]).max())
        members = {(one.customer_id, one.journey): one for one in self._members(there)}
        return Audience(as_of, MappingProxyType(dict(sorted(members.items()))))

    def _members(self, rows: pd.DataFrame) -> Iterator[Member]:
        since = microseconds(rows["since"])
        for row, at in zip(rows.itertuples(index=False), since, strict=True):
            yield Member(
                customer_id=self._pseudonym(str(row.customer_id)),
                journey=str(row.journey),
                state=str(row.state),
                probability=_share(row.probability),
                interval=(_share(row.low), _share(row.high)),
                since=None if at == np.iinfo(np.int64).min else utc_text(int(at)),
                reason=str(row.reason),
                held_out=bool(row.held_out),
            )


def moves_between(before: Audience | None, now: Audience) -> list[tuple[Key, Move]]:
    """Return who entered, left or moved from state to state between two lists, by key.

    Without an earlier list, everybody has entered.
    """
    known = before.members if before is not None else {}
    found = []
    for key in sorted(set(known) | set(now.members)):
        then, here = known.get(key), now.members.get(key)
        if then is None and here is not None:
            found.append((key, Move("entered", here)))
        elif then is not None and here is None:
            found.append((key, Move("left", then)))
        elif then is not None and here is not None and then.state != here.state:
            found.append((key, Move("moved", here)))
    return found


def latest_until(lists: Sequence[Audience], instant: int) -> Audience | None:
    """Return the latest list that is not after an instant; None where there is none."""
    return next((one for one in reversed(lists) if one.as_of <= instant), None)


def _by_finding(named: Iterable[tuple[str, Audience]]) -> _Lists:
    """Return the lists of each finding, the oldest first; of one instant the last named counts."""
    found: dict[str, dict[int, Audience]] = {}
    for name, audience in named:
        found.setdefault(name, {})[audience.as_of] = audience
    return MappingProxyType(
        {name: tuple(lists[at] for at in sorted(lists)) for name, lists in found.items()}
    )


def _share(value: object) -> float:
    """Return a probability; 1 where the list gives none: what is known is certain."""
    number = float(str(value))
    return min(max(number, 0.0), 1.0) if np.isfinite(number) else 1.0
