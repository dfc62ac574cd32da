"""`offramp inject` and the warnings of `offramp findings`, as a user runs them."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.offramp_run import Run
from tests.rootcause_world import DEFINITION, ONSET_DAY, START, small_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of a sound world, one that is cut while a bad release is young, a definition."""
    folder = tmp_path_factory.mktemp("inject")
    small_world(2000, fixed_day=ONSET_DAY).log.events.to_parquet(folder / "events.parquet")
    bad = small_world(3000).log.events
    young = bad[bad["time"] < START + pd.Timedelta(days=ONSET_DAY + 4)]
    young.to_parquet(folder / "young.parquet")
    (folder / "journey.yaml").write_text(yaml.safe_dump(DEFINITION.as_dict()))
    return folder


def on(folder: Path, events: str = "events") -> list[str]:
    files = ["--events", str(folder / f"{events}.parquet"), "--journey"]
    return [*files, str(folder / "journey.yaml"), "--outcome", "leakage"]


def test_a_strong_cause_is_found_and_the_file_is_as_it_was(
    run: Run, world: Path, tmp_path: Path
) -> None:
    before = hashlib.sha256((world / "events.parquet").read_bytes()).hexdigest()
    where = ["--where", "activity=upload", "--where", "os=Android; region=south"]
    asked = ["--onset", "2026-02-20", "--effect", "0.5", "--trials", 1]
    wanted = ["--json", tmp_path / "inject.json", "--plot", tmp_path / "inject.png"]
    code, said = run("inject", *on(world), *where, *asked, *wanted)
    assert code == 0
    assert "50 points 1 100% (21%-100%) 100% (21%-100%)" in said
    assert "0 found where nothing was planted" in said
    written = json.loads((tmp_path / "inject.json").read_text())
    assert written["by_effect"][0]["found"] == 1.0
    assert written["trials"][0]["conditions"]["region"] == "south"
    assert (tmp_path / "inject.png").read_bytes()[:4] == b"\x89PNG"
    assert hashlib.sha256((world / "events.parquet").read_bytes()).hexdigest() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--where", "upload"], "NAME=VALUE"),
        (["--where", "activity=upload", "--where", "os=iOs"], "closest: 'iOS'"),
        (["--where", "os=iOS"], "activity=STEP"),
        (["--where", "activity=upload"], "everybody"),
        (["--where", "activity=upload;os=iOS", "--effect", "much"], "no effect"),
        (["--where", "activity=upload;os=iOS", "--effect", "2"], "at most 1"),
        (["--where", "activity=upload;os=iOS", "--onset", "2031-01-01"], "outside the log"),
        (["--onset", "2026-02-20"], "say with --where"),
    ],
)
def test_what_cannot_be_planted_is_one_message(
    words: list[str], said: str, run: Run, world: Path, tmp_path: Path
) -> None:
    code, told = run("inject", *on(world), *words, "--json", tmp_path / "inject.json")
    assert code == 1
    assert said in told
    assert not (tmp_path / "inject.json").exists()


def test_a_picture_that_is_no_png_is_refused_at_once(run: Run, world: Path) -> None:
    code, told = run("inject", *on(world), "--where", "activity=upload", "--plot", "picture.jpg")
    assert code == 1
    assert ".png" in told


def test_no_trial_is_a_usage_error(run: Run, world: Path) -> None:
    assert run("inject", *on(world), "--trials", 0)[0] == 2


def test_findings_lists_warnings_apart(run: Run, world: Path, tmp_path: Path) -> None:
    code, said = run("findings", *on(world, "young"), "--json", tmp_path / "findings.json")
    assert code == 0
    assert "Early warnings, not findings" in said
    assert "os iOS and version 8.2, at the step “upload”" in said
    written = json.loads((tmp_path / "findings.json").read_text())
    assert written["findings"] == []
    assert [one["young"] for one in written["warnings"]] == [{"os": "iOS", "version": "8.2"}]


def test_a_sound_log_has_no_warnings(run: Run, world: Path, tmp_path: Path) -> None:
    _, said = run("findings", *on(world), "--json", tmp_path / "findings.json")
    assert "Early warnings" not in said
    assert json.loads((tmp_path / "findings.json").read_text())["warnings"] == []
