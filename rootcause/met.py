"""Who met a finding's conditions, day by day: all that the price of a fix is made of.

Counts, so that those of a log that is never held are those of its shards, added up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from features.everyone import micros
from journeys.definition import Definition, Outcome
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.shards import Shards
from rootcause.exposure import STEP, Conditioned, Exposures, Ints, exposures_of_part
from rootcause.exposures_ahead import days_ago
from rootcause.periods import day_of
from rootcause.surveyed import Surveyed

Asked = tuple[Conditioned, Outcome]
_EXPOSED, _AT_STEP, _AT_RISK = range(3)


@dataclass(frozen=True)
class Met:
    """Who met a finding's conditions since its onset.

    Attributes
    ----------
    exposed, at_step : of each 24 hours, back from the end of the log, how many met them, and how
        many came to the finding's step at all, (n_days,)
    at_risk : of how many of the exposed the outcome could still be asked
    """

    exposed: Ints
    at_step: Ints
    at_risk: int


def met_in(exposures: Exposures, finding: Conditioned, *, ends: int) -> Met:
    """Return who met a finding's conditions; ``ends``: of the log, microseconds since the epoch."""
    met = exposures.meets(finding.conditions) & (exposures.day >= day_of(finding.onset))
    step = exposures.meets({STEP: finding.conditions[STEP]})
    ago = days_ago(exposures, ends)
    at_risk = int((met & exposures.at_risk).sum())
    return Met(np.bincount(ago[met]), np.bincount(ago[step]), at_risk)


def met_over(shards: Shards, found: Sequence[Asked]) -> list[Met]:
    """Return who met the conditions of each of several findings, in a log in shards; one pass."""
    if not found:
        return []
    asked = [(_Named(dict(one.conditions), one.onset), outcome) for one, outcome in found]
    ends = micros(shards.whole.ends)
    table = shards.map(partial(_counts_of, definition=shards.definition, asked=asked, ends=ends))
    of, what, ago, n = (
        np.asarray(table[name].to_numpy(), np.int64) for name in ("of", "what", "ago", "n")
    )

    def summed(number: int, which: int) -> Ints:
        here = (of == number) & (what == which)
        return np.bincount(ago[here], n[here]).astype(np.int64)

    return [
        Met(summed(one, _EXPOSED), summed(one, _AT_STEP), int(summed(one, _AT_RISK).sum()))
        for one in range(len(found))
    ]


@dataclass(frozen=True)
class _Named:
    """What of a finding goes to where the shards are."""

    conditions: dict[str, str]
    onset: str


def _counts_of(
    shard: EventLog, *, definition: Definition, asked: Sequence[Asked], ends: int
) -> pa.Table:
    journeys = find_journeys(shard, definition)
    steps = {one.conditions[STEP] for one, _ in asked}
    possible = np.isin(shard.events[STEP].cat.categories, list(steps))
    told = {
        outcome: exposures_of_part(shard, journeys, definition, outcome, Surveyed(possible, ()))
        for outcome in dict.fromkeys(outcome for _, outcome in asked)
    }
    rows = []
    for number, (one, outcome) in enumerate(asked):
        met = met_in(told[outcome], one, ends=ends)
        for what, counts in enumerate((met.exposed, met.at_step, np.array([met.at_risk]))):
            ago = np.flatnonzero(counts)
            rows.append((np.full(len(ago), number), np.full(len(ago), what), ago, counts[ago]))
    of, what_, ago, n = (np.concatenate(each) for each in zip(*rows, strict=True))
    return pa.table({"of": of, "what": what_, "ago": ago, "n": n})
