"""A task is a small YAML, and its log may be anybody's: what is read, and what is refused."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import outcome
from benchmarks.outcome_auc import main
from benchmarks.outcome_offramp import asked_of, definition_of
from benchmarks.outcome_protocol import cases_of, split
from benchmarks.outcome_task import labelled, read_labelled, read_task
from journeys.errors import DefinitionError, EventLogError

YAML = """
name: unseen
columns: {case: id, time: at, activity: what}
label: {column: outcome, positive: yes}
attributes: {event: [who], event_numeric: [cost], case: [shop], case_numeric: [size]}
"""


def written(folder: Path, text: str = YAML) -> Path:
    path = folder / "task.yaml"
    path.write_text(text)
    return path


def unseen(n_cases: int = 60, seed: int = 0) -> pd.DataFrame:
    """Return a log as nobody here has seen it: the shop and a missing cost tell the outcome."""
    random = np.random.default_rng(seed)
    rows = []
    for case in range(n_cases):
        bad = random.random() < 0.4
        shop = random.choice(["north", "south"], p=[0.8, 0.2] if bad else [0.3, 0.7])
        at = pd.Timestamp("2026-01-01") + pd.Timedelta(hours=int(case * 5))
        for place in range(int(random.integers(1, 6))):
            at += pd.Timedelta(minutes=int(random.integers(0, 90)))
            rows.append(
                {
                    "id": case,
                    "at": str(at),
                    "what": random.choice(["look", "buy", "ask"]),
                    "outcome": "yes" if bad else "no",
                    "who": random.choice(["ann", "bob", None]),
                    "cost": np.nan if place % 2 else float(place),
                    "shop": shop,
                    "size": 7,
                    "channel": "web",
                }
            )
    return pd.DataFrame(rows)


def test_a_log_nobody_has_seen_gives_a_row_and_the_same_seed_the_same(tmp_path: Path) -> None:
    unseen().to_csv(tmp_path / "log.csv", index=False)
    rows = []
    for name in ("one.json", "two.json"):
        asked = ["--task", str(written(tmp_path)), "--data", str(tmp_path / "log.csv")]
        assert main([*asked, "--json", str(tmp_path / name)]) == 0
        rows.append(json.loads((tmp_path / name).read_text()))
    one, two = ({key: row[key] for key in row if "seconds" not in key} for row in rows)
    for key in ("task", "auc", "auc_interval", "xgboost_auc", "published_auc"):
        assert one[key] == two[key]
    assert one["task"] == "unseen"
    assert 0.0 <= one["auc_interval"][0] <= one["auc"] <= one["auc_interval"][1] <= 1.0
    assert rows[0]["seconds"] > 0
    assert one["published_auc"] is None


@pytest.mark.parametrize(
    ("positive", "values"),
    [
        ("yes", ["yes", "no"]),
        ("true", [True, False]),
        ("1", [1, 0]),
        ("1", [1.0, 0.0]),
        ("1.0", [1, 0]),
        ("[refused, 'gone away']", ["gone away", "kept"]),
    ],
)
def test_a_label_may_be_text_a_number_or_a_truth(
    tmp_path: Path, positive: str, values: list[object]
) -> None:
    task = read_task(written(tmp_path, YAML.replace("positive: yes", f"positive: {positive}")))
    frame = unseen(4).assign(id=[0, *[1] * (len(unseen(4)) - 1)])
    frame["outcome"] = [values[case] for case in frame["id"]]
    found = labelled(frame, task)
    assert found.groupby("case")["positive"].first().to_dict() == {"0": 1.0, "1": 0.0}


@pytest.mark.parametrize(
    "times",
    [
        ["2026-01-01 10:00:00", "2026-01-01 11:00:00"],
        ["2026-01-01T10:00:00+01:00", "2026-01-01T10:00:00Z"],
        ["2026/01/01 10:00:00.000", "2026/01/01 11:00:00.000"],
        [pd.Timestamp("2026-01-01 10:00"), pd.Timestamp("2026-01-01 11:00")],
        [pd.Timestamp("2026-01-01 10:00", tz="Asia/Tokyo"), pd.Timestamp("2026-01-01", tz="UTC")],
    ],
)
def test_times_are_read_in_any_usual_form(tmp_path: Path, times: list[object]) -> None:
    frame = pd.DataFrame({"id": [1, 2], "at": times, "what": "x", "outcome": ["yes", "no"]})
    task = read_task(written(tmp_path, "\n".join(YAML.splitlines()[:4])))
    found = labelled(frame, task)["time"]
    assert str(found.dt.tz) == "UTC"
    assert found.min() >= pd.Timestamp("2026-01-01", tz="UTC") - pd.Timedelta("9h")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: [", "is not YAML"),
        ("- a", "a task is a set of keys"),
        (YAML.replace("name: unseen", "nam: unseen"), r"'nam' \(closest: 'name'\)"),
        (YAML.replace("case: id, ", ""), r"columns\.case: field required"),
        (YAML + "prefix_cap: many\n", "prefix_cap: input should be a valid integer"),
        (YAML + "prefix_cap: 0\n", "prefix_cap: input should be greater than 0"),
        (YAML.replace("positive: yes", "positive: []"), "label.positive"),
    ],
)
def test_a_task_that_cannot_be_is_refused_by_its_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        read_task(written(tmp_path, text))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"drop": "who"}, r"needs the column 'who'.*which log.csv lacks"),
        ({"at": "yesterday"}, "times in column 'at' of log.csv cannot be read"),
        ({"outcome": "no"}, r"all or none are positive.*found: 'no'"),
        ({"cost": "dear"}, "column 'cost' of log.csv holds no number"),
        ({"id": np.nan}, "have no case"),
    ],
)
def test_a_log_that_does_not_hold_the_task_is_refused(
    tmp_path: Path,
    change: dict[str, object],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame = unseen(8)
    frame = frame.drop(columns=str(change["drop"])) if "drop" in change else frame.assign(**change)
    frame.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(EventLogError, match=told):
        read_labelled(tmp_path / "log.csv", read_task(written(tmp_path)))
    asked = ["--task", str(written(tmp_path)), "--data", str(tmp_path / "log.csv")]
    assert main([*asked, "--json", str(tmp_path / "out.json")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_case_with_two_labels_is_refused(tmp_path: Path) -> None:
    frame = unseen(8)
    frame.loc[0, "outcome"] = "no" if frame.loc[0, "outcome"] == "yes" else "yes"
    with pytest.raises(EventLogError, match=r"1 cases in .* have more than one label"):
        labelled(pd.concat([frame, unseen(8)]), read_task(written(tmp_path)))


def test_the_samples_are_the_prefixes_in_the_order_of_the_log(tmp_path: Path) -> None:
    task = read_task(written(tmp_path))
    cases = cases_of(labelled(unseen(), task), 3)
    asked = asked_of(cases, definition_of(task))
    np.testing.assert_array_equal(
        asked.log.events["activity"].astype(str), cases.events["activity"]
    )
    rows = asked.samples["seen"].to_numpy()
    first = asked.journeys["first"].to_numpy()[asked.samples["journey"]]
    np.testing.assert_array_equal(rows - first + 1, cases.lengths)


def test_without_the_shared_data_one_message_says_how_to_name_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome.main(["--data", str(tmp_path), "--task", "production"]) == 1
    assert "OFFRAMP_SHARED_DATA=" in capsys.readouterr().err


def test_the_real_production_log_splits_as_the_protocol_says() -> None:
    path = outcome.shared_data() / "outcome-benchmark" / "production.parquet"
    if not path.is_file():
        pytest.skip(f"the shared data are not there; name them with {outcome.DATA}")
    task = read_task(outcome.TASKS / "production.yaml")
    train, test = split(read_labelled(path, task), task)
    assert int(train.lengths.max()) == 23  # what ../shared/data/README.md says
    assert len(np.unique(test.cases)) == 220 - 176
    assert train.events["time"].max() < test.events["time"].min()


def test_the_environment_says_where_the_data_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, outcome.DATA, "somewhere")
    assert outcome.shared_data() == Path("somewhere")
