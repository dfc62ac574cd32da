"""What changed since the last look: the answer of a day's watch, for a person and as data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Change:
    """What happened to one case on one day, in a sentence; ``state``: the one it is in now."""

    finding: str
    outcome: str
    conditions: dict[str, str]
    state: str
    what: str
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Return the change as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Changes:
    """What one day's watch of one journey has changed.

    Attributes
    ----------
    journey, day, until : whose, the day, and the instant at which its log was cut (UTC)
    opened, updated, closed, reopened, expired : cases; ``what`` of an update is *worse*, *better*
        or *named otherwise*
    verdicts : cases whose fix is judged otherwise than before
    alarms, alarms_over : KPI alarms (`rootcause.band.Alarm`) that began, or no longer stand
    warnings, warnings_over : early warnings that began, or no longer stand
    standing : how many stand now: ``cases``, ``alarms``, ``warnings``
    searched : per outcome what was searched, and why
    missed : days before this one on which nobody watched and which were not made up for
    """

    journey: str
    day: str
    until: str
    opened: tuple[Change, ...] = ()
    updated: tuple[Change, ...] = ()
    closed: tuple[Change, ...] = ()
    reopened: tuple[Change, ...] = ()
    expired: tuple[Change, ...] = ()
    verdicts: tuple[Change, ...] = ()
    alarms: tuple[dict[str, Any], ...] = ()
    alarms_over: tuple[dict[str, Any], ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()
    warnings_over: tuple[dict[str, Any], ...] = ()
    standing: dict[str, int] | None = None
    searched: dict[str, str] | None = None
    missed: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How much is news; 0: nothing changed."""
        return sum(len(getattr(self, name)) for name in (*OF_CASES, *OF_SIGNS))

    def as_dict(self) -> dict[str, object]:
        """Return the changes as plain data."""
        shown = {field.name: getattr(self, field.name) for field in fields(self)}
        of_cases = {name: [one.as_dict() for one in getattr(self, name)] for name in OF_CASES}
        signs = {name: list(getattr(self, name)) for name in (*OF_SIGNS, "missed")}
        return {**shown, **of_cases, **signs, "nothing_changed": self.count == 0}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Changes":
        """Return the changes that `as_dict` gave; raises KeyError or TypeError if they are not."""
        given = {name: written[name] for name in (field.name for field in fields(cls))}
        of_cases = {name: tuple(Change(**one) for one in given[name]) for name in OF_CASES}
        signs = {name: tuple(given[name]) for name in (*OF_SIGNS, "missed")}
        return cls(**{**given, **of_cases, **signs})


OF_CASES = ("opened", "updated", "closed", "reopened", "expired", "verdicts")
OF_SIGNS = ("alarms", "alarms_over", "warnings", "warnings_over")
