"""A log as of an instant, and what a watch asks of it: alarms, causes, and who met a finding."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.log import EventLog
from models.threads import one_thread
from rootcause.band import Alarm, alarms_of
from rootcause.exposure import exposed_to
from rootcause.findings import Finding, Findings
from rootcause.search import find_causes

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Scene:
    """A log as of an instant, its journeys and their definition: where findings are looked up."""

    log: EventLog
    journeys: pd.DataFrame
    definition: Definition

    def alarms(self, until: pd.Timestamp) -> tuple[Alarm, ...]:
        """Return the KPI alarms that stand at an instant (UTC)."""
        return alarms_of(self.log, self.journeys, self.definition, until=until)

    def causes(
        self, outcome: Outcome, *, seed: int, steps: Collection[str] | None, tell: Progress
    ) -> Findings:
        """Search for the causes of an outcome, at some steps or (None) at all."""
        given = (self.log, self.journeys, self.definition, outcome)
        with one_thread():
            return find_causes(*given, seed=seed, steps=steps, progress=tell)

    def met_both(self, one: Finding, other: Finding) -> tuple[int, int]:
        """Return how many journeys have met both findings since their onsets, and how many one."""
        return both_of(self.log, self.journeys, self.definition, (one, other))

    def last_met(self, finding: Finding) -> pd.Timestamp | None:
        """Return when a journey last met a finding's conditions since its onset; None: none did."""
        times = exposed_to(self.log, self.journeys, self.definition, finding)["time"]
        return None if times.empty else times.max()


def both_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    pair: tuple[Finding, Finding],
) -> tuple[int, int]:
    """Return of how many journeys both findings, and of how many one of them, are met."""
    one, other = (
        set(exposed_to(log, journeys, definition, each)["journey"].tolist()) for each in pair
    )
    return len(one & other), len(one | other)
