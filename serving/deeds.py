"""Deeds: what was done for customers and what came of it, kept so that it can be measured.

A deed is named by its id.  Reported again with the same words it is a duplicate; what came of it
may follow later, under the same id; anything else under an id that is taken contradicts it.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace
from sqlalchemy import Connection, insert, select, update

from serving.database import store_faults
from serving.messages import CustomerKey
from serving.schema import DEEDS
from serving.store import Store, storable

MOST_DEEDS = 1_000

_NOBODY = 0  # in place of the customer, who stands in a column that is erased

# PostgreSQL keeps no text with a NUL in it.
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\\x00]*$")]
Result = Literal["helped", "did_not_help", "not_reached", "held_out"]


class Deed(Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What was done for one customer, and what came of it, if that is known yet.

    ``action`` is one of the definition's, or any other name; ``time`` is when it was done.
    ``result``: what came of it; ``held_out`` is for a customer who was left alone on purpose.
    ``outcome``: the outcomes of the journey that are known by now.  Say of it what you know; report
    the rest later under the same ``id``.
    """

    id: Name
    customer_id: CustomerKey
    time: str
    action: Name
    channel: Annotated[str, Meta(max_length=200)] | None = None
    journey: Annotated[str, Meta(max_length=200)] | None = None
    finding: Annotated[str, Meta(max_length=200)] | None = None
    result: Result | None = None
    outcome: dict[Literal["success", "leakage", "churn"], bool] = {}
    note: Annotated[str, Meta(max_length=1_000)] | None = None


class DeedRequest(Struct, forbid_unknown_fields=True, frozen=True):
    """One or up to 1,000 deeds; all of them are kept, or none."""

    outcomes: Annotated[list[Deed], Meta(min_length=1, max_length=MOST_DEEDS)]


class DeedReceipt(Struct, frozen=True):
    """How many deeds are new, how many have got their result, how many were known."""

    accepted: int
    completed: int
    duplicates: int


class DeedPage(Struct, frozen=True):
    """Deeds in the order in which they came; ``next`` is the cursor of the page behind, if any."""

    outcomes: list[Deed]
    next: str | None


class Contradiction(Exception):
    """The deed at a place of the request says something else than is known under its id."""

    def __init__(self, place: int) -> None:
        super().__init__(f"the deed at place {place} contradicts what is known")
        self.place = place


def keep_deeds(
    store: Store, deeds: Sequence[tuple[Deed, str, int]], *, received: int
) -> DeedReceipt:
    """Keep deeds with their customer (pseudonym) and time (microseconds UTC), all or none.

    Raises
    ------
    Contradiction
        If one says something else than is known under its id.
    """

    def job(connection: Connection) -> DeedReceipt | Contradiction:
        told = {"accepted": 0, "completed": 0, "duplicates": 0}
        with connection.begin_nested() as part:
            for place, (deed, customer, at) in enumerate(deeds):
                became = _kept(connection, (deed, customer, at), received)
                if became is None:
                    part.rollback()
                    return Contradiction(place)
                told[became] += 1
        return DeedReceipt(**told)

    found = store.write(job)
    if isinstance(found, Contradiction):
        raise found
    return found


def deeds_after(
    store: Store, after: int, limit: int, *, customer: str | None = None, action: str | None = None
) -> list[tuple[int, Deed]]:
    """Return deeds with the number of their arrival, ascending, from beyond one."""
    asked = select(DEEDS).where(DEEDS.c.arrival > after).order_by(DEEDS.c.arrival).limit(limit)
    if customer is not None:
        asked = asked.where(DEEDS.c.customer == storable(customer))
    if action is not None:
        asked = asked.where(DEEDS.c.action == storable(action))
    with store_faults(), store.engine.connect() as connection:
        rows = connection.execute(asked).all()
    return [(row.arrival, _deed(row.said, row.customer)) for row in rows]


def _kept(connection: Connection, told: tuple[Deed, str, int], received: int) -> str | None:
    """Return what became of a deed; None where it contradicts what is known."""
    deed, customer, at = told
    said = msgspec.json.encode(replace(deed, customer_id=_NOBODY)).decode()
    known = connection.execute(select(DEEDS).where(DEEDS.c.id == deed.id)).one_or_none()
    row = {"customer": customer, "at": at, "action": deed.action, "said": said}
    if known is None:
        connection.execute(insert(DEEDS).values(id=deed.id, received=received, **row))
        return "accepted"
    if (known.customer, known.at, known.said) == (customer, at, said):
        return "duplicates"
    before = _deed(known.said, customer)
    if (known.customer, known.at) != (customer, at):
        return None
    if _completes(deed, before):  # it says no more than is known
        return "duplicates"
    if not _completes(before, deed):
        return None
    connection.execute(update(DEEDS).where(DEEDS.c.id == deed.id).values(said=said))
    return "completed"


def _completes(before: Deed, now: Deed) -> bool:
    """Return whether a report differs from the one before only in what that did not know yet."""
    if before.result not in (None, now.result) or before.note not in (None, now.note):
        return False
    if any(now.outcome.get(name) != value for name, value in before.outcome.items()):
        return False
    return _without_results(before) == _without_results(now)


def _deed(said: str, customer: str) -> Deed:
    return replace(msgspec.json.decode(said, type=Deed), customer_id=customer)


def _without_results(deed: Deed) -> Deed:
    return replace(deed, result=None, outcome={}, note=None, customer_id=_NOBODY)
