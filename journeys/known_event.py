"""Known events: what moves the number of journeys and is no fault, as Christmas or a campaign."""

from collections.abc import Iterable
from datetime import date

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_serializer, model_validator

from journeys.rule import Frozen


class KnownEvent(Frozen):
    """Days on which more or fewer journeys begin, for a reason that everybody knows.

    ``first`` and ``last`` (``from`` and ``until`` in the YAML; without it, one day) are both part
    of it; days are those of UTC.
    """

    what: str
    first: date = Field(alias="from")
    last: date = Field(alias="until")

    @model_validator(mode="before")
    @classmethod
    def _lasts_a_day(cls, written: object) -> object:
        if isinstance(written, dict) and "from" in written:
            return {"until": written["from"], **written}
        return written

    @field_validator("what")
    @classmethod
    def _says_something(cls, what: str) -> str:
        if not what.strip():
            raise ValueError("say what it is, as in Christmas or spring campaign")
        return what

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "KnownEvent":
        if self.last < self.first:
            raise ValueError(
                f"{self.what!r} goes from {self.first} until {self.last}, which is earlier; "
                "swap the two"
            )
        return self

    @model_serializer(mode="plain")
    def _as_written(self) -> dict[str, object]:
        return {"what": self.what, "from": str(self.first), "until": str(self.last)}


def known_days(events: Iterable[KnownEvent], first: int, n_days: int) -> NDArray[np.bool_]:
    """Return which of the days from ``first`` on (days since the epoch, UTC) are part of an event.

    Shape (n_days,).
    """
    found = np.zeros(n_days, dtype=np.bool_)
    for event in events:
        begins, ends = np.array([event.first, event.last], dtype="M8[D]").astype(np.int64) - first
        found[max(begins, 0) : max(ends + 1, 0)] = True
    return found
