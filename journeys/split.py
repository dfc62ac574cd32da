"""Splitting by time: learn from what was known, be tested on what began later.

Train on samples whose label was known before the split instant; test on journeys that started
after it, a gap between; no customer on both sides.  A customer's *later* journeys must not decide
whether their earlier ones may train (only those who stay come back), so a customer who could be on
both sides is left out of the test part; where nearly everybody comes back, a fixed third of the
customers is kept out of training instead.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.errors import TooLittleDataError
from journeys.log import EventLog, instants, microseconds

Flags = NDArray[np.bool_]

_TEST_SHARE = 0.3
_HELD_OUT_SHARE = 0.3
_GAP_SHARE = 0.01
_LONGEST_GAP = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Split:
    """Which samples train and which test, and where in time the two part.

    ``train`` and ``test`` have shape (n_samples,); a sample may be in neither.  ``at`` is the split
    instant (UTC): every train label was known by then, every test journey began after ``at + gap``.
    """

    train: Flags
    test: Flags
    at: pd.Timestamp
    gap: pd.Timedelta


def split_by_time(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, labels: pd.DataFrame
) -> Split:
    """Return the split whose smaller part, weighed 70 to 30, holds the most labelled samples.

    Parameters
    ----------
    samples, labels : DataFrames of one index, from `samples_of` and one outcome of `labels_of`
        Samples with ``y`` NaN are in neither part.

    Raises
    ------
    TooLittleDataError
        If no instant leaves labelled samples on both sides.
    """
    start = microseconds(journeys["start"])[samples["journey"].to_numpy()]
    known = labels["y"].notna().to_numpy()
    known_at = microseconds(labels["known_at"])
    gap = min(_LONGEST_GAP, (log.ends - instants(log.times.min()[None])[0]) * _GAP_SHARE)
    gap_micros = round(gap.total_seconds() * 1_000_000)
    at = _best_instant(start[known] - gap_micros, known_at[known])
    if at is None:
        raise TooLittleDataError(
            f"The log has {int(known.sum()):,} samples with a known label, but no instant that "
            "leaves some known before it and some journeys begun after it. Give a longer log, or "
            "a shorter `within:` in the definition."
        )
    train = known & (known_at <= at)
    test = known & (start >= at + gap_micros)
    customer = journeys["customer"].to_numpy()[samples["journey"].to_numpy()]
    train, test = _one_side_each(train, test, customer, log)
    if not train.any() or not test.any():
        raise TooLittleDataError(
            f"The same {len(np.unique(customer))} customers stand before and after every instant, "
            "so nobody is left to test on who was not learnt from; give a log of more customers."
        )
    return Split(train, test, instants(np.array([at]))[0], gap)


def _best_instant(starts: NDArray[np.int64], known_at: NDArray[np.int64]) -> int | None:
    """Return the instant that maximises min(train share / .7, test share / .3) of the samples."""
    if len(starts) == 0:
        return None
    candidates = np.unique(np.quantile(np.concatenate([starts, known_at]), np.linspace(0, 1, 101)))
    candidates = candidates.astype(np.int64)
    train = np.searchsorted(np.sort(known_at), candidates, side="right")
    test = len(starts) - np.searchsorted(np.sort(starts), candidates, side="left")
    worth = np.minimum(train / (1 - _TEST_SHARE), test / _TEST_SHARE)
    best = int(np.argmax(worth))
    return int(candidates[best]) if worth[best] > 0 else None


def _one_side_each(
    train: Flags, test: Flags, customer: NDArray[np.int64], log: EventLog
) -> tuple[Flags, Flags]:
    trained = np.zeros(len(log.offsets) - 1, dtype=np.bool_)
    trained[customer[train]] = True
    newcomers = test & ~trained[customer]
    if newcomers.sum() >= test.sum() / 2:
        return train, newcomers
    held_out = _held_out_customers(log)
    train = train & ~held_out[customer]
    return train, test & (held_out[customer] | ~trained[customer])


def _held_out_customers(log: EventLog) -> Flags:
    """Return a fixed share of the customers, drawn by a hash of their key: the same every time."""
    keys = log.events["customer_id"].cat.categories
    draws = [hashlib.blake2b(key.encode(), digest_size=4).digest() for key in keys]
    share = np.array([int.from_bytes(draw, "big") for draw in draws]) / 2**32
    return np.asarray(share < _HELD_OUT_SHARE)
