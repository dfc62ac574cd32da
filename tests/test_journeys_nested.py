"""What is nested becomes columns by one rule, where somebody asks, and text where nobody does."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from journeys.definition import Definition
from journeys.errors import EventLogError
from journeys.nested import MOST_COLUMNS, Spread
from journeys.read import read_as, read_events, read_frame

ROW = {
    "customer_id": "c",
    "time": "2026-03-01",
    "activity": "won",
    "device": {"os": {"name": "iOS"}, "sizes": [1, 2]},
    "params": [{"key": "page", "value": "home"}, {"key": "page", "value": "end"}],
    "items": [{"sku": "a", "n": 1}],
    "plain.dot": "kept",
}


def written(folder: Path, kind: str) -> Path:
    path = folder / f"log.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist([ROW]), path)
    else:
        path.write_text(json.dumps(ROW))
    return path


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_dotted_column_is_read_from_inside_whatever_the_format(tmp_path: Path, kind: str) -> None:
    definition = Definition.from_dict(
        {
            "name": "x",
            "success": {"activity": "won"},
            "columns": {"os": "device.os.name"},
            "attributes": {"context": ["os", "params.page", "plain.dot", "items"]},
        }
    )
    path = written(tmp_path, kind)
    events = read_events(path, definition).events.iloc[0]
    assert events["os"] == "iOS"
    assert events["params.page"] == "end"  # the last one of a key holds
    assert events["plain.dot"] == "kept"
    assert json.loads(events["items"]) == [{"sku": "a", "n": 1}]
    whole = read_as(path, definition)
    assert {"device.os.name", "params.page", "items"} <= set(whole.columns)


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_nobody_who_asks_for_nothing_inside_sees_columns_inside(tmp_path: Path, kind: str) -> None:
    plain = read_frame(written(tmp_path, kind))
    assert list(plain.columns) == list(ROW)
    assert json.loads(plain["device"][0]) == ROW["device"]
    everything = read_frame(written(tmp_path, kind), nested=None)
    assert {"device.os.name", "device.sizes", "params.page", "items"} <= set(everything.columns)


def test_the_order_of_columns_is_that_of_the_file(tmp_path: Path) -> None:
    frame = read_frame(written(tmp_path, "parquet"), nested=None)
    assert list(frame.columns)[:3] == ["customer_id", "time", "activity"]


def test_keys_that_are_data_do_not_become_a_million_columns() -> None:
    spread = Spread.of(None, "log.jsonl")
    wide = {"carts": {f"cart-{number}": 1 for number in range(MOST_COLUMNS + 1)}}
    with pytest.raises(EventLogError, match=r"log\.jsonl make more than 1,000 columns"):
        spread.row(wide)
    assert Spread.of({"carts.cart-7"}, "log.jsonl").row(wide) == {"carts.cart-7": 1}


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: object = 1
    for _ in range(12):
        deep = {"in": deep}
    with pytest.raises(EventLogError, match="more than 10 levels deep"):
        Spread.of(None, "log").row({"a": deep})


TIMES = pd.Series([1_772_531_400, 1_772_531_460])


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6)])
@pytest.mark.parametrize("as_text", [False, True])
def test_numbers_are_times_where_the_definition_says_their_unit(
    tmp_path: Path, unit: str, factor: int, as_text: bool
) -> None:
    numbers = TIMES * factor
    path = tmp_path / ("log.csv" if as_text else "log.parquet")
    frame = pd.DataFrame({"customer_id": "c", "time": numbers, "activity": "won"})
    frame.to_csv(path, index=False) if as_text else frame.to_parquet(path)
    written = {"name": "x", "success": {"activity": "won"}}
    if not as_text:
        with pytest.raises(EventLogError, match=f"if that is 2026-03-03 09:50 UTC, .*{unit}`"):
            read_events(path, Definition.from_dict(written))
    log = read_events(path, Definition.from_dict(written | {"time_unit": unit}))
    assert log.events["time"].tolist()[1] == pd.Timestamp("2026-03-03T09:51:00Z")


def test_fractions_of_a_second_and_dates_among_numbers_are_read() -> None:
    from journeys.times import read_times

    mixed = pd.Series(["1772531400.25", "2026-03-03T09:50:00+01:00", "soon", None])
    times = read_times(mixed, "s")
    assert times[0] == pd.Timestamp("2026-03-03T09:50:00.25Z")
    assert times[1] == pd.Timestamp("2026-03-03T08:50:00Z")
    assert times[2:].isna().all()
