"""Examples: the customers whose journeys findings name, found by pseudonym in a log in shards."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from journeys.definition import Definition
from journeys.find import find_journeys, journey_ids
from journeys.log import EventLog
from journeys.shards import Shards
from rootcause.exposure import exposed_to, lots_of
from rootcause.findings import Finding
from rootcause.needed import log_of


def log_of_evidence(shards: Shards, findings: Sequence[Finding]) -> EventLog | None:
    """Return the log of the customers whose journeys findings name; None where they name none."""
    named = [one for one in findings if one.evidence]
    if not named:
        return None
    found = shards.map(partial(_lots_of, definition=shards.definition, findings=named))
    lots = np.unique(np.asarray(found["lot"].to_numpy(), dtype=np.int64))
    return log_of(shards, lots) if len(lots) else None


def _lots_of(shard: EventLog, *, definition: Definition, findings: Sequence[Finding]) -> pa.Table:
    journeys, lots = find_journeys(shard, definition), lots_of(shard)
    found = [np.empty(0, dtype=np.int64)]
    for one in findings:
        met = journeys.iloc[exposed_to(shard, journeys, definition, one)["journey"].to_numpy()]
        here = np.isin(journey_ids(shard, met, definition), list(one.evidence))
        found.append(lots[met["customer"].to_numpy()[here]])
    return pa.table({"lot": np.concatenate(found)})
