"""A finding's life: who may move it where, and what its history says."""

import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.errors import FindingsError
from rootcause.life import Case, State, acknowledged, closed, fix_released, moved, reopened
from tests.watch_world import case

LATER = "2026-03-05T09:00:00Z"
ACTS = {
    "acknowledged": lambda one: acknowledged(one, at=LATER, owner="App team", ticket="APP-1"),
    "fix released": lambda one: fix_released(one, at=LATER, fixed_at="2026-03-04T00:00:00Z"),
    "closed": lambda one: closed(one, at=LATER, reason="the release was withdrawn"),
    "reopened": lambda one: reopened(one, at=LATER, reason="customers still call"),
}


def in_state(state: str) -> Case:
    return moved(case(), state, at="2026-03-02T00:00:00Z", reason="so it came")  # type: ignore[arg-type]


def test_the_whole_life_is_in_the_history_with_time_and_reason() -> None:
    one = ACTS["acknowledged"](case())
    one = ACTS["fix released"](one)
    one = moved(one, "not fixed", at=LATER, reason="the effect is as large as before")
    one = ACTS["closed"](one)
    one = ACTS["reopened"](one)
    assert [entry.state for entry in one.history] == [
        "open",
        "acknowledged",
        "fix released",
        "not fixed",
        "closed",
        "reopened",
    ]
    assert all(entry.at and entry.reason for entry in one.history)
    assert (one.owner, one.ticket) == ("App team", "APP-1")


def test_a_case_opened_again_has_no_fix_any_more() -> None:
    one = ACTS["reopened"](ACTS["closed"](ACTS["fix released"](case())))
    assert (one.fixed_at, one.verdict) == (None, None)


@given(state=st.sampled_from(get_args(State)), act=st.sampled_from(sorted(ACTS)))
def test_an_act_leads_where_it_says_or_says_what_is_possible(state: str, act: str) -> None:
    reached, fault = outcome_of(state, act)
    assert reached == act or (state in fault and "offramp finding" in fault)


@pytest.mark.parametrize("state", get_args(State))
def test_from_every_state_a_person_can_go_on(state: str) -> None:
    assert any(outcome_of(state, act)[0] for act in ACTS)


def outcome_of(state: str, act: str) -> tuple[str, str]:
    """Return the state an act leads to, or nothing and what is said against it."""
    try:
        return ACTS[act](in_state(state)).state, ""
    except FindingsError as fault:
        return "", str(fault)


def test_what_is_closed_cannot_be_closed_again() -> None:
    with pytest.raises(FindingsError, match=r"is closed .*so it came.*reopen"):
        ACTS["closed"](in_state("closed"))


@pytest.mark.parametrize("act", [closed, reopened])
def test_nothing_is_closed_or_opened_again_without_a_reason(act: object) -> None:
    with pytest.raises(FindingsError, match="without a reason"):
        act(in_state("fixed"), at=LATER, reason="")  # type: ignore[operator]


def test_somebody_has_to_be_named_who_takes_over() -> None:
    with pytest.raises(FindingsError, match="--owner"):
        acknowledged(case(), at=LATER, owner="")


def test_a_fix_cannot_come_before_the_fault() -> None:
    with pytest.raises(FindingsError, match="began on 2026-02-10"):
        fix_released(case(), at=LATER, fixed_at="2026-02-10T08:00:00Z")


def test_a_state_began_with_the_first_of_its_last_lines() -> None:
    one = moved(case(), "acknowledged", at="2026-03-02T00:00:00Z", reason="taken over")
    one = moved(one, "acknowledged", at="2026-03-09T00:00:00Z", reason="worse: 30 points")
    assert one.since == "2026-03-02T00:00:00Z"


def test_a_case_comes_back_from_its_file_as_it_was() -> None:
    one = replace(
        ACTS["fix released"](ACTS["acknowledged"](case())),
        verdict={"verdict": "cannot tell yet", "days_missing": 4},
        also_known_as=("f_1",),
    )
    written = json.dumps(one.as_dict())
    again = Case.from_dict(json.loads(written))
    assert json.dumps(again.as_dict()) == written
    assert again.as_finding().state == "fix released"


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: told.pop("history"),
        lambda told: told.update(state="mended"),
        lambda told: told.update(history=[]),
        lambda told: told["finding"].pop("onset"),
        lambda told: told["history"][0].update(surprise=1),
    ],
)
def test_a_damaged_case_is_one_clear_message(damage: object) -> None:
    told = json.loads(json.dumps(case().as_dict()))
    damage(told)  # type: ignore[operator]
    with pytest.raises(FindingsError, match=r"watch into a new one|offramp findings"):
        Case.from_dict(told)
