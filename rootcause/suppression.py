"""Suppression: what not to send to a customer who is being helped, why, and until when."""

from datetime import timedelta

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.log import EventLog, instants
from rootcause.last_known import Ints
from rootcause.position import contacts_in, last_flagged
from rootcause.wording import day

SUPPRESSED = "upsell"

_USUAL = timedelta(days=7)


def suppressed_in(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, rows: Ints
) -> pd.DataFrame:
    """Return what is suppressed for the customers of some journeys, a row each.

    A journey is *in support* while it is in flight and its last contact (of the leakage rule) is
    younger than that rule's horizon, or seven days where it has none.

    Returns
    -------
    DataFrame with ``suppress`` (`SUPPRESSED`, or empty), ``suppress_reason`` and ``suppress_until``
        (UTC instant; NaT where nothing is suppressed)
    """
    first, last = (journeys[name].to_numpy()[rows] for name in ("first", "last"))
    contact = last_flagged(contacts_in(log, definition), first, last)
    at = log.times[np.maximum(contact, 0)]
    until = at + support_micros(definition)
    flying = (journeys["state"] == "open").to_numpy()[rows]
    helped = (contact >= 0) & flying & (until > log.ended)
    dates = instants(at)
    reasons = [
        support_reason(date.date()) if yes else "" for yes, date in zip(helped, dates, strict=True)
    ]
    return pd.DataFrame(
        {
            "suppress": np.where(helped, SUPPRESSED, ""),
            "suppress_reason": reasons,
            "suppress_until": instants(np.where(helped, until, np.iinfo(np.int64).min)),
        }
    )


def support_micros(definition: Definition) -> int:
    """Return how long after a contact a journey counts as in support, in microseconds."""
    rule = definition.leakage
    span = (rule.within if rule is not None else None) or _USUAL
    return round(span.total_seconds() * 1_000_000)


def support_reason(contacted: object) -> str:
    """Say why something is suppressed for a customer who contacted on a date."""
    return f"in support: contacted on {day(contacted)}, the journey goes on"
