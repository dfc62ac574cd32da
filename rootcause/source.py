"""The source of a search: whatever can say of exposures what the search asks of them.

It asks for the rows of a step (those alike counted), for the same without what a cause explains,
and for the roads between steps. Exposures that are held can say that; so can a log in shards, which
counts them where they are, and so can a table of counts that somebody else has made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rootcause.attribution import HeldRoads, Roads
from rootcause.conditions import Lead
from rootcause.explaining import explained_by
from rootcause.exposure import Exposures, Flags
from rootcause.step_rows import StepRows, rows_of_step


class Source(Protocol):
    """What a search asks of exposures with a known outcome that no cause explains yet."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps, in the order of their numbers."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes; a number stands there once for each of its thresholds."""

    def named(self, attribute: int, code: int) -> dict[str, str]:
        """Return an attribute and a value of it by their names."""

    def left_at(self, step: int) -> int:
        """Return how many exposures are left at a step."""

    def rows_at(self, step: int) -> StepRows:
        """Return the rows of a step."""

    def without(self, lead: Lead, *, within: int | None) -> "Source":
        """Return the source less what a cause explains; ``within``: `explaining.explained_by`."""

    def roads(self, leads: Sequence[Lead]) -> Roads:
        """Return the roads between the steps of some leads."""


@dataclass(frozen=True)
class Held:
    """Exposures that are held as a source.

    ``explained``: those that causes explain already; ``seed``: of the folds.
    """

    exposures: Exposures
    explained: Flags
    seed: int

    @classmethod
    def of(cls, exposures: Exposures, *, seed: int) -> "Held":
        """Return exposures of which none is explained."""
        return cls(exposures, np.zeros(len(exposures), dtype=np.bool_), seed)

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the steps, in the order of their numbers."""
        return self.exposures.steps

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of the attributes; a number stands there once for each of its thresholds."""
        return self.exposures.attributes

    def named(self, attribute: int, code: int) -> dict[str, str]:
        """Return an attribute and a value of it by their names."""
        return self.exposures.named(attribute, code)

    def left_at(self, step: int) -> int:
        """Return how many exposures are left at a step."""
        asked = self.exposures
        return int(((asked.step == step) & ~np.isnan(asked.bad) & ~self.explained).sum())

    def rows_at(self, step: int) -> StepRows:
        """Return the rows of a step."""
        return rows_of_step(self.exposures, step, explained=self.explained, seed=self.seed)

    def without(self, lead: Lead, *, within: int | None) -> "Held":
        """Return the source less what a cause explains; ``within``: `explaining.explained_by`."""
        explained = explained_by(self.exposures, lead, within=within)
        return Held(self.exposures, self.explained | explained, self.seed)

    def roads(self, leads: Sequence[Lead]) -> Roads:  # noqa: ARG002 - all roads are held
        """Return the roads between the steps of some leads."""
        return HeldRoads(self.exposures)
