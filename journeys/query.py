"""A log that is a SQL query, through any address that SQLAlchemy knows; the one file with SQL.

Nothing is written: the text must be one SELECT, and the database is told that the transaction only
reads, where it has a word for that.  Rows come in batches through a cursor of the server.  The
password of an address is in no message and no record.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from journeys.errors import EventLogError
from journeys.rows import Row

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

ROWS_AT_ONCE = 20_000

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*://")
_SILENT = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$\$.*?\$\$", re.S
)
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|drop|alter|create|truncate|grant|revoke|copy|call|into|attach|"
    r"pragma|vacuum|replace\s+into|lock)\b",
    re.I,
)
_SECRET = re.compile(r"((?:password|passwd|pwd|token|secret|key)[^=&;]*=)[^&;]*", re.I)
_PACKAGES = {
    "bigquery": "sqlalchemy-bigquery",
    "databricks": "databricks-sqlalchemy",
    "duckdb": "duckdb-engine",
    "snowflake": "snowflake-sqlalchemy",
}
_EXAMPLE = "SELECT customer_id, time, activity, channel FROM events"


def is_address(source: object) -> bool:
    """Whether events are asked of a database: postgresql://…, sqlite:///…; a path is not."""
    return isinstance(source, str) and _ADDRESS.match(source) is not None


def masked(source: str) -> str:
    """Return where events come from without a password; a path as it is."""
    if not is_address(source):
        return source
    from sqlalchemy.engine import make_url

    try:
        shown = make_url(source).render_as_string(hide_password=True)
    except Exception:  # an address that cannot be read may hold a password anywhere
        return f"{source.partition('://')[0]}://…"
    return _SECRET.sub(r"\1***", shown)


def query_text(query: str) -> str:
    """Return the query: the text itself, or what a file of that name holds."""
    if not query.strip():
        return ""
    path = Path(query)
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else query
    except OSError:  # a query too long to be the name of a file
        return query
    except UnicodeDecodeError:
        raise EventLogError(
            f"The query in {path.name!r} is not UTF-8 text; save it as plain text."
        ) from None


def query_rows(address: str, query: str) -> Iterator[Row]:
    """Yield the rows of a query, in bounded memory; values as Python holds them.

    Raises
    ------
    EventLogError
        If the text is not one SELECT, the address or its driver is not to be had, or the database
        refuses; never with the password.
    """
    select = _one_select(query_text(query))
    with _faults(address), _reading(address) as connection:
        from sqlalchemy import text

        # A colon in the query is the query's own, not a parameter.
        asked = text(select.replace(":", r"\:"))
        with connection.execution_options(stream_results=True).execute(asked) as result:
            names = [str(name) for name in result.keys()]  # noqa: SIM118 - it yields rows
            yield from _rows(names, result.partitions(ROWS_AT_ONCE), masked(address))


def _rows(
    names: list[str], batches: Iterable[Sequence[Sequence[Any]]], shown: str
) -> Iterator[Row]:
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise EventLogError(
            f"The query has several columns named {doubles[0]!r}; give each its own name (AS)."
        )
    empty = True
    for batch in batches:
        empty = False
        for row in batch:
            yield {name: _plain(value) for name, value in zip(names, row, strict=True)}
    if empty:
        raise EventLogError(
            f"The query found no row in {shown}; look at its conditions, and whether the table is "
            "filled."
        )


def _one_select(query: str) -> str:
    """Return the query if it is one statement that reads."""
    if not query:
        raise EventLogError(
            "A database needs a query that says which events: `query:` in the definition, or "
            f"--query of `offramp check` and `offramp convert`, for instance {_EXAMPLE!r}."
        )
    bare = _SILENT.sub(" ", query).strip().rstrip(";").strip()
    what = None
    if ";" in bare:
        what = "holds several statements"
    elif re.match(r"(select|with)\b", bare, re.I) is None:
        what = f"begins with {bare.split(None, 1)[0][:20]!r}" if bare else "is empty"
    elif found := _WRITES.search(bare):
        what = f"holds the word {found[0].upper()}"
    if what is not None:
        raise EventLogError(
            f"The query {what}. Only one SELECT (or WITH … SELECT) is run: Offramp reads and never "
            "writes. Put a name that is such a word in double quotes."
        )
    return query.strip().rstrip(";")


@contextmanager
def _reading(address: str) -> Iterator["Connection"]:
    """Open a connection that only reads; what it did is taken back in any case."""
    from sqlalchemy import create_engine, make_url

    url = make_url(address)
    _require_file(url)
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    opened = {"read_only": True} if url.get_backend_name() == "duckdb" else {}
    engine = create_engine(url, hide_parameters=True, connect_args=opened)
    try:
        with engine.connect() as connection:
            _only_read(connection, engine)
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _only_read(connection: "Connection", engine: "Engine") -> None:
    name = engine.dialect.name
    if name == "postgresql":
        connection.execution_options(postgresql_readonly=True)
    elif name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    elif name in ("mysql", "mariadb"):
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")


def _require_file(url: "URL") -> None:
    """Refuse a SQLite file that is not there: to open it would make an empty one."""
    if url.get_backend_name() in ("sqlite", "duckdb"):
        file = url.database
        if not file or file == ":memory:" or not Path(file).is_file():
            raise EventLogError(
                f"There is no database file {file or ''!r}; check the path: three slashes before a "
                "relative one, four before an absolute one, as in sqlite:////data/events.db."
            )


@contextmanager
def _faults(address: str) -> Iterator[None]:
    """Turn what SQLAlchemy, its driver or the database says into one message without a secret."""
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

    try:
        yield
    except (NoSuchModuleError, ModuleNotFoundError) as fault:
        name = address.partition(":")[0]
        package = _PACKAGES.get(name.partition("+")[0])
        way = f"Try pip install {package}" if package else "Install the one that SQLAlchemy names"
        raise EventLogError(
            f"There is no driver for {name!r} here ({_told(fault, address)}). {way}; those of "
            "PostgreSQL and SQLite are here."
        ) from None
    except (ArgumentError, ValueError):
        raise EventLogError(
            f"{masked(address)!r} is no address of a database; write it as in "
            "postgresql://user@host/name; characters such as @ or / in a password are written %40, "
            "%2F."
        ) from None
    except DBAPIError as fault:
        raise EventLogError(
            f"The database {masked(address)} refused: {_told(fault.orig, address)}. Check the "
            "address, the password and the names in the query."
        ) from None
    except SQLAlchemyError as fault:
        raise EventLogError(
            f"The query on {masked(address)} failed: {_told(fault, address)}."
        ) from None


def _told(fault: BaseException | None, address: str) -> str:
    """Return the first line of a fault, with the password of the address struck out."""
    from sqlalchemy.engine import make_url

    line = next((one.strip() for one in str(fault).splitlines() if one.strip()), "no reason given")
    try:
        password = make_url(address).password
    except Exception:
        password = None
    return (line.replace(str(password), "***") if password else line)[:300].rstrip(".")


def _plain(value: Any) -> object:
    """Return a value of a database as a file would hold it; whole decimals as whole numbers."""
    if isinstance(value, Decimal):
        return (
            int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
        )
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if hasattr(value, "isoformat") and not hasattr(value, "hour"):  # a date without a time
        return value.isoformat()
    return value
