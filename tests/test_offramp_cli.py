"""The commands as a user runs them: what they answer, what they write, how they refuse."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from journeys.simulate import simulate
from offramp.cli import main
from tests.offramp_run import Command

JOURNEY = """
name: loan
start: {activity: begun}
success: {activity: paid, within: 20d}
failure: {activity: refused}
abandoned_after: 6d
leakage: {channel: call, within: 3d}
milestones: [begun, papers, paid]
attributes: {context: [region], technical: [app], numeric: [amount]}
"""


@pytest.fixture
def run(call: Command) -> Command:
    return call


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log of loans and its definition."""
    folder = tmp_path_factory.mktemp("world")
    loans().to_parquet(folder / "events.parquet")
    (folder / "journey.yaml").write_text(JOURNEY)
    return folder


@pytest.fixture(scope="module")
def model(world: Path, mlflow_store: str) -> str:
    """The address of a model of those loans, trained by the command itself."""
    with pytest.MonkeyPatch.context() as patch:
        words = ["train", *on(world), "--promote", "always", "--json", str(world / "trained.json")]
        patch.setattr(sys, "argv", ["offramp", *words])
        with pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code in (0, None)
    return str(json.loads((world / "trained.json").read_text())["model"])


def on(folder: Path) -> list[str]:
    return ["--events", str(folder / "events.parquet"), "--journey", str(folder / "journey.yaml")]


def loans(customers: int = 400, seed: int = 0) -> pd.DataFrame:
    """Return a small log: who begins on the app hands in papers, is paid, refused, or calls."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        day = float(rng.uniform(0, 100))
        region, app = rng.choice(["north", "south"]), rng.choice(["1.0", "2.0"])
        told = {"customer_id": f"K{number}", "region": region, "app": app}
        told["amount"] = float(rng.uniform(1, 9))
        steps = [(day, "begun", "app"), (day + 1.5, "papers", "app")]
        if rng.random() < (0.5 if app == "2.0" else 0.2):
            steps.append((day + 2.5, "asked", "call"))
        if rng.random() < 0.8:
            steps.append((day + 4, "paid" if rng.random() < 0.7 else "refused", "app"))
        rows += [told | {"day": at, "activity": what, "channel": how} for at, what, how in steps]
    frame = pd.DataFrame(rows).sort_values("day", ignore_index=True)
    start = pd.Timestamp("2026-01-01", tz="UTC")
    frame["time"] = start + pd.to_timedelta((frame.pop("day") * 86_400).round(), unit="s")
    return frame


def refusals(log: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return logs that hold something awkward."""
    paid = log["activity"] == "paid"
    first = log["customer_id"] == log["customer_id"].iloc[0]
    long = pd.concat([log[first].head(1)] * 10_000, ignore_index=True)
    long["time"] += pd.to_timedelta(np.arange(len(long)), unit="s")
    zones = log["time"].map(lambda at: at.tz_convert("Asia/Tokyo").isoformat())
    return {
        "empty": log.head(0),
        "one customer": log[first],
        "one event": log.head(1),
        "no success": log[~paid],
        "only successes": log[
            log.groupby("customer_id")["activity"].transform(lambda of: "paid" in set(of))
        ],
        "a missing column": log.drop(columns="region"),
        "a null column": log.assign(region=None),
        "null times": log.assign(time=None),
        "mixed zones": log.assign(time=log["time"].astype(str).where(paid, zones)),
        "broken times": log.assign(time=log["time"].astype(str).where(~paid, "noon")),
        "a long journey": pd.concat([log, long], ignore_index=True),
        "a hostile activity": log.replace({"activity": {"asked": '"; drop table"'}}),
        "words for numbers": log.assign(amount="much"),
        "numbers for times": log.assign(time=np.arange(len(log))),
    }


