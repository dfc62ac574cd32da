"""Shards without some customers: as if these had never been in the log."""

from dataclasses import dataclass

import pyarrow as pa
import pytest

from journeys.definition_file import parse_definition
from journeys.errors import TooLittleDataError
from journeys.left_out import keys_in, shards_without
from journeys.log import CUSTOMER, EventLog, event_log, log_without
from journeys.shards import HeldShards, Shards
from journeys.simulate import simulate


@dataclass(frozen=True)
class Elsewhere:
    """Shards that are not simply a log in memory."""

    held: HeldShards

    def __getattr__(self, name: str) -> object:
        return getattr(self.held, name)


@pytest.fixture(scope="module")
def held() -> HeldShards:
    made = simulate("ios_upload_bug", customers=120, seed=7)
    definition = parse_definition(made.definitions["mortgage_refinance"], source="a test")
    return HeldShards(definition, event_log(made.events, definition), size=200)


def rows(log: EventLog) -> pa.Table:
    names = log.events[CUSTOMER].astype(str).to_numpy()
    return pa.table({"customer": names, "time": log.times, "ends": [log.ended] * len(log)})


@pytest.mark.parametrize("some", [slice(None, None, 3), slice(0, 60), slice(50, 51)])
def test_what_is_made_is_what_the_others_make(held: HeldShards, some: slice) -> None:
    """Also where a shard is left with nobody."""
    gone = set(sorted(keys_in(held))[some])
    expected = rows(log_without(held.log, gone))
    elsewhere: Shards = Elsewhere(held)  # type: ignore[assignment]  # it has what Shards have
    for shards in (held, elsewhere):
        left = shards_without(shards, gone)
        assert left.map(rows).equals(expected)
        assert left.whole.events == len(expected)
        assert left.whole.customers == 120 - len(gone)
        assert set(keys_in(left)).isdisjoint(gone)
        sampled = set(left.some(20).events[CUSTOMER].unique())
        assert sampled
        assert sampled.isdisjoint(gone)


def test_nobody_left_is_said(held: HeldShards) -> None:
    elsewhere: Shards = Elsewhere(held)  # type: ignore[assignment]  # it has what Shards have
    for shards in (held, elsewhere):
        with pytest.raises(TooLittleDataError, match="nobody remains"):
            shards_without(shards, set(keys_in(held)))
