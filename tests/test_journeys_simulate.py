import functools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.calendar import office, seconds, waking
from journeys.definition_file import load_definition
from journeys.dice import Dice, choose
from journeys.errors import RequestError
from journeys.simulate import SCENARIOS, Simulation, simulate, write_simulation
from journeys.world import RELEASES

COLUMNS = [
    *("customer_id", "time", "activity", "channel", "topic", "region", "product", "partner"),
    *("value_tier", "tenure", "os", "app_version", "device", "amount", "age_band"),
]
MORTGAGE = "mortgage_refinance"


@functools.cache
def world(scenario: str = "ios_upload_bug", customers: int = 6000, seed: int = 7) -> Simulation:
    return simulate(scenario, customers=customers, seed=seed)


def uploads(events: pd.DataFrame) -> pd.DataFrame:
    """The first upload of each customer, and whether a call about it came within seven days."""
    first = events[events["activity"] == "document_upload"].drop_duplicates("customer_id")
    centre = events["channel"].isin(["call_centre", "ivr"]) & (events["topic"] == MORTGAGE)
    calls = events.loc[centre, ["customer_id", "time"]].rename(columns={"time": "called"})
    pairs = first[["customer_id", "time"]].merge(calls, on="customer_id")
    after = pairs["called"] - pairs["time"]
    soon = pairs[(after > pd.Timedelta(0)) & (after <= pd.Timedelta(days=7))]
    known = first["time"] <= events["time"].max() - pd.Timedelta(days=7)
    return first.assign(calls=first["customer_id"].isin(soon["customer_id"]))[known]


def on_the_release(events: pd.DataFrame) -> pd.Series:
    return (events["os"] == "iOS") & (events["app_version"] == "8.2.0")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_seed_writes_the_same_bytes(scenario: str, tmp_path: Path) -> None:
    for folder in ("one", "other"):
        write_simulation(simulate(scenario, customers=150, seed=3), tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == [
        "events.parquet",
        "journey.yaml",
        "money_transfer.yaml",
        "phone_activation.yaml",
        "truth.json",
    ]
    for name in names:
        one, other = tmp_path / "one" / name, tmp_path / "other" / name
        assert one.read_bytes() == other.read_bytes()


def test_another_seed_is_another_world() -> None:
    one, other = (simulate("clean", customers=50, seed=seed).events for seed in (1, 2))
    assert not one.equals(other)


def test_what_is_written_reads_back_unchanged(tmp_path: Path) -> None:
    write_simulation(world("clean", 150), tmp_path)
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "events.parquet"), world("clean", 150).events
    )


def test_the_columns_are_those_of_the_file() -> None:
    events = world().events
    assert list(events.columns) == COLUMNS
    assert str(events["time"].dtype) == "datetime64[us, UTC]"
    assert events["time"].is_monotonic_increasing
    assert events["customer_id"].str.fullmatch(r"C\d{7}").all()
    assert not events.duplicated(["customer_id", "time"]).mean() > 0.001


def test_every_event_is_inside_the_log() -> None:
    simulation = world()
    events, truth = simulation.events, simulation.truth
    assert events["time"].min() >= pd.Timestamp(str(truth["log_starts"]))
    assert events["time"].max() < pd.Timestamp(str(truth["log_ends"]))


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(sorted(SCENARIOS)), st.integers(1, 60), st.integers(0, 2**40))
def test_a_world_of_any_size_can_be_made(scenario: str, customers: int, seed: int) -> None:
    simulation = simulate(scenario, customers=customers, seed=seed)
    assert list(simulation.events.columns) == COLUMNS
    assert simulation.events["customer_id"].nunique() <= customers


