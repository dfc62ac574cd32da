"""A small bundle for the tests of serving: trained in seconds on a log made by chance."""

from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.log import event_log
from models import Bundle
from tests.quick_bundle import quick_bundle

ACTIVITIES = ("begun", "looked", "uploaded", "failed_upload", "called", "funded", "withdrawn")
CHANNELS = ("app", "web", "call_centre")

_DEFINITION = """
name: {name}
start: {{activity: begun}}
success: {{activity: funded, within: 45d}}
failure: {{activity: withdrawn}}
abandoned_after: 14d
leakage: {{channel: [call_centre], within: 7d}}
churn: {{inactive_for: 30d}}
milestones: [begun, looked, uploaded, funded]
attributes: {{context: [region], technical: [app_version], numeric: [amount]}}
"""


def definition_named(name: str) -> Definition:
    """Return a definition with all three outcomes and an attribute of every tier."""
    return parse_definition(_DEFINITION.format(name=name), source="a test")


def random_events(customers: int, *, seed: int) -> pd.DataFrame:
    """Return about twenty events per customer over two months, each column drawn by chance."""
    draw = np.random.default_rng(seed)
    n = customers * 20
    seconds = draw.integers(0, 60 * 86400, n)
    return pd.DataFrame(
        {
            "customer_id": [f"customer {code}" for code in draw.integers(0, customers, n)],
            "time": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
            "activity": draw.choice(ACTIVITIES, n, p=[0.2, 0.3, 0.2, 0.1, 0.1, 0.05, 0.05]),
            "channel": draw.choice(CHANNELS, n, p=[0.5, 0.35, 0.15]),
            "region": draw.choice(["north", "south"], n),
            "app_version": draw.choice(np.array(["8.1.0", "8.2.0", None], dtype=object), n),
            "amount": np.where(draw.random(n) < 0.3, draw.random(n) * 1000, np.nan),
        }
    )


@cache
def small_bundle(name: str = "loan") -> Bundle:
    """Return a bundle of all three outcomes, trained on a hundred customers."""
    definition = definition_named(name)
    return quick_bundle(event_log(random_events(100, seed=1), definition), definition)


def histories_of(events: pd.DataFrame, *, most: int | None = None) -> list[dict[str, object]]:
    """Return the customers of a table as histories, in the order of their keys."""
    plain = events.astype({"time": str}).astype(object).where(events.notna(), None)
    attributes = [name for name in events.columns if name != "customer_id"]
    return [
        {"customer_id": str(key), "events": of_one[attributes].to_dict("records")}
        for key, of_one in list(plain.groupby("customer_id", sort=True))[:most]
    ]


def body_of(histories: Sequence[object], **others: object) -> bytes:
    """Return the body of a scoring request."""
    return msgspec.json.encode({"histories": histories} | others)
