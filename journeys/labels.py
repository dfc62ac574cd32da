"""Labels: an outcome as seen after the cutoff, within a horizon; 1, 0 or NaN = censored.

This is the only module that looks past a cutoff; `features` must never import it.

- **success**: the journey ends in success; 0 once it failed, was abandoned or expired.
- **leakage**: a contact of the customer after the cutoff and within the rule's horizon (without
  one: before the journey's end); asked only while the journey has had none.
- **churn**: an event of the churn rule after the cutoff and within the horizon, or the instant at
  which silence has lasted ``inactive_for``; asked of customers who have not churned.

NaN where the log ends too early to know, and where the question does not arise.  A label is known
when its horizon has passed, **also when the outcome came sooner**: otherwise the samples of the
last days before the end of the log (or before a split) would be those with the outcome alone.
"""

from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition, Outcome
from journeys.find import NEVER, end_times
from journeys.log import EventLog, instants, microseconds

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Instants = tuple[Rows, Rows, Flags]
"""When the outcome happened (or NEVER), when its horizon has passed, who is at risk."""


def labels_of(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> dict[Outcome, pd.DataFrame]:
    """Return the labels of each sample, for each outcome that the definition asks for.

    Parameters
    ----------
    samples : DataFrame with ``journey``, ``cutoff`` and ``seen`` as in `samples_of`

    Returns
    -------
    dict of DataFrame, shape (n_samples, 2), with the samples' index
        ``y``: 1.0, 0.0 or NaN (censored or not at risk); ``known_at``: the UTC instant at which the
        label was known (its horizon passed, or the journey ended), NaT where ``y`` is NaN.
    """
    found = _found(log, journeys, samples, definition)
    return {outcome: _decided(each, log, samples) for outcome, each in found.items()}


def at_risk_of(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> dict[Outcome, Flags]:
    """Return whether the question arises at each sample: at risk and ``y`` NaN is censored."""
    found = _found(log, journeys, samples, definition)
    return {outcome: at_risk for outcome, (_, _, at_risk) in found.items()}


def bad_outcome(y: NDArray[np.float64], outcome: Outcome) -> NDArray[np.float64]:
    """Return 1.0 where the bad thing happened: not succeeding, leaking, churning; NaN stays."""
    return 1.0 - y if outcome == "success" else y


def _found(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> dict[Outcome, Instants]:
    ask = {"success": _success, "leakage": _leakage, "churn": _churn}
    return {key: ask[key](log, journeys, samples, definition) for key in definition.outcomes}


def _decided(found: Instants, log: EventLog, samples: pd.DataFrame) -> pd.DataFrame:
    happened_at, closed_at, at_risk = found
    known = at_risk & (closed_at <= log.times.max())
    y = np.where(known, np.where(happened_at <= closed_at, 1.0, 0.0), np.nan)
    known_at = np.where(known, closed_at, np.iinfo(np.int64).min)
    return pd.DataFrame({"y": y, "known_at": instants(known_at)}, index=samples.index)


def _success(
    _log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, _definition: Definition
) -> Instants:
    journey = samples["journey"].to_numpy()
    end = end_times(journeys)[journey]
    won = (journeys["state"] == "success").to_numpy()[journey]
    at_risk = microseconds(samples["cutoff"]) < end
    return np.where(won, end, NEVER), end, at_risk


def _leakage(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> Instants:
    rule = definition.rules["leakage"]
    contact = rule.holds(log.events)
    first = journeys["first"].to_numpy()[samples["journey"].to_numpy()]
    had_none = _count_between(contact, first, samples["seen"].to_numpy()) == 0
    at = _time_of_next(contact, log, seen=samples["seen"].to_numpy())
    if rule.within is None:
        journey = samples["journey"].to_numpy()
        end = end_times(journeys)[journey]
        return np.where(at <= end, at, NEVER), end, had_none
    return at, microseconds(samples["cutoff"]) + _micros(rule.within), had_none


def _churn(
    log: EventLog, _journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> Instants:
    rule = definition.rules["churn"]
    seen, cutoff = samples["seen"].to_numpy(), microseconds(samples["cutoff"])
    left = rule.holds(log.events)
    customer_first = log.offsets[log.customers[seen]]
    stayed = _count_between(left, customer_first, seen) == 0
    at = _time_of_next(left, log, seen=seen)
    if rule.inactive_for is not None:
        silent_at = _time_of_silence(log, seen, _micros(rule.inactive_for))
        stayed &= silent_at > cutoff
        at = np.minimum(at, silent_at)
    horizon = rule.within or rule.inactive_for or timedelta(0)
    return at, cutoff + _micros(horizon), stayed


def _micros(length: timedelta) -> int:
    return round(length.total_seconds() * 1_000_000)


def _count_between(flags: Flags, first: Rows, last: Rows) -> Rows:
    """Return how many flags are set in the rows first..last, both inclusive."""
    running = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(running[last + 1] - running[first], dtype=np.int64)


def _time_of_next(flags: Flags, log: EventLog, *, seen: Rows) -> Rows:
    """Return the time of the customer's first flagged event after row ``seen``, or NEVER."""
    return _time_of_first(flags, log, seen + 1, log.customers[seen])


def _time_of_first(flags: Flags, log: EventLog, row: Rows, customer: Rows) -> Rows:
    """Return the time of the customer's first flagged event from ``row`` on, or NEVER."""
    rows = np.append(np.where(flags, np.arange(len(log)), len(log)), len(log))
    nearest = np.minimum.accumulate(rows[::-1])[::-1][row]
    same = nearest < log.offsets[customer + 1]
    return np.where(same, log.times[np.minimum(nearest, len(log) - 1)], NEVER)


def _time_of_silence(log: EventLog, seen: Rows, silence: int) -> Rows:
    """Return when silence has lasted so long, for the first time from row ``seen`` on, or NEVER."""
    gap_follows = np.append(np.diff(log.times) > silence, True)
    gap_follows[log.offsets[1:] - 1] = True
    begins = _time_of_first(gap_follows, log, seen, log.customers[seen])
    return np.where(begins == NEVER, NEVER, begins + silence)
