"""Every section of the report: whole when its part is there, plain about it when it is not."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.audience import gathered
from rootcause.findings import Findings, Searched
from rootcause.life import Case, opened
from rootcause.listing import Terms
from rootcause.report import ReportData, write_report
from tests.report_world import full_report
from tests.rootcause_world import DEFINITION, START
from tests.test_rootcause_report import DROP, HOSTILE, Page

HEADINGS = [
    "Which journey costs most",
    "Where it breaks",
    "Findings",
    "Early warnings",
    "Checked and not found",
    "Who is affected, and who is next",
    "Did past fixes work?",
    "What it costs",
    "Can the predictions be trusted?",
    "Data and privacy",
    "Words",
]


Shown = tuple[Page, dict[str, Any]]
"""The page, and the JSON beside it."""


def page_of(data: ReportData, folder: Path) -> Shown:
    html, beside = write_report(folder / "report.html", data)
    return Page(html.read_text()), json.loads(beside.read_text())


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return page_of(full_report(), tmp_path_factory.mktemp("full"))


def test_the_sections_stand_in_the_order_in_which_a_manager_asks(tmp_path: Path) -> None:
    html, _ = write_report(tmp_path / "report.html", full_report())
    assert re.findall(r"<h2>(.*?)</h2>", html.read_text()) == HEADINGS


def test_the_first_screen_answers_the_six_questions(full: Shown) -> None:
    facts = {fact["label"]: fact["value"] for fact in full[1]["headline"]["facts"]}
    assert list(facts) == [
        "What",
        "Since when",
        "How sure",
        "How many",
        "How much",
        "Who can fix it",
    ]
    assert "EUR a week (" in facts["How much"]
    assert "the team that owns “upload”" in facts["Who can fix it"]
    assert "version 8.2" in facts["Who can fix it"]
    assert "1 early warning" in full[0].text


def test_what_was_counted_is_as_long_as_the_list(full: Shown) -> None:
    data, shown = full_report(), full[1]
    one = data.findings[0].findings[0]
    people, _ = gathered(
        data.log,
        data.journeys,
        DEFINITION,
        one,
        outcome="leakage",
        terms=Terms(days=14),
    )
    states = people["state"].value_counts()
    assert shown["people"][0]["affected_journeys"] == states["affected"]
    assert shown["cards"][0]["exposed_journeys"] == states["affected"]
    at_risk = int(states.get("at_risk", 0))
    assert shown["people"][0]["at_risk_journeys"] == (at_risk if at_risk >= 10 or not at_risk
                                                      else None)  # fmt: skip


def test_money_fixes_and_warnings_are_those_of_their_makers(full: Shown) -> None:
    data, (page, shown) = full_report(), full
    assert data.savings[0].sentence in page.text
    assert all(said in page.text for said in data.savings[0].assumptions)
    assert "Fixed: nothing of the effect is left." in page.text
    assert "App team, APP-7" in page.text
    assert shown["fixes"][0]["after"] == "1.0 points (−2.0 to 4.0 points; fewer than 10 journeys)"  # noqa: RUF001
    assert "31 % met an error within 24 hours" in page.text


def test_every_example_journey_is_one_of_the_evidence(full: Shown) -> None:
    card = full[1]["cards"][0]
    assert len(card["timelines"]) == 3
    assert {told["journey"] for told in card["timelines"]} <= set(card["examples"])
    assert all(told["moments"][-1]["when"] != "the step" for told in card["timelines"])


def test_a_fault_that_was_fixed_does_not_stand_on_top(tmp_path: Path) -> None:
    data = full_report()
    one = data.findings[0].findings[0]
    other = replace(one, id="f_other", conditions={"activity": "started"}, harmed_journeys=11)
    found = replace(data.findings[0], findings=(one, other))
    case = opened(one, journey="loan", outcome="leakage", day="2026-02-12", at="2026-02-12")
    fixed: Case = replace(case, state="closed")
    page, shown = page_of(replace(data, findings=[found], cases=[fixed]), tmp_path)
    assert shown["headline"]["id"] == "f_other"
    assert [card["state"] for card in shown["cards"]] == ["open", "closed"]
    only = replace(data, findings=[data.findings[0]], cases=[fixed])
    page, _ = page_of(only, tmp_path)
    assert "Nothing is open." in page.text


def test_whoever_has_taken_it_over_can_fix_it(tmp_path: Path) -> None:
    data = full_report()
    one = data.findings[0].findings[0]
    case = opened(one, journey="loan", outcome="leakage", day="2026-02-12", at="2026-02-12")
    mine = replace(case, state="acknowledged", owner="Mia", ticket="APP-9")
    page, _ = page_of(replace(data, cases=[mine]), tmp_path)
    assert "Mia, ticket APP-9 (acknowledged)" in page.text


def test_what_is_absent_says_which_command_adds_it(tmp_path: Path) -> None:
    data = full_report()
    bare = ReportData(data.log, data.journeys, DEFINITION, data.findings)
    page, _ = page_of(bare, tmp_path)
    for command in ("report", "whatif", "audience", "watch --state DIR", "train"):
        assert f"offramp {command}" in page.text
    places = {attrs.get("id") for _, attrs in page.tags}
    assert {"journeys", "breaks", "people", "fixes", "money", "predictions"} <= places


@pytest.mark.parametrize("name", ["hostile", "long"])
def test_names_of_the_log_are_text_in_every_section(name: str, tmp_path: Path) -> None:
    upload = HOSTILE if name == "hostile" else "a_step_with_a_very_long_name_" * 8
    data = full_report(600, upload=upload, os=DROP)
    milestones = [upload if one == "upload" else one for one in DEFINITION.milestones]
    definition = Definition.from_dict(DEFINITION.as_dict() | {"milestones": milestones})
    html, _ = write_report(tmp_path / "report.html", replace(data, definition=definition))
    page = Page(html.read_text())
    assert page.all("script") == []
    assert upload.replace("_", " ")[:200] in page.text
    assert HOSTILE not in html.read_text()


def test_the_page_is_as_large_for_many_journeys_as_for_few(tmp_path: Path) -> None:
    few, _ = write_report(tmp_path / "few.html", full_report(800))
    many, _ = write_report(tmp_path / "many.html", full_report(5000))
    assert many.stat().st_size < 1.1 * few.stat().st_size
    assert many.stat().st_size < 300_000


def found_nothing(definition: Definition) -> list[Findings]:
    searched = Searched(3, 3, 120, 0.05)
    return [
        Findings(definition.name, outcome, "2026-04-20T00:00:00Z", searched, 0.04, ())
        for outcome in definition.outcomes
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"start": None},
        {"milestones": []},
        {"success": None},
        {"success": None, "leakage": None, "churn": {"activity": "call", "within": "9d"}},
        {"milestones": ["upload"]},
    ],
    ids=["a case log", "no milestones", "no goal", "only churn", "one milestone"],
)
def test_a_log_with_nothing_found_makes_a_whole_page(
    changes: dict[str, object], tmp_path: Path
) -> None:
    written = {key: value for key, value in (DEFINITION.as_dict() | changes).items() if value}
    definition = Definition.from_dict(written)
    world = full_report(600)
    journeys = find_journeys(world.log, definition)
    data = ReportData(world.log, journeys, definition, found_nothing(definition))
    page, _ = page_of(data, tmp_path)
    assert "Nothing found in" in page.text
    assert "There is no finding, so there is nobody to list." in page.text
    assert "None" not in page.text
    assert "nan" not in page.text.split()


@pytest.mark.parametrize("customers", [1, 12])
def test_one_of_a_thing_is_not_many(customers: int, tmp_path: Path) -> None:
    """A log of one customer was said to be "1 customers"."""
    rows = [
        (
            f"secret-{customer}",
            START + pd.Timedelta(hours=customer + hour),
            what,
            "app",
            "n",
            "i",
            "8",
        )
        for customer in range(customers)
        for hour, what in enumerate(["started", "upload", "done"])
    ]
    names = ["customer_id", "time", "activity", "channel", "region", "os", "version"]
    log = event_log(pd.DataFrame(rows, columns=names), DEFINITION)
    journeys = find_journeys(log, DEFINITION)
    page, _ = page_of(ReportData(log, journeys, DEFINITION, found_nothing(DEFINITION)), tmp_path)
    assert (
        re.findall(r"(?<![\d.,])1 (?:customer|journey|event|finding|step|attribute)s", page.text)
        == []
    )
    if customers == 1:
        assert "1 journey of 1 customer" in page.text
