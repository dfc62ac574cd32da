"""The search over shards says what the search of the whole log says."""

from pathlib import Path

import pytest

from journeys.find import find_journeys
from journeys.log import event_log
from journeys.read_shards import read_shards
from journeys.shards import HeldShards
from rootcause.findings import Finding, Findings
from rootcause.search import find_causes
from rootcause.search_over import MOST_EXPOSURES, causes_over
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


def test_counting_on_the_shards_says_what_the_whole_log_says(
    held: HeldShards, whole: Findings
) -> None:
    """Of 13,000 exposures at most 6,000 are brought together: those of the finding's step."""
    over = causes_over(held, "leakage", most=6000)
    assert over == whole


def test_where_only_some_are_searched_it_is_said_and_all_exposed_are_counted(
    held: HeldShards, whole: Findings
) -> None:
    over = causes_over(held, "leakage", most=6000, most_rows=3000)
    told, known = over.findings[0], whole.findings[0]
    assert told.conditions == known.conditions
    assert 1000 < over.customers["searched"] < over.customers["of"] == held.whole.customers
    assert f"{over.customers['searched']:,} of 4,000 customers" in over.note
    assert told.exposed_with_known_outcome < known.exposed_with_known_outcome
    if told.onset == known.onset:
        assert told.exposed_journeys == known.exposed_journeys
        assert told.exposed_at_risk == known.exposed_at_risk


def test_a_silent_log_is_silent_in_shards(held: HeldShards) -> None:
    calm = HeldShards(DEFINITION, event_log(world(2, n=1500, bug=0.0), DEFINITION), size=3000)
    found = causes_over(calm, "leakage")
    assert found.findings == ()
    assert found.customers == {}
    assert found.smallest_detectable_effect is not None


@pytest.mark.parametrize("most", [MOST_EXPOSURES, 6000])
def test_files_say_what_the_whole_log_says(
    held: HeldShards, whole: Findings, tmp_path: Path, most: int
) -> None:
    """Buckets bring the customers in another order; what was found does not depend on it."""
    path = tmp_path / "events.parquet"
    world(1, n=4000, bug=0.4).to_parquet(path)
    shards = read_shards(path, DEFINITION, fits=0, folder=tmp_path / "work", size=5000)
    found = causes_over(shards, "leakage", most=most)
    assert found.searched == whole.searched
    assert found.smallest_by_step == whole.smallest_by_step
    assert len(found.findings) == len(whole.findings)
    for one, other in zip(found.findings, whole.findings, strict=True):
        assert counted_of(one) == counted_of(other)
        assert set(one.evidence) == set(other.evidence)


def counted_of(one: Finding) -> dict[str, object]:
    """Return what does not depend on the order of customers to the last digit."""
    drawn = {"effect_robust", "effect_robust_interval", "excess_shap", "symptoms", "mechanism"}
    return {key: value for key, value in one.as_dict().items() if key not in {*drawn, "ticket"}}
