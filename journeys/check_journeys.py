"""What is wrong with a definition on a log: horizons, journeys without end, names that differ."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pandas as pd

from journeys.definition import Definition, duration_text
from journeys.log import ACTIVITY, CHANNEL, EventLog
from journeys.problem import Problem

_FEWEST_CUSTOMERS = 50
_ENDLESS_EVENTS = 1000


def journey_problems(
    log: EventLog, journeys: pd.DataFrame, definition: Definition
) -> Iterator[Problem]:
    """Yield what the journeys show of the log and of the definition."""
    yield from _horizons(log, definition)
    yield from _twins(log, definition)
    yield from _never_failed(definition)
    if journeys.empty:
        yield Problem(
            "fault",
            "No journey was found",
            f"no event meets `start:` {definition.as_dict().get('start')}",
            "correct the rule of `start:`, or leave it out if each customer is one journey",
        )
        return
    if (journeys["last"] == journeys["first"]).all() and (journeys["state"] != "open").all():
        yield Problem(
            "warning",
            "Every journey is one event long",
            f"{len(journeys):,} journeys",
            "look whether `start:` also ends the journey, and whether customer_id is the customer",
        )
    customers = len(log.offsets) - 1
    if customers < _FEWEST_CUSTOMERS:
        yield Problem(
            "warning",
            "The customers are too few to learn from",
            f"{customers:,}; {len(journeys):,} journeys",
            f"give at least {_FEWEST_CUSTOMERS}, better thousands",
        )
    yield from _endless(log, journeys)


def _horizons(log: EventLog, definition: Definition) -> Iterator[Problem]:
    span = (log.ends - log.begins).to_pytimedelta()
    for key, length in _lengths(definition).items():
        if length > span:
            yield Problem(
                "fault",
                f"{key} of {duration_text(length)} is longer than the log",
                f"the log covers {_rough(span)}",
                "give a longer log or a shorter horizon",
            )
        elif length > span / 2:
            yield Problem(
                "warning",
                f"{key} of {duration_text(length)} is more than half of the log",
                f"the log covers {_rough(span)}",
                "give a longer log or a shorter horizon, else few labels are known",
            )


def _lengths(definition: Definition) -> dict[str, timedelta]:
    every = {
        f"{key}.{part}": getattr(rule, part)
        for key, rule in definition.rules.items()
        for part in ("within", "inactive_for")
    }
    every["abandoned_after"] = definition.abandoned_after
    return {key: length for key, length in every.items() if length is not None}


def _rough(span: timedelta) -> str:
    days = span.total_seconds() / 86400
    return f"{days:.0f} days" if days >= 2 else f"{span.total_seconds() / 3600:.1f} hours"


def _twins(log: EventLog, definition: Definition) -> Iterator[Problem]:
    for field in dict.fromkeys((ACTIVITY, CHANNEL, *definition.attributes.categorical)):
        seen: dict[str, str] = {}
        for name in log.events[field].cat.categories:
            plain = " ".join(name.lower().replace("_", " ").split())
            if plain in seen:
                yield Problem(
                    "warning",
                    f"Two values of {field} differ in spelling alone",
                    f"{seen[plain]!r} and {name!r}",
                    "write them alike if they are one",
                )
            seen[plain] = name


def _never_failed(definition: Definition) -> Iterator[Problem]:
    success = definition.success
    if success is None or success.within is not None or definition.abandoned_after is not None:
        return
    yield Problem(
        "warning" if definition.failure is not None else "fault",
        "A journey that just stops is never known to have failed",
        "neither `abandoned_after:` nor `within:` of `success:` is given",
        "give one of them",
    )


def _endless(log: EventLog, journeys: pd.DataFrame) -> Iterator[Problem]:
    first = journeys["first"].to_numpy()
    lengths = journeys["last"].to_numpy() - first + 1
    longest, median = int(lengths.max()), float(np.median(lengths))
    if longest >= _ENDLESS_EVENTS and longest > 100 * median:
        customer = log.events["customer_id"].iloc[int(first[lengths.argmax()])]
        yield Problem(
            "warning",
            "One journey is far longer than the others",
            f"{longest:,} events, where the median is {median:,.0f}",
            "look whether that is a person, a test or a key that stands for nobody",
            example=f"of customer {customer!r}",
        )
