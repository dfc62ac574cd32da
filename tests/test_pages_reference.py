"""The reference is whole: no key, field, metric or variable of the code is without its line."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest

from journeys.definition import Attributes, Definition, Values
from journeys.definition_file import parse_definition
from models import bundle_of, load_bundle, save_bundle
from pages.command_reference import commands_page
from pages.request_reference import request_pages
from pages.room_reference import room_pages
from rootcause.association import Association
from rootcause.early import EarlyWarning
from rootcause.findings import Finding, Findings
from serving.metrics import Metrics
from tests.serving_bundle import small_bundle

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
ROOMS = ("journeys", "features", "models", "rootcause", "training", "serving", "offramp")


def told_in(page: str, heading: str) -> list[str]:
    """Return the names in the first cells of the table under a heading."""
    text = f"\n{(DOCS / page).read_text()}".partition(f"\n{heading}\n")[2]
    rows = re.search(r"(?:^\|.*\n)+", text, re.M)
    assert rows, f"{page} has no table under {heading}"
    cells = [row.split("|")[1] for row in rows[0].splitlines()[2:]]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_key_of_the_definition_is_told_and_no_other() -> None:
    nested = {"attributes": Attributes, "values": Values}
    known = {name for name in Definition.model_fields if name not in nested}
    known |= {f"{key}.{name}" for key, model in nested.items() for name in model.model_fields}
    assert set(told_in("definition.md", "## Keys")) == known


def test_the_example_with_every_key_is_one() -> None:
    text = (DOCS / "definition.md").read_text().partition("## Every key, in an example")[2]
    written = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)[0]
    definition = parse_definition(written, source="docs/definition.md")
    said = yaml.safe_load(written)
    assert set(Definition.model_fields) - set(said) == {"form", "query", "time_unit"}
    assert definition.outcomes == ("success", "leakage", "churn")


@pytest.mark.parametrize(
    ("heading", "of"),
    [
        ("## The file", Findings),
        ("## A finding", Finding),
        ("## chronic", Association),
        ("## warnings", EarlyWarning),
    ],
)
def test_every_field_of_findings_is_told_and_no_other(heading: str, of: type) -> None:
    assert set(told_in("reference/findings.md", heading)) == {field.name for field in fields(of)}  # type: ignore[arg-type]


def test_every_file_and_key_of_a_bundle_is_told(tmp_path: Path) -> None:
    bundle = small_bundle()
    saved = save_bundle(bundle_of(bundle.plan, bundle.outcomes, {}), tmp_path / "bundle")
    told = {
        name.replace("OUTCOME", "leakage") for name in told_in("reference/bundle.md", "## Files")
    }
    files = {
        path.name for path in saved.iterdir() if not path.name.startswith(("churn", "success"))
    }
    assert files <= told
    assert set(load_bundle(saved).manifest) <= set(
        told_in("reference/bundle.md", "## manifest.json")
    )


def test_every_metric_of_the_service_is_told() -> None:
    text = generate_latest(Metrics().registry).decode()
    made = set(re.findall(r"^# TYPE (offramp_\w+) (?:counter|gauge|histogram|info)$", text, re.M))
    made = {name for name in made if not name.endswith("_created")}  # when it was made, for each
    told = set(told_in("reference/metrics.md", "# Metrics of the service"))
    assert made - told == set()


def test_every_variable_of_the_code_is_told() -> None:
    source = "\n".join(path.read_text() for room in ROOMS for path in ROOT.glob(f"{room}/*.py"))
    read = set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", source))
    read |= set(re.findall(r"\"(OFFRAMP_[A-Z_]+)\"", source))
    told = set(told_in("reference/environment.md", "## Variables"))
    assert read - told == {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"} & read


def test_the_page_of_the_commands_has_every_option(commands: dict[str, set[str]]) -> None:
    page = commands_page()
    for name, options in commands.items():
        section = page.partition(f"### offramp {name}\n")[2].partition("\n### ")[0]
        for option in options:
            shown = option if option.startswith("-") else option.upper()
            assert f"`{shown}`" in section, f"{name} {option}"


def test_every_path_of_the_api_has_a_page_and_every_room_its_names() -> None:
    requests = request_pages()
    assert "reference/api/score.md" in requests
    assert "`p`" in requests["reference/api/score.md"]
    assert "| 422 | `bad-history` |" in requests["reference/api/score.md"]
    assert "::: journeys.find_journeys" in room_pages()["reference/python/journeys.md"]


def test_every_page_stands_in_the_navigation_and_asks_nobody_for_anything() -> None:
    """Fonts, scripts and pictures are those of the theme and our own."""
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    placed = set(re.findall(r"[\w/-]+\.md", str(settings["nav"])))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert {page for page in pages if not page.startswith("adr/")} == placed
    assert settings["theme"]["font"] is False
    assert {"search", "offline"} <= {name for name in settings["plugins"] if isinstance(name, str)}
    assert settings["extra"]["polyfills"] == ["assets/iframe-worker.js"]
