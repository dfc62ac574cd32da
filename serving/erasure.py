"""Erasing a customer: from every table that knows a key, remembered as a salted digest alone.

The digest keeps what was erased from coming back (events from before the erasure, sent again, are
refused; a customer who returns is met anew) and lets the next training leave the customer out.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select

from serving.aliases import keys_of
from serving.events import ErasureReceipt
from serving.pseudonym import is_pseudonym
from serving.schema import ERASED, ERASURES, SETTINGS, customer_columns

OF_PSEUDONYM = "p_"

_SALT = "erasure_salt"
_MOST_AT_ONCE = 500  # values in one statement


def salt_of(connection: Connection) -> str:
    """Return the salt of this database's digests, made once with its tables."""
    return str(
        connection.execute(select(SETTINGS.c.value).where(SETTINGS.c.name == _SALT)).scalar()
    )


def digest_of(salt: str, customer: str) -> str:
    """Return what is remembered of an erased customer: HMAC-SHA-256, hexadecimal.

    That of a pseudonym says so, for whoever compares must make pseudonyms first.
    """
    digest = hmac.digest(salt.encode(), customer.encode(errors="surrogatepass"), "sha256").hex()
    return f"{OF_PSEUDONYM}{digest}" if is_pseudonym(customer) else digest


def erased_at(connection: Connection, salt: str, customers: Iterable[str]) -> dict[str, int]:
    """Return the customers among these who were erased, and when (microseconds, UTC)."""
    whose = {digest_of(salt, customer): customer for customer in customers}
    found: dict[str, int] = {}
    for digests in _in_parts(list(whose)):
        rows = connection.execute(select(ERASED).where(ERASED.c.digest.in_(digests)))
        found |= {whose[row.digest]: row.at for row in rows}
    return found


def erase(connection: Connection, salt: str, customer: str, at: int) -> ErasureReceipt:
    """Erase the person a key belongs to, under all their keys; leave a receipt.

    Nobody else may be writing meanwhile.
    """
    keys = sorted({customer, *keys_of(connection, customer)})
    rows: dict[str, int] = {}
    for column in customer_columns():
        for some in _in_parts(keys):
            gone = connection.execute(delete(column.table).where(column.in_(some))).rowcount
            rows[column.table.name] = rows.get(column.table.name, 0) + gone
    digests = [digest_of(salt, key) for key in keys]
    for some in _in_parts(digests):
        connection.execute(delete(ERASED).where(ERASED.c.digest.in_(some)))
    connection.execute(insert(ERASED), [{"digest": one, "at": at} for one in digests])
    receipt = ErasureReceipt(f"e_{uuid4().hex}", at, rows)
    written = {"id": receipt.id, "at": at, "erased": json.dumps(rows)}
    connection.execute(insert(ERASURES), written)
    return receipt


def digests(connection: Connection) -> list[str]:
    """Return the digests of all erased customers, ascending."""
    return list(connection.execute(select(ERASED.c.digest).order_by(ERASED.c.digest)).scalars())


def _in_parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _MOST_AT_ONCE):
        yield values[start : start + _MOST_AT_ONCE]
