"""findings.json: what is written is read again, and what cannot be is said clearly."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.errors import FindingsError, OfframpError
from rootcause.findings import (
    Finding,
    Findings,
    Searched,
    finding_id,
    read_findings,
    write_findings,
)

FINDING = Finding(
    id="f_0123456789ab",
    conditions={"activity": "document_upload", "os": "iOS", "app_version": "8.2.0"},
    onset="2026-03-03",
    onset_interval=("2026-03-02", "2026-03-04"),
    effect=0.164,
    effect_interval=(0.132, 0.181),
    q_value=1e-9,
    rate=0.31,
    expected_rate=0.146,
    exposed_journeys=2140,
    harmed_journeys=351,
    evidence=("j_1", "j_2"),
)
FINDINGS = Findings(
    journey="mortgage_refinance",
    outcome="leakage",
    log_ends="2026-03-29T00:00:00Z",
    searched=Searched(steps=9, attributes=7, conditions=18344, false_discovery_rate=0.05),
    smallest_detectable_effect=0.021,
    findings=(FINDING,),
)
CONTRACT = {"journey", "outcome", "log_ends", "searched", "smallest_detectable_effect", "findings"}
OF_A_FINDING = {
    *("id", "conditions", "onset", "onset_interval", "effect", "effect_interval", "q_value"),
    *("rate", "expected_rate", "exposed_journeys", "harmed_journeys", "also_indistinguishable"),
    *("symptoms", "evidence", "state"),
}


@pytest.mark.parametrize("findings", [FINDINGS, replace(FINDINGS, findings=())])
def test_what_is_written_is_read_again(findings: Findings, tmp_path: Path) -> None:
    write_findings(findings, tmp_path / "findings.json")
    assert read_findings(tmp_path / "findings.json") == findings
    assert [path.name for path in tmp_path.iterdir()] == ["findings.json"]


def test_the_file_has_the_keys_of_the_contract() -> None:
    written = FINDINGS.as_dict()
    assert set(written) >= CONTRACT
    (finding,) = written["findings"]  # type: ignore[misc]
    assert set(finding) >= OF_A_FINDING
    assert finding["symptoms"] == []
    json.dumps(written, allow_nan=False)


@given(effect=st.floats(-1, 1), text=st.text(min_size=1))
def test_any_text_and_number_survive_the_way_through_json(effect: float, text: str) -> None:
    finding = replace(FINDING, effect=effect, conditions={"activity": text, "os": text})
    findings = replace(FINDINGS, findings=(finding,))
    assert Findings.from_dict(json.loads(json.dumps(findings.as_dict()))) == findings


def test_keys_added_by_others_are_no_hindrance() -> None:
    written = FINDINGS.as_dict() | {"added": 1}
    assert Findings.from_dict(json.loads(json.dumps(written))) == FINDINGS


def test_an_id_depends_on_what_was_found_and_not_on_the_order_of_conditions() -> None:
    one = finding_id("j", "leakage", {"activity": "a", "os": "iOS"})
    assert one == finding_id("j", "leakage", {"os": "iOS", "activity": "a"})
    assert one != finding_id("j", "churn", {"activity": "a", "os": "iOS"})
    assert one.startswith("f_")
    assert len(one) == 14


def test_a_finding_is_found_by_the_beginning_of_its_id() -> None:
    assert FINDINGS.finding("f_01") is FINDING
    with pytest.raises(FindingsError, match="f_0123456789ab"):
        FINDINGS.finding("f_9")
    with pytest.raises(FindingsError):
        FINDINGS.finding("")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "lacks"),
        (json.dumps(FINDINGS.as_dict() | {"findings": {}}), "not a list"),
        (json.dumps(FINDINGS.as_dict() | {"findings": [3]}), "not a JSON object"),
        (json.dumps(FINDINGS.as_dict() | {"searched": None}), "searched"),
        (json.dumps(FINDINGS.as_dict() | {"outcome": "sales"}), "sales"),
        (
            json.dumps(FINDINGS.as_dict() | {"findings": [FINDING.as_dict() | {"onset": "May"}]}),
            "no date",
        ),
        (
            json.dumps(FINDINGS.as_dict() | {"findings": [FINDING.as_dict() | {"conditions": 1}]}),
            "conditions",
        ),
        (
            json.dumps(
                FINDINGS.as_dict() | {"findings": [FINDING.as_dict() | {"effect_interval": [1]}]}
            ),
            "effect_interval",
        ),
    ],
)
def test_a_file_that_holds_no_findings_ends_in_one_message(
    text: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "findings.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FindingsError, match=says):
        read_findings(path)


def test_a_missing_file_is_said_and_a_missing_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(FindingsError, match=r"cannot be read.*offramp findings"):
        read_findings(tmp_path / "nothing.json")
    write_findings(FINDINGS, tmp_path / "new" / "findings.json")
    assert read_findings(tmp_path / "new" / "findings.json") == FINDINGS
    with pytest.raises(OfframpError, match="cannot be written"):
        write_findings(FINDINGS, tmp_path / "new" / "findings.json" / "inside_a_file.json")
