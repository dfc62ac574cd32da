"""A log that is a query: of real databases, in batches, never writing, without a password."""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pandas as pd
import pytest
from sqlalchemy import create_engine, make_url, text

from journeys.definition import Definition
from journeys.errors import EventLogError
from journeys.query import masked, query_rows
from journeys.read import read_as, read_events, read_frame
from tests.offramp_run import Run

if TYPE_CHECKING:
    from benchmarks.postgresql import PostgreSQL

QUERY = (
    "SELECT who AS customer_id, happened AS time, what AS activity, amount FROM seen ORDER BY id"
)
WRITTEN = {"name": "x", "success": {"activity": "won"}, "attributes": {"numeric": "amount"}}


@pytest.fixture(params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database of each kind with a table of events."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'shop.db'}"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        address = server.new_database(f"query_{uuid4().hex}")
    engine = create_engine(make_url(address).set(drivername=driver(address)))
    kind = "TIMESTAMPTZ" if request.param == "postgresql" else "TEXT"
    with engine.begin() as connection:
        connection.execute(
            text(
                f"CREATE TABLE seen (id INTEGER, who TEXT, happened {kind}, what TEXT, "
                "amount NUMERIC(12, 2))"
            )
        )
        connection.execute(
            text("INSERT INTO seen VALUES (:id, :who, :at, 'won', 12.5)"),
            [
                {"id": n, "who": f"0{n % 7}", "at": f"2026-03-01 10:00:{n % 60:02d}+02:00"}
                for n in range(50)
            ],
        )
    engine.dispose()
    return address


def driver(address: str) -> str:
    return "postgresql+psycopg" if address.startswith("postgresql") else "sqlite"


def test_the_rows_of_a_query_are_a_log(filled: str) -> None:
    definition = Definition.from_dict(WRITTEN | {"query": f"{QUERY}; "})
    log = read_events(filled, definition)
    assert len(log) == 50
    assert log.events["customer_id"].cat.categories.tolist() == [f"0{n}" for n in range(7)]
    assert log.events["time"].min() == pd.Timestamp("2026-03-01T08:00:00Z")
    assert log.events["amount"].tolist() == [12.5] * 50


def test_rows_come_in_batches_and_only_as_far_as_they_are_wanted(
    filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journeys.query.ROWS_AT_ONCE", 8)
    rows = query_rows(filled, QUERY)
    assert next(rows)["customer_id"] == "00"
    rows.close()  # type: ignore[attr-defined]
    assert len(list(query_rows(filled, QUERY))) == 50


def test_a_query_that_says_with_or_has_words_in_quotes_is_one_that_reads(filled: str) -> None:
    asked = "WITH a AS (SELECT * FROM seen) SELECT who AS \"update\", 'drop; it' AS b FROM a -- ; x"
    assert read_frame(filled, query=asked)["b"].tolist()[:1] == ["drop; it"]
    assert read_frame(filled, query="SELECT '12:30' AS at FROM seen")["at"][0] == "12:30"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DELETE FROM seen", "begins with 'DELETE'"),
        ("SELECT 1; DROP TABLE seen", "several statements"),
        ("SELECT 1 /* ; */ ; SELECT 2", "several statements"),
        ("WITH gone AS (DELETE FROM seen RETURNING *) SELECT * FROM gone", "word DELETE"),
        ("SELECT * INTO other FROM seen", "word INTO"),
        ("-- nothing", "is empty"),
        ("", "needs a query"),
        ("SELECT who, who FROM seen", "several columns named 'who'"),
        ("SELECT * FROM sen", r"refused: .*sen"),
        ("SELECT * FROM seen WHERE id < 0", "found no row"),
    ],
)
def test_what_cannot_be_read_ends_in_one_message(filled: str, query: str, message: str) -> None:
    with pytest.raises(EventLogError, match=message):
        read_frame(filled, query=query)
    assert len(read_frame(filled, query=QUERY)) == 50  # and nothing was written


