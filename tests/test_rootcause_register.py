"""The state folder: whole or not at all, one run at a time, of this version only."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from journeys.errors import FindingsError, OfframpError
from rootcause.findings import read_findings
from rootcause.life import closed
from rootcause.register import REGISTER, Register, locked, read_register, write_register
from tests.rootcause_world import findings_of
from tests.watch_world import AT, case, files_of, finding

OPEN = case(id="f_aaaaaaaaaaaa")
DONE = closed(case(id="f_bbbbbbbbbbbb"), at=AT, reason="a double")
REGISTERED = Register(cases=(OPEN, DONE), searches=(findings_of(),))


def test_a_register_comes_back_as_it_was(tmp_path: Path) -> None:
    write_register(REGISTERED, tmp_path)
    before = files_of(tmp_path)
    write_register(read_register(tmp_path), tmp_path)
    assert files_of(tmp_path) == before


def test_what_stands_is_beside_it_in_the_form_of_findings(tmp_path: Path) -> None:
    write_register(REGISTERED, tmp_path)
    found = read_findings(tmp_path / "findings-loan-leakage.json")
    assert [(one.id, one.state) for one in found.findings] == [(OPEN.id, "open")]
    assert found.searched == findings_of().searched


def test_a_file_that_would_not_change_is_left_alone(tmp_path: Path) -> None:
    write_register(REGISTERED, tmp_path)
    os.utime(tmp_path / REGISTER, (1, 1))
    write_register(REGISTERED, tmp_path)
    assert (tmp_path / REGISTER).stat().st_mtime == 1


def test_nobody_has_watched_an_empty_folder_yet(tmp_path: Path) -> None:
    assert read_register(tmp_path) == Register()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "no JSON object"),
        ('{"format": 99}', "another|format 99"),
        ('{"format": 1, "cases": []}', "lacks what it must hold"),
        ('{"format": 1, "cases": [{}], "days": []}', "lacks what it must hold"),
    ],
)
def test_a_state_that_is_not_ours_is_one_clear_message(
    content: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / REGISTER).write_text(content)
    with pytest.raises(FindingsError, match=said):
        read_register(tmp_path)


def test_a_case_is_found_by_its_beginning_and_by_what_else_it_was_called() -> None:
    register = Register(cases=(replace(OPEN, also_known_as=("f_cccccccccccc",)), DONE))
    assert register.case("f_aa").id == register.case("f_cccccccccccc").id == OPEN.id
    with pytest.raises(FindingsError, match="Several findings"):
        register.case("f_")
    with pytest.raises(FindingsError, match="No finding has the id 'f_9'"):
        register.case("f_9")


def test_two_runs_at_once_are_refused_and_the_second_changes_nothing(tmp_path: Path) -> None:
    in_use = pytest.raises(OfframpError, match="in use by another run")
    with locked(tmp_path), in_use, locked(tmp_path):
        pytest.fail("the folder was entered twice")
    with locked(tmp_path):
        pass


def test_a_place_that_cannot_be_a_folder_is_a_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OfframpError, match="cannot be written to"), locked(tmp_path / "file"):
        pytest.fail("a file was entered")


def test_whoever_is_killed_while_writing_leaves_a_whole_state(tmp_path: Path) -> None:
    """Two registers are written in turn until the process is killed, at some random instant."""
    one, other = (
        Register(cases=(OPEN, *(case(id=f"f_{n:012}") for n in range(many))), searches=SEARCHES)
        for many in (3, 40)
    )
    write_register(other, tmp_path / "undisturbed")
    wanted = files_of(tmp_path / "undisturbed")
    state = tmp_path / "state"
    for pause in np.random.default_rng(0).uniform(0.005, 0.05, 12):
        killed_after(float(pause), lambda: in_turn(one, other, state))
        assert read_register(state).cases in ((), one.cases, other.cases)
        with locked(state):
            write_register(other, state)
        assert files_of(state) == wanted


SEARCHES = (findings_of(finding()),)


def in_turn(one: Register, other: Register, state: Path) -> None:
    while True:
        for register in (one, other):
            with locked(state):
                write_register(register, state)


def killed_after(seconds: float, work: Callable[[], None]) -> None:
    """Do some work in a process of its own, and kill it (-9) after some time."""
    process = get_context("fork").Process(target=work)
    process.start()
    time.sleep(seconds)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()


def test_the_state_is_text_that_a_person_can_read(tmp_path: Path) -> None:
    write_register(REGISTERED, tmp_path)
    told = json.loads((tmp_path / REGISTER).read_text())
    assert told["cases"][0]["history"][0]["reason"] == "found by the search"
    assert (tmp_path / REGISTER).read_text().count("\n") > 50
