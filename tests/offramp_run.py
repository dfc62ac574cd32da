"""What a test is answered when it runs a command as a user does."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What was said, without the breaks that a narrow terminal needs."""
        return " ".join((self.out + " " + self.err).split())


Command = Callable[..., Answer]
Run = Callable[..., tuple[int, str]]
"""Of words of the command line; the exit code, and what was said in one line."""
