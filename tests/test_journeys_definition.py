"""The definition: what its YAML may say, and its round trip."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from journeys.definition import Attributes, Definition, Rule, duration, duration_text, plain_text

FULL = {
    "name": "mortgage_refinance",
    "columns": {"customer_id": "who", "amount": "case:AMOUNT"},
    "start": {"activity": "started"},
    "success": {"activity": "funded", "within": "45d"},
    "failure": {"activity": ["withdrawn", "declined"]},
    "abandoned_after": "14d",
    "leakage": {"channel": ["call_centre", "ivr"], "within": "36h"},
    "churn": {"activity": "closed", "inactive_for": "90d"},
    "milestones": ["started", "funded"],
    "attributes": {"context": ["region"], "technical": "os", "numeric": ["amount"]},
    "errors": {"activity": ["upload_failed"], "status": 500},
    "beside": {
        "transfer": {
            "start": {"activity": "transfer_started"},
            "end": {"activity": "transfer_done"},
            "steps": {"page": ["transfer"]},
            "abandoned_after": "12h",
        }
    },
    "values": {"success": 900, "contact": 7.5, "currency": "CHF"},
    "ticks": ["1d", "12h"],
}
SUCCESS = {"name": "x", "success": {"activity": "a"}}


@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=30_000)))
def test_a_duration_survives_its_text(length: timedelta) -> None:
    """123456.7s was written as 123457s."""
    assert duration(duration_text(length)) == length


@pytest.mark.parametrize(
    "text",
    ["", "5", "0d", "-1d", "1y", "d", "1 day", "0.0000001s", "9" * 30 + "d", "999999999w", None, 5],
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)


def test_a_definition_survives_its_dictionary() -> None:
    definition = Definition.from_dict(FULL)
    assert Definition.from_dict(definition.as_dict()) == definition
    assert definition.as_dict()["leakage"] == {"channel": ["call_centre", "ivr"], "within": "36h"}
    assert definition.ticks == (timedelta(hours=12), timedelta(days=1))


def test_the_outcomes_keep_their_order() -> None:
    assert Definition.from_dict(FULL).outcomes == ("success", "leakage", "churn")
    assert Definition.from_dict(SUCCESS).outcomes == ("success",)


def test_a_definition_never_changes() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Definition.from_dict(SUCCESS).name = "y"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"success": None}, "at least one of success, leakage and churn"),
        ({"failure": {"activity": "a"}}, "success and failure hold for the same event"),
        ({"leakage": {"activity": ["b", "a"]}}, "success and leakage hold for the same event"),
        ({"churn": {"activity": "b"}}, "churn needs a horizon"),
        ({"failure": {"inactive_for": "3d"}}, "inactive_for belongs under churn"),
        ({"success": {"within": "3d"}}, "names at least one field"),
        ({"success": {"activity": []}}, "has no value"),
        ({"success": {"activity": {"a": "b"}}}, "not a name or a list of names"),
        ({"success": "a"}, "a rule is written"),
        ({"columns": {"custmer_id": "who"}}, r"columns maps 'custmer_id' \(closest: 'customer_id'"),
        ({"attributes": {"context": ["a"], "technical": ["a"]}}, "stands in two lists"),
        ({"name": "a/b"}, "is not a name"),
        ({"extra": 1}, "Extra inputs"),
    ],
)
def test_what_cannot_hold_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Definition.from_dict({**SUCCESS, **change})


def test_all_fields_of_a_rule_hold_with_any_of_their_values() -> None:
    events = pd.DataFrame(
        {
            "activity": pd.Categorical(["a", "b", "a", None]),
            "size": [1.0, 1.0, 2.0, 1.0],
        }
    )
    rule = Rule.model_validate({"activity": ["a", "b", "never"], "size": 1})
    assert rule.holds(events).tolist() == [True, True, False, False]


def test_pure_silence_holds_for_no_event() -> None:
    events = pd.DataFrame({"activity": pd.Categorical(["a"])})
    assert not Rule.model_validate({"inactive_for": "3d"}).holds(events).any()


def test_whole_numbers_read_as_the_log_writes_them() -> None:
    assert [plain_text(value) for value in (1.0, 1.5, "007", True, np.float64(3))] == [
        "1",
        "1.5",
        "007",
        "True",
        "3",
    ]
    assert Rule.model_validate({"version": 8.0}).where == {"version": ("8",)}


def test_the_fields_are_what_attributes_and_rules_need_beyond_the_four() -> None:
    definition = Definition.from_dict({**FULL, "failure": {"status": "x", "activity": "y"}})
    assert definition.fields == ("region", "os", "amount", "status", "page")
    assert definition.column("amount") == "case:AMOUNT"
    assert Attributes(context="a", technical=("b",)).categorical == ("a", "b")
