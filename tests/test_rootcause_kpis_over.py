"""KPIs of a log that is never held are those of the whole log, whatever its shards."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.portfolio_world import DEFINITION, still_world
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.shards import HeldShards
from rootcause.kpi import JourneyKpis
from rootcause.kpis_over import kpis_over
from rootcause.portfolio import kpis_of

OPEN_ENDED = Definition.from_dict(DEFINITION.as_dict() | {"success": {"activity": "done"}})
SURVEYED = Definition.from_dict(
    DEFINITION.as_dict()
    | {"survey": {"activity": "done", "score": "csat", "from": 1, "to": 5, "kind": "effort"}}
)


def kpis(log: EventLog, definition: Definition = DEFINITION) -> JourneyKpis:
    return kpis_of(log, find_journeys(log, definition), definition)


def numbers_in(told: object) -> list[object]:
    """Return what stands in plain data, in order, without the names."""
    if isinstance(told, dict):
        return [one for value in told.values() for one in numbers_in(value)]
    if isinstance(told, list | tuple):
        return [one for value in told for one in numbers_in(value)]
    return [told]


@pytest.mark.parametrize(
    ("definition", "size"),
    [(DEFINITION, 700), (OPEN_ENDED, 700), (SURVEYED, 40), (SURVEYED, 10**6)],
)
def test_kpis_over_shards_are_those_of_the_whole_log(definition: Definition, size: int) -> None:
    """But for the order in which the influences of customers are added."""
    log, _ = still_world(60 if size == 40 else 300, days=150, seed=2).until(140)
    said = np.where(log.events["activity"] == "done", np.arange(len(log)) % 5 + 1.0, np.nan)
    log = replace(log, events=log.events.assign(csat=said))
    here, over = kpis(log, definition), kpis_over(HeldShards(definition, log, size=size))
    assert [one.name for one in over.kpis] == [one.name for one in here.kpis]
    assert (over.customers, len(over.kpis) > 8) == (None, True)
    assert any(one.now.value is not None for one in here.kpis if one.name != "volume")
    for one, other in zip(numbers_in(here.as_dict()), numbers_in(over.as_dict()), strict=True):
        assert other == (pytest.approx(one, rel=1e-9) if isinstance(one, float) else one)


def test_of_too_many_journeys_a_sample_of_customers_is_measured_and_all_begun_are_counted() -> None:
    log, found = still_world(300, days=150, seed=2).until(140)
    here, over = kpis(log), kpis_over(HeldShards(DEFINITION, log, size=700), most=len(found) // 3)
    of = len(log.offsets) - 1
    assert over.customers is not None
    assert over.customers["of"] == of
    assert 50 < over.customers["measured"] < of / 2
    assert over.kpi("volume") == here.kpi("volume")
    completion, some = here.kpi("completion"), over.kpi("completion")
    assert completion is not None
    assert some is not None
    assert 10 < some.now.whole < completion.now.whole / 2
