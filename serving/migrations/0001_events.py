"""The first tables: events, aliases, erasures; and the salt of erased customers' digests."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ARRIVAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_events()
    _make_aliases()
    op.create_table(
        "erasures",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("erased", sa.Text, nullable=False),
    )
    op.create_table(
        "erased",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    settings = op.create_table(
        "settings",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.bulk_insert(settings, [{"name": "erasure_salt", "value": secrets.token_hex(32)}])


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column("arrival", _ARRIVAL, primary_key=True),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("activity", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("source", "id", name="events_once"),
    )
    op.create_index("events_of_customer", "events", ["customer", "time", "arrival"])


def _make_aliases() -> None:
    op.create_table(
        "aliases",
        sa.Column("alias", sa.Text, primary_key=True),
        sa.Column("customer", sa.Text, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("unlinked", sa.BigInteger),
    )
    op.create_index("aliases_of_customer", "aliases", ["customer"])
