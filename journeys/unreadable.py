"""What of a log cannot be read, counted over all its parts, so that the error tells of the whole.

The sentences are those of one table of events; a log that is read in parts says them at its end.
"""

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from journeys.errors import EventLogError
from journeys.times import number_hint

Fault = Literal["absent", "plain numbers", "no time", "no number"]


@dataclass
class Unreadable:
    """The faults of a log so far.

    Attributes
    ----------
    events : how many have been looked at
    found : of each fault (what, our name, the file's name), in the order of the columns: how many
        values, and the first of them
    hint : what to do about times that are plain numbers
    """

    events: int = 0
    found: dict[tuple[Fault, str, str], tuple[int, object]] = field(default_factory=dict)
    hint: str = ""
    _columns: dict[str, None] = field(default_factory=dict)

    def add(self, what: Fault, ours: str, column: pd.Series, faulty: pd.Series) -> None:
        """Count the faulty values of a column, by our name for it; none is no fault."""
        self._columns.setdefault(ours)
        if not faulty.any():
            return
        key = (what, ours, str(column.name))
        if what == "plain numbers" and not self.hint:
            self.hint = number_hint(column)
        many, first = self.found.get(key, (0, column[faulty].iloc[0]))
        self.found[key] = (many + int(faulty.sum()), first)

    def refuse(self) -> None:
        """Raise an `EventLogError` of the first column that has a fault; pass where none has."""
        columns = list(self._columns)
        in_order = sorted(self.found.items(), key=lambda item: columns.index(item[0][1]))
        for (what, ours, name), (many, first) in in_order:
            raise EventLogError(self._sentence(what, (ours, name), many, first))

    def _sentence(self, what: Fault, named: tuple[str, str], many: int, first: object) -> str:
        ours, name = named
        if what == "absent":
            return (
                f"{many:,} of {self.events:,} events have no {ours} (column {name!r}); "
                "fill them in or leave these events out of the file."
            )
        if what == "plain numbers":
            return (
                f"The times in column {name!r} are plain numbers, for instance {first!r}; "
                f"{self.hint}."
            )
        if what == "no time":
            found = "nothing" if pd.isna(first) else repr(str(first))  # type: ignore[call-overload]
            return (
                f"{many:,} of {self.events:,} times in column {name!r} cannot be read, "
                f"for instance {found}; write them as in 2026-03-03T09:30:00Z."
            )
        return (
            f"{many:,} values of the numeric attribute {ours!r} are not numbers, for instance "
            f"{str(first)!r}; correct them, or, if they are no numbers, take {ours!r} out of "
            "`numeric:` (or `survey:`)."
        )
