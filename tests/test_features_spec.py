"""The feature list of a definition: what it asks for is there, what it lacks is not."""

from features import feature_list, plan_of
from features import primitives as p
from journeys import parse_definition
from tests.features_logs import DEFINITION, PLAN, VOCABULARY

BARE = parse_definition("{name: bare, success: {activity: done}}", source="tests")


def test_every_family_is_in_the_list() -> None:
    assert {type(one) for one in feature_list(DEFINITION)} == set(p.Primitive.__subclasses__())


def test_each_line_stands_once() -> None:
    lines = feature_list(DEFINITION)
    assert len(set(lines)) == len(lines)


def test_what_the_definition_lacks_is_not_asked_for() -> None:
    plan = plan_of(BARE, VOCABULARY)
    names = {feature.name for feature in plan.features}
    assert not {"contact_count", "furthest_milestone", "amount_mean", "os"} & names
    assert {"elapsed_hours", "activity_1_back", "earlier_journey_count"} <= names


def test_the_tier_of_an_attribute_is_that_of_the_definition() -> None:
    tiers = {feature.name: feature.tier for feature in PLAN.features}
    assert tiers["region"] == tiers["amount_last"] == "context"
    assert tiers["os"] == "technical"
    assert tiers["channel"] == tiers["upload_count"] == "behaviour"


def test_a_sensitive_attribute_is_no_feature() -> None:
    attributes = DEFINITION.attributes.model_copy(update={"context": (), "sensitive": ("region",)})
    plan = plan_of(DEFINITION.model_copy(update={"attributes": attributes}), VOCABULARY)
    assert [feature.name for feature in plan.features if "region" in feature.name] == []
