"""What is wrong with a definition on a log: horizons, journeys without end, names that differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition, duration_text
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, EventLog
from journeys.problem import Problem

_FEWEST_CUSTOMERS = 50
_ENDLESS_EVENTS = 1000


@dataclass(frozen=True)
class JourneysTold:
    """What the problems of journeys are told from.

    Attributes
    ----------
    span : how long the log is
    names : the values of each text column
    customers : how many there are
    lengths : events of each journey, in any order; ``all_over``: whether none of them is open
    longest_of : the customer of the longest, where that is known
    """

    span: timedelta
    names: Mapping[str, Sequence[str]]
    customers: int
    lengths: NDArray[np.int64]
    all_over: bool
    longest_of: str = ""


def told_of(log: EventLog, journeys: pd.DataFrame) -> JourneysTold:
    """Return what a log's journeys tell."""
    first = journeys["first"].to_numpy(dtype=np.int64)
    lengths = journeys["last"].to_numpy(dtype=np.int64) - first + 1
    texts = log.events.select_dtypes("category").columns.drop(CUSTOMER)
    longest = int(first[lengths.argmax()]) if len(lengths) else None
    return JourneysTold(
        span=(log.ends - log.begins).to_pytimedelta(),
        names={str(name): list(log.events[name].cat.categories) for name in texts},
        customers=len(log.offsets) - 1,
        lengths=lengths,
        all_over=bool((journeys["state"] != "open").all()),
        longest_of="" if longest is None else str(log.events[CUSTOMER].iloc[longest]),
    )


def journey_problems(told: JourneysTold, definition: Definition) -> Iterator[Problem]:
    """Yield what the journeys show of the log and of the definition."""
    yield from _horizons(told.span, definition)
    yield from _twins(told.names, definition)
    yield from _never_failed(definition)
    if not len(told.lengths):
        yield Problem(
            "fault",
            "No journey was found",
            f"no event meets `start:` {definition.as_dict().get('start')}",
            "correct the rule of `start:`, or leave it out if each customer is one journey",
        )
        return
    if (told.lengths == 1).all() and told.all_over:
        yield Problem(
            "warning",
            "Every journey is one event long",
            f"{len(told.lengths):,} journeys",
            "look whether `start:` also ends the journey, and whether customer_id is the customer",
        )
    if told.customers < _FEWEST_CUSTOMERS:
        yield Problem(
            "warning",
            "The customers are too few to learn from",
            f"{told.customers:,}; {len(told.lengths):,} journeys",
            f"give at least {_FEWEST_CUSTOMERS}, better thousands",
        )
    yield from _endless(told)


def _horizons(span: timedelta, definition: Definition) -> Iterator[Problem]:
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


def _twins(names: Mapping[str, Sequence[str]], definition: Definition) -> Iterator[Problem]:
    for field in dict.fromkeys((ACTIVITY, CHANNEL, *definition.attributes.categorical)):
        seen: dict[str, str] = {}
        for name in names[field]:
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


def _endless(told: JourneysTold) -> Iterator[Problem]:
    longest, median = int(told.lengths.max()), float(np.median(told.lengths))
    if longest >= _ENDLESS_EVENTS and longest > 100 * median:
        yield Problem(
            "warning",
            "One journey is far longer than the others",
            f"{longest:,} events, where the median is {median:,.0f}",
            "look whether that is a person, a test or a key that stands for nobody",
            example=f"of customer {told.longest_of!r}" if told.longest_of else "",
        )
