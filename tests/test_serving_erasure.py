"""An erased customer is nowhere any more, and does not come back by accident."""

import json

from sqlalchemy import BigInteger, Integer, insert

from serving.erasure import digest_of
from serving.schema import METADATA, customer_columns, customer_key
from serving.store import Store
from tests.serving_events import SECOND, event, told


def everything(store: Store) -> str:
    """Return every value of every table there is, whether the code knows it or not."""
    with store.engine.connect() as connection:
        rows = [connection.execute(table.select()).all() for table in METADATA.sorted_tables]
    return json.dumps(rows, default=str)


def test_whatever_table_holds_a_customer_forgets_them(store: Store) -> None:
    """A row about the customer is put into every table that has a place for one."""
    columns = list(customer_columns())
    for column in columns:
        values = {one.name: _some(one.type, "other") for one in column.table.columns}
        store.write(_inserting(column.table, values | {column.name: "anna"}))
    assert "anna" in everything(store)
    receipt = store.erase("anna", 10 * SECOND)
    assert "anna" not in everything(store)
    assert set(receipt.rows) == {column.table.name for column in columns}
    assert all(receipt.rows.values())


def test_every_column_that_is_called_customer_or_alias_is_marked() -> None:
    marked = {(column.table.name, column.name) for column in customer_columns()}
    named = {
        (table.name, column.name)
        for table in METADATA.sorted_tables
        for column in table.columns
        if column.name in ("customer", "alias", "visitor", "key", "member")
    }
    assert named == marked
    assert customer_key().info


def test_visitors_are_erased_with_their_customer_and_others_stay(store: Store) -> None:
    store.append([event("anna", 1), event("v", 2), event("bert", 3)])
    store.link("v", "anna", 5 * SECOND)
    receipt = store.erase("v", 10 * SECOND)  # whichever of their keys is named
    assert receipt.rows["events"] == 2
    assert store.history("anna") == store.history("v") == []
    assert told(store.history("bert")) == [(3, "login")]


def test_what_was_erased_does_not_come_back_but_the_customer_may(store: Store) -> None:
    store.append([event("anna", 1)])
    store.erase("anna", 10 * SECOND)
    again = store.append([event("anna", 1), event("anna", 10, id="late"), event("anna", 11)])
    assert [one.why for one in again.refused] == ["erased", "erased"]
    assert told(store.history("anna")) == [(11, "login")]
    assert store.link("v", "anna", 9 * SECOND).refused[0].why == "erased"


def test_an_erased_customer_is_remembered_by_a_salted_digest_alone(store: Store) -> None:
    first, second = store.erase("anna", 1), store.erase("bert", 2)
    salt, digests = store.erased()
    assert digests == sorted(digest_of(salt, name) for name in ("anna", "bert"))
    assert first.id != second.id
    store.erase("anna", 3)
    assert store.erased()[1] == digests


def test_a_file_shows_nothing_of_the_erased(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    opened = Store.open(str(folder / "events.db"))
    opened.append([event("anna-4711", time, f"activity-{time}") for time in range(200)])
    opened.erase("anna-4711", 10_000 * SECOND)
    try:
        assert all(b"anna-4711" not in path.read_bytes() for path in folder.iterdir())
    finally:
        opened.close()


def _inserting(table: object, values: dict[str, object]) -> object:
    return lambda connection: connection.execute(insert(table), values)


def _some(kind: object, name: str) -> object:
    return 7 if isinstance(kind, BigInteger | Integer) else name
