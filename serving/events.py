"""What the store keeps of an event, and what it says of those handed to it."""

from typing import NamedTuple

from msgspec import Struct

from serving.messages import Value


class StoredEvent(Struct, frozen=True):
    """One event as it is kept; ``source`` and ``id`` name it, so that none counts twice.

    ``customer`` is the pseudonym, where the service makes any; ``time`` and ``received`` are
    microseconds since the epoch, UTC.
    """

    customer: str
    time: int
    activity: str
    channel: str | None
    attributes: dict[str, Value]
    source: str
    id: str
    received: int


class Alias(Struct, frozen=True):
    """An anonymous visitor turns out to be a customer, as of ``time`` (microseconds, UTC)."""

    alias: str
    customer: str
    time: int


class Refusal(NamedTuple):
    """Why the store did not take the item at ``place`` of what it was given."""

    place: int
    why: str


class Receipt(Struct, frozen=True):
    """How many items are durable now, how many were there already, and which were not taken."""

    accepted: int = 0
    duplicates: int = 0
    refused: tuple[Refusal, ...] = ()


class ErasureReceipt(Struct, frozen=True):
    """What was erased, without a word on whom: rows per table, findings whose evidence shrank.

    ``at`` is microseconds since the epoch, UTC.
    """

    id: str
    at: int
    rows: dict[str, int]
    findings: int = 0
