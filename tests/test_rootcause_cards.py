"""The card and the console say what a finding carries, its doubts first."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from offramp.show import found_causes
from rootcause.association import Association
from rootcause.cards import card
from rootcause.findings import Finding
from rootcause.report import ReportData, write_report
from tests.rootcause_world import DEFINITION, SmallWorld, findings_of, small_world

DOUBT = "may be a tracking artefact: the whole log is silent 2 to 4 March 2026"


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(800)


@pytest.fixture(scope="module")
def finding(world: SmallWorld) -> Finding:
    row = {"attribute": "os", "logits": 0.5, "low": 0.3, "high": 0.7}
    return replace(
        world.finding,
        exposed_at_risk=100,
        harmed_journeys=45,
        harmed_interval=(39, 51),
        effect_robust=0.44,
        effect_robust_interval=(0.36, 0.52),
        stability={
            "holds_in": 2,
            "words": "holds in both halves of the customers",
            "halves": [{"effect": 0.44, "low": 0.36, "high": 0.52, "known": 50}] * 2,
        },
        excess_shap={
            "agrees": True,
            "words": "SHAP on the excess agrees: it names os and version.",
            "attributes": {"context": [], "technical": [row]},
        },
        mechanism="os iOS → “upload failed” (9.1 times as often) → reaching the contact centre.",
        ticket="the text for IT",
        instrumentation=DOUBT,
    )


def printed(finding: Finding) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(found_causes(findings_of(finding)))
    return capture.get()


def test_the_console_says_it_in_a_few_lines(finding: Finding) -> None:
    said = printed(finding)
    for line in (
        "+45.0 points (39.0 to 51.0) more leakage; doubly robust +44.0 (36.0 to 52.0)",
        "45 harmed (39 to 51)",
        "“upload failed” (9.1 times as often) → reaching the contact centre.",
        "holds in both halves of the customers; SHAP on the excess agrees",
        f"! {DOUBT}",
    ):
        assert line in said
    assert said.count("\n") <= 10


def test_a_finding_of_an_older_file_is_printed_all_the_same(world: SmallWorld) -> None:
    said = printed(world.finding)
    assert "+45.0 points (39.0 to 51.0) more leakage\n" in said
    assert "!" not in said


def test_the_card_shows_harm_with_its_interval_tiers_apart_and_the_findings_own_ticket(
    finding: Finding,
) -> None:
    shown = card([("leakage", finding)], DEFINITION)
    assert shown["effects"][0]["harmed_between"] == "39 to 51"  # type: ignore[index]
    assert shown["excess"] == [{"tier": "technical", "attributes": ["os +0.50 (+0.30 to +0.70)"]}]
    assert shown["ticket"] == "the text for IT"
    assert shown["doubts"] == [f"It {DOUBT}."]


def test_doubts_stand_on_the_page_before_the_symptoms(
    world: SmallWorld, finding: Finding, tmp_path: Path
) -> None:
    symptom: dict[str, object] = {"feature": "x_count", "words": "“x”", "ratio": 2.0, "share": None}
    doubted = replace(finding, symptoms=(symptom,))
    data = ReportData(world.log, world.journeys, DEFINITION, [findings_of(doubted)])
    page = write_report(tmp_path / "report.html", data)[0].read_text()
    assert page.index("Before you act") < page.index("How it shows") < page.index("<h4>How sure")
    assert "not known" in page
    sure = replace(data, findings=[findings_of(replace(finding, instrumentation=""))])
    assert "Before you act" not in write_report(tmp_path / "sure.html", sure)[0].read_text()


def test_what_has_always_been_worse_stands_apart_and_is_called_no_cause(
    world: SmallWorld, tmp_path: Path
) -> None:
    always = Association(
        id="f_0",
        conditions={"activity": "upload", "region": "north"},
        effect=0.08,
        effect_interval=(0.05, 0.11),
        q_value=1e-6,
        rate=0.2,
        expected_rate=0.12,
        exposed_journeys=400,
    )
    about = replace(findings_of(), chronic=(always,))
    console = Console(width=200)
    with console.capture() as capture:
        console.print(found_causes(about))
    said = capture.get()
    assert said.startswith("Nothing found.")
    assert "Always worse here (associations, not causes" in said
    assert "activity = upload, region = north: +8.0 points (5.0 to 11.0) more leakage" in said
    data = ReportData(world.log, world.journeys, DEFINITION, [about])
    page = write_report(tmp_path / "report.html", data)[0].read_text()
    assert "These are associations, not causes." in page
    assert "region north, at the step “upload”" in page
    assert "Nothing found in 1,234 combinations" in page