def test_the_database_itself_is_told_that_nothing_is_written(
    filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word that we do not know must not write either."""
    monkeypatch.setattr("journeys.query._one_select", str)
    writes = "DELETE FROM seen" if filled.startswith("sqlite") else "SELECT lo_create(0)"
    with pytest.raises(EventLogError, match=r"(?i)read-?.?only"):
        read_frame(filled, query=writes)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("sqlite:///nowhere.db", r"There is no database file 'nowhere\.db'"),
        ("sqlite://", "no database file"),
        ("nosuch://u:geheim@host/db", "no driver for 'nosuch'"),
        ("oracle+oracledb://u:geheim@host/db", "no driver for 'oracle"),
        ("snowflake://u:geheim@account/db", "pip install snowflake-sqlalchemy"),
        ("postgresql://u:geheim@127.0.0.1:1/db", "refused: "),
        ("postgresql://u:geheim@host:port/db", "is no address of a database"),
    ],
)
def test_a_database_that_cannot_be_reached_is_said_without_its_password(
    address: str, message: str
) -> None:
    with pytest.raises(EventLogError, match=message) as caught:
        read_frame(address, query="SELECT 1")
    assert "geheim" not in str(caught.value)


def test_a_wrong_password_is_said_without_it(postgresql: "PostgreSQL") -> None:
    guest = f"guest_{uuid4().hex}"
    postgresql.ask_for_password(guest, "sesame")
    address = postgresql.new_database(guest).replace("offramp@", f"{guest}:{{}}@")
    assert read_frame(address.format("sesame"), query="SELECT 1 AS one")["one"].tolist() == [1]
    with pytest.raises(EventLogError, match=r"refused: .*password authentication failed") as caught:
        read_frame(address.format("geheim"), query="SELECT 1")
    assert "geheim" not in str(caught.value)


def test_the_rows_of_duckdb_are_a_log_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb_engine")
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as shop:
        shop.execute("CREATE TABLE seen (who TEXT, happened TIMESTAMPTZ, phone STRUCT(os TEXT))")
        shop.execute("INSERT INTO seen VALUES ('7', '2026-03-01 10:00:00+02:00', {'os': 'iOS'})")
    asked = "SELECT who AS customer_id, happened AS time, 'won' AS activity, phone FROM seen"
    written = WRITTEN | {
        "query": asked,
        "columns": {"os": "phone.os"},
        "attributes": {"context": "os"},
    }
    (event,) = read_events(f"duckdb:///{path}", Definition.from_dict(written)).events.itertuples()
    assert (event.customer_id, event.os) == ("7", "iOS")
    assert event.time == pd.Timestamp("2026-03-01T08:00:00Z")
    monkeypatch.setattr("journeys.query._one_select", str)
    with pytest.raises(EventLogError, match=r"(?i)read-only"):
        read_frame(f"duckdb:///{path}", query="DELETE FROM seen")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:geheim@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?user=me&password=geheim", "password=***"),
        ("snowflake://me:ge%40heim@account/db?token=geheim", "token=***"),
        ("postgresql://me:geheim@host:port/db", "postgresql://…"),
        ("folder/events.parquet", "folder/events.parquet"),
    ],
)
def test_where_events_come_from_is_shown_without_its_password(address: str, shown: str) -> None:
    assert shown in masked(address)
    assert "heim" not in masked(address)


def test_a_query_in_a_file_and_json_in_a_column_are_read(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE seen (at, blob)")
        connection.execute("INSERT INTO seen VALUES ('2026-03-01', x'00ff')")
    connection.close()
    asked = tmp_path / "events.sql"
    asked.write_text("SELECT * FROM seen\n-- all of it\n")
    assert read_frame(f"sqlite:///{path}", query=str(asked)).iloc[0].tolist() == [
        "2026-03-01",
        "00ff",
    ]


def test_a_query_beside_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("customer_id,time,activity\nc,2026-03-01,won\n")
    with pytest.raises(EventLogError, match="is a file, which is read whole"):
        read_as(path, Definition.from_dict(WRITTEN | {"query": QUERY}))


def test_check_takes_an_address_and_the_query_of_the_definition(
    filled: str, tmp_path: Path, run: Run
) -> None:
    journey = tmp_path / "journey.yaml"
    journey.write_text(f"name: x\nsuccess: {{activity: won}}\nquery: |\n  {QUERY}\n")
    _, said = run("check", "--events", filled, "--journey", journey)
    assert "50 events of 7 customers" in said
