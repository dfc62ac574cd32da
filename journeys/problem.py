"""A problem of a log: what is wrong, what was found, what to do."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["fault", "warning"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; the three texts are parts of a sentence, ``found`` may be empty."""

    severity: Severity
    what: str
    found: str
    do: str

    @property
    def sentence(self) -> str:
        """The problem in one sentence."""
        found = f" ({self.found})" if self.found else ""
        return f"{self.what}{found}; {self.do}."
