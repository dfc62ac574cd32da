"""A problem of a log: what is wrong, what was found, what to do."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["fault", "warning"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; the texts are parts of a sentence, ``found`` may be empty.

    ``example`` may hold a customer's key: it is for whoever has the log, not for a report.
    """

    severity: Severity
    what: str
    found: str
    do: str
    example: str = ""

    @property
    def sentence(self) -> str:
        """The problem in one sentence, with its example."""
        return self._said(self.found, self.example)

    @property
    def sentence_without_keys(self) -> str:
        """The problem in one sentence that names no customer."""
        return self._said(self.found)

    def _said(self, *found: str) -> str:
        told = "; ".join(part for part in found if part)
        return f"{self.what} ({told}); {self.do}." if told else f"{self.what}; {self.do}."
