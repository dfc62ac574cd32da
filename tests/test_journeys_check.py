"""The check of a log names everything that is wrong with it, and raises nothing."""

import json

import numpy as np
import pandas as pd
import pytest

from journeys.check import LogCheck, check_log
from journeys.definition import Definition

NOW = pd.Timestamp("2026-06-01", tz="UTC")
WRITTEN = {
    "name": "x",
    "start": {"activity": "start"},
    "success": {"activity": "won", "within": "5d"},
    "abandoned_after": "3d",
    "leakage": {"channel": "phone", "within": "2d"},
    "milestones": ["start", "won"],
    "attributes": {"context": ["region"], "numeric": ["amount"]},
}
DEFINITION = Definition.from_dict(WRITTEN)


def sound_log(journeys: int = 600) -> pd.DataFrame:
    """Sixty days, some win, some call, everything in order."""
    random = np.random.default_rng(0)
    begins = np.sort(random.uniform(0, 60, journeys))
    second = begins + random.uniform(0.1, 1, journeys)
    who = [f"c{number}" for number in range(journeys)]
    days = np.concatenate([begins, second])
    return (
        pd.DataFrame(
            {
                "customer_id": who + who,
                "time": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(days, unit="D"),
                "activity": ["start"] * journeys
                + random.choice(["won", "look"], journeys).tolist(),
                "channel": ["app"] * journeys + random.choice(["app", "phone"], journeys).tolist(),
                "region": random.choice(["n", "s"], 2 * journeys),
                "amount": random.uniform(0, 9, 2 * journeys),
            }
        )
        .sort_values("time", ignore_index=True)
        .query("activity != 'won' or channel != 'phone'")
        .reset_index(drop=True)
    )


def check(frame: pd.DataFrame, definition: Definition = DEFINITION) -> LogCheck:
    return check_log(frame, definition, now=NOW)


def told(frame: pd.DataFrame, definition: Definition = DEFINITION) -> str:
    found = check(frame, definition)
    json.dumps(found.as_dict(), allow_nan=False)
    return "\n".join(f"{problem.severity}: {problem.sentence}" for problem in found.problems)


def changed(**change: object) -> Definition:
    return Definition.from_dict({**WRITTEN, **change})


def test_a_sound_log_has_no_problem() -> None:
    found = check(sound_log())
    assert found.problems == ()
    assert found.events == len(sound_log())
    assert found.customers == 600
    assert sum(found.activities.values()) == found.events
    assert sum(found.journeys.values()) == 600
    assert found.journeys["success"] > 100
    assert 0 < found.labels["leakage"].rate < 1
    assert [(one.name, one.distinct, one.missing_share) for one in found.attributes] == [
        ("region", 2, 0.0),
        ("amount", found.events, 0.0),
    ]


def test_all_that_is_wrong_is_told_at_once() -> None:
    frame = sound_log().astype({"time": "str", "amount": object})
    frame.loc[0, "time"] = "31.02.2026"
    frame.loc[1, "customer_id"] = None
    frame.loc[2, "activity"] = None
    frame.loc[3, "amount"] = "much"
    frame.loc[4, "time"] = "2027-01-01T00:00:00Z"
    frame.loc[5, "time"] = "1970-01-01T00:00:00Z"
    frame.loc[6, "time"] = "2026-05-01T00:00:00Z"
    frame["region"] = "n"
    frame = pd.concat([frame, frame.tail(1)], ignore_index=True)
    sentences = told(frame)
    for part in (
        "fault: Some times cannot be read (1 of",
        "'31.02.2026'",
        "fault: Some events have no customer_id (1 of",
        "fault: Some events have no activity (1 of",
        "fault: The numeric attribute 'amount' holds what is no number",
        "fault: Some events lie in the future (1 of",
        "warning: Some times look like an empty date (1 of",
        "warning: The attribute 'region' never varies",
        "warning: Some rows are exact duplicates of another (1 of",
        "warning: Some events stand before an earlier event of the same customer",
    ):
        assert part in sentences, sentences
    assert sentences.index("warning") > sentences.rindex("fault")


@pytest.mark.parametrize("column", ["region", "amount", "channel"])
def test_a_missing_column_is_named_with_the_closest(column: str) -> None:
    frame = sound_log().rename(columns={column: f"{column}s"})
    assert f"fault: The column '{column}' (closest: '{column}s') is missing" in told(frame)


@pytest.mark.parametrize("column", ["customer_id", "time", "activity"])
def test_without_a_customer_time_or_activity_nothing_else_is_asked(column: str) -> None:
    for frame in (sound_log().drop(columns=column), sound_log().assign(**{column: None})):
        found = check(frame)
        assert found.events == 0
        assert found.first is None
        assert found.faults
        json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.parametrize("frame", [sound_log().iloc[:0], pd.DataFrame()])
def test_an_empty_log_is_told(frame: pd.DataFrame) -> None:
    assert "fault: The log holds no event" in told(frame)