@pytest.mark.parametrize("what", list(refusals(loans(5))))
@pytest.mark.parametrize("command", ["check", "train", "findings", "report"])
def test_an_awkward_log_ends_in_work_or_in_one_clear_message(
    command: str, what: str, run: Command, tmp_path: Path, mlflow_store: str
) -> None:
    refusals(loans())[what].to_csv(tmp_path / "events.csv", index=False)
    (tmp_path / "journey.yaml").write_text(JOURNEY)
    words = ["--events", tmp_path / "events.csv", "--journey", tmp_path / "journey.yaml"]
    words += {
        "findings": ["--outcome", "leakage", "--json", tmp_path / "answer"],
        "report": ["--out", tmp_path / "answer"],
        "train": ["--outcome", "success", "--json", tmp_path / "answer"],
        "check": [],
    }[command]
    answer = run(command, *words)
    assert answer.code in (0, 1)
    assert "Traceback" not in answer.err
    assert "did not foresee" not in answer.err
    if answer.code == 1 and command != "check":
        assert len(answer.err.strip().splitlines()) == 1
        assert not (tmp_path / "answer").exists()
    assert not [left for left in tmp_path.iterdir() if left.name.startswith(".")]


def test_a_missing_file_is_one_message_that_names_it(run: Command, world: Path) -> None:
    gone = run("check", "--events", world / "gone.parquet", "--journey", world / "journey.yaml")
    assert gone.code == 1
    assert "gone.parquet" in gone.err
    undefined = run("check", "--events", world / "events.parquet", "--journey", world / "gone.yaml")
    assert undefined.code == 1
    assert "gone.yaml" in undefined.err


def test_a_wrong_word_is_a_usage_error(run: Command, world: Path) -> None:
    assert run("check").code == 2
    assert run("forecast").code == 2
    assert run("train", *on(world), "--outcomes", "all").code == 2


def test_a_form_or_query_as_an_option_is_answered_with_the_command_that_takes_it(
    run: Command,
) -> None:
    asked = ("--events", "postgresql://me:geheim@host/shop", "--query", "SELECT * FROM seen")
    answer = run("train", *asked, "--journey", "shop.yaml")
    assert answer.code == 2
    words = "convert --events 'postgresql://me:***@host/shop' --query 'SELECT * FROM seen' --out"
    assert words in answer.err
    assert "geheim" not in answer.err
    assert (
        "convert --events x.jsonl --form ga4 --out"
        in run("score", "--form=ga4", "--events=x.jsonl").err
    )
    assert run("keys", "list", "--query", "x").code == 2


def test_check_says_what_is_there_and_writes_the_same(
    run: Command, world: Path, tmp_path: Path
) -> None:
    answer = run("check", *on(world), "--json", tmp_path / "check.json")
    assert answer.code == 0
    written = json.loads((tmp_path / "check.json").read_text())
    assert written["customers"] == 400
    assert f"{written['events']:,} events" in answer.words


def test_train_evaluate_and_score_agree_on_one_model(
    run: Command, world: Path, model: str, tmp_path: Path
) -> None:
    trained = json.loads((world / "trained.json").read_text())["manifest"]["evaluation"]
    again = run("evaluate", *on(world), "--model", model, "--json", tmp_path / "e.json")
    assert again.code == 0
    later = json.loads((tmp_path / "e.json").read_text())["evaluation"]
    for outcome, said in later.items():
        assert said["samples"] == trained[outcome]["samples"]
        assert said["metrics"]["auc"]["value"] == trained[outcome]["metrics"]["auc"]["value"]
    assert run("score", *on(world), "--model", model, "--out", tmp_path / "s.csv").code == 0
    scores = pd.read_csv(tmp_path / "s.csv")
    assert scores["p_leakage"].between(0, 1).all()
    every = ["--out", tmp_path / "all.parquet", "--every-event"]
    assert run("score", *on(world), "--model", model, *every).code == 0
    assert len(pd.read_parquet(tmp_path / "all.parquet")) > len(scores)


def test_one_outcome_alone_can_be_trained(
    run: Command, world: Path, model: str, tmp_path: Path
) -> None:
    alone = run("train", *on(world), "--outcome", "leakage", "--json", tmp_path / "t.json")
    assert alone.code == 0
    written = json.loads((tmp_path / "t.json").read_text())
    assert written["manifest"]["outcomes"] == ["leakage"]
    assert written["model"].endswith("@challenger")


def test_an_outcome_that_nobody_defined_is_named_with_the_closest(
    run: Command, world: Path
) -> None:
    answer = run("findings", *on(world), "--outcome", "leak")
    assert answer.code == 1
    assert "closest: 'leakage'" in answer.err


