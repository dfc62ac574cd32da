"""The portfolio: what each KPI counts, that the future changes nothing, and who comes first."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.portfolio_world import DEFINITION, still_world
from journeys.definition import Definition
from journeys.errors import TooLittleDataError
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from rootcause.intervals import rate_interval
from rootcause.kpi import JourneyKpis, Loss
from rootcause.loss import loss_of
from rootcause.portfolio import kpis_of, portfolio_of

START = pd.Timestamp("2026-01-05", tz="UTC")
Event = tuple[str, float, str, str]  # customer, day, activity, channel


@dataclass(frozen=True)
class Fix:
    """What a fix would save, as far as the loss asks."""

    finding: str
    money_per_week: tuple[float, float, float] | None
    currency: str = "EUR"


def log_of(events: list[Event], definition: Definition = DEFINITION) -> EventLog:
    frame = pd.DataFrame(events, columns=["customer_id", "day", "activity", "channel"])
    time = START + pd.to_timedelta(frame["day"], unit="D")
    return event_log(frame.assign(time=time, region="north", csat=np.nan), definition)


def kpis(log: EventLog, definition: Definition = DEFINITION, **how: object) -> JourneyKpis:
    return kpis_of(log, find_journeys(log, definition), definition, **how)  # type: ignore[arg-type]


def value(found: JourneyKpis, name: str) -> float:
    kpi = found.kpi(name)
    assert kpi is not None
    assert kpi.now.value is not None
    return kpi.now.value


def journeys(n: int, *events: tuple[float, str, str], day: float = 40.0) -> list[Event]:
    """Return n customers who live the same events, an hour after one another."""
    return [
        (f"{day}-{events}-{number}", day + number / 24 + at, activity, channel)
        for number in range(n)
        for at, activity, channel in events
    ]


STARTED = (0.0, "started", "app")
FILLER = [("filler", day, "login", "app") for day in np.arange(0.0, 100.0, 1.0)]


def test_every_kpi_is_what_a_hand_would_count() -> None:
    log = log_of(
        FILLER
        + journeys(30, STARTED, (6.0, "done", "email"))
        + journeys(10, STARTED, (2.0, "agent_call", "call_centre"), (8.0, "done", "email"))
        + journeys(
            20,
            STARTED,
            (1.0, "agent_call", "call_centre"),
            (3.0, "agent_call", "call_centre"),
            (4.0, "withdrawn", "app"),
        )
        + journeys(40, STARTED)
    )
    found = kpis(log, until=START + pd.Timedelta(days=67), days=28)
    assert value(found, "volume") == 100
    assert value(found, "completion") == pytest.approx(0.4)
    assert value(found, "leakage") == pytest.approx(0.3)
    assert value(found, "containment") == pytest.approx(0.7)
    assert value(found, "abandonment") == pytest.approx(0.4)
    assert value(found, "first_contact_resolution") == pytest.approx(1 / 3)
    assert value(found, "repeats") == pytest.approx(0.0)
    assert value(found, "elapsed_days") == pytest.approx(6.0)
    # app to call centre and, where it was withdrawn, back
    assert value(found, "channel_switches") == pytest.approx((10 + 2 * 20) / 100)


def test_a_return_after_the_end_is_a_repeat() -> None:
    log = log_of(
        FILLER
        + journeys(15, STARTED, (3.0, "done", "email"), (5.0, "started", "app"))
        + journeys(15, STARTED, (3.0, "done", "email"), (9.0, "agent_call", "call_centre"))
        + journeys(30, STARTED, (3.0, "done", "email"))
    )
    found = kpis(log, until=START + pd.Timedelta(days=67), days=28)
    repeats = found.kpi("repeats")
    assert repeats is not None
    # the 15 that started again are journeys too, and were abandoned
    assert (repeats.now.part, repeats.now.whole) == (30, 75)
    assert value(found, "repeats") == pytest.approx(0.4)


def test_a_contact_handed_on_within_the_hour_is_one_contact() -> None:
    once = (2.0, "agent_call", "call_centre")
    handed_on = (2.02, "agent_call", "call_centre")
    log = log_of(FILLER + journeys(20, STARTED, once, handed_on, (6.0, "done", "email")))
    found = kpis(log, until=START + pd.Timedelta(days=67), days=28)
    assert value(found, "first_contact_resolution") == 1.0


def test_journeys_under_way_are_no_failures_and_do_not_hide_what_is_known() -> None:
    held = naive_held = 0
    for seed in range(10):
        world = still_world(700, days=240, seed=seed)
        log, _ = world.until(150)
        _, later = world.until(230)
        now = kpis(log).kpi("completion")
        assert now is not None
        assert now.now.low is not None
        assert now.now.high is not None
        ends = log.events["time"].min().normalize() + pd.Timedelta(days=150)
        begun = later["start"].between(ends - pd.Timedelta(days=28), ends)
        truth = float((later["state"][begun] == "success").mean())
        held += now.now.low <= truth <= now.now.high
        early = begun & (later["end"] <= log.ends) & (later["state"] == "success")
        _, low, high = rate_interval(int(early.sum()), int(begun.sum()))
        naive_held += bool(low <= truth <= high)
    assert held >= 7
    assert naive_held == 0


@given(
    more=st.lists(
        st.tuples(
            st.integers(0, 40),
            st.floats(0.0, 30.0),
            st.sampled_from(["started", "done", "agent_call", "withdrawn", "new_thing"]),
        ),
        max_size=8,
    )
)
@settings(max_examples=8)
def test_events_after_until_change_nothing(more: list[tuple[int, float, str]]) -> None:
    frame = still_world(150, days=90, seed=4).frame
    begins = frame["time"].min().normalize()
    until = begins + pd.Timedelta(days=80)
    past = frame[frame["time"] <= until]
    future = pd.DataFrame(
        {
            "customer_id": [who for who, _, _ in more],
            "time": [until + pd.Timedelta(days=0.001 + at) for _, at, _ in more],
            "activity": [what for _, _, what in more],
            "channel": "app",
            "region": "elsewhere",
        }
    )
    short = event_log(past, DEFINITION)
    long = event_log(pd.concat([past, future]) if more else past, DEFINITION)
    assert kpis(short, until=until).as_dict() == kpis(long, until=until).as_dict()


def test_a_period_before_the_log_is_unknown_and_so_is_the_change() -> None:
    found = kpis(still_world(400, days=45, seed=2).until(45)[0])
    completion = found.kpi("completion")
    assert completion is not None
    assert completion.before.value is None
    assert completion.change is None


def test_nothing_is_told_of_fewer_than_ten_journeys() -> None:
    log = log_of(FILLER + journeys(9, STARTED, (6.0, "done", "email")))
    found = kpis(log, until=START + pd.Timedelta(days=67), days=28)
    completion = found.kpi("completion")
    assert completion is not None
    assert completion.now.value is None
    assert completion.now.whole == 9


def test_until_before_the_first_event_there_is_nothing_to_tell() -> None:
    log = log_of(FILLER + journeys(20, STARTED))
    with pytest.raises(TooLittleDataError, match="Give a later time"):
        kpis(log, until=START - pd.Timedelta(days=3))


def test_a_kpi_that_the_definition_does_not_ask_for_is_not_there() -> None:
    definition = Definition.from_dict({"name": "case", "success": {"activity": "done"}})
    log = log_of(
        FILLER + journeys(30, STARTED, (6.0, "done", "email")) + journeys(30, STARTED), definition
    )
    found = kpis(log, definition)
    assert found.kpi("leakage") is None
    assert found.kpi("containment") is None
    assert found.kpi("completion") is not None


SURVEYED = Definition.from_dict(
    DEFINITION.as_dict()
    | {
        "survey": {"activity": "answered", "score": "csat", "from": 1, "to": 5, "kind": "effort"},
        "score": {"completion": 3, "satisfaction": 1},
    }
)


def answered(opinion: float) -> EventLog:
    log = log_of(
        FILLER
        + journeys(30, STARTED, (6.0, "done", "email"), (6.5, "answered", "app"))
        + journeys(10, STARTED, (2.0, "withdrawn", "app"))
        + [("stranger", 45.0, "answered", "app")],
        SURVEYED,
    )
    rows = (log.events["activity"] == "answered").to_numpy()
    strangers = (log.events["customer_id"] == "stranger").to_numpy()
    said = np.where(strangers, 5.0, opinion)
    return replace(log, events=log.events.assign(csat=np.where(rows, said, np.nan)))


def test_answers_are_those_of_the_journey_s_customers_and_effort_is_turned_round() -> None:
    found = kpis(answered(2.0), SURVEYED, until=START + pd.Timedelta(days=67))
    assert value(found, "effort") == 2.0
    effort = found.kpi("effort")
    assert effort is not None
    assert (effort.better, effort.now.whole) == ("lower", 30)
    assert value(found, "score") == pytest.approx(100 * (0.75 * 0.75 + 0.25 * 0.75))


def test_a_score_is_unknown_while_one_of_its_parts_is() -> None:
    found = kpis(answered(np.nan), SURVEYED, until=START + pd.Timedelta(days=67))
    score = found.kpi("score")
    assert score is not None
    assert score.now.value is None
    assert "75% completion" in score.words


def test_losses_are_added_bound_by_bound_and_each_finding_once() -> None:
    one, other = Fix("f_1", (100.0, 60.0, 140.0)), Fix("f_2", (50.0, -10.0, 90.0))
    assert loss_of([one, other, one]) == Loss(150.0, 50.0, 230.0, "EUR", ("f_1", "f_2"))
    assert loss_of([one, Fix("f_3", None)]) == Loss(100.0, 60.0, 140.0, "EUR", ("f_1",))
    assert loss_of([Fix("f_3", None)]) is None


def test_what_surely_can_be_won_back_comes_first_then_the_larger() -> None:
    small = kpis(still_world(60, days=70, seed=1).until(70)[0])
    large = kpis(still_world(200, days=70, seed=1).until(70)[0])

    def loss(low: float) -> Loss:
        return Loss(1_000.0, low, 2_000.0, "EUR", ("f_1",))

    ranked = portfolio_of([(small, loss(10.0)), (large, None), (small, loss(500.0))]).journeys
    assert [one.loss.low if one.loss else None for one in ranked] == [500.0, 10.0, None]
    assert portfolio_of([(small, None), (large, loss(-5.0))]).journeys[0].kpis == large.kpis
