"""The database behind the store: its address, its settings, its tables, its faults.

SQLite writes ahead and syncs at every commit, PostgreSQL commits synchronously: what is committed
survives a power cut on both.  The tables are brought to today's form at every start, by one
process at a time.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from journeys.errors import StoreAwayError, StoreError, StoreFullError

MIGRATIONS = Path(__file__).parent / "migrations"

_PATIENCE_SECONDS = 10
# Parameters hold customers' keys: no message may show them.
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 32, "hide_parameters": True}
_MIGRATING, _WRITING = 0x0FF_4A3B, 0x0FF_4A3C  # numbers that others are unlikely to choose
_SERVER_SETTINGS = "-c synchronous_commit=on -c statement_timeout=60000 -c lock_timeout=30000"
# A server that falls silent is noticed within seconds, not after TCP's hours.
_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": _SERVER_SETTINGS,
}
_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}
_POSTGRESQL_FULL = "53100"


def open_engine(url: str) -> Engine:
    """Return an engine for an address, whose tables are today's.

    Parameters
    ----------
    url : ``postgresql://user:password@host/name``, ``sqlite:///events.db`` or just ``events.db``

    Raises
    ------
    StoreError
        If the address is neither, the database cannot be reached, or a newer version of Offramp has
        written it.
    """
    address = _address(url)
    is_file = address.get_backend_name() == "sqlite"
    engine = _sqlite(address) if is_file else _postgresql(address)
    try:
        _migrate(engine)
    except DBAPIError as fault:
        engine.dispose()
        away = isinstance(fault, OperationalError)
        raise (StoreAwayError if away else StoreError)(
            f"The event store {str(address.database if is_file else address)!r} cannot be opened: "
            f"{_first_line(fault)}. Check its address, that the database runs, and that it may be "
            "written to; then start again."
        ) from fault
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def store_faults() -> Iterator[None]:
    """Turn what a database says of its room and its whereabouts into the store's own errors."""
    try:
        yield
    except DBAPIError as fault:
        if _is_full(fault.orig):
            raise StoreFullError(
                "The event store has no room left to write; nothing of the request was kept. Make "
                "room, then send it again: what was kept before is not counted twice."
            ) from fault
        if fault.connection_invalidated or isinstance(fault, OperationalError):
            raise StoreAwayError(
                f"The database does not answer ({_first_line(fault)}). Send the request again: "
                "what was kept already is not counted twice."
            ) from fault
        raise


def take_turns(connection: Connection, *, alone: bool) -> None:
    """Wait until nobody else is writing, or nobody who must be alone; until the commit.

    SQLite lets one transaction write at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        kind = "pg_advisory_xact_lock" + ("" if alone else "_shared")
        connection.execute(text(f"SELECT {kind}(:lock)"), {"lock": _WRITING})


def _address(url: str) -> URL:
    """Return what an address names; a path names a SQLite file."""
    try:
        address = make_url(url if "://" in url else f"sqlite:///{url}")
    except (ArgumentError, ValueError):
        raise StoreError(_no_address(url)) from None
    name = address.drivername
    if name in ("postgresql", "postgres", "postgresql+psycopg"):
        return address.set(drivername="postgresql+psycopg")
    if name != "sqlite":
        raise StoreError(_no_address(f"{name}://…"))
    file = address.database
    if not file or file == ":memory:":
        raise StoreError(
            "The event store has an address without a file, and events kept in memory alone would "
            "be lost. Name a file: --database events.db."
        )
    if not Path(file).absolute().parent.is_dir():
        raise StoreError(
            f"The event store cannot be made: there is no folder {str(Path(file).parent)!r}. "
            "Make the folder, or name a file in another."
        )
    return address


def _no_address(found: str) -> str:
    return (
        f"The event store's address begins with {found[:60]!r}. Events are kept in SQLite (name a "
        "file: --database events.db) or PostgreSQL (--database postgresql://user@host/name)."
    )


def _sqlite(address: URL) -> Engine:
    engine = create_engine(address, connect_args={"timeout": _PATIENCE_SECONDS}, **_POOL)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins too late to read what it then writes
        _write_ahead(connection)
        # What is deleted is overwritten: an erased customer leaves no trace in free pages.
        for setting in ("synchronous=FULL", "secure_delete=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A read is one statement, and sees one state of the database without a transaction.
        if connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a new file to write-ahead; SQLite waits for nobody here, so we do."""
    for _ in range(_PATIENCE_SECONDS * 20):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            sleep(0.05)
        else:
            return


def _postgresql(address: URL) -> Engine:
    return create_engine(address, connect_args=_CONNECTION, pool_pre_ping=True, **_POOL)


def _migrate(engine: Engine) -> None:
    """Bring the tables to today's form; whoever starts at the same time waits."""
    script = ScriptDirectory(MIGRATIONS, version_locations=[MIGRATIONS])
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
        context = MigrationContext.configure(connection)
        at = context.get_current_revision()
        known = [one.revision for one in script.walk_revisions()]  # the newest first
        if at is not None and at not in known:
            raise StoreError(
                f"The event store was written by a newer version of Offramp (its tables are "
                f"{at!r}, this version knows them up to {known[0]!r}). Use that version, or "
                "another database."
            )
        missing = known[: known.index(at)] if at is not None else known
        with Operations.context(context):
            for name in reversed(missing):
                script.get_revision(name).module.upgrade()
        if missing:
            context.stamp(script, known[0])


def _is_full(fault: BaseException | None) -> bool:
    if isinstance(fault, sqlite3.Error):
        return getattr(fault, "sqlite_errorcode", None) in _SQLITE_FULL
    return getattr(fault, "sqlstate", None) == _POSTGRESQL_FULL


def _first_line(fault: DBAPIError) -> str:
    return (str(fault.orig).splitlines() or ["no reason given"])[0][:200]
