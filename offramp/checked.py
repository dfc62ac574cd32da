"""What a log is told to be: held where it fits in memory, else in shards."""

from pathlib import Path

import pandas as pd

from journeys.batches import events_in, named_columns
from journeys.check import LogCheck, check_log
from journeys.check_shards import check_shards
from journeys.definition import Definition
from journeys.read import read_as
from offramp.console import working
from offramp.reading import events_that_fit, shards_of


def looked_at(events: str, definition: Definition, kept: str = "") -> LogCheck:
    """Return what is in a log and what is wrong with it."""
    now = pd.Timestamp.now(tz="UTC")
    if events_in(events, definition) <= events_that_fit():
        return check_log(read_as(events, definition), definition, now=now)
    shards = shards_of(events, definition, kept=kept)
    names = named_columns(Path(events), definition) or ()
    with working("Checking") as tell:
        return check_shards(shards, now=now, columns=names, progress=tell)
