"""A full disk and a lost connection: told in one message, nothing half-written, healed."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event as engine_event
from sqlalchemy import text

from benchmarks.postgresql import PostgreSQL
from journeys.errors import StoreFullError
from serving.app import create_app
from serving.store import Store
from tests.serving_bundle import small_bundle
from tests.serving_events import event, told
from tests.serving_service import service_of


class Disk:
    """How many pages SQLite may fill; it says itself that there is no room for more."""

    def __init__(self, store: Store) -> None:
        self._store, self._pages = store, 0
        engine_event.listen(store.engine, "connect", self._limit)

    def leave(self, pages: int) -> None:
        """Let so many pages be filled from now on."""
        self._pages = pages
        self._store.engine.dispose()

    def _limit(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {self._pages}")


@pytest.fixture
def full(tmp_path: Path) -> Iterator[tuple[Store, Disk]]:
    """A store with some events and hardly any room for more."""
    store = Store.open(str(tmp_path / "events.db"))
    store.append([event(time=1)])
    disk = Disk(store)
    disk.leave(1)  # what is there stays there
    yield store, disk
    store.close()


def test_without_room_nothing_of_a_request_is_kept_until_there_is(full: tuple[Store, Disk]) -> None:
    store, disk = full
    many = [event(time=2 + n, id=str(n), note="x" * 500) for n in range(200)]
    with pytest.raises(StoreFullError, match="no room left"):
        store.append(many)
    assert told(store.history("anna")) == [(1, "login")]
    disk.leave(100_000)
    assert store.append(many).accepted == 200


def test_without_room_the_answer_is_507(full: tuple[Store, Disk]) -> None:
    store, disk = full
    many = [
        {"customer_id": "anna", "time": f"2026-03-03T09:30:00.{n:06}Z", "activity": "a" * 500}
        for n in range(200)
    ]
    with TestClient(create_app(service_of(small_bundle(), store=store))) as client:
        answer = client.post("/v1/events", json=many)
        assert (answer.status_code, answer.json()["type"]) == (
            507,
            "urn:offramp:problem:store-full",
        )
        disk.leave(100_000)
        assert client.post("/v1/events", json=many).json()["accepted"] == 200


def test_connections_that_a_server_has_cut_are_made_anew(postgresql: PostgreSQL) -> None:
    store = Store.open(postgresql.new_database("cut"))
    store.append([event(time=1)])
    for time in (2, 3):
        other = Store.open(postgresql.url())
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cut'"
        with other.engine.connect() as connection:
            assert connection.execute(text(cut)).all()
        other.close()
        assert store.append([event(time=time)]).accepted == 1
    assert [at for at, _ in told(store.history("anna"))] == [1, 2, 3]
    store.close()
