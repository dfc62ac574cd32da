"""The record of a benchmark has the form that every reader relies on."""

import json
from pathlib import Path

import pytest

from benchmarks.record import as_markdown, goal, record


def test_a_record_is_json_and_markdown_of_one_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = record("x", [{"a": 1}, {"b": 0.25}], [goal("fast", 5.0, 3.0)], libraries=["numpy"])
    written = json.loads(path.read_text())
    assert path == Path("out/benchmark-x.json")
    assert set(written) == {"name", "at", "machine", "rows", "goals"}
    assert set(written["machine"]) == {"cores", "memory_gib", "versions"}
    assert set(written["machine"]["versions"]) == {"python", "numpy"}
    assert written["goals"] == [{"what": "fast", "goal": 5.0, "value": 3.0, "met": False}]
    assert path.with_suffix(".md").read_text().startswith("# x\n")


def test_a_table_has_every_column_of_any_row() -> None:
    text = as_markdown([{"a": 1_000}, {"b": "x|y"}], [], title="t")
    assert "| a | b |\n| --- | --- |\n| 1,000 |  |\n|  | x\\|y |\n" in text
