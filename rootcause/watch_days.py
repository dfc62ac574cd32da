"""The days of a watch: which are due, which were missed, and what may follow the last one."""

import hashlib
import json

import pandas as pd

from journeys.definition import Definition
from journeys.errors import FindingsError
from rootcause.register import Day

_MEANING = (
    "name",
    "columns",
    "start",
    "success",
    "failure",
    "abandoned_after",
    "leakage",
    "churn",
    "errors",
    "attributes",
)


def instants_due(last: Day | None, until: pd.Timestamp, *, most: int) -> list[pd.Timestamp]:
    """Return the instants to look at: ``until`` and, before it, those of days nobody watched.

    Each at the time of day of ``until``; at most the last ``most`` of those missed, and none before
    the first look. All are UTC.
    """
    gap = 0 if last is None else _days_between(last.day, until)
    back = min(max(gap - 1, 0), most)
    return [until - pd.Timedelta(days=days) for days in range(back, -1, -1)]


def days_missed(last: Day | None, first: pd.Timestamp) -> tuple[str, ...]:
    """Return the days between the last look and the first that is made now, YYYY-MM-DD."""
    if last is None:
        return ()
    start = pd.Timestamp(last.day)
    gap = range(1, _days_between(last.day, first))
    return tuple(f"{start + pd.Timedelta(days=day):%Y-%m-%d}" for day in gap)


def definition_hash(definition: Definition) -> str:
    """Return what of a definition makes findings comparable: values and constraints may change."""
    told = definition.as_dict()
    text = json.dumps({key: told.get(key) for key in _MEANING}, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def refuse_what_cannot_follow(last: Day, definition: Definition, *, day: str, meant: bool) -> None:
    """Refuse a look at an earlier day, or one with another definition unless that is ``meant``.

    Raises
    ------
    FindingsError
        If the day or the definition cannot follow the last look.
    """
    if day < last.day:
        raise FindingsError(
            f"The journey {definition.name!r} was watched until {last.day}; a look at {day} would "
            "take back what is known since. Give a later time, or another state folder to replay "
            "the past."
        )
    if last.definition != definition_hash(definition) and not meant:
        raise FindingsError(
            f"The definition of {definition.name!r} is not the one that was watched until "
            f"{last.day}: its rules, columns or attributes have changed, so what is found now "
            "cannot be compared with what was found then. Give the old definition, a new state "
            "folder, or --new-definition to go on with the cases as they are."
        )


def _days_between(day: str, until: pd.Timestamp) -> int:
    return (pd.Timestamp(f"{until:%Y-%m-%d}") - pd.Timestamp(day)).days
