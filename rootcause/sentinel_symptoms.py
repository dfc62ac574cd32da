"""Early symptoms: what goes wrong within hours of a step, long before an outcome is known.

Each is asked of an exposure for a fixed number of hours and counts only once these have passed:
bad news comes first, and who counts it first sees a fault everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.columns import says_error
from journeys.definition import Definition
from journeys.find import NEVER
from journeys.log import ACTIVITY, EventLog
from rootcause.exposure import Exposures, Flags, Ints

MICROS_AN_HOUR = 3_600_000_000

_FAILED_HOURS = 2
_REPEATED_HOURS = 12
_CONTACT_HOURS = 24
_LONGEST_SILENCE_HOURS = 7 * 24
_USUAL_SHARE = 0.9
_FEWEST_TO_LEARN = 50


@dataclass(frozen=True)
class EarlySymptom:
    """One symptom of every exposure; arrays have shape (n,).

    ``words`` says what a journey does, with ``{hours}`` for the time it is given; ``hours`` has an
    entry per step. ``hit`` holds from ``known_at`` on (µs since the epoch; `NEVER` where the
    symptom is not asked).
    """

    name: str
    words: str
    hours: Ints
    hit: Flags
    known_at: Ints


def error_events(log: EventLog, definition: Definition) -> Flags:
    """Return which events are failed attempts: the rule `errors`, or a name that says so."""
    if definition.errors is not None:
        return definition.errors.holds(log.events)
    says = np.array([says_error(str(name)) for name in log.events[ACTIVITY].cat.categories])
    return np.asarray(says[log.events[ACTIVITY].cat.codes.to_numpy()], dtype=np.bool_)


def symptoms_within_hours(
    log: EventLog, exposures: Exposures, definition: Definition
) -> Iterator[EarlySymptom]:
    """Yield failing, doing the same again, and turning to the contact centre."""
    failed = _next_of(log, exposures, error_events(log, definition))
    yield _within(
        "failed", "meet a failed event within {hours} h", failed, exposures, _FAILED_HOURS
    )
    again = _next_alike(log)[exposures.row]
    at = np.where(again < len(log), log.times[np.minimum(again, len(log) - 1)], NEVER)
    yield _within("repeated", "do the same again within {hours} h", at, exposures, _REPEATED_HOURS)
    if definition.leakage is not None:
        contact = _next_of(log, exposures, definition.leakage.holds(log.events))
        words = "turn to the contact centre within {hours} h"
        yield _within("contact", words, contact, exposures, _CONTACT_HOURS)


def silence_after(log: EventLog, exposures: Exposures, *, learnt_until: int) -> EarlySymptom:
    """Return whether nothing follows in the time in which nine in ten go on.

    The usual time of each step is learnt from exposures a week and more before ``learnt_until``
    (µs); a step after which more than one in ten are silent for a week is not asked.
    """
    following = np.minimum(exposures.row + 1, len(log) - 1)
    same = (log.customers[following] == exposures.customer) & (following > exposures.row)
    gap = np.where(same, log.times[following] - exposures.time, NEVER)
    longest = _LONGEST_SILENCE_HOURS * MICROS_AN_HOUR
    learnt = exposures.time <= learnt_until - longest
    usual = np.full(len(exposures.steps), NEVER)
    for step in range(len(exposures.steps)):
        known = gap[learnt & (exposures.step == step)]
        if len(known) >= _FEWEST_TO_LEARN:
            hours = np.quantile(known, _USUAL_SHARE, method="higher") / MICROS_AN_HOUR
            usual[step] = np.ceil(max(hours, 1.0)) * MICROS_AN_HOUR if hours <= 168 else NEVER
    waits = usual[exposures.step]
    known_at = np.where(waits == NEVER, NEVER, exposures.time + np.where(waits == NEVER, 0, waits))
    hours = usual // MICROS_AN_HOUR
    return EarlySymptom("silence", "fall silent for {hours} h", hours, gap > waits, known_at)


def _within(name: str, words: str, at: Ints, exposures: Exposures, hours: int) -> EarlySymptom:
    until = exposures.time + hours * MICROS_AN_HOUR
    each = np.full(len(exposures.steps), hours)
    return EarlySymptom(name, words, each, at <= until, until)


def _next_of(log: EventLog, exposures: Exposures, flags: Flags) -> Ints:
    """Return the time of the customer's next flagged event after each exposure, or NEVER."""
    rows = np.append(np.where(flags, np.arange(len(log)), len(log)), len(log))
    nearest = np.minimum.accumulate(rows[::-1])[::-1][exposures.row + 1]
    here = np.minimum(nearest, len(log) - 1)
    same = (nearest < len(log)) & (log.customers[here] == exposures.customer)
    return np.where(same, log.times[here], NEVER)


def _next_alike(log: EventLog) -> Ints:
    """Return for each event the row of the customer's next event of that activity, or len(log)."""
    activity = log.events[ACTIVITY].cat.codes.to_numpy().astype(np.int64)
    key = log.customers * (int(activity.max()) + 1) + activity
    order = np.argsort(key, kind="stable")
    following = np.full(len(log), len(log))
    alike = key[order][1:] == key[order][:-1]
    following[order[:-1][alike]] = order[1:][alike]
    return following
