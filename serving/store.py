"""The event store: durable when it says so, the same on SQLite and PostgreSQL."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from sqlalchemy import Connection, Engine

from serving.events import Alias, ErasureReceipt, Receipt, StoredEvent
from serving.messages import Value

Answer = TypeVar("Answer")


class Store:
    """Events, aliases and what else is known of customers, in SQLite or PostgreSQL.

    Methods block; those that write return when what they wrote would survive a power cut.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> "Store":
        """Open the database at an address, made or brought to today's tables first.

        Raises
        ------
        StoreError
            If the address is none of ours, the database cannot be reached, or a newer version of
            Offramp has written it.
        """
        raise NotImplementedError(url)

    def append(self, items: Sequence[StoredEvent | Alias]) -> Receipt:
        """Keep events and aliases; those of a known (source, id) are duplicates.

        Raises
        ------
        StoreError
            If the database is away (`StoreAwayError`) or full (`StoreFullError`); then nothing of
            it is kept.
        """
        return self.append_soon(items).result()

    def append_soon(self, items: Sequence[StoredEvent | Alias]) -> "Future[Receipt]":
        """Do what `append` does; the result comes once it is durable."""
        raise NotImplementedError(items)

    def write(self, job: Callable[[Connection], Answer]) -> Answer:
        """Run a job in a transaction, shared with others that wait; return when it is durable.

        The job may be run twice (the first time undone), and must not commit.
        """
        raise NotImplementedError(job)

    def history(self, customer: str, until: int | None = None) -> list[dict[str, Value]]:
        """Return a customer's events up to an instant, ascending by (time, arrival).

        Each is {"time": microseconds UTC, "activity", "channel", and its attributes}. Those of
        visitors who turned out to be the customer by then are among them; asked for such a visitor,
        it is the customer's history.
        """
        raise NotImplementedError(customer, until)

    def customers(self, after: str | None = None, limit: int = 1_000) -> list[str]:
        """Return keys that have events, ascending, from beyond ``after``."""
        raise NotImplementedError(after, limit)

    def link(self, alias: str, customer: str, at: int) -> Receipt:
        """Join a visitor's events to a customer, as of an instant (microseconds, UTC)."""
        return self.append([Alias(alias, customer, at)])

    def unlink(self, alias: str, customer: str, at: int) -> bool:
        """Take a join back, as if it had never been; say whether there was one."""
        raise NotImplementedError(alias, customer, at)

    def erase(self, customer: str, at: int) -> ErasureReceipt:
        """Erase a customer, with all visitors who turned out to be them, from every table."""
        raise NotImplementedError(customer, at)

    def check(self) -> None:
        """Raise StoreError unless the database answers."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish what waits, then let go of the database."""
        raise NotImplementedError
