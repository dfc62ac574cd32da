"""Symptoms are what the exposed do more often afterwards: the retries, never the calls counted."""

import pytest

from rootcause.exposure import exposures_of
from rootcause.matching import matched_weights
from rootcause.symptoms import symptoms_of, with_symptoms
from tests.rootcause_world import DEFINITION, SmallWorld, findings_of, small_world


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world()


def names_of(symptoms: list[dict[str, object]]) -> list[object]:
    return [symptom["feature"] for symptom in symptoms]


def test_failed_uploads_and_retries_are_symptoms(world: SmallWorld) -> None:
    found = symptoms_of(world.log, world.journeys, DEFINITION, world.finding, outcome="leakage")
    assert "upload_failed_count" in names_of(found)
    assert "activity_repeat_count" in names_of(found)
    for symptom in found:
        assert 1 < float(str(symptom["low"])) <= float(str(symptom["ratio"]))
        assert float(str(symptom["ratio"])) <= float(str(symptom["high"]))


def test_the_outcome_itself_is_no_symptom_of_itself(world: SmallWorld) -> None:
    leaks = symptoms_of(world.log, world.journeys, DEFINITION, world.finding, outcome="leakage")
    fails = symptoms_of(world.log, world.journeys, DEFINITION, world.finding, outcome="success")
    assert "call_count" not in names_of(leaks)
    assert "call_count" in names_of(fails)


def test_harmless_conditions_have_no_symptoms(world: SmallWorld) -> None:
    harmless = type(world.finding)(
        **{**vars(world.finding), "conditions": {"activity": "upload", "region": "north"}}
    )
    assert not symptoms_of(world.log, world.journeys, DEFINITION, harmless, outcome="leakage")


def test_conditions_that_nobody_meets_have_no_symptoms(world: SmallWorld) -> None:
    nobody = type(world.finding)(
        **{**vars(world.finding), "conditions": {"activity": "upload", "os": "Symbian"}}
    )
    assert not symptoms_of(world.log, world.journeys, DEFINITION, nobody, outcome="leakage")


def test_findings_keep_everything_else(world: SmallWorld) -> None:
    before = world.findings
    after = with_symptoms(before, world.log, world.journeys, DEFINITION)
    assert after.findings[0].symptoms != ()
    assert after.findings[0].id == before.findings[0].id
    assert before.findings[0].symptoms == ()
    nothing = findings_of()
    assert with_symptoms(nothing, world.log, world.journeys, DEFINITION) is nothing


def test_matched_journeys_have_the_same_days_as_the_exposed(world: SmallWorld) -> None:
    exposures = exposures_of(world.log, world.journeys, DEFINITION, "leakage")
    met = exposures.meets(world.finding.conditions)
    pool = exposures.meets({"activity": "upload"}) & ~met
    weights = matched_weights(
        exposures, DEFINITION, world.finding.conditions, exposed=met, pool=pool
    )
    days = exposures.day
    matched = float((weights * days)[pool].sum() / weights[pool].sum())
    assert abs(matched - days[met].mean()) < abs(days[pool].mean() - days[met].mean()) / 4
    assert (weights[~met & ~pool] == 0).all()
