"""XES out: what is written is read back, by us and by PM4Py, with its types and its zones."""

import gzip
import io
import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.definition_file import load_definition
from journeys.errors import EventLogError
from journeys.find import find_journeys
from journeys.read import read_events, read_frame
from journeys.simulate import simulate, write_simulation
from journeys.xes import xes_table
from journeys.xes_write import ACTIVITY, CASE, TIME, write_xes
from tests.offramp_run import Run

EVENTS = pd.DataFrame(
    {
        CASE: ["007", "007", 'b & "c"'],
        ACTIVITY: ["won <x>", "größer", "A"],
        TIME: ["2026-03-01T10:00:00.123456+02:00", "2026-03-01T07:00:00Z", "2026-03-02"],
        "n": pd.array([1, None, 3], dtype="Int64"),
        "f": [1.5, np.nan, 0.1],
        "ok": [True, False, True],
        "note": ["two\nlines\tand a tab", None, "NaT"],
        "when": pd.to_datetime(["2026-03-01", None, "2026-03-02"], utc=True),
        "case:amount": [5, 5, 7],
    }
)


def written(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    write_xes(frame, stream)
    return stream.getvalue()


def test_what_is_written_is_read_back_with_its_types() -> None:
    back = xes_table(io.BytesIO(written(EVENTS)))
    assert back[CASE].tolist() == ["007", "007", 'b & "c"']
    assert back[ACTIVITY].tolist() == ["größer", "won <x>", "A"]  # by time
    assert back[TIME].tolist()[1] == pd.Timestamp("2026-03-01T08:00:00.123456Z")
    assert back["n"].tolist() == [None, 1, 3]
    assert back["f"].tolist()[1:] == [1.5, 0.1]
    assert back["ok"].tolist() == [False, True, True]
    assert back["note"].tolist()[1:] == ["two\nlines\tand a tab", "NaT"]
    assert back["when"].tolist()[1] == pd.Timestamp("2026-03-01", tz="UTC")
    assert back["case:amount"].tolist() == [5, 5, 7]
    assert back["lifecycle:transition"].tolist() == ["complete"] * 3


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 2**52), TEXTS), min_size=1, max_size=6))
def test_any_text_comes_back_but_for_what_xml_cannot_hold(
    rows: list[tuple[str, str, int, str]],
) -> None:
    frame = pd.DataFrame(rows, columns=[CASE, ACTIVITY, TIME, "note"])
    frame[TIME] = pd.to_datetime(frame[TIME], unit="us", utc=True)
    back = xes_table(io.BytesIO(written(frame)))
    cases, _ = pd.factorize(frame[CASE])
    order = np.lexsort((frame[TIME].astype("int64"), cases))
    expected = frame.iloc[order].reset_index(drop=True)
    for name in (CASE, ACTIVITY, "note"):
        assert back[name].tolist() == [without_controls(text) for text in expected[name]]
    assert (back[TIME] == expected[TIME]).all()


def without_controls(text: str) -> str:
    bad = {*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF}
    return "".join("\ufffd" if ord(one) in bad else one for one in text)


def test_the_document_says_what_it_uses() -> None:
    log = fromstring(written(EVENTS))
    found = {
        (one.tag.rpartition("}")[2], one.get("scope") or one.get("prefix") or one.get("keys"))
        for one in log
    }
    assert {("global", "trace"), ("global", "event"), ("classifier", ACTIVITY)} <= found
    assert {("extension", name) for name in ("concept", "time", "lifecycle", "org")} <= found


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (EVENTS.drop(columns=[CASE]), "no column 'case:concept:name'"),
        (EVENTS.assign(**{TIME: "soon"}), "3 of 3 events have no case"),
        (EVENTS.assign(**{ACTIVITY: [None, "a", "b"]}), "1 of 3 events have no case"),
    ],
)
def test_what_xes_cannot_hold_is_said(broken: pd.DataFrame, message: str) -> None:
    with pytest.raises(EventLogError, match=message):
        written(broken)


def test_attributes_of_attributes_and_lists_are_columns_where_asked_for(tmp_path: Path) -> None:
    text = """<log><trace><string key="concept:name" value="1"/><event>
    <string key="concept:name" value="A"/><date key="time:timestamp" value="2026-03-01"/>
    <float key="cost" value="7.5"><string key="currency" value="EUR"/></float>
    <list key="parts"><values><int key="engine" value="2"/></values></list></event></trace></log>"""
    path = tmp_path / "log.xes"
    path.write_text(text)
    assert {"cost.currency", "parts.engine"}.isdisjoint(read_frame(path).columns)
    asked = read_frame(path, nested={"cost.currency", "parts.engine"})
    assert asked[["cost", "cost.currency", "parts.engine"]].iloc[0].tolist() == [7.5, "EUR", 2]


