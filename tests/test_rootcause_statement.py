"""A finding carries what it promises, and its counts are those of the lists."""

import json

import numpy as np
import pandas as pd
import pytest

from journeys.find import find_journeys, journey_ids
from journeys.labels import at_risk_of
from journeys.log import EventLog, event_log
from rootcause.audience import audience_of
from rootcause.exposure import exposed_to
from rootcause.findings import Finding, Findings
from rootcause.search import find_causes
from tests.test_rootcause_search import DEFINITION, world

PLANTED = 0.4 * 0.88


@pytest.fixture(scope="module")
def log() -> EventLog:
    """A world in which half of those who upload on iOS in the north have called before they do."""
    events = world(1, bug=0.4)
    early = events[(events["activity"] == "begun") & (events["region"] == "north")].iloc[::2]
    call = early.assign(
        activity="call", channel="call_centre", time=early["time"] + pd.Timedelta(minutes=9)
    )
    return event_log(pd.concat([events, call]), DEFINITION)


@pytest.fixture(scope="module")
def journeys(log: EventLog) -> pd.DataFrame:
    return find_journeys(log, DEFINITION)


@pytest.fixture(scope="module")
def findings(log: EventLog, journeys: pd.DataFrame) -> Findings:
    return find_causes(log, journeys, DEFINITION, "leakage")


@pytest.fixture(scope="module")
def finding(findings: Findings) -> Finding:
    return findings.findings[0]


def test_counts_are_those_of_the_lists(
    log: EventLog, journeys: pd.DataFrame, finding: Finding
) -> None:
    exposed = exposed_to(log, journeys, DEFINITION, finding)
    people = audience_of(log, journeys, DEFINITION, finding, outcome="leakage")
    assert finding.exposed_journeys == len(exposed) == (people["state"] == "affected").sum()


def test_harm_counts_only_those_who_could_still_be_harmed(
    log: EventLog, journeys: pd.DataFrame, finding: Finding
) -> None:
    exposed = exposed_to(log, journeys, DEFINITION, finding)
    seen = _last_row_at(log, journeys, exposed)
    samples = pd.DataFrame({"journey": exposed["journey"], "cutoff": exposed["time"], "seen": seen})
    at_risk = int(at_risk_of(log, journeys, samples, DEFINITION)["leakage"].sum())
    assert finding.exposed_at_risk == at_risk < 0.9 * finding.exposed_journeys
    assert finding.harmed_journeys == pytest.approx(finding.effect * at_risk, abs=0.6)
    assert finding.harmed_interval is not None
    low, high = finding.harmed_interval
    assert low <= finding.harmed_journeys <= high
    assert high == pytest.approx(finding.effect_interval[1] * at_risk, abs=0.6)


def test_both_estimates_hold_the_planted_effect(finding: Finding) -> None:
    assert finding.effect_robust_interval is not None
    for low, high in (finding.effect_interval, finding.effect_robust_interval):
        assert low < PLANTED < high
    assert finding.effect_disagreement == ""


def test_all_that_was_asked_speaks_for_a_planted_cause(finding: Finding) -> None:
    assert finding.stability["holds_in"] == 2
    assert finding.excess_shap["agrees"] is True
    assert finding.instrumentation == ""
    assert [one["clean"] for one in finding.siblings] == [True, True]


def test_twenty_journeys_stand_as_evidence(
    log: EventLog, journeys: pd.DataFrame, finding: Finding
) -> None:
    exposed = exposed_to(log, journeys, DEFINITION, finding)
    ids = set(journey_ids(log, journeys.iloc[exposed["journey"]], DEFINITION))
    assert len(set(finding.evidence)) == 20
    assert set(finding.evidence) <= ids


def test_neither_the_ticket_nor_the_file_holds_a_customer_key(
    log: EventLog, findings: Findings, finding: Finding
) -> None:
    written = json.dumps(findings.as_dict())
    keys = log.events["customer_id"].cat.categories
    assert not any(key in written for key in keys)
    assert len(finding.ticket.splitlines()) <= 40
    assert finding.id in finding.ticket


def test_what_a_finding_carries_survives_the_way_through_the_file(findings: Findings) -> None:
    again = Findings.from_dict(json.loads(json.dumps(findings.as_dict())))
    assert again.as_dict() == findings.as_dict()
    assert again.findings[0].effect_robust_interval == findings.findings[0].effect_robust_interval


def _last_row_at(log: EventLog, journeys: pd.DataFrame, exposed: pd.DataFrame) -> np.ndarray:
    """Return the last row of each exposed customer at the instant of the step."""
    customer = journeys["customer"].to_numpy()[exposed["journey"].to_numpy()]
    times = pd.DatetimeIndex(exposed["time"])
    ends = [
        int(np.searchsorted(log.times[first:last], at.value // 1000, side="right")) + first - 1
        for first, last, at in zip(
            log.offsets[customer], log.offsets[customer + 1], times, strict=True
        )
    ]
    return np.array(ends)
