"""The report is one safe page: right, escaped, silent on the network, and the same as its JSON."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from journeys.errors import OfframpError
from rootcause.findings import write_findings
from rootcause.report import ReportData, write_report
from rootcause.symptoms import with_symptoms
from tests.rootcause_world import DEFINITION, SmallWorld, findings_of, small_world
from training.train import train

HOSTILE = "<script>alert('x')</script>"
DROP = '"; drop table'


class Page(HTMLParser):
    """What a browser would see: tags, attributes, and text outside style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_data(self, data: str) -> None:
        self.text += "" if self._style else data

    def handle_endtag(self, _tag: str) -> None:
        self._style = False

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(2500)


@pytest.fixture(scope="module")
def data(world: SmallWorld) -> ReportData:
    findings = with_symptoms(world.findings, world.log, world.journeys, DEFINITION)
    bundle = train(world.log, DEFINITION, outcomes=["leakage"]).bundle
    return ReportData(
        world.log, world.journeys, DEFINITION, [findings], bundle, health=["No gap was seen."]
    )


@pytest.fixture(scope="module")
def written(data: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    html, _ = write_report(tmp_path_factory.mktemp("report") / "report.html", data)
    return html


@pytest.fixture(scope="module")
def html(written: Path) -> str:
    return written.read_text()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def small_report(world: SmallWorld, folder: Path, **changes: object) -> str:
    shown = ReportData(world.log, world.journeys, DEFINITION, [world.findings])
    html, _ = write_report(folder / "report.html", replace(shown, **changes))  # type: ignore[arg-type]
    return html.read_text()


def test_the_first_sentence_says_what_since_when_how_much_and_how_sure(page: Page) -> None:
    assert (
        "Since 10 February 2026, customers with os iOS and version 8.2 reach the contact centre "
        "45 points more often after “upload” (39 to 51 points)."
    ) in page.text
    assert "fewer than 1 in 1,000" in page.text


def test_counts_are_those_of_the_findings_file(
    page: Page, data: ReportData, written: Path, tmp_path: Path
) -> None:
    write_findings(data.findings[0], tmp_path / "findings.json")
    found = json.loads((tmp_path / "findings.json").read_text())["findings"][0]
    shown = json.loads(written.with_suffix(".json").read_text())["cards"][0]
    assert shown["exposed_journeys"] == found["exposed_journeys"]
    assert shown["effects"][0]["harmed_journeys"] == found["harmed_journeys"]
    assert f"{found['exposed_journeys']:,}" in page.text
    assert f"{found['harmed_journeys']:,}" in page.text


def test_the_page_asks_nobody_for_anything(page: Page, html: str) -> None:
    linking = {"src", "href", "xlink:href", "srcset", "action", "poster", "data", "formaction"}
    links = [
        value
        for _, attrs in page.tags
        for name, value in attrs.items()
        if name in linking and value is not None
    ]
    assert [link for link in links if not link.startswith("#")] == []
    assert "@import" not in html
    assert re.findall(r"url\((?!#)", html) == []
    assert page.all("script") == []
    assert page.all("link") == []
    assert [name for _, attrs in page.tags for name in attrs if name.startswith("on")] == []
    policies = [attrs.get("content") for attrs in page.all("meta")]
    assert any(policy and policy.startswith("default-src 'none'") for policy in policies)


def test_links_lead_to_places_on_the_page(page: Page) -> None:
    places = {attrs.get("id") for _, attrs in page.tags}
    for link in page.all("a"):
        assert str(link["href"]).removeprefix("#") in places


def test_every_picture_says_what_it_shows(page: Page) -> None:
    pictures = page.all("svg")
    assert len(pictures) >= 6
    assert all(len(str(one.get("aria-label"))) > 40 for one in pictures)
    assert all(one.get("role") == "img" for one in pictures)


def test_names_of_the_log_are_text_and_never_markup(tmp_path: Path) -> None:
    world = small_world(800, upload=HOSTILE, os=DROP)
    health = [f"{HOSTILE} never occurs."]
    html = small_report(world, tmp_path, health=health)
    page = Page(html)
    assert page.all("script") == []
    assert HOSTILE in page.text
    assert DROP in page.text
    assert HOSTILE not in html


def test_no_customer_key_is_in_either_file(html: str, written: Path) -> None:
    assert "secret-" not in html
    assert "secret-" not in written.with_suffix(".json").read_text()


def test_small_groups_are_hidden(tmp_path: Path, world: SmallWorld) -> None:
    few = replace(world.finding, exposed_journeys=7, harmed_journeys=3)
    page = Page(small_report(world, tmp_path, findings=[findings_of(few)]))
    assert "fewer than 10" in page.text
    shown = json.loads((tmp_path / "report.json").read_text())["cards"][0]
    assert shown["exposed_journeys"] is None
    assert shown["effects"][0]["harmed_journeys"] is None


def test_an_empty_answer_says_what_could_have_hidden(tmp_path: Path, world: SmallWorld) -> None:
    page = Page(small_report(world, tmp_path, findings=[findings_of()]))
    assert "Nothing found in 1,234 combinations" in page.text
    assert "4.3 points" in page.text
    assert "Checked and not found" in page.text
    assert page.all("article") == []


def test_a_log_too_short_to_search_says_why(tmp_path: Path, world: SmallWorld) -> None:
    short = replace(findings_of(), smallest_detectable_effect=None, note="Too few journeys.")
    page = Page(small_report(world, tmp_path, findings=[short]))
    assert "Nothing could be searched" in page.text
    assert "Too few journeys." in page.text


def test_a_finding_about_a_log_too_small_to_draw_is_still_said(tmp_path: Path) -> None:
    tiny = small_world(30)
    page = Page(small_report(tiny, tmp_path))
    assert "Since 10 February 2026" in page.text
    assert "same step, other conditions" not in page.text


def test_findings_of_equal_conditions_share_a_card(tmp_path: Path, world: SmallWorld) -> None:
    churn = replace(world.findings, outcome="churn")
    page = Page(small_report(world, tmp_path, findings=[world.findings, churn]))
    assert len(page.all("article")) == 1
    assert "leaving" in page.text


def test_a_driver_is_said_not_to_be_a_cause(page: Page) -> None:
    assert "A driver is not a cause." in page.text


def test_calibration_is_said_in_words_and_quality_beside_rivals(page: Page) -> None:
    assert re.search(r"Of 100 journeys we marked at [\d.]+ %, \d+ reached the contact", page.text)
    assert "logistic regression" in page.text


def test_it_is_small_and_the_same_every_time(
    data: ReportData, html: str, written: Path, tmp_path: Path
) -> None:
    assert len(html.encode()) < 2_000_000
    again, beside = write_report(tmp_path / "report.html", data)
    assert again.read_text() == html
    assert beside.read_text() == written.with_suffix(".json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_place_that_cannot_hold_it_is_one_clear_fault(data: ReportData, tmp_path: Path) -> None:
    few = replace(data, bundle=None, findings=[])
    (tmp_path / "file").write_text("")
    with pytest.raises(OfframpError, match="cannot be written"):
        write_report(tmp_path / "file" / "report.html", few)
    with pytest.raises(OfframpError, match=r"give another name, such as .*report\.html"):
        write_report(tmp_path / "report.json", few)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
