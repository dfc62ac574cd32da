"""A folder is a log to the command line, and one that does not fit in memory is told alike."""

import json
from pathlib import Path

import pytest

from benchmarks.scale_world import write_worlds
from tests.offramp_run import Command


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a log of three thousand events in a partition, and its definition."""
    folder = tmp_path_factory.mktemp("worlds")
    write_worlds(3_000, folder)
    return folder


def test_a_folder_is_checked_alike_in_memory_and_in_shards(
    worlds: Path, tmp_path: Path, call: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["check", "--events", str(worlds / "log"), "--journey", str(worlds / "journey.yaml")]
    held = call(*words, "--json", str(tmp_path / "held.json"))
    monkeypatch.setenv("OFFRAMP_EVENTS_IN_MEMORY", "1000")
    kept = tmp_path / "kept"
    parts = call(*words, "--json", str(tmp_path / "parts.json"), "--shards", str(kept))
    assert held.code == parts.code
    assert list(kept.glob("bucket-*.arrow"))
    told = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("held", "parts")]
    assert told[0] == told[1]
    assert told[0]["events"] > 2_000
    assert "world" in told[0]["unused_columns"]


def test_how_many_events_fit_is_a_whole_number(
    worlds: Path, call: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFRAMP_EVENTS_IN_MEMORY", "20e6")
    words = ["check", "--events", str(worlds / "log"), "--journey", str(worlds / "journey.yaml")]
    answer = call(*words)
    assert answer.code == 1
    assert "OFFRAMP_EVENTS_IN_MEMORY is '20e6'; give a whole number" in answer.words
