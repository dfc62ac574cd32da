"""The vocabulary: frozen values, one code for all that is unknown, none for what is missing."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import NEVER_SEEN, Vocabulary, encode, learn_vocabulary, plan_of
from features.vocabulary import CONTACT, MILESTONE
from journeys import event_log, parse_definition
from tests.features_logs import DEFINITION, PLAN, VOCABULARY, asked, frame_of, random_frame

_VALUES = st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=20)


@given(_VALUES, st.sets(st.text(max_size=3), max_size=5))
def test_a_code_says_missing_never_seen_or_which_value(
    values: list[str | None], known: set[str]
) -> None:
    vocabulary = Vocabulary({"os": tuple(sorted(known))})
    codes = vocabulary.codes(pd.Series(values, name="os", dtype="category"))
    labels = vocabulary.labels("os")
    for value, code in zip(values, codes, strict=True):
        if value is None:
            assert code == -1
        else:
            assert labels[code] == (value if value in known else NEVER_SEEN)


def test_two_values_never_seen_share_a_code() -> None:
    events = [("a", hour, "begin", None, os, None) for hour, os in enumerate(["Symbian", "BeOS"])]
    encoded = encode(event_log(frame_of(events), DEFINITION), PLAN)
    assert encoded.codes[list(PLAN.columns).index("os")].tolist() == [0, 0]
    assert encoded.codes[list(PLAN.columns).index("channel")].tolist() == [-1, -1]


def test_the_most_frequent_comes_first_and_equals_in_alphabetical_order() -> None:
    events = [("a", n, activity, None, None, None) for n, activity in enumerate("bcacbdaz")]
    log = event_log(frame_of(events), DEFINITION)
    assert learn_vocabulary(log, DEFINITION).labels("activity")[1:] == tuple("abcdz")


def test_what_came_later_is_not_learnt() -> None:
    events = [("a", 0, "begin", "app", None, None), ("a", 5, "upload", "call", "iOS", None)]
    log = event_log(frame_of(events), DEFINITION)
    learnt = learn_vocabulary(log, DEFINITION, until=log.events["time"].iloc[0])
    labels = {column: learnt.labels(column)[1:] for column in ("activity", "channel", "os")}
    assert labels == {"activity": ("begin",), "channel": ("app",), "os": ()}


def test_rare_activities_are_never_seen() -> None:
    events = [("a", n, f"step {n % 60:02}", None, None, None) for n in range(110)]
    learnt = learn_vocabulary(event_log(frame_of(events), DEFINITION), DEFINITION)
    assert learnt.labels("activity")[1:] == tuple(f"step {n:02}" for n in range(48))


def test_a_value_called_never_seen_is_a_value() -> None:
    vocabulary = Vocabulary({"os": (NEVER_SEEN,)})
    codes = vocabulary.codes(pd.Series([NEVER_SEEN, "iOS"], name="os", dtype="category"))
    assert codes.tolist() == [1, 0]


@pytest.mark.parametrize("name", ["contact", "milestone"])
def test_an_attribute_may_be_called_contact_or_milestone(name: str) -> None:
    """It once was read as the column of that name which the definition derives."""
    definition = parse_definition(
        f"""
        name: named
        success: {{activity: done}}
        leakage: {{channel: [call], within: 7d}}
        milestones: [begin, done]
        attributes: {{context: [{name}]}}
        """,
        source="tests",
    )
    frame = random_frame(100, seed=1).assign(**{name: ["x", "y"] * 50})
    log = event_log(frame, definition)
    plan = plan_of(definition, learn_vocabulary(log, definition))
    attribute = next(feature for feature in plan.features if feature.name == name)
    assert attribute.labels == (NEVER_SEEN, "x", "y")
    assert set(encode(log, plan).codes[list(plan.columns).index(name)]) == {1, 2}
    assert {MILESTONE, CONTACT} <= set(plan.columns)


def test_a_channel_that_is_also_an_attribute_is_one_feature_and_keeps_its_width() -> None:
    definition = parse_definition(
        "{name: named, success: {activity: done}, attributes: {technical: [channel]}}",
        source="tests",
    )
    frame = random_frame(200, seed=1)
    frame["channel"] = [f"channel {n % 60}" for n in range(200)]
    vocabulary = learn_vocabulary(event_log(frame, definition), definition)
    assert len(vocabulary.labels("channel")) == 1 + 48
    names = [feature.name for feature in plan_of(definition, vocabulary).features]
    assert "channel" in names
    assert "channel (2)" not in names


def test_an_unknown_value_is_a_feature_of_its_own() -> None:
    events = [("a", 0, "begin", "fax", None, None)]
    features = asked(frame_of(events)).keyed()
    assert features[f"channel {NEVER_SEEN}_count"].tolist() == [1]
    assert VOCABULARY.labels("channel")[0] == NEVER_SEEN
