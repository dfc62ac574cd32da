"""The register: the state folder of a watch, read and written whole or not at all.

``watch.json`` is all there is to know: cases with their history, what stands, what was looked at
and when. ``findings-JOURNEY-OUTCOME.json`` beside it hold the cases that are not done, as
`rootcause.findings` reads them; they are made from the register, and made again whenever they
differ. Nothing here holds a customer's key.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from journeys.definition import Outcome
from journeys.errors import FindingsError, OfframpError, listed
from journeys.writing import whole_file
from rootcause.findings import Findings
from rootcause.life import Case
from rootcause.watch_changes import Changes

FORMAT = 1
REGISTER = "watch.json"
_LOCK = ".lock"


@dataclass(frozen=True)
class Day:
    """The last look at one journey.

    Attributes
    ----------
    journey, definition : its name and what of its definition makes findings comparable (a hash)
    until : UTC instant at which the log was cut; its date is the day
    outcomes : those that are watched
    everything : per outcome the day of the last search at every step
    changes : what that look has changed
    """

    journey: str
    definition: str
    until: str
    outcomes: tuple[Outcome, ...]
    everything: dict[str, str]
    changes: Changes

    @property
    def day(self) -> str:
        """The date of the last look, YYYY-MM-DD (UTC)."""
        return self.until[:10]

    def as_dict(self) -> dict[str, object]:
        """Return the day as plain data."""
        return {
            "journey": self.journey,
            "definition": self.definition,
            "until": self.until,
            "outcomes": list(self.outcomes),
            "everything": self.everything,
            "changes": self.changes.as_dict(),
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Day":
        """Return the day that `as_dict` gave; raises KeyError or TypeError if it is none."""
        return cls(
            journey=written["journey"],
            definition=written["definition"],
            until=written["until"],
            outcomes=tuple(written["outcomes"]),
            everything=written["everything"],
            changes=Changes.from_dict(written["changes"]),
        )


@dataclass(frozen=True)
class Register:
    """What is known of every case, and what stands as of the last look.

    Attributes
    ----------
    cases : of all journeys and outcomes, the first opened first
    days : the last look at each journey
    alarms : the KPI alarms that stand, as `rootcause.band.Alarm.as_dict` says them
    warnings : the early warnings that stand, each with its ``journey`` and ``outcome``
    searches : the last search of each journey and outcome, without its findings: how far it looked,
        and what could hide
    """

    cases: tuple[Case, ...] = ()
    days: tuple[Day, ...] = ()
    alarms: tuple[dict[str, Any], ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()
    searches: tuple[Findings, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the register as plain data: text, numbers, lists and objects only."""
        return {
            "format": FORMAT,
            "days": [day.as_dict() for day in self.days],
            "cases": [case.as_dict() for case in self.cases],
            "alarms": list(self.alarms),
            "warnings": list(self.warnings),
            "searches": [searched.as_dict() for searched in self.searches],
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Register":
        """Return the register that `as_dict` gave.

        Raises
        ------
        FindingsError
            If it was made by another version, or does not hold what it must.
        """
        if written.get("format") != FORMAT:
            raise FindingsError(
                f"The state was written in format {written.get('format')!r}, this version of "
                f"Offramp reads format {FORMAT}. Use the version that wrote it, or watch into a "
                "new folder."
            )
        try:
            return cls(
                cases=tuple(map(Case.from_dict, written["cases"])),
                days=tuple(map(Day.from_dict, written["days"])),
                alarms=tuple(written["alarms"]),
                warnings=tuple(written["warnings"]),
                searches=tuple(map(Findings.from_dict, written["searches"])),
            )
        except (KeyError, TypeError) as fault:
            raise FindingsError(
                f"The state lacks what it must hold ({fault}). Restore the folder from a copy, or "
                "watch into a new one."
            ) from fault

    def day_of(self, journey: str) -> Day | None:
        """Return the last look at a journey, None if there was none."""
        return next((day for day in self.days if day.journey == journey), None)

    def cases_of(self, journey: str, outcome: Outcome) -> tuple[Case, ...]:
        """Return all cases about one outcome of one journey."""
        return tuple(
            case for case in self.cases if (case.journey, case.outcome) == (journey, outcome)
        )

    def case(self, id_: str) -> Case:
        """Return the case of an id, of its unmistakable beginning, or of a name it also had.

        Raises
        ------
        FindingsError
            If no case, or more than one, has it.
        """
        found = [
            case
            for case in self.cases
            if id_ and any(one.startswith(id_) for one in (case.id, *case.also_known_as))
        ]
        if len(found) != 1:
            problem = "No finding has" if not found else "Several findings begin with"
            known = listed(case.id for case in self.cases)
            raise FindingsError(f"{problem} the id {id_!r}; the state folder holds {known}.")
        return found[0]

    def with_cases(self, cases: Sequence[Case]) -> "Register":
        """Return the register with cases in the place of those of the same id, new ones last."""
        given = {case.id: case for case in cases}
        kept = [given.pop(case.id, case) for case in self.cases]
        return replace(self, cases=(*kept, *given.values()))

    def with_search(self, searched: Findings) -> "Register":
        """Return the register with a search in the place of the last of its journey and outcome."""
        about = (searched.journey, searched.outcome)
        others = [one for one in self.searches if (one.journey, one.outcome) != about]
        return replace(self, searches=(*others, replace(searched, findings=())))

    def with_day(
        self, day: Day, alarms: Sequence[dict[str, Any]], warnings: Sequence[dict[str, Any]]
    ) -> "Register":
        """Return the register after a look at a journey, with what stands of it."""
        return replace(
            self,
            days=(*(one for one in self.days if one.journey != day.journey), day),
            alarms=(*(one for one in self.alarms if one["journey"] != day.journey), *alarms),
            warnings=(*(one for one in self.warnings if one["journey"] != day.journey), *warnings),
        )


def read_register(folder: str | Path) -> Register:
    """Return the register of a state folder; an empty one where nobody has watched yet.

    Raises
    ------
    FindingsError
        If the folder cannot be read, or was written by another version.
    """
    path = Path(folder) / REGISTER
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Register()
    except (OSError, ValueError) as fault:
        raise FindingsError(
            f"The state {str(path)!r} cannot be read ({fault}). Restore the folder from a copy, or "
            "watch into a new one."
        ) from fault
    if not isinstance(written, dict):
        raise FindingsError(
            f"The state {str(path)!r} holds no JSON object. Restore the folder from a copy, or "
            "watch into a new one."
        )
    return Register.from_dict(written)


def write_register(register: Register, folder: str | Path) -> None:
    """Write the register, then the findings files that follow from it.

    A file that would not change stays untouched. Whoever is killed in between finds the register
    whole, and the next call makes the files.

    Raises
    ------
    OfframpError
        If the folder cannot be written to.
    """
    folder = Path(folder)
    _put(folder / REGISTER, register.as_dict())
    for searched in register.searches:
        cases = register.cases_of(searched.journey, searched.outcome)
        standing = tuple(case.as_finding() for case in cases if not case.is_done)
        day = register.day_of(searched.journey)
        as_of = searched.log_ends if day is None else day.until
        found = replace(searched, findings=standing, log_ends=as_of)
        _put(folder / f"findings-{found.journey}-{found.outcome}.json", found.as_dict())


@contextmanager
def locked(folder: str | Path) -> Iterator[None]:
    """Hold a state folder while it is read, changed and written; made if it is missing.

    The lock ends with the process, however it ends.

    Raises
    ------
    OfframpError
        If another process holds it, or the folder cannot be written to.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR)
    except OSError as fault:
        raise OfframpError(
            f"The state folder {str(folder)!r} cannot be written to: {fault.strerror or fault}. "
            "Give a folder that may be."
        ) from fault
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise OfframpError(
                f"The state folder {str(folder)!r} is in use by another run of `offramp watch` or "
                "`offramp finding`. Wait until it has finished, then run this again; nothing was "
                "changed."
            ) from fault
        _clear(folder)
        yield
    finally:
        os.close(lock)


def _clear(folder: Path) -> None:
    """Remove what a run that was killed while it wrote has left beside the files."""
    for pattern in (f".{REGISTER}.*", ".findings-*.json.*"):
        for left in folder.glob(pattern):
            left.unlink(missing_ok=True)


def _put(path: Path, content: dict[str, object]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")
