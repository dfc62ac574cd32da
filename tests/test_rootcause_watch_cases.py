"""What a day's search says of the cases that are known, and what of it is news."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.find import find_journeys
from journeys.log import log_until
from rootcause.findings import Finding
from rootcause.life import Case, closed, fix_released, moved, opened
from rootcause.scene import Scene
from rootcause.watch_cases import Now, expired, followed
from rootcause.watch_news import news_of
from rootcause.watch_signs import news_in
from tests.rootcause_world import DEFINITION, SmallWorld, small_world
from tests.watch_world import AT, day

OPENED = 60


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(800)


@pytest.fixture(scope="module")
def scene(world: SmallWorld) -> Scene:
    return Scene(world.log, world.journeys, DEFINITION)


@pytest.fixture(scope="module")
def one(world: SmallWorld) -> Case:
    told = {"onset_interval": ("2026-02-09", "2026-02-12"), "effect_interval": (0.3, 0.5)}
    finding = replace(world.finding, effect=0.4, **told)  # type: ignore[arg-type]
    return opened(finding, journey="loan", outcome="leakage", day=instant(OPENED)[:10], at=AT)


def instant(number: float) -> str:
    return f"{day(number):%Y-%m-%dT%H:%M:%SZ}"


def after(
    case: Case, found: Finding | None, scene: Scene, number: float = 70, *, steps: object = None
) -> Case:
    """Return the case after a search that named this, or nothing."""
    now = Now(instant(number), scene, "leakage")
    findings = [] if found is None else [found]
    return expired(followed([case], findings, steps, now)[0], now)  # type: ignore[arg-type]


@settings(max_examples=25)
@given(effect=st.floats(0.05, 0.95))
def test_a_move_is_news_only_once_it_leaves_the_interval_last_told(
    effect: float, one: Case, scene: Scene
) -> None:
    moved_to = replace(one.finding, effect=effect, effect_interval=(effect - 0.1, effect + 0.1))
    seen = after(one, moved_to, scene)
    assert seen.finding.effect == effect
    said = [entry.reason.partition(":")[0] for entry in seen.history[1:]]
    assert said == (["worse"] if effect > 0.5 else ["better"] if effect < 0.3 else [])
    assert after(seen, moved_to, scene, 71).history == seen.history, "told once"


def test_another_onset_is_told_when_it_leaves_its_interval(one: Case, scene: Scene) -> None:
    assert after(one, replace(one.finding, onset="2026-02-11"), scene).history == one.history
    later = after(one, replace(one.finding, onset="2026-02-14"), scene)
    assert later.history[-1].reason == "dated otherwise: since 2026-02-14"


def test_what_is_sought_in_vain_for_four_weeks_expires(one: Case, scene: Scene) -> None:
    missing = after(one, None, scene, 61)
    assert (missing.state, missing.missing_since) == ("open", instant(61)[:10])
    assert after(missing, None, scene, 88).state == "open"
    stale = after(missing, None, scene, 89)
    assert stale.state == "expired"
    assert "sought in vain since" in stale.history[-1].reason
    again = after(stale, stale.finding, scene, 95)
    assert (again.state, again.history[-1].reason) == ("reopened", "found again")


def test_to_be_found_in_between_starts_the_four_weeks_anew(one: Case, scene: Scene) -> None:
    seen = after(after(one, None, scene, 61), one.finding, scene, 80)
    assert seen.missing_since == ""
    assert after(after(seen, None, scene, 81), None, scene, 100).state == "open"


def test_what_was_not_looked_for_is_not_missing(one: Case, scene: Scene) -> None:
    assert after(one, None, scene, 61, steps=("done",)).missing_since == ""
    assert after(one, None, scene, 61, steps=("upload",)).missing_since != ""


def test_what_a_person_closed_stays_closed_until_it_is_worse_or_new(
    one: Case, scene: Scene
) -> None:
    shut = closed(one, at=instant(65), reason="we live with it")
    assert after(shut, one.finding, scene).state == "closed"
    worse = replace(one.finding, effect=0.7, effect_interval=(0.6, 0.8))
    assert after(shut, worse, scene).state == "reopened"
    anew = replace(one.finding, onset=instant(68)[:10])
    assert after(shut, anew, scene).history[-2].reason.startswith("it began anew")


def test_while_a_fix_is_tested_the_finding_stays_as_it_was(one: Case, scene: Scene) -> None:
    """The effect is thinned by the healthy days; the verdict must compare with what it was."""
    testing = fix_released(one, at=instant(65), fixed_at=instant(65))
    thinner = replace(one.finding, effect=0.1, effect_interval=(0.05, 0.15))
    seen = after(testing, thinner, scene)
    assert (seen.finding, seen.history) == (testing.finding, testing.history)
    assert seen.last_found == instant(70)[:10]


def test_nobody_meets_what_was_withdrawn(one: Case, world: SmallWorld) -> None:
    events = world.log.events
    left = world.log.events[(events["version"] != "8.2") | (events["time"] < day(50))]
    log = log_until(replace(world.log, events=left.reset_index(drop=True)), day(100))
    gone = Scene(log, find_journeys(log, DEFINITION), DEFINITION)
    testing = fix_released(one, at=instant(65), fixed_at=instant(65))
    waiting = replace(testing, verdict={"verdict": "cannot tell yet", "days_missing": 9})
    now = Now(instant(80), gone, "leakage")
    assert expired(one, now).state == "expired"
    assert expired(testing, now).state == "expired"
    assert expired(waiting, now).state == "fix released", "others can still be asked"
    assert expired(moved(one, "closed", at=AT, reason="x"), now).state == "closed"


def test_every_line_of_a_history_is_news_once(one: Case) -> None:
    later = moved(moved(one, "reopened", at=AT, reason="b"), "reopened", at=AT, reason="worse: c")
    later = moved(later, "fixed", at=AT, reason="Fixed: d")
    news = news_of([], [later])
    assert [len(news[kind]) for kind in ("opened", "reopened", "updated", "verdicts")] == [1] * 4
    assert news["updated"][0].what == "worse"
    assert news["verdicts"][0].sentence == "Fixed: d"
    assert not any(news_of([later], [later]).values())


def test_a_sign_begins_once_and_ends_once() -> None:
    leaks, calls = {"kpi": "leakage", "value": 0.2}, {"kpi": "volume", "value": 3}
    worse = leaks | {"value": 0.3}
    assert news_in([], [leaks], "kpi") == ([leaks], [])
    assert news_in([leaks], [worse, calls], "kpi") == ([calls], [])
    assert news_in([leaks, calls], [calls], "kpi") == ([], [leaks])
