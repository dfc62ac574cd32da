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

from journeys.find import find_journeys
from journeys.log import log_until
from journeys.shards import HeldShards
from offramp.watched import acted, watched
from rootcause.acts import Said
from rootcause.findings import read_findings
from rootcause.register import locked
from rootcause.scene import Scene
from rootcause.scene_over import scene_over
from tests.offramp_run import Run
from tests.rootcause_world import DEFINITION, small_world
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


@pytest.mark.proof
def test_a_log_in_shards_is_watched_as_one_that_is_held(
    given: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same cases, alarms and warnings, to the bit: through catching up, a fix and its proof."""
    states = []
    for name, fits in (("held", "1000000"), ("shards", "1000")):
        monkeypatch.setenv("OFFRAMP_EVENTS_IN_MEMORY", fits)
        state = str(tmp_path / name)
        for number, catch_up in ((60, 0), (62, 1), (91, 0)):
            until = str(day(number))
            watched(
                given[1], [given[3]], state, ["leakage"], until=until, catch_up=catch_up, every=99
            )
            if number == 62:
                (id_,) = standing(Path(state))
                released = Said(fixed_at=str(day(FIXED_DAY)))
                acted(state, id_, "fix", released, at=str(day(number)))
        states.append(files_of(Path(state)))
    assert states[0] == states[1]
    assert b'"verdict": "' in states[0]["watch.json"]
    assert json.loads(states[0]["watch.json"])["alarms"]


def test_an_alarm_is_by_the_counts_of_everybody_whoever_is_looked_at() -> None:
    world, at = small_world(1200, fixed_day=FIXED_DAY), day(62)
    log = log_until(world.log, at)
    held = Scene(log, find_journeys(log, DEFINITION), DEFINITION).alarms(at)
    over = scene_over(HeldShards(DEFINITION, world.log, size=900), at, customers=250)
    assert len(over.log) < len(log) / 2
    found = over.alarms(at)
    assert held
    names = ("kpi", "day", "noticed", "value", "expected", "low", "high", "step")
    for one, other in zip(held, found, strict=True):
        assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]


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
