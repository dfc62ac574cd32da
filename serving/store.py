"""The event store: durable when it says so, the same on SQLite and PostgreSQL."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from sqlalchemy import Connection, Engine, Select, any_, bindparam, func, select, text

from serving.aliases import ALWAYS, keys_of, one_person, part, people_of
from serving.append import Items, append
from serving.database import open_engine, store_faults, take_turns
from serving.erasure import digests, erase, salt_of
from serving.events import Alias, ErasureReceipt, Receipt
from serving.group_commit import GroupCommit
from serving.messages import Value
from serving.schema import EVENTS

Answer = TypeVar("Answer")

_ATTRIBUTES = msgspec.json.Decoder(dict[str, Value])


@dataclass(frozen=True)
class _Append:
    items: Items


@dataclass(frozen=True)
class _Job:
    run: Callable[[Connection], Any]
    alone: bool = False  # whether nobody may write events meanwhile


class Store:
    """Events, aliases and what else is known of customers, in SQLite or PostgreSQL.

    Methods block; those that write return when what they wrote would survive a power cut. All of
    them raise `StoreAwayError` when the database does not answer, those that write `StoreFullError`
    when there is no room; then nothing of the request is kept.
    """

    def __init__(self, engine: Engine) -> None:
        """Take an engine from `serving.database.open_engine`."""
        self.engine = engine
        # Reading outside a transaction saves two ways to the server; to a file there is none.
        alone = {} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        self._reading = engine.execution_options(**alone)
        with store_faults(), engine.connect() as connection:
            self._salt = salt_of(connection)
        self._writer: GroupCommit[_Append | _Job] = GroupCommit(engine, self._together)

    @classmethod
    def open(cls, url: str) -> "Store":
        """Open the database at an address, made or brought to today's tables first.

        Raises
        ------
        StoreError
            If the address is none of ours, the database cannot be reached, or a newer version of
            Offramp has written it.
        """
        return cls(open_engine(url))

    def append(self, items: Items) -> Receipt:
        """Keep events and aliases; those of a known (source, id) are duplicates."""
        return self.append_soon(items).result()

    def append_soon(self, items: Items) -> "Future[Receipt]":
        """Do what `append` does; the receipt comes once everything in it is durable."""
        return self._writer.submit(_Append(items))

    def write(self, job: Callable[[Connection], Answer]) -> Answer:
        """Run a job in a transaction, shared with others that wait; return when it is durable.

        The job may be run twice (the first time undone), and must not commit.
        """
        return self.write_soon(job).result()

    def write_soon(self, job: Callable[[Connection], Answer]) -> "Future[Answer]":
        """Do what `write` does; the answer comes once everything is durable."""
        return self._writer.submit(_Job(job))

    def history(self, customer: str, until: int | None = None) -> list[dict[str, Value]]:
        """Return a customer's events up to an instant, ascending by (time, arrival).

        Each is {"time": microseconds UTC, "activity", "channel", and its attributes}. Those of
        visitors who turned out to be the customer by then are among them; asked for such a visitor,
        it is the customer's history.
        """
        asked = {"customer": storable(customer), "until": ALWAYS if until is None else until}
        with store_faults(), self._reading.connect() as connection:
            rows = connection.execute(_history(connection.dialect.name), asked).all()
        return [
            {
                **_ATTRIBUTES.decode(row.attributes),
                "time": row.time,
                "activity": row.activity,
                "channel": row.channel,
            }
            for row in rows
        ]

    def traces(self, customer: str) -> tuple[set[str], list[int]]:
        """Return what a person is called, and the times of all their events (microseconds, UTC)."""
        customer = storable(customer)
        with store_faults(), self._reading.connect() as connection:
            keys = {customer, *keys_of(connection, customer)}
            found = select(EVENTS.c.time).where(EVENTS.c.customer.in_(keys)).distinct()
            return keys, list(connection.execute(found).scalars())

    def customers(self, after: str | None = None, limit: int = 1_000) -> list[str]:
        """Return keys that have events, ascending, from beyond ``after``."""
        found = select(EVENTS.c.customer).distinct().order_by(EVENTS.c.customer).limit(limit)
        if after is not None:
            found = found.where(EVENTS.c.customer > storable(after))
        with store_faults(), self._reading.connect() as connection:
            return list(connection.execute(found).scalars())

    def people(self, keys: Sequence[str], until: int) -> list[str]:
        """Return of some keys that have events one for each person, as of an instant."""
        with store_faults(), self._reading.connect() as connection:
            return people_of(connection, keys, until)

    def link(self, alias: str, customer: str, at: int) -> Receipt:
        """Join a visitor's events to a customer, as of an instant (microseconds, UTC)."""
        return self.append([Alias(alias, customer, at)])

    def unlink(self, alias: str, customer: str, at: int) -> bool:
        """Take a join back, as if it had never been; return whether there was one."""
        pair = storable(alias), storable(customer)
        return self.write(lambda connection: part(connection, *pair, at))

    def erase(self, customer: str, at: int) -> ErasureReceipt:
        """Erase a customer, with all visitors who turned out to be them, from every table."""
        key = storable(customer)
        job = _Job(lambda connection: erase(connection, self._salt, key, at), alone=True)
        receipt = cast("ErasureReceipt", self._writer.submit(job).result())
        self._forget_pages()
        return receipt

    def erased(self) -> tuple[str, list[str]]:
        """Return the salt and the digests of all erased customers."""
        with store_faults(), self._reading.connect() as connection:
            return self._salt, digests(connection)

    def check(self) -> None:
        """Raise `StoreAwayError` unless the database answers."""
        with store_faults(), self._reading.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Finish what waits, then let go of the database."""
        self._writer.close()
        self.engine.dispose()

    def _together(self, connection: Connection, requests: Sequence[_Append | _Job]) -> list[Any]:
        """Write several requests in one transaction: first all events, then the jobs."""
        appends = [one.items for one in requests if isinstance(one, _Append)]
        take_turns(connection, alone=any(map(_needs_to_be_alone, requests)))
        receipts = iter(append(connection, self._salt, appends) if appends else ())
        return [
            next(receipts) if isinstance(one, _Append) else one.run(connection) for one in requests
        ]

    def _forget_pages(self) -> None:
        """Let SQLite's write-ahead log, which still shows what was erased, begin anew."""
        if self.engine.dialect.name == "sqlite":
            with store_faults(), self.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


@cache
def _history(dialect: str) -> Select[int, str, str | None, str]:
    """Return the one query of a history, answered by the index on (customer, time, arrival)."""
    keys = select(one_person().c.key)
    # PostgreSQL guesses that a person has many keys and would read the whole table, but for this.
    theirs = (
        EVENTS.c.customer.in_(keys)
        if dialect == "sqlite"
        else EVENTS.c.customer == any_(func.array(keys.scalar_subquery()))
    )
    return (
        select(EVENTS.c.time, EVENTS.c.activity, EVENTS.c.channel, EVENTS.c.attributes)
        .where(theirs, EVENTS.c.time <= bindparam("until"))
        .order_by(EVENTS.c.time, EVENTS.c.arrival)
    )


def _needs_to_be_alone(request: _Append | _Job) -> bool:
    """Whether a request looks at what others might be writing: who is who, who is erased."""
    if isinstance(request, _Job):
        return request.alone
    return any(isinstance(item, Alias) for item in request.items)


def storable(key: str) -> str:
    """Return a text as it could be stored; PostgreSQL knows no NUL, so no such key has events."""
    return key.replace("\0", "\ufffd")
