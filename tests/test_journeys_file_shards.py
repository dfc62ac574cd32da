"""Shards in files are the shards in memory, however they were cut; and a folder is a log."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.bucketed import bucketed
from journeys.definition import Definition
from journeys.errors import DefinitionError, EventLogError, OfframpError
from journeys.file_shards import FileShards
from journeys.log import EventLog
from journeys.read import read_events
from journeys.read_shards import read_shards
from journeys.shards import HeldShards, Shards

DEFINITION = Definition.from_dict(
    {
        "name": "x",
        "start": {"activity": "start"},
        "success": {"activity": "won", "within": "12d"},
        "attributes": {"context": ["region", "branch"], "numeric": ["amount"]},
    }
)
DAY0 = pd.Timestamp("2026-01-01", tz="UTC")
EVENT = st.tuples(
    st.sampled_from([1, 2, 3, 10, 20, 9_007_199_254_740_993]),
    st.integers(0, 5),
    st.sampled_from(["start", "look", "won"]),
    st.sampled_from(["north", "south", None]),
    st.sampled_from([1.0, 2.0, 10.0, None]),
    st.sampled_from([0.5, 7.0, None]),
)
LOGS = st.lists(EVENT, min_size=1, max_size=40)


def frame_of(events: list[tuple[object, ...]], *, text: bool = False) -> pd.DataFrame:
    names = ["customer_id", "day", "activity", "region", "branch", "amount"]
    frame = pd.DataFrame(events, columns=names)
    times = DAY0 + pd.to_timedelta(frame.pop("day"), unit="D")
    frame = frame.assign(time=times, note=[f"event {place}" for place in range(len(frame))])
    return frame.assign(customer_id=frame["customer_id"].astype("str")) if text else frame


def write(frame: pd.DataFrame, folder: Path, kind: str) -> Path:
    """Write a log in one of the ways in which people have them; return what to name."""
    if kind == "coded parquet":  # codes in an order of the file's own
        odd = pd.CategoricalDtype(["won", "start", "look"])
        frame.astype({"activity": odd}).to_parquet(folder / "log.parquet", row_group_size=7)
        return folder / "log.parquet"
    if kind == "folder":
        for number, some in enumerate(np.array_split(np.arange(len(frame)), 3)):
            place = folder / "log" / f"day={number}"
            place.mkdir(parents=True)
            frame.iloc[some].to_parquet(place / "part-0.parquet", index=False)
            (place / "_SUCCESS").touch()
        return folder / "log"
    name = folder / f"log.{kind}"
    write_as = {"parquet": frame.to_parquet, "csv": frame.to_csv}
    if kind == "jsonl":
        frame.to_json(name, orient="records", lines=True, date_format="iso", date_unit="us")
    else:
        write_as[kind](name, index=False)
    return name


def together(shards: Shards) -> pd.DataFrame:
    """Return all events by customer, what a code means, and until when it is known."""

    def said(shard: EventLog) -> pa.Table:
        events = shard.events
        columns = {"key": events["customer_id"].astype("str"), "time": shard.times}
        for name in ("activity", "channel", "region", "branch"):
            columns[name] = events[name].cat.codes
        return pa.table(columns | {"amount": events["amount"], "end": [shard.ended] * len(events)})

    found = shards.map(said).to_pandas()
    return found.sort_values("key", kind="stable").reset_index(drop=True)


@settings(max_examples=25, deadline=None)
@given(
    events=LOGS,
    buckets=st.integers(1, 5),
    size=st.integers(1, 50),
    rows=st.integers(1, 50),
    kind=st.sampled_from(["parquet", "coded parquet", "folder", "csv", "jsonl"]),
)
def test_shards_in_files_are_those_in_memory(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[object, ...]],
    buckets: int,
    size: int,
    rows: int,
    kind: str,
) -> None:
    folder = tmp_path_factory.mktemp("law")
    path = write(frame_of(events), folder, kind)
    made = bucketed(path, DEFINITION, folder / "kept", buckets=buckets, size=size, rows=rows)
    held = HeldShards(DEFINITION, read_events(path, DEFINITION), size=size)
    assert made.whole == held.whole
    pd.testing.assert_frame_equal(together(made), together(held))
    for seed in range(3):
        some, other = made.some(3, seed=seed), held.some(3, seed=seed)
        pd.testing.assert_frame_equal(some.events, other.events, check_dtype=False)


def test_a_customer_with_a_third_of_all_events_is_one_shard(tmp_path: Path) -> None:
    events = [(n if n % 3 else 1, n % 7, "look", "north", 1.0, 0.5) for n in range(2, 902)]
    path = write(frame_of(events), tmp_path, "parquet")
    shards = bucketed(path, DEFINITION, tmp_path / "kept", buckets=8, size=50, rows=100)
    sizes = shards.map(
        lambda shard: pa.table({"customers": [len(shard.offsets) - 1], "events": [len(shard)]})
    )
    largest = max(sizes.to_pylist(), key=lambda row: row["events"])
    assert 300 <= largest["events"] < 400
    assert sum(sizes.column("customers").to_pylist()) == shards.whole.customers == 601


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(
    "change",
    [
        {"customer_id": None},
        {"activity": None},
        {"time": "the day before"},
        {"time": None},
        {"amount": "much"},
    ],
)
def test_what_is_wrong_is_said_of_the_whole_log_in_the_same_words(
    tmp_path: Path, kind: str, change: dict[str, object]
) -> None:
    frame = frame_of([(1, 0, "look", "north", 1.0, 0.5)] * 30, text=True).astype("object")
    for name, value in change.items():
        frame.loc[[3, 17, 29], name] = value
        frame[name] = frame[name].map(str, na_action="ignore")
    path = write(frame, tmp_path, kind)
    with pytest.raises(EventLogError) as whole:
        read_events(path, DEFINITION)
    with pytest.raises(EventLogError) as parts:
        bucketed(path, DEFINITION, tmp_path / "kept", buckets=3, rows=10)
    assert str(parts.value) == str(whole.value)
    assert "3" in str(whole.value)


def test_an_absent_column_is_named_before_anything_is_read(tmp_path: Path) -> None:
    frame = frame_of([(1, 0, "look", "north", 1.0, 0.5)] * 3).drop(columns="branch")
    for kind in ("parquet", "csv", "jsonl"):
        path = write(frame, tmp_path, kind)
        with pytest.raises(DefinitionError, match="needs the column 'branch'"):
            bucketed(path, DEFINITION, tmp_path / "kept", buckets=3)


def test_a_log_that_fits_is_held_and_one_that_does_not_is_kept_for_the_next(tmp_path: Path) -> None:
    path = write(
        frame_of([(n, 0, "look", "north", 1.0, 0.5) for n in range(60)]), tmp_path, "parquet"
    )
    assert isinstance(read_shards(path, DEFINITION), HeldShards)
    kept = tmp_path / "kept"
    first = read_shards(path, DEFINITION, folder=kept, fits=10, size=20)
    assert isinstance(first, FileShards)
    written = (kept / "bucket-00000.arrow").stat().st_mtime_ns
    again = read_shards(path, DEFINITION, folder=kept, fits=10, size=20)
    assert again == first
    assert (kept / "bucket-00000.arrow").stat().st_mtime_ns == written
    pd.testing.assert_frame_equal(together(again), together(first))
    other = Definition.from_dict({**DEFINITION.as_dict(), "abandoned_after": "3d"})
    assert read_shards(path, other, folder=kept, fits=10, size=20).definition == other
    assert (kept / "bucket-00000.arrow").stat().st_mtime_ns == written
    number = {"context": ["region"], "numeric": ["amount", "branch"]}
    other = Definition.from_dict({**DEFINITION.as_dict(), "attributes": number})
    assert read_shards(path, other, folder=kept, fits=10, size=20).some(1).events["branch"].mean()
    assert (kept / "bucket-00000.arrow").stat().st_mtime_ns != written


def test_temporary_buckets_are_gone_with_their_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = write(frame_of([(1, 0, "look", "north", 1.0, 0.5)] * 30), tmp_path, "parquet")
    shards = read_shards(path, DEFINITION, fits=10)
    [folder] = tmp_path.glob("offramp-shards-*")
    assert together(shards).shape[0] == 30
    del shards
    assert not folder.exists()


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    path = write(frame_of([(1, 0, "look", "north", 1.0, 0.5)] * 30), tmp_path, "parquet")
    (tmp_path / "file").touch()
    with pytest.raises(OfframpError, match="cannot be written to"):
        read_shards(path, DEFINITION, folder=tmp_path / "file", fits=10)


def test_a_folder_is_a_log_whose_path_says_columns(tmp_path: Path) -> None:
    frame = frame_of([(n, n, "look", "north", 1.0, 0.5) for n in range(9)]).drop(columns="region")
    for number, region in enumerate(["north%2Fwest", "__HIVE_DEFAULT_PARTITION__"]):
        place = tmp_path / "log" / f"region={region}"
        place.mkdir(parents=True)
        frame.iloc[number * 5 : number * 5 + 5].to_parquet(place / "a.parquet", index=False)
    read = read_events(tmp_path / "log", DEFINITION)
    assert read.events["region"].dropna().unique().tolist() == ["north/west"]
    assert int(read.events["region"].isna().sum()) == 4


def test_events_of_one_instant_stand_in_the_order_of_the_files_names(tmp_path: Path) -> None:
    for name, activity in (("b", "won"), ("a", "start"), ("c", "look")):
        some = frame_of([("one", 0, activity, "north", 1.0, 0.5)])
        some.to_parquet(tmp_path / f"{name}.parquet", index=False)
    assert read_events(tmp_path, DEFINITION).events["activity"].tolist() == ["start", "won", "look"]


def test_files_that_do_not_go_together_are_named(tmp_path: Path) -> None:
    frame = frame_of([(1, 0, "look", "north", 1.0, 0.5)] * 2)
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    frame.assign(amount="much").to_parquet(tmp_path / "b.parquet", index=False)
    with pytest.raises(EventLogError, match=r"'amount' is double in a\.parquet and .*string in b"):
        read_events(tmp_path, DEFINITION)
    frame.drop(columns="amount").to_parquet(tmp_path / "b.parquet", index=False)
    with pytest.raises(EventLogError, match=r"b\.parquet lacks the column 'amount'"):
        read_events(tmp_path, DEFINITION)
    (tmp_path / "b.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(EventLogError, match=r"b\.parquet cannot be read"):
        read_events(tmp_path, DEFINITION)
    (tmp_path / "b.parquet").rename(tmp_path / "b.csv")
    with pytest.raises(EventLogError, match=r"'b\.csv', which is no Parquet file"):
        read_events(tmp_path, DEFINITION)


def test_whole_numbers_of_one_file_and_fractions_of_another_are_one_column(tmp_path: Path) -> None:
    frame = frame_of([(1, 0, "look", "north", 1.0, 0.5)] * 2)
    frame.astype({"branch": "int64"}).to_parquet(tmp_path / "a.parquet", index=False)
    frame.assign(branch=[None, 2.0]).to_parquet(tmp_path / "b.parquet", index=False)
    assert read_events(tmp_path, DEFINITION).events["branch"].dropna().tolist() == ["1", "1", "2"]
    assert pq.read_schema(tmp_path / "a.parquet").field("branch").type == pa.int64()
