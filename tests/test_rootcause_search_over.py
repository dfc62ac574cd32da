"""The search over shards says what the search of the whole log says."""

import pytest

from journeys.find import find_journeys
from journeys.log import event_log
from journeys.shards import HeldShards
from rootcause.findings import Findings
from rootcause.search import find_causes
from rootcause.search_over import causes_over
from tests.test_rootcause_search import BUG, DEFINITION, world


@pytest.fixture(scope="module")
def held() -> HeldShards:
    return HeldShards(DEFINITION, event_log(world(1, n=4000, bug=0.4), DEFINITION), size=4000)


@pytest.fixture(scope="module")
def whole(held: HeldShards) -> Findings:
    return find_causes(held.log, find_journeys(held.log, DEFINITION), DEFINITION, "leakage")


def test_shards_say_what_the_whole_log_says(held: HeldShards, whole: Findings) -> None:
    over = causes_over(held, "leakage")
    assert [one.conditions for one in whole.findings] == [BUG]
    assert over.findings[0].as_dict() == whole.findings[0].as_dict()
    assert over == whole
