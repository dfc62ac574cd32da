"""The tables of the store, the same on SQLite and PostgreSQL.

A column that holds a customer's key is made by `customer_key`, so that erasing finds it in every
table there is; an architecture of one line instead of a list that someone forgets.  Times are
microseconds since the epoch, UTC.  What changes here gets a file in ``migrations/``.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

METADATA = MetaData()

_HOLDS = "holds"
_CUSTOMER = "a customer's key"
# SQLite numbers rows by itself only where the key is called INTEGER.
_ARRIVAL = BigInteger().with_variant(Integer, "sqlite")


def customer_key(name: str = "customer", **options: Any) -> Column[str]:
    """Return a column that holds a customer's key (a pseudonym) and is erased with the customer."""
    return Column(name, Text, nullable=False, info={_HOLDS: _CUSTOMER}, **options)


def customer_columns(metadata: MetaData = METADATA) -> Iterator[Column[str]]:
    """Yield every column that holds a customer's key, in whatever table."""
    for table in metadata.sorted_tables:
        yield from (column for column in table.columns if column.info.get(_HOLDS) == _CUSTOMER)


EVENTS = Table(
    "events",
    METADATA,
    Column("arrival", _ARRIVAL, primary_key=True),  # ascending; the order of one instant
    customer_key(),
    Column("time", BigInteger, nullable=False),
    Column("activity", Text, nullable=False),
    Column("channel", Text),
    Column("attributes", Text, nullable=False),  # JSON
    Column("source", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("received", BigInteger, nullable=False),
    UniqueConstraint("source", "id", name="events_once"),
    Index("events_of_customer", "customer", "time", "arrival"),
)

ALIASES = Table(
    "aliases",
    METADATA,
    customer_key("alias", primary_key=True),
    customer_key("customer", primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("unlinked", BigInteger),  # when it was taken back; null while it stands
    Index("aliases_of_customer", "customer"),
)

ERASURES = Table(
    "erasures",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("erased", Text, nullable=False),  # JSON: how many rows of which table
)

ERASED = Table(
    "erased",
    METADATA,
    Column("digest", Text, primary_key=True),  # of the key, salted: whom it was cannot be read
    Column("at", BigInteger, nullable=False),
)

SETTINGS = Table(
    "settings",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

DEEDS = Table(
    "deeds",  # what was done for customers, and what came of it
    METADATA,
    Column("arrival", _ARRIVAL, primary_key=True),
    Column("id", Text, nullable=False),
    customer_key(),
    Column("at", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("said", Text, nullable=False),  # JSON: the deed as it was reported, without the customer
    Column("received", BigInteger, nullable=False),
    UniqueConstraint("id", name="deeds_once"),
    Index("deeds_of_customer", "customer"),
)
