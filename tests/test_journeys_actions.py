"""Actions and routing in a definition: read, written again, and every fault named with its line."""

from pathlib import Path

import pytest

import journeys
from journeys.definition import Definition
from journeys.definition_file import load_definition, parse_definition
from journeys.errors import DefinitionError

SHIPPED = Path(journeys.__file__).parent / "definitions"
PLAIN = """
name: loan
success: {activity: funded}
leakage: {channel: [call_centre], within: 7d}
attributes: {context: [tier], numeric: [amount]}
values: {success: 100, contact: 7.5}
"""
ACTIONS = """
actions:
  call_back: {channel: phone, cost: 5, against: success, prevents: [0.1, 0.3], when: {tier: gold}}
  letter: {cost: 1, against: leakage, prevents: 0.2, when: {known_issue: true}}
routing: {high_value: {tier: [gold]}, within: 2h}
"""


def test_actions_and_routing_are_read_and_written_again() -> None:
    definition = parse_definition(PLAIN + ACTIONS, source="x")
    assert definition.actions is not None
    assert definition.actions["call_back"].prevents == (0.1, 0.3)
    assert definition.actions["letter"].prevents == (0.2, 0.2)
    assert definition.routing is not None
    assert definition.routing.outbound == ("email", "sms", "push", "letter")
    assert Definition.from_dict(definition.as_dict()) == definition


def test_a_definition_without_them_is_written_as_it_ever_was() -> None:
    written = parse_definition(PLAIN, source="x").as_dict()
    assert not {"actions", "routing"} & set(written)
    assert "churn" not in written["values"]  # type: ignore[operator]


@pytest.mark.parametrize("name", ["money_transfer", "mortgage_refinance", "phone_activation"])
def test_the_shipped_journeys_have_actions_with_a_price(name: str) -> None:
    definition = load_definition(SHIPPED / f"{name}.yaml")
    assert definition.actions
    assert definition.routing is not None
    for action in definition.actions.values():
        assert definition.values.of(action.against) is not None


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("against: success", "against: sucess", 9, "Input should be"),
        ("against: success", "against: churn", 9, "no rule"),
        ("prevents: [0.1, 0.3]", "prevents: [0.3, 0.1]", 9, "the low share is first"),
        ("prevents: [0.1, 0.3]", "prevents: [0.1, 1.3]", 9, "less than or equal to 1"),
        ("cost: 5", "cots: 5", 9, "closest: 'cost'"),
        ("cost: 5", "cost: -5", 9, "greater than or equal to 0"),
        ("cost: 5", "cost: .inf", 9, "finite"),
        ("when: {tier: gold}", "when: {teir: gold}", 9, "no context or technical attribute"),
        ("when: {tier: gold}", "when: {amount: 3}", 9, "no context or technical attribute"),
        ("when: {tier: gold}", "when: {}", 9, "it is written"),
        ("when: {tier: gold}", "when: {tier: []}", 9, "has no value"),
        ("contact: 7.5", "currency: EUR", 10, "values.contact"),
        ("high_value: {tier: [gold]}", "high_value: {colour: red}", 11, "no context or technical"),
        ("within: 2h", "within: soon", 11, "not a duration"),
        ("within: 2h", "witin: 2h", 11, "closest: 'within'"),
    ],
)
def test_a_fault_is_named_with_its_line(before: str, after: str, line: int, says: str) -> None:
    text = PLAIN + ACTIONS
    assert before in text
    with pytest.raises(DefinitionError) as told:
        parse_definition(text.replace(before, after), source="x.yaml")
    assert f"x.yaml, line {line}:" in str(told.value)
    assert says in str(told.value)
