"""Labels: an outcome as seen after the cutoff, within a horizon; 1, 0 or NaN = censored.

This is the only module that looks past a cutoff; `features` must never import it.

- **success**: the journey ends in success; 0 once it failed, was abandoned or expired.
- **leakage**: a contact of the customer after the cutoff and within the rule's horizon (without
  one: before the journey's end); asked only while the journey has had none.
- **churn**: an event of the churn rule after the cutoff and within the horizon, or the instant at
  which silence has lasted ``inactive_for``; asked of customers who have not churned.

NaN where the log ends too early to know, and where the question does not arise.

An outcome is known when it comes, its absence only later.  Near the end of a log (or before a
split) the known labels are therefore mostly the quick ones, a bias that no later step can see.
``closed_at`` is the instant from which a sample has been watched as long as any other: whoever
learns or measures keeps to samples that are **closed**, early outcome or not.
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
Instants = tuple[Rows, Rows, Flags, Rows]
"""When the outcome happened (or NEVER), when it no longer could, who is at risk, closed when."""

_WATCHED_SHARE = 0.95


def labels_of(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> dict[Outcome, pd.DataFrame]:
    """Return the labels of each sample, for each outcome that the definition asks for.

    Parameters
    ----------
    samples : DataFrame with ``journey``, ``cutoff`` and ``seen`` as in `samples_of`

    Returns
    -------
    dict of DataFrame, shape (n_samples, 3), with the samples' index
        ``y``: 1.0, 0.0 or NaN (censored or not at risk); ``known_at``: the UTC instant at which the
        label was known, NaT where ``y`` is NaN; ``closed_at``: the later instant from which this
        sample has been watched as long as any other (the horizon's end; for success, when
        95 % of journeys have ended; for leakage without a horizon, when this one has, too), NaT
        where the log ends before it or ``y`` is NaN.
    """
    found = _found(log, journeys, samples, definition)
    return {outcome: _decided(each, log, samples) for outcome, each in found.items()}


def at_risk_of(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> dict[Outcome, Flags]:
    """Return whether the question arises at each sample: at risk and ``y`` NaN is censored."""
    found = _found(log, journeys, samples, definition)
    return {outcome: at_risk for outcome, (_, _, at_risk, _) in found.items()}


def usual_length_of(log: EventLog, journeys: pd.DataFrame, definition: Definition) -> int:
    """Return how long journeys usually take, in microseconds; of a shard, what it was told.

    That is how long 95 % of the journeys that began in the log's first half and have ended took, at
    most the horizon of success; 0 where none has ended.
    """
    if log.usual_length is not None:
        return log.usual_length
    return usual_length(early_lengths(log, journeys), definition)


def early_lengths(log: EventLog, journeys: pd.DataFrame) -> Rows:
    """Return how long each journey took that began in the log's first half and has ended."""
    start, end = microseconds(journeys["start"]), end_times(journeys)
    watched = (start <= (log.began + log.ended) // 2) & (end != NEVER)
    return np.asarray((end - start)[watched])


def usual_length(lengths: Rows, definition: Definition) -> int:
    """Return what `usual_length_of` says of the journeys of `early_lengths`, in any order."""
    within = definition.success.within if definition.success else None
    longest = NEVER if within is None else _micros(within)
    return min(int(np.quantile(lengths, _WATCHED_SHARE)), longest) if len(lengths) else 0


def bad_outcome(y: NDArray[np.float64], outcome: Outcome) -> NDArray[np.float64]:
    """Return 1.0 where the bad thing happened: not succeeding, leaking, churning; NaN stays."""
    return 1.0 - y if outcome == "success" else y


def _found(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> dict[Outcome, Instants]:
    ask = {"success": _success, "leakage": _leakage, "churn": _churn}
    return {key: ask[key](log, journeys, samples, definition) for key in definition.outcomes}


def _decided(found: Instants, log: EventLog, samples: pd.DataFrame) -> pd.DataFrame:
    happened_at, over_at, at_risk, closed_at = found
    log_end, unknown = log.ended, np.iinfo(np.int64).min
    happened = at_risk & (happened_at <= np.minimum(over_at, log_end))
    known = happened | (at_risk & (over_at <= log_end))
    y = np.where(known, happened.astype(np.float64), np.nan)
    known_at = np.where(known, np.where(happened, happened_at, over_at), unknown)
    closed = known & (np.maximum(closed_at, known_at) <= log_end)
    closed_at = np.where(closed, np.maximum(closed_at, known_at), unknown)
    columns = {"y": y, "known_at": instants(known_at), "closed_at": instants(closed_at)}
    return pd.DataFrame(columns, index=samples.index)


def _success(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> Instants:
    journey = samples["journey"].to_numpy()
    end = end_times(journeys)[journey]
    won = (journeys["state"] == "success").to_numpy()[journey]
    at_risk = microseconds(samples["cutoff"]) < end
    start = microseconds(journeys["start"])[journey]
    closed_at = start + usual_length_of(log, journeys, definition)
    return np.where(won, end, NEVER), end, at_risk, closed_at


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
        start = microseconds(journeys["start"])[journey]
        usual = start + usual_length_of(log, journeys, definition)
        return np.where(at <= end, at, NEVER), end, had_none, np.maximum(end, usual)
    horizon = microseconds(samples["cutoff"]) + _micros(rule.within)
    return at, horizon, had_none, horizon


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
    horizon = cutoff + _micros(rule.within or rule.inactive_for or timedelta(0))
    return at, horizon, stayed, horizon


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