def test_a_model_of_another_journey_is_refused(run: Command, world: Path, model: str) -> None:
    other = world / "other.yaml"
    other.write_text(JOURNEY.replace("name: loan", "name: card"))
    words = ["--events", world / "events.parquet", "--journey", other]
    answer = run("score", *words, "--model", model, "--out", world / "s.csv")
    assert answer.code == 1
    assert "'loan'" in answer.err
    assert "'card'" in answer.err
    page = world / "card.html"
    assert run("report", *words, "--model", model, "--out", page).err == answer.err
    assert not page.exists()


def test_a_model_that_learnt_from_other_attributes_makes_no_report(
    run: Command, world: Path, model: str
) -> None:
    """It ended in a KeyError: the log is read for the definition, the model asks for its own."""
    (world / "fewer.yaml").write_text(JOURNEY.replace("technical: [app], ", ""))
    words = ["--events", world / "events.parquet", "--journey", world / "fewer.yaml"]
    answer = run("report", *words, "--model", model, "--out", world / "fewer.html")
    assert answer.code == 1
    assert "learnt from 'app'" in answer.words
    assert not (world / "fewer.html").exists()


def test_a_model_that_is_not_there_is_one_message(run: Command, world: Path, model: str) -> None:
    for uri in ("models:/offramp-loan@best", "models:/offramp-card@champion", world / "nothing"):
        answer = run("score", *on(world), "--model", uri, "--out", world / "s.csv")
        assert answer.code == 1
        assert len(answer.err.strip().splitlines()) == 1


def test_a_cause_goes_from_findings_to_audience_and_verdict(run: Command, tmp_path: Path) -> None:
    """The planted bug of a simulated world, through the three commands that live off findings."""
    words = ["--scenario", "ios_upload_bug", "--customers", 10_000, "--seed", 7, "--out", tmp_path]
    assert run("simulate", *words).code == 0
    found = tmp_path / "findings.json"
    assert run("findings", *on(tmp_path), "--outcome", "leakage", "--json", found).code == 0
    first = json.loads(found.read_text())["findings"][0]
    assert first["conditions"] == {
        "activity": "document_upload",
        "os": "iOS",
        "app_version": "8.2.0",
    }
    assert first["symptoms"][0]["feature"] == "upload_failed_count"
    about = ["--findings", found, "--finding", first["id"]]
    early = run("verify", *on(tmp_path), *about, "--fixed-at", "2026-04-26")
    assert "Cannot tell yet" in early.words
    unfixed = run("verify", *on(tmp_path), *about, "--fixed-at", "2026-03-24")
    assert "Not fixed" in unfixed.words
    for absurd in ("soon", "NaT"):
        answer = run("verify", *on(tmp_path), *about, "--fixed-at", absurd)
        assert answer.code == 1
        assert f"{absurd!r} is not a time" in answer.err


def test_simulate_refuses_an_unknown_scenario_and_writes_nothing(
    run: Command, tmp_path: Path
) -> None:
    answer = run("simulate", "--scenario", "ios_bug", "--out", tmp_path / "new")
    assert answer.code == 1
    assert "ios_upload_bug" in answer.err
    assert not (tmp_path / "new").exists()


def test_simulated_definitions_are_those_that_ship() -> None:
    shipped = Path(__file__).parent.parent / "journeys" / "definitions"
    for name, text in simulate("clean", customers=10, seed=0).definitions.items():
        assert (shipped / f"{name}.yaml").read_text() == text


@pytest.mark.proof
def test_the_demo_takes_the_whole_road(tmp_path: Path) -> None:
    """In a process of its own, as `make demo` runs it, on fewer customers."""
    command = [sys.executable, "-m", "offramp", "demo", "--customers", "1000", "--out", "made"]
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    made = {path.name for path in (tmp_path / "made").iterdir()}
    assert {"report.html", "report.json", "findings-leakage.json", "score-answer.json"} <= made
    answer = json.loads((tmp_path / "made" / "score-answer.json").read_text())
    assert answer["predictions"][0]["journeys"][0]["journey"] == "mortgage_refinance"
    assert answer["model"]["version"] == "1", "the registry's version, not a hash of no files"
