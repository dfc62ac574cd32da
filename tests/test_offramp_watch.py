"""The watch as a user runs it: the story of a fault, from the first morning to the proven fix."""

import json
import os
import shutil
import signal
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from offramp.watched import watched
from rootcause.findings import read_findings
from rootcause.register import locked
from tests.offramp_run import Run
from tests.rootcause_world import small_world
from tests.watch_world import day, files_of, written

FIXED_DAY = 75


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folder = tmp_path_factory.mktemp("world")
    events, journey = written(small_world(1200, fixed_day=FIXED_DAY), folder)
    return "--events", events, "--journey", journey


def test_the_story_of_a_fault(given: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    state = tmp_path / "state"

    def watch(number: float, *more: object) -> str:
        words = ("--outcome", "leakage", "--everything-every", 99, "--until", day(number), *more)
        code, said = run("watch", *given, "--state", state, *words)
        assert code == 0
        return said

    def act(*words: object) -> str:
        return run("finding", *words, "--state", state, "--finding", id_[:6])[1]

    said = watch(60)
    assert "Opened (1)" in said
    assert "os iOS and version 8.2, at the step “upload”" in said
    (id_,) = standing(state)
    assert "taken over by App team" in act("acknowledge", "--owner", "App team", "--ticket", "A-8")
    said = watch(61, "--json", tmp_path / "today.json")
    assert "Nothing changed. Standing: 1 case, " in said
    assert json.loads((tmp_path / "today.json").read_text())["days"][0]["nothing_changed"] is True

    before = files_of(state)
    assert "Nothing changed." in watch(61)
    assert files_of(state) == before, "the same day twice changes nothing, to the bit"

    act("fix", "--fixed-at", day(FIXED_DAY))
    said = watch(79, "--catch-up", 0)
    assert "Nobody watched from 2026-03-04 to 2026-03-20 (17 days); not made up for" in said
    assert "Verdicts (1)" in said
    assert "Cannot tell yet" in said
    assert "Fixed: os iOS and version 8.2" in watch(91, "--catch-up", 2)
    assert "Closed (1)" in watch(106, "--catch-up", 0)
    assert standing(state) == []
    assert "is closed" in act("acknowledge", "--owner", "App team")
    told = act("show")
    places = [told.index(f" 00:00 {word} ") for word in ("open", "cannot", "fixed", "closed")]
    assert places == sorted(places)
    assert all(b"secret-" not in content for content in files_of(state).values()), "no customer key"


def standing(state: Path) -> list[str]:
    """Return the ids of the findings that everybody else reads."""
    return [one.id for one in read_findings(state / "findings-loan-leakage.json").findings]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "--state", "nowhere"), "There is no state folder 'nowhere'"),
        (("fix", "--state", "STATE", "--finding", "f_x"), "No finding has the id 'f_x'"),
        (("show", "--state", "STATE", "--finding", "f_"), "the state folder holds nothing"),
        (("fix", "--state", "STATE", "--at", "soon"), "'soon' is not a time; write --at"),
    ],
)
def test_what_cannot_be_done_with_a_finding_is_said(
    words: tuple[str, ...], said: str, run: Run, tmp_path: Path
) -> None:
    given = [str(tmp_path) if word == "STATE" else word for word in words]
    code, told = run("finding", *given)
    assert code == 1
    assert said in told


def test_no_finding_is_an_answer(run: Run, tmp_path: Path) -> None:
    assert "nothing was found" in run("finding", "show", "--state", tmp_path)[1]


def test_a_second_run_at_the_same_time_is_told_so(
    given: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    with locked(tmp_path):
        code, said = run("watch", *given, "--state", tmp_path)
    assert code == 1
    assert "in use by another run" in said


def test_a_journey_given_twice_is_told_so(given: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    code, said = run("watch", *given, *given[2:], "--state", tmp_path)
    assert code == 1
    assert "have the same name" in said


def test_whoever_is_killed_half_way_is_finished_by_the_next_run(
    given: tuple[str, ...], tmp_path: Path
) -> None:
    """Killed (-9) at random instants again and again, then left alone: the state is the same."""

    def watch(state: Path, number: float = 62) -> None:
        asked = {"catch_up": 14, "every": 99, "until": str(day(number))}
        watched(given[1], [given[3]], str(state), ["leakage"], **asked)  # type: ignore[arg-type]

    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    watch(undisturbed, 60)
    shutil.copytree(undisturbed, killed)
    began = time.monotonic()
    watch(undisturbed)
    took = time.monotonic() - began
    ended = []
    for share in np.random.default_rng(1).uniform(0.1, 0.7, 3):
        process = get_context("fork").Process(target=watch, args=(killed,))
        process.start()
        time.sleep(float(share) * took)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        ended.append(process.exitcode)
    assert -signal.SIGKILL in ended, "none was still at work"
    watch(killed)
    assert files_of(killed) == files_of(undisturbed)
