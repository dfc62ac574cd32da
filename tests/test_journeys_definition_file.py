"""Reading a definition: what cannot hold is named with its line and the way out."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import journeys
from journeys.definition import Definition
from journeys.definition_file import (
    definition_text,
    hold_against_log,
    load_definition,
    parse_definition,
    require_definition_holds,
)
from journeys.errors import DefinitionError, EventLogError
from journeys.known_event import KnownEvent, known_days
from journeys.log import EventLog, event_log

SHIPPED = sorted((Path(journeys.__path__[0]) / "definitions").glob("*.yaml"))
BESIDE = "name: x\nsuccess: {activity: a}\nbeside:\n  other:\n"

SURVEY = "name: x\nsuccess: {activity: a}\nsurvey: "


def log_of(activities: list[str], definition: Definition) -> EventLog:
    times = pd.date_range("2026-01-01", periods=len(activities), freq="h", tz="UTC")
    return event_log(
        pd.DataFrame({"customer_id": "c", "time": times, "activity": activities}), definition
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_definition_loads_and_is_named_like_its_file(path: Path) -> None:
    assert load_definition(path).name == path.stem


def test_the_definitions_of_the_real_logs_ship() -> None:
    assert {"bpic2012", "bpic2013_incidents"} <= {path.stem for path in SHIPPED}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("name: x\nsucces: {activity: a}\n", 2, "'succes' (closest: 'success') is not a key"),
        ("name: x\nsuccess: {activity: a, within: 45}\n", 2, "success.within: 45 is not a dura"),
        ("success: {activity: a}\n", 1, "the key 'name' is missing"),
        ("name: x\nsuccess: {activity: a}\nattributes:\n  contxt: [a]\n", 4, "closest: 'context'"),
        ("name: x\nsuccess: {activity: a}\nvalues: {sucess: 3}\n", 3, "closest: 'success'"),
        ("name: x\nsuccess: {activity: a}\nfailure: {activity: a}\n", 2, "hold for the same event"),
        ("name: x\nsuccess: {activity: a}\ncolumns: {tme: t}\n", 3, "closest: 'time'"),
        ("name: x\nsuccess: [\n", 3, "this is not YAML"),
        (BESIDE + "    sart: {activity: b}\n", 5, "'sart' (closest: 'start') is not a key"),
        (BESIDE + "    end: {activity: b}\n", 4, "the key 'beside.other.start' is missing"),
        (BESIDE + "    start: {activity: b}\n", 4, "give its end, abandoned_after or both"),
        (
            BESIDE + "    start: {activity: b}\n    end: {activity: [c, b]}\n",
            4,
            "start and end hold for the same event",
        ),
        (
            BESIDE + "    start: {activity: b, within: 2d}\n    abandoned_after: 2d\n",
            4,
            "its rules name events only",
        ),
        (
            BESIDE + "    start: {activity: b}\n    abandoned_after: 2\n",
            6,
            "beside.other.abandoned_after: 2 is not a duration",
        ),
        ("name: x\nsuccess: {activity: a}\nerrors: {inactive_for: 2d}\n", 1, "under churn"),
        (SURVEY + "{activity: s, scor: csat, from: 1, to: 5}\n", 3, "closest: 'score'"),
        (SURVEY + "{activity: s, score: csat, to: 5}\n", 3, "the key 'survey.from' is missing"),
        (SURVEY + "\n  activity: s\n  score: csat\n  from: 5\n  to: 1\n", 3, "is no scale"),
        (SURVEY + "{activity: [], score: csat, from: 1, to: 5}\n", 3, "name the activity"),
        (
            SURVEY + "{activity: s, score: os, from: 1, to: 5}\nattributes: {technical: os}\n",
            3,
            "'os', which is something else here",
        ),
        ("name: x\nsuccess: {activity: a}\nscore: {complete: 3}\n", 3, "closest: 'completion'"),
        ("name: x\nsuccess: {activity: a}\nscore: {time: 0}\n", 3, "no part has a weight"),
        (
            "name: x\nsuccess: {activity: a}\nscore: {completion: 1, leakage: 1}\n",
            3,
            "weighs leakage, for which there is no `leakage:`",
        ),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_definition(text, source="journey.yaml")
    assert f"journey.yaml, line {line}: " in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n", "5", "a: 2026-13-45\n"])
def test_what_is_no_set_of_keys_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"journey\.yaml"):
        parse_definition(text, source="journey.yaml")


def test_a_missing_file_and_one_that_is_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no journey definition at"):
        load_definition(tmp_path / "nowhere.yaml")
    binary = tmp_path / "journey.yaml"
    binary.write_bytes(b"name: \xff\xfe")
    with pytest.raises(DefinitionError, match="cannot be read as UTF-8"):
        load_definition(binary)


def test_a_definition_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journey.yaml"
    path.write_text("\ufeffname: x\nsuccess: {activity: a}\n", encoding="utf-8")
    assert load_definition(path).name == "x"


def test_what_a_log_never_shows_is_told_with_the_closest_name() -> None:
    definition = Definition.from_dict(
        {"name": "x", "success": {"activity": "fundd"}, "milestones": ["startd"]}
    )
    told = " ".join(hold_against_log(definition, log_of(["started", "funded"], definition)))
    assert "'startd' (closest: 'started')" in told
    assert "'fundd' (closest: 'funded')" in told
    with pytest.raises(DefinitionError, match="milestone 'startd'"):
        require_definition_holds(definition, log_of(["started", "funded"], definition))


def test_an_event_that_is_success_and_leakage_is_a_contradiction() -> None:
    definition = Definition.from_dict(
        {"name": "x", "success": {"activity": "a"}, "leakage": {"channel": "phone"}}
    )
    frame = pd.DataFrame(
        {"customer_id": ["c"], "time": ["2026-01-01"], "activity": ["a"], "channel": ["phone"]}
    )
    with pytest.raises(DefinitionError, match="success and a leakage at once"):
        require_definition_holds(definition, event_log(frame, definition))


def test_a_definition_that_holds_is_left_alone() -> None:
    definition = Definition.from_dict({"name": "x", "success": {"activity": "a"}})
    log = log_of(["a", "b"], definition)
    require_definition_holds(definition, log)
    assert hold_against_log(definition, log) == []


def test_what_a_log_never_shows_of_errors_and_journeys_beside_is_told() -> None:
    definition = parse_definition(
        """
        name: x
        success: {activity: paid}
        errors: {activity: paid_not}
        beside: {other: {start: {activity: begun}, abandoned_after: 2d}}
        """,
        source="tests",
    )
    told = " ".join(hold_against_log(definition, log_of(["paid", "begin"], definition)))
    assert "errors: activity is never 'paid_not' (closest: 'paid')." in told
    assert "beside.other.start: activity is never 'begun' (closest: 'begin')." in told


def test_a_survey_and_weights_are_read_and_written_again() -> None:
    text = SURVEY + "{activity: s, score: csat, from: 1, to: 5}\nscore: {completion: 3, time: 1}\n"
    definition = parse_definition(text, source="journey.yaml")
    assert definition == Definition.from_dict(definition.as_dict())
    assert definition.weights == {"completion": 0.75, "time": 0.25}
    assert definition.survey is not None
    assert (definition.survey.lowest, definition.survey.highest) == (1.0, 5.0)


def test_a_definition_without_survey_and_weights_is_written_as_it_ever_was() -> None:
    definition = parse_definition("name: x\nsuccess: {activity: a}\n", source="journey.yaml")
    assert {"survey", "score", "calendar"} & set(definition.as_dict()) == set()
    assert sum(definition.weights.values()) == pytest.approx(1.0)


def test_what_a_customer_answers_is_read_as_a_number_and_is_no_field_of_the_journey() -> None:
    definition = parse_definition(
        SURVEY + "{activity: s, score: csat, from: 1, to: 5}\n", source="journey.yaml"
    )
    times = pd.date_range("2026-01-01", periods=2, freq="h", tz="UTC")
    frame = pd.DataFrame({"customer_id": "c", "time": times, "activity": ["a", "s"]})
    with pytest.raises(DefinitionError, match="needs the column 'csat'"):
        event_log(frame, definition)
    log = event_log(frame.assign(csat=[None, "4"]), definition)
    assert log.events["csat"].to_numpy()[1] == 4.0
    with pytest.raises(EventLogError, match="'good'"):
        event_log(frame.assign(csat=[None, "good"]), definition)
    assert "csat" not in definition.fields


def test_a_survey_that_nobody_answers_is_named() -> None:
    definition = parse_definition(
        SURVEY + "{activity: answered, score: csat, from: 1, to: 5}\n", source="journey.yaml"
    )
    times = pd.date_range("2026-01-01", periods=2, freq="h", tz="UTC")
    frame = pd.DataFrame({"customer_id": "c", "time": times, "activity": ["a", "answerd"]})
    told = hold_against_log(definition, event_log(frame.assign(csat=1), definition))
    assert "survey: activity is never 'answered' (closest: 'answerd')." in told


def test_known_events_are_read_and_written_again() -> None:
    text = "name: x\nsuccess: {activity: a}\ncalendar:\n"
    text += "  - {what: New Year, from: 2026-01-01}\n"
    text += "  - {what: campaign, from: 2026-01-12, until: 2026-02-08}\n"
    definition = parse_definition(text, source="journey.yaml")
    assert [(one.what, one.last) for one in definition.calendar] == [
        ("New Year", date(2026, 1, 1)),
        ("campaign", date(2026, 2, 8)),
    ]
    assert parse_definition(definition_text(definition), source="again") == definition


@pytest.mark.parametrize(
    ("item", "line", "told"),
    [
        ("{what: x, from: 2026-02-01, until: 2026-01-01}", 5, "earlier; swap the two"),
        ("{what: x, form: 2026-02-01}", 5, "closest: 'from'"),
        ("{what: ' ', from: 2026-02-01}", 5, "say what it is"),
    ],
)
def test_a_known_event_that_cannot_be_is_told_with_its_line(
    item: str, line: int, told: str
) -> None:
    text = "name: x\nsuccess: {activity: a}\ncalendar:\n  - {what: y, from: 2026-01-01}\n  - "
    with pytest.raises(DefinitionError, match=told) as fault:
        parse_definition(text + item, source="j.yaml")
    assert f"line {line}" in str(fault.value)


def test_days_of_known_events_are_whole_days_both_ends_included() -> None:
    event = KnownEvent.model_validate({"what": "y", "from": "2026-01-02", "until": "2026-01-03"})
    first = int(np.datetime64("2026-01-01").astype(np.int64))
    assert known_days([event], first, 4).tolist() == [False, True, True, False]
    assert known_days([event], first + 2, 2).tolist() == [True, False]
    assert known_days([event], first + 9, 2).tolist() == [False, False]
