"""docs/data.md is true: its files are written, its commands run, what it shows is what comes."""

import re
import shlex
from pathlib import Path

import pytest

from tests.offramp_run import Run

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.M | re.S)
SHOWN = r"\d[\d,]* events?: |\d[\d,]* events of "
"""Only these lines of an answer are told on the page; the rest of it is the check's."""


def sections() -> list[tuple[str, str]]:
    parts = re.split(r"^## (.+)$", (ROOT / "docs" / "data.md").read_text(), flags=re.M)
    return [(name, text) for name, text in zip(parts[1::2], parts[2::2], strict=True)]


@pytest.mark.parametrize(("name", "text"), sections(), ids=[name for name, _ in sections()])
def test_a_section_of_the_page_runs_as_it_stands(
    name: str, text: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = 0
    for kind, file, content in BLOCK.findall(text):
        if kind == "console":
            ran += commands(content, run)
        elif kind == "python":
            exec(compile(content, "docs/data.md", "exec"), {})
        elif file and Path(file).exists():  # a command has written it
            assert Path(file).read_text() == content, file
        elif file:
            Path(file).write_text(content)
        else:  # a part of what a command has written
            assert any(content in one.read_text() for one in Path().glob("*.yaml")), content
    assert ran > 0


def commands(content: str, run: Run) -> int:
    lines = content.splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith("$ offramp ")]
    for start, after in zip(starts, [*starts[1:], len(lines)], strict=True):
        code, said = run(*shlex.split(lines[start])[2:])
        assert code == 0, said
        for line in lines[start + 1 : after]:
            assert re.match(SHOWN, line), line
            assert line in said
    return len(starts)


def test_every_form_has_its_section() -> None:
    from journeys.forms import form_names

    text = (ROOT / "docs" / "data.md").read_text()
    assert all(f"form: {name}" in text for name in form_names())
