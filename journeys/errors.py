"""Everything that can be wrong with what a user gave us, said in the user's words.

OfframpError                  one clear message; the command line prints it and exits with 1
├── EventLogError             the table of events cannot be read or does not hold what it must
├── DefinitionError           the YAML of a journey says something that cannot be
├── TooLittleDataError        the log is sound, but too short, small or one-sided to learn from
├── BundleError               fitted models are missing, damaged or made by other code
│   └── RegistryAwayError     the model registry does not answer; it may come back
├── FindingsError             a findings file is unreadable or does not hold the finding asked for
├── SegmentError              a condition on customers cannot be understood, or asks for too much
├── KeysError                 a file of API keys is unreadable or does not hold the key asked for
├── RequestError              a scoring request cannot be understood
└── StoreError                the event store cannot be opened, or not just now
    ├── StoreAwayError        the database does not answer; it may come back
    └── StoreFullError        there is no room left to write

Each message answers three questions: what is wrong, what was found, what to do.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches


class OfframpError(Exception):
    """A fault in the input, with a message for the person who gave it."""


class EventLogError(OfframpError):
    """The table of events cannot be read or does not hold what it must."""

    @classmethod
    def missing_columns(cls, missing: Iterable[str], present: Iterable[str]) -> "EventLogError":
        """Name each missing column, the closest one present, and the way out."""
        present = sorted(map(str, present))
        named = ", ".join(with_closest(column, present) for column in sorted(missing))
        return cls(
            f"The event log lacks the column {named}; it has {listed(present)}. "
            "Rename the column in the file, or map it under `columns:` in the journey definition "
            "(ours: the file's)."
        )


class DefinitionError(OfframpError):
    """The YAML of a journey says something that cannot be."""


class TooLittleDataError(OfframpError):
    """The log is sound but too short, too small or too one-sided to learn from."""


class BundleError(OfframpError):
    """Fitted models are missing, damaged or made by other code."""


class RegistryAwayError(BundleError):
    """The model registry does not answer; it may come back."""


class FindingsError(OfframpError):
    """A findings file is unreadable or does not hold the finding asked for."""


class SegmentError(OfframpError):
    """A condition on customers cannot be understood, or asks for what may not be asked."""


class KeysError(OfframpError):
    """A file of API keys is unreadable, can be changed by others, or lacks the key asked for."""


class RequestError(OfframpError):
    """A scoring request cannot be understood."""


class StoreError(OfframpError):
    """The event store cannot be opened or used."""


class StoreAwayError(StoreError):
    """The database does not answer; it may come back."""


class StoreFullError(StoreError):
    """There is no room left to write."""


def with_closest(name: str, known: Iterable[str]) -> str:
    """Return the name quoted, with the closest known name where there is one.

    >>> with_closest("aktivity", ["activity", "time"])
    "'aktivity' (closest: 'activity')"
    """
    closest = get_close_matches(str(name), [str(other) for other in known], n=1)
    return f"{name!r} (closest: {closest[0]!r})" if closest else repr(name)


def told_by_mlflow(fault: Exception) -> str:
    """Return what an MLflow store said, in one line, and what to do about it.

    >>> told_by_mlflow(OSError("API request failed with error code 403 != 200"))[:34]
    'whoever asks may not do that (403)'
    """
    told = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:300].rstrip(".")
    if re.search(r"error code 401\b|UNAUTHENTICATED|not authenticated", told):
        return (
            "it does not know who asks (401). Set MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to what whoever runs it gave you."
        )
    if re.search(r"error code 403\b|PERMISSION_DENIED|Permission denied", told):
        return (
            "whoever asks may not do that (403). Ask whoever runs it for the permission, or be "
            "somebody else: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
        )
    return f"{told}. Check MLFLOW_TRACKING_URI, and that the store is up."


def listed(names: Iterable[object], most: int = 12) -> str:
    """Return names as a readable list, cut after the first few.

    >>> listed(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    quoted = [repr(str(name)) for name in names]
    if len(quoted) <= most:
        return ", ".join(quoted) or "nothing"
    return f"{', '.join(quoted[:most])} and {len(quoted) - most} more"


def nothing_until(until: datetime, begins: datetime) -> TooLittleDataError:
    """Return what to say where a log has no event by an instant; both are UTC."""
    return TooLittleDataError(
        f"The log begins on {begins:%Y-%m-%d %H:%M} UTC; until {until:%Y-%m-%d %H:%M} there is "
        "nothing in it. Give a later time."
    )
