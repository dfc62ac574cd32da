"""Who is who: visitors who turned out to be customers, as of when that was known.

A visitor is joined to one customer at a time; a customer can be another's visitor, so joins form
trees, and the customer at the root is who all of them are.  A join that was taken back has never
been; an alias event from before it was taken back, sent again, does not bring it back.
"""

from collections.abc import Sequence

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from serving.events import Alias
from serving.schema import ALIASES, EVENTS

DUPLICATE, ITSELF, TAKEN, CIRCLE = "duplicate", "alias-itself", "alias-taken", "alias-circle"

ALWAYS = 2**62
"""An instant after everything, microseconds since the epoch."""

_MOST_STEPS = 50


def one_person() -> CTE:
    """Return all keys (column ``key``) of the person whom the parameter ``customer`` belongs to.

    Joins count that were known by the parameter ``until`` (microseconds, UTC).
    """
    asked = bindparam("customer", type_=ALIASES.c.alias.type)
    up = select(asked.label("key"), literal(0).label("steps")).cte("up", recursive=True)
    up = up.union_all(
        select(ALIASES.c.customer, up.c.steps + 1)
        .join_from(up, ALIASES, and_(ALIASES.c.alias == up.c.key, _known()))
        .where(up.c.steps < _MOST_STEPS)
    )
    root = select(up.c.key).order_by(up.c.steps.desc()).limit(1).subquery()
    person = select(root.c.key).cte("person", recursive=True)
    return person.union(
        select(ALIASES.c.alias).join_from(
            person, ALIASES, and_(ALIASES.c.customer == person.c.key, _known())
        )
    )


def keys_of(connection: Connection, customer: str, until: int = ALWAYS) -> list[str]:
    """Return all keys of the person a key belongs to, as of an instant."""
    asked = {"customer": customer, "until": until}
    return list(connection.execute(select(one_person().c.key), asked).scalars())


def people_of(connection: Connection, keys: Sequence[str], until: int) -> list[str]:
    """Return those of some keys that stand for a person: of each person's keys the first.

    So that whoever goes through all keys that have events meets every person once, as of an
    instant (microseconds, UTC).
    """
    concerns = or_(ALIASES.c.alias.in_(keys), ALIASES.c.customer.in_(keys))
    joins = select(ALIASES.c.alias, ALIASES.c.customer).where(_known(), concerns)
    joined = {key for row in connection.execute(joins, {"until": until}) for key in row}

    def stands_for_a_person(key: str) -> bool:
        theirs = EVENTS.c.customer.in_(keys_of(connection, key, until))
        first = select(func.min(EVENTS.c.customer)).where(theirs)
        return connection.execute(first).scalar() == key

    return [key for key in keys if key not in joined or stands_for_a_person(key)]


def join(connection: Connection, alias: Alias) -> str | None:
    """Join a visitor to a customer; return why nothing came of it, None if something did."""
    if alias.alias == alias.customer:
        return ITSELF
    known = connection.execute(select(ALIASES).where(ALIASES.c.alias == alias.alias)).all()
    own = next((row for row in known if row.customer == alias.customer), None)
    if own is not None and _says_it_already(own.time, own.unlinked, alias.time):
        return DUPLICATE
    if any(row.unlinked is None and row is not own for row in known):
        return TAKEN
    if alias.alias in keys_above(connection, alias.customer):
        return CIRCLE
    if own is None:
        row = {"alias": alias.alias, "customer": alias.customer, "time": alias.time}
        connection.execute(insert(ALIASES), row)
    else:
        connection.execute(
            update(ALIASES)
            .where(_is(alias.alias, alias.customer))
            .values(time=alias.time, unlinked=None)
        )
    return None


def part(connection: Connection, alias: str, customer: str, at: int) -> bool:
    """Take a join back; return whether there was one."""
    stands = and_(_is(alias, customer), ALIASES.c.unlinked.is_(None))
    return connection.execute(update(ALIASES).where(stands).values(unlinked=at)).rowcount == 1


def keys_above(connection: Connection, key: str) -> list[str]:
    """Return the key and the customers it is joined to, directly and further."""
    found: list[str] = []
    at: str | None = key
    while at is not None and at not in found:
        found.append(at)
        stands = and_(ALIASES.c.alias == at, ALIASES.c.unlinked.is_(None))
        at = connection.execute(select(ALIASES.c.customer).where(stands)).scalar()
    return found


def _known() -> ColumnElement[bool]:
    return and_(ALIASES.c.unlinked.is_(None), ALIASES.c.time <= bindparam("until"))


def _is(alias: str, customer: str) -> ColumnElement[bool]:
    return and_(ALIASES.c.alias == alias, ALIASES.c.customer == customer)


def _says_it_already(joined: int, unlinked: int | None, time: int) -> bool:
    """Whether a join stands since no later than ``time``, or was taken back after it."""
    return joined <= time if unlinked is None else time <= unlinked
