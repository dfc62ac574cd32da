"""A day's look: nothing of the future, once a day, the same whoever was killed or late."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pytest

from journeys.definition import Definition
from journeys.errors import FindingsError, TooLittleDataError
from journeys.find import find_journeys
from journeys.log import EventLog, event_log, log_until
from rootcause.exposure import STEP
from rootcause.life import Case, fix_released, moved
from rootcause.register import Register
from rootcause.scene import Scene
from rootcause.search import find_causes
from rootcause.watch import Asked, watch_day, watch_days
from rootcause.watch_cases import Now
from rootcause.watch_plan import plan_of
from rootcause.watch_search import sought
from rootcause.watch_signs import Signs
from tests.rootcause_world import CONDITIONS, DEFINITION, SmallWorld, small_world
from tests.watch_world import case, day

LEAKAGE = Asked(("leakage",))
SELDOM = replace(LEAKAGE, every=99)
NOTHING = Signs()
FIXED_DAY = 75


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(1200, fixed_day=FIXED_DAY)


@pytest.fixture(scope="module")
def known(world: SmallWorld) -> Register:
    """What is known after a first look on day 60."""
    return watch_day(Register(), world.log, DEFINITION, LEAKAGE, until=day(60))[0]


def test_the_first_look_opens_what_the_search_finds(known: Register) -> None:
    (one,) = known.cases
    assert one.finding.conditions == CONDITIONS
    assert one.state == "open"
    (today,) = known.days
    assert [change.finding for change in today.changes.opened] == [one.id]
    assert today.everything == {"leakage": today.day}


def test_the_same_day_twice_changes_nothing(world: SmallWorld, known: Register) -> None:
    again, changes = watch_day(known, world.log, DEFINITION, LEAKAGE, until=day(60.4))
    assert again == known
    assert changes == known.days[0].changes


def test_nothing_of_the_future_enters(world: SmallWorld, known: Register) -> None:
    """A file that ends on day 60 gives the same register as a longer one that is cut there."""
    events = world.log.events
    ends_there = event_log(events[events["time"] <= day(60)].astype(object), DEFINITION)
    short, _ = watch_day(Register(), ends_there, DEFINITION, LEAKAGE, until=day(60))
    assert short.as_dict() == known.as_dict()


def test_a_log_that_is_cut_equals_one_that_ends_there(world: SmallWorld) -> None:
    events = world.log.events
    for number in (0.5, 38.0, 41.0, 300.0):
        part = events[events["time"] <= day(number)]
        cut, short = log_until(world.log, day(number)), event_log(part, DEFINITION)
        assert cut.ends == short.ends
        pd.testing.assert_frame_equal(cut.events, short.events)


def test_before_the_log_there_is_nothing_to_look_at(world: SmallWorld) -> None:
    with pytest.raises(TooLittleDataError, match="begins on 2026-01-01"):
        log_until(world.log, day(-1))


def test_days_missed_are_made_up_for_and_come_to_the_same(
    world: SmallWorld, known: Register
) -> None:
    daily = known
    for number in (61, 62):
        daily, _ = watch_day(daily, world.log, DEFINITION, LEAKAGE, until=day(number))
    looks = list(watch_days(known, world.log, DEFINITION, LEAKAGE, until=day(62)))
    assert [changes.day for _, changes in looks] == ["2026-03-03", "2026-03-04"]
    assert looks[-1][0].as_dict() == daily.as_dict()


def test_days_too_many_to_make_up_for_are_told(known: Register, world: SmallWorld) -> None:
    looks = watch_days(known, world.log, DEFINITION, LEAKAGE, until=day(63), most=0)
    (_, changes), *more = looks
    assert not more
    assert changes.missed == ("2026-03-03", "2026-03-04")


def test_a_day_of_the_past_is_refused(world: SmallWorld, known: Register) -> None:
    with pytest.raises(FindingsError, match="watched until 2026-03-02"):
        watch_day(known, world.log, DEFINITION, LEAKAGE, until=day(59))


def test_another_definition_is_refused_unless_it_is_meant(
    world: SmallWorld, known: Register
) -> None:
    told = DEFINITION.as_dict()
    other = Definition.from_dict(told | {"leakage": {"activity": "call", "within": "2d"}})
    dearer = Definition.from_dict(told | {"values": {"contact": 9.0, "currency": "EUR"}})
    with pytest.raises(FindingsError, match="--new-definition"):
        watch_day(known, world.log, other, LEAKAGE, until=day(61))
    meant = replace(LEAKAGE, new_definition=True)
    assert watch_day(known, world.log, other, meant, until=day(61))[1].day == "2026-03-03"
    assert watch_day(known, world.log, dearer, LEAKAGE, until=day(61))[1].day == "2026-03-03"


def test_a_search_of_some_steps_is_as_sure_as_one_of_all(world: SmallWorld) -> None:
    log = log_until(world.log, day(60))
    given = (log, journeys_of(log), DEFINITION, "leakage")
    everywhere = find_causes(*given)
    there = find_causes(*given, steps=("upload",))
    assert there.findings == everywhere.findings
    assert there.searched.conditions == everywhere.searched.conditions
    assert there.searched.steps == 1 < everywhere.searched.steps


def test_what_only_one_step_shows_is_looked_at_everywhere_before_a_case_is_opened(
    world: SmallWorld,
) -> None:
    """At the start, alone, the fault of the uploads shows as one of the start."""
    log = log_until(world.log, day(60))
    at_start = Signs(({"kpi": "leakage", "step": "started"},))
    plan = plan_of("leakage", (), at_start, days_since_everything=1)
    assert plan.steps == ("started",)
    now = Now(f"{day(60):%Y-%m-%dT%H:%M:%SZ}", Scene(log, journeys_of(log), DEFINITION), "leakage")
    found = sought((), plan, now, seed=0, tell=lambda _label, _share: None)
    assert [case.finding.conditions for case in found.cases] == [CONDITIONS]
    assert "something new at started" in found.why


def journeys_of(log: EventLog) -> pd.DataFrame:
    return find_journeys(log, DEFINITION)


def released(register: Register) -> Register:
    at = f"{day(FIXED_DAY):%Y-%m-%dT%H:%M:%SZ}"
    return register.with_cases([fix_released(register.cases[0], at=at, fixed_at=at)])


@pytest.fixture(scope="module")
def broken() -> SmallWorld:
    return small_world(1200)


def test_a_fix_that_changes_nothing_is_not_fixed_and_what_was_closed_has_returned(
    broken: SmallWorld, known: Register
) -> None:
    """The fault goes on: told of a fix the watch denies it, told that it was proven, too."""
    judged = released(known)
    for number in (88, 91):
        judged, _ = watch_day(judged, broken.log, DEFINITION, SELDOM, until=day(number))
    assert judged.cases[0].state == "not fixed"

    one = replace(released(known).cases[0], verdict={"verdict": "fixed"})
    proven = moved(one, "closed", at=f"{day(80):%Y-%m-%dT%H:%M:%SZ}", reason="fixed")
    again, changes = watch_day(
        known.with_cases([proven]), broken.log, DEFINITION, LEAKAGE, until=day(108)
    )
    assert again.cases[0].state == "reopened"
    assert [change.finding for change in changes.reopened] == [one.id]


def test_what_nobody_meets_any_more_expires(world: SmallWorld, known: Register) -> None:
    """The release is withdrawn on day 62; four weeks later the case expires."""
    events = world.log.events
    gone = (events["version"] == "8.2") & (events["time"] > day(62))
    log = event_log(events[~gone], DEFINITION)
    register, changes = watch_day(known, log, DEFINITION, SELDOM, until=day(95))
    assert register.cases[0].state == "expired"
    assert "nobody has met it since" in changes.expired[0].sentence


def searches(*, cases: tuple[Case, ...] = (), signs: Signs = NOTHING, since: int = 1) -> object:
    return plan_of("leakage", cases, signs, days_since_everything=since).steps


def alarms(kpi: str, step: str | None = "upload") -> Iterator[dict[str, object]]:
    yield {"kpi": kpi, "step": step}


def test_the_search_goes_where_something_is_known_to_be_wrong() -> None:
    leaks, ends = tuple(alarms("leakage")), tuple(alarms("completion"))
    warned = ({"conditions": {STEP: "done", "os": "iOS"}},)
    assert searches() == ()
    assert searches(cases=(case(),)) == ("upload",)
    assert searches(cases=(moved(case(), "fixed", at="", reason=""),)) == ()
    assert searches(signs=Signs(leaks, warnings=warned)) == ("done", "upload")
    assert searches(signs=Signs(ends)) == (), "completion is not about leakage"
    assert searches(signs=Signs(leaks, leaks)) is None, "the day it begins"
    assert searches(since=7) is None
    assert plan_of("leakage", (), NOTHING, days_since_everything=None).steps is None
