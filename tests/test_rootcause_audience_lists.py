"""Lists from day to day: who is held out, who came and went, and whether the list was right."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.errors import FindingsError, OfframpError
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from rootcause.audience import gathered
from rootcause.audience_file import read_audience
from rootcause.audience_summary import AudienceSummary
from rootcause.grade import Grade, grade_of
from rootcause.hold_out import held_out_of
from rootcause.listing import COLUMNS, Terms
from tests.rootcause_world import DEFINITION, START, SmallWorld, small_world
from training.score import write_scores

WORLD: SmallWorld = small_world(6000, seed=1)
TODAY = 90.0
People = tuple[pd.DataFrame, AudienceSummary]


def as_of(day: float, *, events: pd.DataFrame | None = None) -> EventLog:
    """Return the log as it stood on a day."""
    told = WORLD.log.events if events is None else events
    return event_log(told[told["time"] <= START + pd.Timedelta(days=day)], DEFINITION)


def listed_on(day: float, **terms: object) -> People:
    log = as_of(day)
    return gathered(
        log,
        find_journeys(log, DEFINITION),
        DEFINITION,
        WORLD.finding,
        outcome="leakage",
        terms=Terms(**terms),  # type: ignore[arg-type]
    )


def graded(log: EventLog, previous: pd.DataFrame) -> Grade:
    journeys = find_journeys(log, DEFINITION)
    found = grade_of(log, journeys, DEFINITION, WORLD.finding, outcome="leakage", previous=previous)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def today() -> People:
    return listed_on(TODAY, hold_out=0.5)


@pytest.fixture(scope="module")
def tomorrow(today: People) -> People:
    return listed_on(TODAY + 1, hold_out=0.5, previous=today[0])


KEYS = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=40)


@settings(max_examples=40)
@given(KEYS, KEYS, st.floats(0, 0.5), st.floats(0, 0.5))
def test_the_hold_out_stays_whoever_else_is_listed_and_grows_with_its_share(
    keys: list[str], others: list[str], one: float, other: float
) -> None:
    small, large = sorted((one, other))
    held = held_out_of(keys, "f_1", small)
    assert np.array_equal(held, held_out_of([*keys, *others], "f_1", small)[: len(keys)])
    assert (held <= held_out_of(keys, "f_1", large)).all()


def test_the_hold_out_has_its_size_and_is_others_in_another_audience() -> None:
    keys = [f"C{number}" for number in range(20_000)]
    one, other = held_out_of(keys, "f_1", 0.1), held_out_of(keys, "f_2", 0.1)
    assert abs(one.mean() - 0.1) < 0.01
    assert abs((one & other).mean() - 0.01) < 0.004
    assert not held_out_of(keys, "f_1", 0.0).any()


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan")])
def test_an_absurd_hold_out_is_refused(share: float) -> None:
    with pytest.raises(OfframpError, match="hold-out"):
        held_out_of(["a"], "f_1", share)


@pytest.mark.parametrize("days", [0.0, -3.0, 1e6, float("nan")])
def test_an_absurd_horizon_is_refused(days: float) -> None:
    with pytest.raises(OfframpError, match="--days"):
        Terms(days=days)


def test_the_held_out_are_marked_and_never_dropped(today: People) -> None:
    plain, _ = listed_on(TODAY)
    assert list(plain["journey"]) == list(today[0]["journey"])
    assert not plain["held_out"].any()
    assert 0.4 < today[0]["held_out"].mean() < 0.6


def test_whoever_came_or_went_is_told_apart(today: People, tomorrow: People) -> None:
    before, (now, told) = today[0].set_index("journey"), tomorrow
    there = now[now["state"] != "left"]
    assert set(there.loc[there["change"] == "entered", "journey"]).isdisjoint(before.index)
    assert set(there.loc[there["change"] != "entered", "journey"]) <= set(before.index)
    hit = there.loc[there["change"] == "hit", "journey"]
    assert len(hit) > 0
    assert set(before.loc[hit, "state"]) == {"at_risk"}
    assert (there.set_index("journey").loc[hit, "state"] == "affected").all()
    gone = now[now["state"] == "left"]
    assert set(gone["journey"]) == set(before.index) - set(there["journey"])
    assert (told.entered, told.left) == ((there["change"] == "entered").sum(), len(gone))
    assert sum(told.left_because.values()) == told.left


def test_who_was_held_out_yesterday_is_today(today: People, tomorrow: People) -> None:
    both = today[0].merge(tomorrow[0], on="journey", suffixes=("", "_now"))
    assert len(both) > 100
    assert (both["held_out"] == both["held_out_now"]).all()


def test_whoever_left_is_not_told_to_leave_again(tomorrow: People) -> None:
    again, told = listed_on(TODAY + 1, previous=tomorrow[0])
    assert told.left == told.entered == 0
    assert set(again["change"]) == {"stayed"}


def test_a_list_graded_too_early_says_from_when_it_can_be(tomorrow: People) -> None:
    grade = tomorrow[1].grade
    assert grade is not None
    assert (grade.precision, grade.recall, grade.avoided) == (None, None, None)
    assert grade.answer == "cannot tell yet"
    day = START + pd.Timedelta(days=TODAY + 4)
    assert grade.tellable_from == str(day.ceil("D").date())
    assert "secret" not in str(grade.as_dict())


def test_a_list_is_graded_against_what_happened(today: People) -> None:
    log = as_of(TODAY + 10)
    grade = graded(log, today[0])
    at_risk = today[0][today[0]["state"] == "at_risk"]
    events = log.events[log.events["customer_id"].isin(at_risk["customer_id"])]
    ends = START + pd.Timedelta(days=TODAY + 7)
    uploads = events[(events["activity"] == "upload") & (events["time"] <= ends)]
    assert grade.listed == len(at_risk)
    assert grade.hit == uploads["customer_id"].nunique()
    assert grade.precision is not None
    assert grade.precision[0] == grade.hit / grade.listed
    assert grade.expected[1] <= grade.hit <= grade.expected[2]
    assert grade.recall is not None
    assert grade.recall[0] == grade.hit / (grade.hit + grade.missed)


def test_calls_that_a_message_avoids_are_told_against_the_hold_out(today: People) -> None:
    """Planted: nobody who was approached ever calls again."""
    people = today[0].assign(probability=1.0)  # so few are still at risk in so small a world
    approached = people.loc[~people["held_out"], "customer_id"]
    events = WORLD.log.events
    later = events["time"] > people["as_of"].iloc[0]
    avoided = later & (events["activity"] == "call") & events["customer_id"].isin(approached)
    helped = graded(as_of(TODAY + 10, events=events[~avoided]), people)
    assert helped.rate_approached is not None
    assert helped.rate_approached[0] == 0
    assert helped.answer == "helped"
    assert helped.avoided is not None
    assert helped.avoided[1] > 0
    usual = graded(as_of(TODAY + 10), people)
    assert usual.answer == "no difference shown"


def test_a_hold_out_of_too_few_tells_nothing(today: People) -> None:
    few = held_out_of(today[0]["customer_id"], "f_1", 0.05)
    grade = graded(as_of(TODAY + 10), today[0].assign(held_out=few))
    assert grade.avoided is None
    assert "cannot be told yet" in grade.sentence


@settings(max_examples=10)
@given(st.floats(TODAY + 1, 109))
def test_what_happens_after_the_graded_days_changes_no_grade_of_the_forecast(day: float) -> None:
    people = _LISTED
    grade = graded(as_of(day), people)
    final = graded(WORLD.log, people)
    if grade.precision is not None:
        assert (grade.hit, grade.missed) == (final.hit, final.missed)
    else:
        assert grade.hit <= final.hit


_LISTED = listed_on(TODAY)[0]


def test_whoever_is_being_helped_is_sent_no_offer() -> None:
    people, _ = listed_on(TODAY)
    log = as_of(TODAY)
    helped = people[people["suppress"] == "upsell"]
    calls = log.events[log.events["activity"] == "call"]
    last = calls.groupby("customer_id", observed=True)["time"].max()
    theirs = last.reindex(helped["customer_id"]).to_numpy()
    assert len(helped) > 0
    assert helped["suppress_reason"].str.startswith("in support: contacted on").all()
    assert (helped["suppress_until"] > log.ends).all()
    assert list(helped["suppress_until"]) == [at + pd.Timedelta(days=4) for at in theirs]
    others = people[people["suppress"] == ""]
    assert others["suppress_until"].isna().all()
    open_ = find_journeys(log, DEFINITION).query("state == 'open'")["customer"]
    flying = log.events["customer_id"].cat.categories[open_.to_numpy()]
    fresh = last[last > log.ends - pd.Timedelta(days=4)].index
    assert set(others["customer_id"]) & set(flying) & set(fresh) == set()


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_a_list_comes_back_from_its_file(suffix: str, tomorrow: People, tmp_path: Path) -> None:
    people, path = tomorrow[0], tmp_path / f"list{suffix}"
    write_scores(people.assign(p_leakage=0.5), path)
    back = read_audience(path)
    assert list(back.columns) == list(COLUMNS)
    pd.testing.assert_frame_equal(back, people, check_dtype=False, rtol=1e-9)
    assert list(back["held_out"]) == list(people["held_out"])


def test_an_empty_list_comes_back_too(today: People, tmp_path: Path) -> None:
    for suffix in (".parquet", ".csv", ".jsonl"):
        write_scores(today[0][:0], tmp_path / f"list{suffix}")
        assert len(read_audience(tmp_path / f"list{suffix}")) == 0


def test_what_is_no_list_is_refused_in_one_message(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("customer_id,journey\nC1,j_1\n")
    (tmp_path / "b.parquet").write_text("no")
    (tmp_path / "c.jsonl").write_text("no")
    said = {"a.csv": "lacks 'audience'", "b.parquet": "cannot be read", "c.jsonl": "cannot be read"}
    said |= {"d.csv": "No such file", "e.xlsx": "must end in"}
    for name, words in said.items():
        with pytest.raises(FindingsError, match=words):
            read_audience(tmp_path / name)


def test_a_strange_state_in_a_list_is_named(today: People, tmp_path: Path) -> None:
    write_scores(today[0].assign(state="sleeping"), tmp_path / "a.csv")
    with pytest.raises(FindingsError, match="'sleeping'"):
        read_audience(tmp_path / "a.csv")
