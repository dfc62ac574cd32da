"""The scene of a log in shards: everybody where counts say it, some customers for the rest.

Of everybody: causes, the KPIs that a band watches, who met a finding.  Of at most `SHOWN`
customers, by a hash of their keys: which steps are watched, how an alarm splits into mix and rate,
early warnings, and whether a fix works.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import pandas as pd
import pyarrow as pa

from journeys.definition import Definition, Outcome
from journeys.find import find_journeys
from journeys.log import EventLog, instants
from journeys.shards import Shards
from journeys.shards_until import shards_until
from models.threads import one_thread
from rootcause.band import Alarm, alarms_in
from rootcause.band_cells import steps_of
from rootcause.band_counted import counted_over, seen_at
from rootcause.exposure import exposed_to
from rootcause.findings import Finding, Findings
from rootcause.scene import Progress, Scene, both_of
from rootcause.search_over import causes_over

SHOWN = 200_000


@dataclass(frozen=True)
class SceneOver(Scene):
    """A log in shards as of an instant; ``log`` and ``journeys`` are of some of its customers."""

    shards: Shards

    def alarms(self, until: pd.Timestamp) -> tuple[Alarm, ...]:
        """Return the KPI alarms that stand at an instant (UTC), by the counts of everybody."""
        seen = seen_at(self.log, self.definition, until)
        if not len(seen.start):
            return ()
        steps = steps_of(seen)
        return alarms_in(seen, steps, counted_over(self.shards, seen, steps))

    def causes(
        self, outcome: Outcome, *, seed: int, steps: Collection[str] | None, tell: Progress
    ) -> Findings:
        """Search for the causes of an outcome among all customers."""
        with one_thread():
            return causes_over(self.shards, outcome, seed=seed, steps=steps, progress=tell)

    def met_both(self, one: Finding, other: Finding) -> tuple[int, int]:
        """Return how many of all journeys have met both findings, and how many one."""
        found = self.shards.map(partial(_both_in, definition=self.definition, pair=(one, other)))
        return sum(found["both"].to_pylist()), sum(found["one"].to_pylist())

    def last_met(self, finding: Finding) -> pd.Timestamp | None:
        """Return when one of all journeys last met a finding's conditions; None: none did."""
        found = self.shards.map(partial(_last_in, definition=self.definition, finding=finding))
        times = found["at"].to_numpy()
        return instants(times).max() if len(times) else None


def scene_over(shards: Shards, until: pd.Timestamp, *, customers: int = SHOWN) -> SceneOver:
    """Return the scene of a log in shards at an instant (UTC).

    Parameters
    ----------
    customers : of about so many the events are looked at side by side

    Raises
    ------
    TooLittleDataError
        If the log holds no event until then.
    """
    known = shards_until(shards, until)
    some = known.some(customers)
    return SceneOver(some, find_journeys(some, known.definition), known.definition, known)


def _both_in(shard: EventLog, *, definition: Definition, pair: tuple[Finding, Finding]) -> pa.Table:
    both, one = both_of(shard, find_journeys(shard, definition), definition, pair)
    return pa.table({"both": [both], "one": [one]})


def _last_in(shard: EventLog, *, definition: Definition, finding: Finding) -> pa.Table:
    met = exposed_to(shard, find_journeys(shard, definition), definition, finding)
    times = met["time"].astype("datetime64[us, UTC]").astype("int64").to_numpy()
    return pa.table({"at": times[times == times.max()][:1] if len(times) else times})