@pytest.mark.filterwarnings("ignore")
def test_pm4py_reads_what_we_write_and_we_read_what_it_writes(tmp_path: Path) -> None:
    pm4py = pytest.importorskip("pm4py", reason="PM4Py is in the extra [benchmarks]")
    ours, theirs = tmp_path / "ours.xes.gz", tmp_path / "theirs.xes"
    ours.write_bytes(gzip.compress(written(EVENTS)))
    seen = pm4py.read_xes(str(ours))
    mine = xes_table(io.BytesIO(written(EVENTS)))
    pm4py.write_xes(seen, str(theirs))
    back = read_frame(theirs)
    for name in (CASE, ACTIVITY, TIME, "n", "f", "ok", "note", "when", "case:amount"):
        for other in (seen, back):
            assert same(other[name], mine[name]), name


def same(one: pd.Series, other: pd.Series) -> bool:
    """Whether two columns say the same; what is missing has many names."""
    pairs = zip(one.astype(object), other.astype(object), strict=True)
    return all((pd.isna(a) and pd.isna(b)) or a == b for a, b in pairs)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("world")
    write_simulation(simulate("clean", customers=60, seed=3), folder)
    return folder


@pytest.mark.parametrize("ending", ["xes", "xes.gz", "parquet", "csv", "csv.gz", "jsonl"])
def test_a_log_that_was_converted_is_the_same_log(world: Path, run: Run, ending: str) -> None:
    file, journey = world / f"log.{ending}", world / "journey.yaml"
    code, said = run("convert", "--events", world / "events.parquet", "--out", file)
    assert code == 0, said
    definition = load_definition(journey)
    if ending.startswith("xes"):
        xes = {"customer_id": CASE, "time": TIME, "activity": ACTIVITY}
        definition = definition.model_copy(update={"columns": xes})
    log = read_events(world / "events.parquet", load_definition(journey))
    same_log = read_events(file, definition)
    pd.testing.assert_frame_equal(log.events, same_log.events, check_categorical=False)


def test_what_holds_several_kinds_is_text_in_parquet(tmp_path: Path, run: Run) -> None:
    """Parquet has one type a column: a key that was 7 here and "b" there ended the command."""
    rows = [
        {"customer_id": key, "time": f"2026-01-0{day}", "activity": "begun", "long": 10**30 * day}
        for day, key in enumerate([7, 7.0, "b", None], start=1)
    ]
    lines, file = tmp_path / "log.jsonl", tmp_path / "log.parquet"
    lines.write_text("\n".join(map(json.dumps, rows)))
    code, said = run("convert", "--events", lines, "--out", file)
    assert code == 0, said
    back = read_frame(file)
    assert back["customer_id"].tolist()[:3] == ["7", "7", "b"]
    assert back["customer_id"].isna().sum() == 1
    assert back["long"].tolist() == [str(10**30 * day) for day in range(1, 5)]


def test_traces_are_journeys_where_that_is_asked(world: Path, run: Run) -> None:
    file, journey = world / "journeys.xes", world / "journey.yaml"
    asked = ("convert", "--events", world / "events.parquet", "--out", file, "--traces", "journeys")
    code, said = run(*asked)
    assert code == 1
    assert "Only a definition says what a journey is" in said
    assert run(*asked, "--journey", journey)[0] == 0
    definition = load_definition(journey)
    log = read_events(world / "events.parquet", definition)
    journeys = find_journeys(log, definition)
    back = read_frame(file)
    assert back[CASE].nunique() == len(journeys)
    assert len(back) == int((journeys["last"] - journeys["first"] + 1).sum())
    states = back.groupby(CASE)["case:state"].first().value_counts().to_dict()
    assert states == journeys["state"].value_counts().to_dict()
    assert "age_band" not in back.columns


def test_a_place_that_no_log_can_be_written_to_is_named(world: Path, run: Run) -> None:
    code, said = run("convert", "--events", world / "events.parquet", "--out", "log.xlsx")
    assert code == 1
    assert "its name must end in '.parquet'" in said
