"""Known issues: affected are those of `offramp audience`, at risk those who may yet come to it."""

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from journeys.definition import Outcome
from journeys.errors import FindingsError
from journeys.samples import samples_of
from models.ahead import Ahead
from rootcause.audience import audience_of
from rootcause.exposure import exposed_to
from rootcause.findings import Finding, Findings, Searched, finding_id, write_findings
from rootcause.life import acknowledged, closed, opened
from rootcause.register import Register, write_register
from rootcause.suppression import suppressed_in
from serving.flight import Flight
from serving.known_issues import NONE, KnownIssues
from serving.trouble import suppressed_for
from tests.serving_flights import Day, day
from training.ahead import ahead_of

AT = "2026-03-12 15:00"
CONDITIONS = (
    {"activity": "document_upload", "os": "iOS", "app_version": "8.2.0"},
    {"activity": "document_upload", "os": "iOS"},
    {"activity": "application_submitted", "amount": "> 180,000"},
    {"activity": "application_submitted", "amount": "≤ 90,000", "region": "south"},
    {"activity": "documents_requested", "partner": "(missing)"},
    {"activity": "refinance_started"},
    {"activity": "login", "os": "Web"},
    {"activity": "document_upload", "colour": "red"},
    {"activity": "never_heard_of", "os": "iOS"},
)


def finding(conditions: dict[str, str], onset: str = "2026-03-03") -> Finding:
    return Finding(
        id=finding_id("mortgage_refinance", "leakage", conditions),
        conditions=conditions,
        onset=onset,
        onset_interval=(onset, onset),
        effect=0.16,
        effect_interval=(0.13, 0.18),
        q_value=1e-6,
        rate=0.3,
        expected_rate=0.14,
        exposed_journeys=100,
        harmed_journeys=16,
    )


def issues_of(tmp_path: Path, *found: Finding, outcome: Outcome = "leakage") -> KnownIssues:
    file = tmp_path / "findings.json"
    everything = Findings(
        journey="mortgage_refinance",
        outcome=outcome,
        log_ends="2026-03-12T15:00:00Z",
        searched=Searched(3, 3, 100, 0.05),
        smallest_detectable_effect=0.05,
        findings=found,
    )
    write_findings(everything, file)
    return KnownIssues(file)


@cache
def flights_on(at: str) -> list[tuple[str, Flight]]:
    return list(day(at).flights())


def ahead_on(today: Day) -> Ahead:
    samples = samples_of(today.log, today.journeys, today.definition)
    return ahead_of(today.log, today.journeys, samples, today.definition, until=today.log.ends)


@pytest.mark.parametrize("onset", ["2026-03-03", "2026-03-10", "2026-01-01"])
@pytest.mark.parametrize("conditions", CONDITIONS, ids=str)
def test_the_affected_are_those_whom_the_search_calls_exposed(
    conditions: dict[str, str], onset: str, tmp_path: Path
) -> None:
    today, one = day(AT), finding(conditions, onset)
    issues = issues_of(tmp_path, one)
    affected = {
        id_
        for id_, flight in flights_on(AT)
        for issue in issues.met_by(flight, issues.of_journey("mortgage_refinance"))
        if issue.state == "affected"
    }
    exposed = exposed_to(today.log, today.journeys, today.definition, one)
    assert affected == today.open_ids(exposed["journey"])


def test_the_affected_are_those_of_the_audience_and_some_are(tmp_path: Path) -> None:
    today, one = day(AT), finding(CONDITIONS[1])
    issues = issues_of(tmp_path, one)
    people = audience_of(today.log, today.journeys, today.definition, one, outcome="leakage")
    listed = set(people[people["state"] == "affected"]["journey"])
    found = {
        id_: issue
        for id_, flight in flights_on(AT)
        for issue in issues.met_by(flight, issues.of_journey("mortgage_refinance"))
        if issue.state == "affected"
    }
    assert len(found) > 3
    assert set(found) <= listed
    flying = today.open_ids(exposed_to(today.log, today.journeys, today.definition, one)["journey"])
    assert set(found) == flying & listed
    for issue in found.values():
        assert issue.probability == 1
        assert issue.since >= "2026-03-03"
        assert "Since 3 March 2026 customers with os iOS reach the contact centre" in issue.text


def test_those_at_risk_meet_the_rest_and_have_the_step_ahead(tmp_path: Path) -> None:
    today, one = day(AT), finding(CONDITIONS[1])
    issues, ahead = issues_of(tmp_path, one), ahead_on(today)
    found = [
        (flight, issue)
        for _, flight in today.flights(ahead)
        for issue in issues.met_by(flight, issues.of_journey("mortgage_refinance"))
        if issue.state == "at_risk"
    ]
    assert len(found) > 3
    for flight, issue in found:
        begins = flight.begins
        assert "document_upload" not in flight.texts("activity")[begins:]
        assert flight.last_text("os") == "iOS"
        low, high = issue.interval
        assert 0.05 <= issue.probability <= 1
        assert 0 <= low <= issue.probability <= high <= 1
        assert low < high


