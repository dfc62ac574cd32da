"""XES: keys become columns, values are typed, memory holds one trace."""

import gzip
import io
import tracemalloc
from pathlib import Path

import pandas as pd
import pytest

from journeys.definition import Definition
from journeys.read import read_events, read_frame
from journeys.xes import xes_table

EVENT = """<event><string key="concept:name" value="{name}"><string key="meta" value="m"/></string>
<date key="time:timestamp" value="2026-01-0{day}T00:00:00.000+02:00"/>{more}</event>"""
LOG = """<?xml version="1.0" encoding="UTF-8"?><log{namespace}>
<extension name="Concept" prefix="concept" uri="x"/>
<global scope="event"><string key="concept:name" value="ignored"/></global>
<classifier name="c" keys="concept:name"/>
<trace><string key="concept:name" value="007"/>{first}{second}
<int key="AMOUNT" value="5000"/></trace>
<trace><string key="concept:name" value="8"/>{third}</trace></log>"""
TYPED = """<int key="n" value="3"/><float key="f" value="1.5"/><boolean key="ok" value="true"/>
<id key="i" value="0x1"/><list key="l"><values/></list><int key="broken" value="many"/>"""


def log_text(namespace: str = "") -> str:
    return LOG.format(
        namespace=namespace,
        first=EVENT.format(name="A", day=2, more=TYPED),
        second=EVENT.format(name="B", day=3, more=""),
        third=EVENT.format(name="A", day=1, more=""),
    )


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://www.xes-standard.org/"'])
def test_keys_of_events_and_traces_become_columns(namespace: str) -> None:
    table = xes_table(io.BytesIO(log_text(namespace).encode()))
    assert table["case:concept:name"].tolist() == ["007", "007", "8"]
    assert table["concept:name"].tolist() == ["A", "B", "A"]
    assert table["time:timestamp"][0] == pd.Timestamp("2026-01-01T22:00Z")
    assert table["case:AMOUNT"].tolist()[:2] == [5000, 5000]
    assert not {"meta", "l", "case:meta"} & set(table.columns)


def test_values_have_the_type_of_their_tag() -> None:
    row = xes_table(io.BytesIO(log_text().encode())).iloc[0]
    assert (row["n"], row["f"], row["ok"], row["i"]) == (3, 1.5, True, "0x1")
    assert row["broken"] == "many"


def test_dates_that_cannot_be_read_stay_text() -> None:
    text = log_text().replace("2026-01-03T00:00:00.000+02:00", "3 January")
    assert xes_table(io.BytesIO(text.encode()))["time:timestamp"].tolist()[1] == "3 January"


def test_events_outside_a_trace_are_read_without_a_case() -> None:
    text = "<log>" + EVENT.format(name="A", day=1, more="") + "</log>"
    assert list(xes_table(io.BytesIO(text.encode())).columns) == ["concept:name", "time:timestamp"]


def test_a_log_without_events_is_an_empty_table() -> None:
    assert xes_table(io.BytesIO(b"<log/>")).empty


def test_a_packed_xes_file_is_an_event_log(tmp_path: Path) -> None:
    path = tmp_path / "log.xes.gz"
    path.write_bytes(gzip.compress(log_text().encode()))
    definition = Definition.from_dict(
        {
            "name": "x",
            "columns": {
                "customer_id": "case:concept:name",
                "time": "time:timestamp",
                "activity": "concept:name",
                "amount": "case:AMOUNT",
            },
            "success": {"activity": "B"},
            "attributes": {"numeric": "amount"},
        }
    )
    log = read_events(path, definition)
    assert log.events["customer_id"].tolist() == ["007", "007", "8"]
    assert log.events["amount"].tolist()[:2] == [5000.0, 5000.0]
    assert list(read_frame(path, columns={"concept:name"}).columns) == ["concept:name"]


def test_memory_holds_one_trace_and_the_columns() -> None:
    trace = "<trace>" + EVENT.format(name="A", day=1, more=TYPED) * 20 + "</trace>"
    text = ("<log>" + trace * 500 + "</log>").encode()
    tracemalloc.start()
    table = xes_table(io.BytesIO(text), columns={"concept:name"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table) == 10_000
    assert peak < 3 * len(text)
