"""Code columns: what the definition derives of an event, and which numbers those are."""

import numpy as np
import pandas as pd
import pytest

from features import encode, learn_vocabulary, plan_of
from features import primitives as p
from features.columns import says_error
from features.vocabulary import CONTACT, ERROR, LOOP, PAIR, TRIPLE
from journeys import Definition, event_log, parse_definition
from tests.features_logs import frame_of, random_frame


@pytest.mark.parametrize(
    ("activity", "said"),
    [
        ("upload_failed", True),
        ("LoginError", True),
        ("payment rejected", True),
        ("request timeout", True),
        ("Timed out", False),
        ("time-out", True),
        ("failover_done", False),
        ("terror_film_rented", False),
        ("W_Beoordelen fraude", False),
    ],
)
def test_an_error_is_a_word_of_the_name(activity: str, said: bool) -> None:
    assert says_error(activity) is said


def test_a_rule_of_the_definition_says_what_an_error_is() -> None:
    by_name = codes_of(definition_of(""), ERROR)
    by_rule = codes_of(definition_of("errors: {activity: [look], channel: [app]}"), ERROR)
    assert by_name == [-1, 0, -1, -1, -1]
    assert by_rule == [-1, -1, 0, -1, -1]


def test_a_rule_over_a_number_holds_for_the_number() -> None:
    definition = definition_of("errors: {amount: [7, 8]}\nattributes: {numeric: [amount]}")
    assert codes_of(definition, ERROR) == [0, -1, -1, -1, -1]


def test_a_contact_loop_is_told_by_channel_or_else_by_activity() -> None:
    by_channel = definition_of("leakage: {channel: [call, branch]}")
    assert codes_of(by_channel, CONTACT) == [-1, -1, -1, 0, 0]
    labels = learnt(by_channel).labels("channel")
    assert [labels[code] for code in codes_of(by_channel, LOOP)[3:]] == ["call", "branch"]
    by_activity = definition_of("leakage: {activity: ask, os: iOS}\nattributes: {technical: [os]}")
    labels = learnt(by_activity).labels("activity")
    codes = codes_of(by_activity, LOOP)
    assert [labels[code] if code >= 0 else None for code in codes] == [None] * 3 + ["ask", None]


def test_the_most_frequent_paths_inside_journeys_are_learnt() -> None:
    steps = ["begin", "look", "look", "done", "ask", "ask", "ask", "ask"]
    events = [("a", hour, step, "app", None, None) for hour, step in enumerate(steps)]
    definition = definition_of("start: {activity: begin}")
    vocabulary = learn_vocabulary(event_log(frame_of(events), definition), definition)
    assert set(vocabulary.paths_of(2)) == {("begin", "look"), ("look", "look"), ("look", "done")}
    assert vocabulary.paths_of(3) == (("begin", "look", "look"), ("look", "look", "done"))


def test_paths_that_came_later_are_not_learnt() -> None:
    frame = random_frame(300, seed=1)
    definition = definition_of("")
    log = event_log(frame, definition)
    until = log.events["time"].median()
    before = event_log(frame[frame["time"] <= until], definition)
    learnt_until = learn_vocabulary(log, definition, until=until)
    assert learnt_until.paths == learn_vocabulary(before, definition).paths
    assert len(learnt_until.paths) == 16


def test_a_path_is_a_feature_that_can_be_read() -> None:
    steps = ["begin", "look", "done"]
    events = [("a", hour, step, "app", None, None) for hour, step in enumerate(steps)]
    definition = definition_of("")
    vocabulary = learn_vocabulary(event_log(frame_of(events), definition), definition)
    plan = plan_of(definition, vocabulary, primitives=[p.Count(PAIR), p.Count(TRIPLE)])
    assert {feature.name for feature in plan.features} == {
        "begin > look_count", "look > done_count", "begin > look > done_count"
    }  # fmt: skip


def test_only_the_columns_that_are_read_are_encoded() -> None:
    definition = definition_of("attributes: {technical: [os], context: [region]}")
    plan = plan_of(definition, learnt(definition), primitives=[p.LastValue("os")])
    assert list(plan.columns) == ["activity", "os"]


def definition_of(more: str) -> Definition:
    return parse_definition(f"name: x\nsuccess: {{activity: done}}\n{more}", source="tests")


def few_events() -> pd.DataFrame:
    return frame_of(
        [
            ("a", 0, "begin", "app", "iOS", 7.0),
            ("a", 1, "upload_failed", "call2", None, 9.0),
            ("a", 2, "look", "app", "iOS", None),
            ("a", 3, "ask", "call", "iOS", 1.0),
            ("a", 4, "ask", "branch", "Android", 1.0),
        ]
    )


def learnt(definition: Definition):
    return learn_vocabulary(event_log(few_events(), definition), definition)


def codes_of(definition: Definition, column: str) -> list[int]:
    log = event_log(few_events(), definition)
    plan = plan_of(definition, learnt(definition), primitives=[p.Count(column)])
    encoded = encode(log, plan)
    assert encoded.codes.dtype == np.int16
    return encoded.codes[list(plan.columns).index(column)].tolist()