@pytest.mark.parametrize("rows", [1, 2])
def test_one_event_or_one_customer_is_told_and_no_fault_of_ours(rows: int) -> None:
    frame = sound_log().query("customer_id == 'c3'").head(rows)
    assert "The customers are too few" in told(frame)


def test_times_that_are_plain_numbers_are_told() -> None:
    assert "plain numbers, for instance '5'" in told(sound_log().assign(time=5))


def test_mixed_zones_are_told() -> None:
    texts = sound_log()["time"].dt.strftime("%Y-%m-%dT%H:%M:%S")
    frame = sound_log()
    frame["time"] = texts + np.where(np.arange(len(texts)) % 2, "+01:00", "Z")
    assert "warning: The times are in several zones ('+01:00', 'Z')" in told(frame)
    frame["time"] = texts + np.where(np.arange(len(texts)) % 2, "+01:00", "")
    assert "Some times have a zone and some have none" in told(frame)
    frame["time"] = texts.str[:10]
    assert "zone" not in told(frame)


def test_a_channel_that_is_silent_out_of_its_rhythm_is_told_and_a_closed_sunday_is_not() -> None:
    days = pd.date_range("2026-01-05", periods=56, freq="D", tz="UTC")
    rows = [
        (channel, day + pd.Timedelta(minutes=minute))
        for day in days
        for channel in ("app", "phone", "branch")
        for minute in range(30)
        if not (channel == "branch" and day.day_of_week >= 5)
        and not (channel == "phone" and "2026-02-10" <= str(day)[:10] <= "2026-02-12")
    ]
    frame = pd.DataFrame(rows, columns=["channel", "time"])
    frame["customer_id"] = [f"c{number % 97}" for number in range(len(frame))]
    frame["activity"] = "start"
    sentences = told(frame)
    assert "The channel 'phone' is silent for 3 days (2026-02-10 to 2026-02-12" in sentences
    assert "branch" not in sentences
    everything = frame[~frame["time"].between("2026-02-01", "2026-02-04")]
    assert "The whole log is silent for 3 days" in told(everything)


def test_what_the_definition_asks_for_and_never_occurs_is_told() -> None:
    definition = changed(
        milestones=["strt"], failure={"activity": "withdrawn"}, churn={"inactive_for": "90d"}
    )
    sentences = told(sound_log(), definition)
    assert "fault: The milestone 'strt' (closest: 'start') never occurs" in sentences
    assert "warning: failure: activity is never 'withdrawn'" in sentences
    assert "fault: churn.inactive_for of 90d is longer than the log" in sentences
    assert "fault: No label of churn is known" in sentences


def test_an_event_that_is_two_outcomes_is_told() -> None:
    definition = changed(success={"activity": "look", "within": "5d"})
    assert "are a success and a leakage at once" in told(sound_log(), definition)


def test_no_journey_is_told() -> None:
    assert "fault: No journey was found" in told(sound_log(), changed(start={"activity": "strat"}))


def test_no_success_and_only_successes_are_told() -> None:
    frame = sound_log()
    none = frame[frame["activity"] != "won"]
    assert "fault: The outcome success never holds" in told(none)
    winners = frame[frame["customer_id"].isin(frame.query("activity == 'won'")["customer_id"])]
    assert "fault: The outcome success always holds" in told(winners)


def test_a_journey_that_can_never_be_known_to_have_failed_is_told() -> None:
    endless = changed(success={"activity": "won"}, abandoned_after=None)
    assert "A journey that just stops is never known to have failed" in told(sound_log(), endless)


def test_names_that_differ_in_spelling_alone_are_told() -> None:
    frame = sound_log()
    frame.loc[frame.index[::2], "channel"] = frame["channel"].str.upper()
    assert "Two values of channel differ in spelling alone ('APP' and 'app')" in told(frame)


def test_one_endless_journey_is_told() -> None:
    long = pd.DataFrame(
        {
            "customer_id": "robot",
            "time": pd.date_range("2026-01-10", periods=10_000, freq="s", tz="UTC"),
            "activity": "look",
            "channel": "app",
            "region": "n",
            "amount": 1.0,
        }
    )
    long.loc[0, "activity"] = "start"
    sentences = told(pd.concat([sound_log(), long], ignore_index=True))
    assert "(10,000 events, where the median is 2; of customer 'robot')" in sentences


def test_a_sentence_for_a_report_names_no_customer() -> None:
    frame = sound_log().assign(customer_id=lambda log: "secret-" + log["customer_id"])
    found = check(pd.concat([frame, frame.tail(1)], ignore_index=True)).problems
    assert any("secret-" in problem.sentence for problem in found)
    assert not any("secret-" in problem.sentence_without_keys for problem in found)


def test_a_key_among_the_attributes_and_an_empty_one_are_told() -> None:
    frame = sound_log(1500)
    assert "looks like a key" in told(frame.assign(region=[str(n) for n in range(len(frame))]))
    assert "The column 'region' is empty" in told(frame.assign(region=None))


def test_the_frame_of_the_caller_is_left_as_it_was() -> None:
    frame = sound_log()
    check(frame)
    pd.testing.assert_frame_equal(frame, sound_log())
