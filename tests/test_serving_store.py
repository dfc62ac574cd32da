"""The event store: each event once, durable when it is said to be, in the order it happened."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from journeys.errors import StoreAwayError, StoreError
from serving.database import open_engine
from serving.events import Receipt
from serving.messages import Value
from serving.schema import METADATA
from serving.store import Store
from tests.serving_events import event, told


def test_an_event_comes_back_as_it_was_told(store: Store) -> None:
    store.append([event("anna", 3, "upload", app_version="8.2.0", amount=12.5, tries=2, new=True)])
    assert store.history("anna") == [
        {
            "time": 3_000_000,
            "activity": "upload",
            "channel": "app",
            "app_version": "8.2.0",
            "amount": 12.5,
            "tries": 2,
            "new": True,
        }
    ]


def test_whatever_an_attribute_says_comes_back(store: Store) -> None:
    said: dict[str, Value] = {
        "text": 'nul \0, "quotes", \\u0041, ünï 😀',
        "large": 2**70,
        "small": 1e-300,
        "none": None,
        "no": False,
        "": "",
    }
    store.append([event(**said)])
    assert store.history("anna")[0] | said == store.history("anna")[0]


def test_a_request_larger_than_one_statement_takes_is_kept_whole(store: Store) -> None:
    many = [event(time=n, id=str(n)) for n in range(5_001)]
    assert store.append([*many, many[0]]) == Receipt(accepted=5_001, duplicates=1)
    assert [at for at, _ in told(store.history("anna"))] == list(range(5_001))


def test_a_closed_store_keeps_nothing_and_says_so(database: str) -> None:
    closed = Store.open(database)
    closed.close()
    with pytest.raises(StoreAwayError, match="closed"):
        closed.append([event()])


def test_late_events_are_folded_in_and_those_of_one_instant_stay_in_order(store: Store) -> None:
    store.append([event(time=5, activity="b"), event(time=5, activity="a")])
    store.append([event(time=1, activity="late"), event(time=5, activity="c")])
    assert told(store.history("anna")) == [(1, "late"), (5, "b"), (5, "a"), (5, "c")]


def test_a_history_ends_where_it_is_asked_to_and_is_nobody_elses(store: Store) -> None:
    store.append([event(time=1), event(time=2), event("bert", time=1)])
    assert told(store.history("anna", until=1_000_000)) == [(1, "login")]
    assert store.history("nobody") == []
    assert store.history("no\0body") == []


def test_a_source_and_an_id_count_once(store: Store) -> None:
    first, again = event(id="1"), event(time=9, activity="other", id="1")
    elsewhere = event(time=2, id="1", source="web")
    assert store.append([first, again, elsewhere]) == Receipt(accepted=2, duplicates=1)
    assert store.append([first]) == Receipt(accepted=0, duplicates=1)
    assert told(store.history("anna")) == [(0, "login"), (2, "login")]


def test_whoever_sends_the_same_at_once_is_counted_once(store: Store) -> None:
    together = threading.Barrier(8)

    def send(_: int) -> Receipt:
        together.wait()
        return store.append([event(time=n, id=str(n)) for n in range(20)])

    with ThreadPoolExecutor(8) as senders:
        receipts = list(senders.map(send, range(8)))
    assert sum(one.accepted for one in receipts) == 20
    assert sum(one.duplicates for one in receipts) == 7 * 20
    assert len(store.history("anna")) == 20


def test_two_services_share_a_database(database: str) -> None:
    one, other = Store.open(database), Store.open(database)
    with ThreadPoolExecutor(2) as senders:
        sent = [[event(time=n, id=str(n))] for n in range(50)]
        receipts = list(
            senders.map(
                lambda each: each[0].append(each[1]),
                [(store, items) for items in sent for store in (one, other)],
            )
        )
    assert sum(receipt.accepted for receipt in receipts) == 50
    assert one.history("anna") == other.history("anna")
    one.close()
    other.close()


def test_a_fault_in_one_request_is_not_its_neighbours(store: Store) -> None:
    """Requests share a transaction; one that fails used to be able to undo the others."""
    held, go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        held.set()
        go_on.wait(10)

    with ThreadPoolExecutor(1) as background:
        background.submit(store.write, hold)
        held.wait(10)  # what follows now waits together
        good = store.append_soon([event(time=1)])
        bad = store.write_soon(lambda _: 1 // 0)
        also_good = store.append_soon([event(time=2)])
        go_on.set()
        assert good.result(10) == also_good.result(10) == Receipt(accepted=1)
        with pytest.raises(ZeroDivisionError):
            bad.result(10)
    assert told(store.history("anna")) == [(1, "login"), (2, "login")]


def test_customers_are_listed_page_by_page(store: Store) -> None:
    store.append([event(f"c{n}", time) for n in range(5) for time in (1, 2)])
    assert store.customers(limit=2) == ["c0", "c1"]
    assert store.customers(after="c1", limit=10) == ["c2", "c3", "c4"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    sent=st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=5), max_size=6)
)
def test_however_events_are_sent_the_store_holds_each_once_in_order(
    store: Store, sent: list[list[tuple[int, int]]], request: pytest.FixtureRequest
) -> None:
    """An obvious store, a dict, is the oracle."""
    store.erase("anna", -1)  # each example begins empty
    oracle: dict[str, tuple[int, int]] = {}
    for batch in sent:
        for time, id_ in batch:
            oracle.setdefault(str(id_), (time, id_))
        before = len(store.history("anna"))
        receipt = store.append([event(time=t, activity=f"a{i}", id=str(i)) for t, i in batch])
        assert receipt.accepted + receipt.duplicates == len(batch)
        assert len(store.history("anna")) - before == receipt.accepted
    arrived = list(oracle.values())
    expected = sorted(arrived, key=lambda one: one[0])  # stable: those of one instant as they came
    assert told(store.history("anna")) == [(time, f"a{id_}") for time, id_ in expected]


def test_the_migrations_make_the_tables_that_the_code_knows(database: str) -> None:
    engine = open_engine(database)
    found = inspect(engine)
    for table in METADATA.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}
        key = found.get_pk_constraint(table.name)["constrained_columns"]
        assert key == [column.name for column in table.primary_key]
        indexes = {one["name"] for one in found.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= indexes
    assert set(found.get_table_names()) == set(METADATA.tables) | {"alembic_version"}
    engine.dispose()


def test_services_that_start_at_once_make_the_tables_once(database: str) -> None:
    with ThreadPoolExecutor(4) as starting:
        stores = list(starting.map(lambda _: Store.open(database), range(4)))
    assert len({store.erased()[0] for store in stores}) == 1  # one salt
    for store in stores:
        store.close()


def test_a_database_of_a_newer_version_is_refused(database: str) -> None:
    engine = open_engine(database)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="newer version of Offramp"):
        Store.open(database)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("mysql://user:secret@host/db", "begins with 'mysql://…'.*SQLite.*PostgreSQL"),
        ("sqlite://", "kept in memory alone would be lost"),
        ("/nowhere/at/all/events.db", "no folder '/nowhere/at/all'"),
        (
            "postgresql://user:secret@127.0.0.1:1/none",
            "'postgresql.psycopg://user:...@127.0.0.1:1/none' cannot be opened: .*refused",
        ),
        ("postgresql://host:port/db", "SQLite.*or PostgreSQL"),
        (__file__, "cannot be opened: file is not a database"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_clear_message(address: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as refusal:
        Store.open(address)
    assert "secret" not in str(refusal.value)