def test_as_many_come_to_the_step_as_the_typical_paths_say() -> None:
    """Counted until a day, held against what those in flight on that day did later."""
    whole = day("2026-04-25 00:00")
    uploads = (whole.log.events["activity"] == "document_upload").to_numpy()
    began = zip(whole.journeys["customer"], whole.journeys["start"], strict=True)
    rows = zip(whole.journeys["first"], whole.journeys["last"], strict=True)
    lived = dict(zip(began, rows, strict=True))
    codes = {key: code for code, key in enumerate(whole.log.events["customer_id"].cat.categories)}
    expected, reached, flying = 0.0, 0, 0
    for at in ("2026-02-10 00:00", "2026-02-24 00:00", "2026-03-12 15:00", "2026-03-28 00:00"):
        today, ahead = day(at), ahead_on(day(at))
        standing = today.journeys[today.journeys["state"] == "open"]
        keys = today.log.events["customer_id"].cat.categories[standing["customer"]]
        for key, start, (_, flight) in zip(
            keys, standing["start"], today.flights(ahead), strict=True
        ):
            if "document_upload" in flight.texts("activity")[flight.begins :]:
                continue
            likely = ahead.reach(flight.standing, "document_upload")
            assert likely is not None
            first, last = lived[codes[key], start]
            expected, flying = expected + likely.share, flying + 1
            reached += bool(uploads[first : last + 1].any())
    assert flying > 60
    # Four standard errors of a sum of as many coins, none of which varies more than a fair one.
    assert abs(expected - reached) < 4 * np.sqrt(flying) / 2


@pytest.mark.parametrize("at", ["2026-03-12 15:00", "2026-02-02 09:30", "2026-04-20 00:00"])
def test_what_is_suppressed_is_what_the_audience_says(at: str) -> None:
    today = day(at)
    rows = np.flatnonzero(today.journeys["state"] == "open")
    listed = suppressed_in(today.log, today.journeys, today.definition, rows)
    flights = [flight for _, flight in flights_on(at)]
    assert len(flights) == len(rows)
    helped = 0
    for told, flight in zip(listed.itertuples(index=False), flights, strict=True):
        one = suppressed_for(flight)
        assert (one.what if one else "") == told.suppress
        assert (one.reason if one else "") == told.suppress_reason
        if one is not None:
            assert np.datetime64(one.until[:-1], "us") == told.suppress_until.tz_localize(None)
            helped += 1
    assert helped > 0


def test_an_outcome_that_has_happened_puts_nobody_at_risk(tmp_path: Path) -> None:
    today = day(AT)
    issues, ahead = issues_of(tmp_path, finding(CONDITIONS[1])), ahead_on(today)
    cases, before, after = issues.of_journey("mortgage_refinance"), 0, 0
    for _, flight in today.flights(ahead):
        before += [one.state for one in issues.met_by(flight, cases)].count("at_risk")
        past = msgspec.structs.replace(flight.prediction, happened=["leakage"])
        met = issues.met_by(replace(flight, prediction=past), cases)
        after += [one.state for one in met].count("at_risk")
    assert before > 0
    assert after == 0


def test_a_finding_that_is_done_or_of_another_journey_concerns_nobody(tmp_path: Path) -> None:
    one = finding(CONDITIONS[0])
    case = opened(one, journey="mortgage_refinance", outcome="leakage", day="2026-03-10", at="x")
    write_register(Register((case,)), tmp_path)
    issues = KnownIssues(tmp_path)
    assert [one.id for one in issues.of_journey("mortgage_refinance")] == [case.id]
    assert issues.of_journey("money_transfer") == ()
    write_register(Register((closed(case, at="y", reason="over"),)), tmp_path)
    assert issues.of_journey("mortgage_refinance") == ()
    assert NONE.of_journey("mortgage_refinance") == ()


def test_the_findings_are_read_again_when_they_change_and_kept_when_they_cannot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = finding(CONDITIONS[0])
    case = opened(one, journey="mortgage_refinance", outcome="leakage", day="2026-03-10", at="x")
    write_register(Register((case,)), tmp_path)
    issues = KnownIssues(tmp_path)
    before = issues.cases.now()
    assert issues.cases.now() is before
    write_register(Register((acknowledged(case, at="y", owner="Anna"),)), tmp_path)
    assert issues.of_journey("mortgage_refinance")[0].state == "acknowledged"
    assert issues.cases.now().tag != before.tag
    (tmp_path / "watch.json").write_text('{"format": 1, "cases": [')
    assert issues.of_journey("mortgage_refinance")[0].state == "acknowledged"
    assert "The findings stay as they were" in caplog.text


def test_a_folder_of_findings_will_do_and_an_unreadable_file_is_told(tmp_path: Path) -> None:
    issues_of(tmp_path, replace(finding(CONDITIONS[0]), state="fix released"))
    (case,) = KnownIssues(tmp_path).of_journey("mortgage_refinance")
    assert case.state == "fix released"
    (tmp_path / "findings.json").write_text(json.dumps({"findings": []}))
    os.utime(tmp_path / "findings.json")
    with pytest.raises(FindingsError, match="lacks"):
        KnownIssues(tmp_path)
    with pytest.raises(FindingsError, match="no_such"):
        KnownIssues(tmp_path / "no_such")