def test_a_small_world_is_the_beginning_of_a_large_one() -> None:
    small, large = (simulate("clean", customers=size, seed=5).events for size in (40, 120))
    first = large[large["customer_id"].isin(set(small["customer_id"]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        small.astype({"activity": str}), first.astype({"activity": str}), check_categorical=False
    )


@pytest.mark.parametrize(
    ("scenario", "closest"), [("ios_bug", "ios_upload_bug"), ("clear", "clean")]
)
def test_an_unknown_scenario_is_answered_with_the_closest(scenario: str, closest: str) -> None:
    with pytest.raises(RequestError, match=f"closest: '{closest}'"):
        simulate(scenario, customers=10, seed=1)


def test_nobody_cannot_be_simulated() -> None:
    with pytest.raises(RequestError, match="at least 1"):
        simulate("clean", customers=0, seed=1)


@pytest.mark.parametrize("scenario", ["clean", "confounded"])
def test_nothing_is_planted_where_nothing_is_said_to_be(scenario: str) -> None:
    assert world(scenario, 150).truth["causes"] == []


def test_the_planted_effect_shows_in_a_plain_count_of_calls() -> None:
    first = uploads(world().events)
    exposed = on_the_release(first)
    assert exposed.sum() > 60
    excess = first["calls"][exposed].mean() - first["calls"][~exposed].mean()
    (cause,) = world().truth["causes"]  # type: ignore[misc]
    assert 0.12 < cause["effect"]["leakage"] < 0.20
    assert abs(excess - cause["effect"]["leakage"]) < 0.10
    assert cause["effect"]["success"] > 0.05
    assert cause["effect"]["churn"] > 0.02


def test_without_the_bug_the_release_fails_no_more_than_others() -> None:
    events = world("clean").events
    tries, failures = (
        events[events["activity"] == name] for name in ("document_upload", "upload_failed")
    )
    share = on_the_release(failures).sum() / on_the_release(tries).sum()
    assert share < 0.15
    assert abs(share - len(failures) / len(tries)) < 0.06


def test_who_was_exposed_is_said_as_the_log_says_it() -> None:
    events = world().events
    (cause,) = world().truth["causes"]  # type: ignore[misc]
    first = events[events["activity"] == "document_upload"].drop_duplicates("customer_id")
    seen = set(first.loc[on_the_release(first), "customer_id"])
    assert len(seen ^ set(cause["exposed_customers"])) <= 0.05 * len(seen)
    assert cause["exposed_journeys"] >= len(cause["exposed_customers"])


def test_two_causes_are_two_conjunctions_with_onsets_of_their_own() -> None:
    causes = world("two_causes", 1500).truth["causes"]
    assert [cause["conditions"] for cause in causes] == [  # type: ignore[attr-defined]
        {"activity": "document_upload", "os": "iOS", "app_version": "8.2.0"},
        {"activity": "appraisal_scheduled", "region": "south", "os": "Android"},
    ]
    assert len({cause["onset"] for cause in causes}) == 2  # type: ignore[attr-defined]
    assert all(cause["effect"]["leakage"] > 0.08 for cause in causes)  # type: ignore[attr-defined]


def test_the_skewed_partner_brings_more_calls_through_its_mix_alone() -> None:
    events = world("confounded").events
    first = uploads(events)
    late = first[first["time"] > pd.Timestamp("2026-03-01", tz="UTC")]
    through = late["partner"] == "brightloan"
    assert late["amount"][through].median() > 1.1 * late["amount"][~through].median()
    assert late["calls"][through].mean() > late["calls"][~through].mean() + 0.02


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: f"{release.os} {release.version}")
def test_no_version_is_seen_before_its_release(release: object) -> None:
    events = world().events
    on_it = (events["os"] == release.os) & (events["app_version"] == release.version)  # type: ignore[attr-defined]
    assert on_it.any()
    assert events.loc[on_it, "time"].min() >= pd.Timestamp(release.date, tz="UTC")  # type: ignore[attr-defined]


def test_only_a_visit_has_an_os_and_the_web_has_no_version() -> None:
    events = world().events
    offline = events["channel"].isin(["ivr", "call_centre", "email", "branch"])
    assert (events["os"].isna() == offline).all()
    web = events["channel"] == "web"
    assert set(events.loc[web, "app_version"]) == {"web"}


def test_customers_are_on_several_journeys_and_come_back() -> None:
    events = world().events.dropna(subset="topic")
    topics = events.groupby("customer_id", observed=True)["topic"].nunique()
    assert (topics >= 2).mean() > 0.3
    starts = world().events.query("activity == 'refinance_started'").groupby("customer_id").size()
    assert 0.7 < len(starts) / 6000 < 0.9
    assert (starts > 1).any()


def test_most_mortgages_come_to_an_end_as_in_life() -> None:
    events = world("clean").events
    started, funded = (
        (events["activity"] == name).sum() for name in ("refinance_started", "loan_funded")
    )
    assert 0.5 < funded / started < 0.75
    first = uploads(events)
    assert 0.10 < first["calls"].mean() < 0.22


def test_nothing_happens_after_an_account_is_closed() -> None:
    events = world().events
    last = events.drop_duplicates("customer_id", keep="last")
    assert (last["activity"] == "account_closed").sum() == (
        events["activity"] == "account_closed"
    ).sum()


def test_those_who_lived_failure_close_their_accounts_more_often() -> None:
    events = world().events
    closed = set(events.loc[events["activity"] == "account_closed", "customer_id"])
    by_end = {
        end: np.mean([who in closed for who in events.query("activity == @end")["customer_id"]])
        for end in ("loan_funded", "application_withdrawn")
    }
    assert by_end["application_withdrawn"] > by_end["loan_funded"] + 0.05


def test_the_shipped_definitions_load_and_are_the_ones_written(tmp_path: Path) -> None:
    write_simulation(world("clean", 150), tmp_path)
    for file in ("journey.yaml", "phone_activation.yaml", "money_transfer.yaml"):
        definition = load_definition(tmp_path / file)
        assert definition.outcomes == ("success", "leakage", "churn")
        assert "age_band" in definition.attributes.sensitive
        milestones = yaml.safe_load((tmp_path / file).read_text())["milestones"]
        assert set(milestones) <= set(world().events["activity"])
        assert set(definition.fields) <= set(COLUMNS)


@given(st.floats(0, 100 * 86400))
def test_office_hours_delay_and_never_hurry(time: float) -> None:
    (moved,) = office(np.array([time]))
    assert time <= moved <= time + 4 * 86400
    weekday = (pd.Timestamp("2025-10-15") + pd.Timedelta(seconds=moved)).weekday()
    assert weekday < 5
    assert waking(np.array([time]))[0] >= time


def test_a_draw_depends_on_its_name_and_nothing_else() -> None:
    dice = Dice(1, 5)
    before = dice.uniform("one")
    dice.uniform("other")
    assert (dice.uniform("one") == before).all()
    assert (Dice(1, 9).uniform("one")[:5] == before).all()
    assert (Dice(1, 5, rows=np.array([2, 4])).uniform("one") == before[[2, 4]]).all()


def test_a_replay_keeps_the_past_and_draws_another_future() -> None:
    dice, again = Dice(1, 5), Dice(1, 5, replay=2, after="upload")
    assert (dice.uniform("one") == again.uniform("one")).all()
    again.reached("upload")
    assert (dice.uniform("one") != again.uniform("one")).any()


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20))
def test_an_option_without_weight_is_never_chosen(draws: list[float]) -> None:
    assert set(choose(np.array(draws), np.array([0.0, 1.0, 0.0, 2.0, 0.0]))) <= {1, 3}


def test_seconds_count_from_the_start_of_the_log() -> None:
    assert seconds("2025-10-16") == 86400.0
