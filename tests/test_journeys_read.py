"""Reading files: one table whatever the format, and one message whatever is wrong."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from journeys.definition import Definition
from journeys.errors import DefinitionError, EventLogError
from journeys.read import read_events, read_frame

DEFINITION = Definition.from_dict(
    {
        "name": "x",
        "success": {"activity": "won"},
        "attributes": {"context": ["region"], "numeric": ["amount"]},
    }
)
EVENTS = pd.DataFrame(
    {
        "customer_id": ["007", "007", "08"],
        "time": [
            "2026-01-01T10:00:00+02:00",
            "2026-01-01T09:00:00.5Z",
            "2026-01-03 00:00:00",
        ],
        "activity": ['"; drop table"', "won", "größer, als"],
        "region": ["NA", None, "x\ny"],
        "amount": ["1", "2.5", None],
        "unused": ["u", "v", "w"],
    }
)


def as_csv(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    EVENTS.to_csv(path, index=False, sep=delimiter, encoding=encoding)
    return path


def as_lines(path: Path) -> Path:
    lines = "\n".join(json.dumps(row) for row in EVENTS.to_dict("records"))
    text = lines.replace("NaN", "null").encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def written(folder: Path, kind: str) -> Path:
    path = folder / f"events.{kind}"
    if kind.startswith("parquet"):
        EVENTS.to_parquet(path)
        return path
    return as_lines(path) if kind.startswith("json") else as_csv(path)


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz", "jsonl", "jsonl.gz"])
def test_every_format_gives_the_same_log(tmp_path: Path, kind: str) -> None:
    log = read_events(written(tmp_path, kind), DEFINITION)
    assert log.events["customer_id"].tolist() == ["007", "007", "08"]
    assert log.events["activity"].tolist() == ['"; drop table"', "won", "größer, als"]
    assert log.events["time"][0] == pd.Timestamp("2026-01-01T08:00Z")
    assert log.events["region"].tolist()[::2] == ["NA", "x\ny"]
    assert log.events["amount"].tolist()[:2] == [1.0, 2.5]
    assert log.events[["region", "amount"]].isna().sum().tolist() == [1, 1]
    assert "unused" not in log.events


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_csv_is_found(tmp_path: Path, delimiter: str) -> None:
    frame = read_frame(as_csv(tmp_path / "events.csv", delimiter, "utf-8-sig"))
    assert list(frame.columns) == list(EVENTS.columns)
    assert frame["customer_id"].tolist() == EVENTS["customer_id"].tolist()


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    for kind in ("parquet", "csv", "jsonl"):
        path = written(tmp_path, kind)
        assert list(read_frame(path, columns={"time", "absent"}).columns) == ["time"]


def test_what_spreadsheets_and_databases_write_for_nothing_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("a,b\nNULL,NaN\n,NA\n")
    frame = read_frame(path)
    assert frame["a"].isna().all()
    assert frame["b"].tolist()[1] == "NA"


def test_an_index_that_pandas_wrote_is_a_column_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    EVENTS.set_index("customer_id").to_parquet(path)
    assert read_frame(path)["customer_id"].tolist() == ["007", "007", "08"]


def test_nested_values_are_kept_as_their_text(tmp_path: Path) -> None:
    lines = tmp_path / "events.jsonl"
    lines.write_text('{"a": {"b": [1]}, "n": 9007199254740993}\n\n{"a": "x", "n": null}\n')
    frame = read_frame(lines)
    assert frame["a"].tolist() == ['{"b": [1]}', "x"]
    assert frame["n"].tolist()[0] == 9007199254740993
    table = tmp_path / "events.parquet"
    pd.DataFrame({"a": [[1, 2]], "b": [{"c": 1}]}).to_parquet(table)
    assert read_frame(table).iloc[0].tolist() == ["[1, 2]", '{"c": 1}']


def test_dates_in_json_stay_as_they_were_written(tmp_path: Path) -> None:
    """The reader of json took every date for a time, an attribute as well."""
    path = tmp_path / "events.jsonl"
    path.write_text('{"born": "2001-02-03"}\n{"born": null}\n')
    assert read_frame(path)["born"].tolist()[0] == "2001-02-03"


@pytest.mark.parametrize("first", [2**53, 10**18, 10**19])
@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_long_numbers_lose_no_digit(tmp_path: Path, kind: str, first: int) -> None:
    """As floats they did, where one was missing or beyond 64 bits: two customers became one."""
    rows = [
        {"customer_id": first + n, "time": "2026-01-01", "activity": "won", "region": key}
        for n, key in enumerate([first, first + 1, None])
    ]
    path = tmp_path / f"events.{kind}"
    if kind == "jsonl":
        path.write_text("\n".join(json.dumps(row | {"amount": 0.5}) for row in rows))
    else:
        keys = pd.array([first, first + 1, None], dtype="UInt64")
        pd.DataFrame(rows).assign(region=keys, amount=0.5).to_parquet(path)
    events = read_events(path, DEFINITION).events
    assert events["customer_id"].tolist() == [str(first + n) for n in range(3)]
    assert events["region"].tolist()[:2] == [str(first), str(first + 1)]
    assert events["region"].isna().tolist() == [False, False, True]
    assert events["amount"].tolist() == [0.5] * 3


def test_one_list_of_objects_is_read_as_lines_are(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text('[{"a": "007"},\n {"a": "8", "b": 1}]')
    assert read_frame(path)["a"].tolist() == ["007", "8"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("events.csv", b"", "is empty"),
        ("events.csv", b"\n", "cannot be read"),
        ("events.csv", b"a,b\n1,2\n1,2,3\n", "line 3: 3 fields, where the first line names 2"),
        ("events.csv", b"a,b\n1\n", "line 2: 1 fields"),
        ("events.csv", b"a,a\n1,2\n", "several columns named 'a'"),
        ("events.csv", b"a,b\n1,\xe9\n", "UTF-8"),
        ("events.csv", b"\xe9,b\n1,2\n", "UTF-8"),
        ("events.csv.gz", b"a,b\n1,2\n", "cannot be unpacked"),
        ("events.csv.gz", gzip.compress(b"a,b\n1,2\n" * 9999)[:-20], "cut short"),
        ("events.jsonl", b'{"a": 1}\n{"a": \n', "line 2: this is not JSON"),
        ("events.jsonl", b'{"a": 1}\n5\n', "line 2: an event is an object"),
        ("events.jsonl", b'{"a": "\xe9"}\n', "UTF-8"),
        ("events.parquet", b"PAR1 and no more", "cannot be read"),
        ("events.xes", b"<log><trace>", "not well-formed XML at line 1"),
        ("events.xes.gz", b"<log/>", "cannot be unpacked"),
        ("events.xlsx", b"PK", "of a kind that is not known here; give Parquet"),
        ("events", b"a,b", "of a kind that is not known"),
    ],
)
def test_a_damaged_file_ends_in_one_message(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(EventLogError, match=message) as caught:
        read_frame(path)
    assert path.name in str(caught.value)


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(EventLogError, match="There is no event log at"):
        read_frame(tmp_path / "nowhere.csv")
    with pytest.raises(EventLogError, match="holds no Parquet file"):
        read_frame(tmp_path)


def test_the_message_on_a_missing_column_names_those_of_the_file(tmp_path: Path) -> None:
    definition = Definition.from_dict({**DEFINITION.as_dict(), "attributes": {"context": "unusd"}})
    with pytest.raises(DefinitionError, match=r"'unusd' \(closest: 'unused'\)"):
        read_events(written(tmp_path, "csv"), definition)


def test_a_file_with_a_header_only_is_an_empty_log(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("customer_id,time,activity,region,amount\n")
    with pytest.raises(EventLogError, match="empty"):
        read_events(path, DEFINITION)
