"""The sentinel warns of a bad release before outcomes are in, of the right thing, and seldom."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from journeys.errors import FindingsError
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from rootcause.early import EarlyWarning
from rootcause.exposure import exposures_of
from rootcause.findings import Findings, read_findings, write_findings
from rootcause.sentinel import alarms, early_warnings, watch_length
from rootcause.sentinel_values import young_values
from tests.rootcause_world import (
    CONDITIONS,
    DEFINITION,
    ONSET_DAY,
    START,
    findings_of,
    small_world,
)

RELEASE_DAY = ONSET_DAY - 2


@pytest.fixture(scope="module")
def bad() -> pd.DataFrame:
    """The events of a world in which uploads on iOS 8.2 fail from day 40 on."""
    return small_world(3000).log.events


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    """The same without the fault; 8.2 still comes on day 38."""
    return small_world(3000, fixed_day=ONSET_DAY).log.events


def log_until(events: pd.DataFrame, day: float) -> EventLog:
    return event_log(events[events["time"] < START + pd.Timedelta(days=day)], DEFINITION)


def warned(events: pd.DataFrame, day: float, **how: object) -> tuple[EarlyWarning, ...]:
    log = log_until(events, day)
    return early_warnings(log, find_journeys(log, DEFINITION), DEFINITION, "leakage", **how)  # type: ignore[arg-type]


def with_failures(events: pd.DataFrame, whose: np.ndarray, share: float = 0.5) -> pd.DataFrame:
    """Return the events with a failed upload a minute after some uploads from day 40 on."""
    since = (events["time"] >= START + pd.Timedelta(days=ONSET_DAY)).to_numpy()
    drawn = np.random.default_rng(0).random(len(events)) < share
    failed = events[(events["activity"] == "upload").to_numpy() & since & whose & drawn]
    later = failed["time"] + pd.Timedelta(minutes=1)
    return pd.concat([events, failed.assign(activity="upload_failed", time=later)])


def test_a_bad_release_is_noticed_before_its_outcomes_are_known(bad: pd.DataFrame) -> None:
    (warning,) = warned(bad, ONSET_DAY + 4)
    assert warning.conditions == CONDITIONS
    assert warning.young == {"os": "iOS", "version": "8.2"}
    here = [one["symptom"] for one in warning.beside if one["activity"] == "upload"]
    assert {"failed", "repeated"} <= {warning.symptom, *here}
    assert warning.rate_interval[0] > warning.expected_rate
    assert warning.rate_interval[0] <= warning.rate <= warning.rate_interval[1]
    assert warning.e_value >= warning.bar > 1
    since = (pd.Timestamp(warning.since, tz="UTC") - START).days
    assert ONSET_DAY - 1 <= since <= ONSET_DAY + 1
    assert pd.Timestamp(warning.noticed_at) < START + pd.Timedelta(days=ONSET_DAY + 4)
    for said in ("version 8.2", "“upload”", " h (", "expected", "noticed"):
        assert said in warning.sentence


def test_numbers_of_a_warning_are_those_of_the_log(bad: pd.DataFrame) -> None:
    (warning,) = warned(bad, ONSET_DAY + 4)
    log = log_until(bad, ONSET_DAY + 4)
    found = exposures_of(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")
    met = found.meets(CONDITIONS)
    assert warning.exposed_journeys == met.sum()
    assert pd.Timestamp(warning.first_seen).date() == (START + pd.Timedelta(days=38)).date()


@pytest.mark.parametrize("day", [RELEASE_DAY + 1, 44, 50, 56])
def test_a_sound_release_is_no_warning(clean: pd.DataFrame, day: int) -> None:
    assert warned(clean, day) == ()


def test_what_is_no_longer_young_is_left_to_the_search(bad: pd.DataFrame) -> None:
    window = watch_length(DEFINITION, "leakage") / 86_400e6
    assert window == 4 + 14
    assert warned(bad, RELEASE_DAY + window + 2) == ()


def test_where_the_whole_os_moved_the_os_is_named(clean: pd.DataFrame) -> None:
    events = with_failures(clean, (clean["os"] == "iOS").to_numpy())
    (warning,) = warned(events, ONSET_DAY + 7)
    assert warning.conditions == {"activity": "upload", "os": "iOS"}


def test_where_everybody_moved_everybody_is_named(clean: pd.DataFrame) -> None:
    events = with_failures(clean, np.ones(len(clean), dtype=bool))
    (warning,) = warned(events, ONSET_DAY + 9)
    assert warning.conditions == {"activity": "upload"}
    assert "Everybody" in warning.sentence


def test_without_an_os_the_release_stands_alone(bad: pd.DataFrame) -> None:
    attributes = DEFINITION.attributes.model_copy(update={"technical": ("version",)})
    definition = DEFINITION.model_copy(update={"attributes": attributes})
    log = event_log(bad[bad["time"] < START + pd.Timedelta(days=46)], definition)
    (warning,) = early_warnings(log, find_journeys(log, definition), definition, "leakage")
    assert warning.conditions == {"activity": "upload", "version": "8.2"}


def test_values_that_cannot_be_told_apart_are_one_warning(bad: pd.DataFrame) -> None:
    attributes = DEFINITION.attributes.model_copy(update={"technical": ("os", "version", "build")})
    definition = DEFINITION.model_copy(update={"attributes": attributes})
    events = bad.assign(build=bad["version"].astype(str).map({"8.2": "b9", "8.1": "b8"}))
    log = event_log(events[events["time"] < START + pd.Timedelta(days=45)], definition)
    (warning,) = early_warnings(log, find_journeys(log, definition), definition, "leakage")
    assert len(warning.also_indistinguishable) == 1


def test_what_comes_later_changes_no_alarm(bad: pd.DataFrame) -> None:
    """What was noticed by an instant is the same, however much of the log follows."""
    cut = ONSET_DAY + 5
    told = []
    for day in (cut, cut + 30):
        log = log_until(bad, day)
        found = exposures_of(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")
        window = watch_length(DEFINITION, "leakage")
        values = young_values(found, DEFINITION)
        raised = alarms(log, found, DEFINITION, values, window=window)
        until = (START + pd.Timedelta(days=cut)).value // 1000
        told.append(
            {
                (str(one.conditions(found)), one.symptom.name, one.noticed_at)
                for one in raised
                if one.noticed_at <= until
            }
        )
    assert told[0] == told[1]
    assert told[0]


def test_what_a_finding_names_is_not_warned_of_again(bad: pd.DataFrame) -> None:
    finding = small_world(200).finding
    assert warned(bad, ONSET_DAY + 4, findings=[finding]) == ()
    elsewhere = replace(finding, conditions={**CONDITIONS, "os": "Android"})
    assert len(warned(bad, ONSET_DAY + 4, findings=[elsewhere])) == 1


def test_a_smaller_budget_asks_for_more(bad: pd.DataFrame) -> None:
    (usual,) = warned(bad, ONSET_DAY + 6)
    (strict,) = warned(bad, ONSET_DAY + 6, alarms_a_month=0.01)
    assert strict.bar == pytest.approx(100 * usual.bar, rel=0.01)
    assert strict.noticed_at >= usual.noticed_at


def test_all_values_of_a_month_share_one_budget(bad: pd.DataFrame) -> None:
    many = bad.assign(version=bad["version"].astype(str))
    day = (many["time"] - START) / pd.Timedelta(days=1)
    new = day > RELEASE_DAY
    many.loc[new, "version"] += (day[new] // 3).astype(int).astype(str)
    log = event_log(many, DEFINITION)
    found = exposures_of(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")
    values = young_values(found, DEFINITION)
    months = pd.Series([value.established // (30 * 86_400_000_000) for value in values])
    spent = pd.Series([value.share for value in values]).groupby(months).sum()
    assert len(values) > 20
    assert (spent <= 1.0).all()
    assert spent.max() > 0.9


@pytest.mark.parametrize("rows", [1, 40, 400])
def test_few_events_are_no_warning(bad: pd.DataFrame, rows: int) -> None:
    log = event_log(bad.head(rows), DEFINITION)
    assert early_warnings(log, find_journeys(log, DEFINITION), DEFINITION, "leakage") == ()


def test_without_technical_attributes_nothing_is_watched(bad: pd.DataFrame) -> None:
    attributes = DEFINITION.attributes.model_copy(update={"technical": ()})
    definition = DEFINITION.model_copy(update={"attributes": attributes})
    log = event_log(bad, definition)
    assert early_warnings(log, find_journeys(log, definition), definition, "leakage") == ()


def test_warnings_go_into_the_file_and_back(bad: pd.DataFrame, tmp_path: Path) -> None:
    found = replace(findings_of(), warnings=warned(bad, ONSET_DAY + 4))
    write_findings(found, tmp_path / "findings.json")
    assert read_findings(tmp_path / "findings.json") == found


@pytest.mark.parametrize("broken", [["soon"], [{"symptom": "failed"}]])
def test_a_broken_warning_is_refused(broken: Sequence[object]) -> None:
    with pytest.raises(FindingsError, match="offramp findings"):
        Findings.from_dict({**findings_of().as_dict(), "warnings": broken})
