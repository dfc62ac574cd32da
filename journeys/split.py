"""Splitting by time: learn from what was known, be tested on what began later.

Train on samples that were closed (their label known, whatever it was) before the split instant;
test on journeys that started after it, a gap between; no customer on both sides.  A customer's
*later* journeys must not decide whether their earlier ones may train (only those who stay come
back), so a customer who could be on both sides is left out of the test part; where nearly everybody
comes back, a fixed third of the customers is kept out of training instead.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.errors import TooLittleDataError
from journeys.log import EventLog, instants, microseconds

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

_TEST_SHARE = 0.3
_HELD_OUT_SHARE = 0.3
_GAP_SHARE = 0.01
_LONGEST_GAP = pd.Timedelta(days=1)
_EPOCH = pd.Timestamp(0, tz="UTC")


@dataclass(frozen=True)
class Split:
    """Which samples train and which test, and where in time the two part.

    ``train`` and ``test`` have shape (n_samples,); a sample may be in neither.  ``at`` is the split
    instant (UTC): every train label was closed by then, every test journey began after the gap.
    """

    train: Flags
    test: Flags
    at: pd.Timestamp
    gap: pd.Timedelta


@dataclass(frozen=True, eq=False)
class Watched:
    """Samples as far as a split looks at them.

    Attributes
    ----------
    start, closed_at : int64 (n_samples,), microseconds UTC: when their journey began, and since
        when they have been closed; the smallest int64 where they are not
    customer : code of each sample's customer, (n_samples,); ``keys`` are the customers' by code
    """

    start: Rows
    closed_at: Rows
    customer: Rows
    keys: pd.Index

    @property
    def closed(self) -> Flags:
        """Which samples are closed."""
        return np.asarray(self.closed_at > np.iinfo(np.int64).min)


def split_by_time(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, labels: pd.DataFrame
) -> Split:
    """Return the split whose smaller part, weighed 70 to 30, holds the most labelled samples.

    Parameters
    ----------
    samples, labels : DataFrames of one index, from `samples_of` and one outcome of `labels_of`
        Samples that are not closed are in neither part.

    Raises
    ------
    TooLittleDataError
        If no instant leaves labelled samples on both sides.
    """
    watched = _watched(log, journeys, samples, labels)
    return split_watched(watched, span=log.ends - log.begins)


def split_watched(watched: Watched, *, span: pd.Timedelta) -> Split:
    """Return the split of `split_by_time`; ``span`` is how long the whole log is.

    Raises
    ------
    TooLittleDataError
        If no instant leaves labelled samples on both sides.
    """
    closed, gap = watched.closed, min(_LONGEST_GAP, span * _GAP_SHARE)
    at = _best_instant(watched.start[closed] - _micros(gap), watched.closed_at[closed])
    if at is None:
        raise TooLittleDataError(
            f"The log has {int(closed.sum()):,} samples whose label is known, and no instant that "
            "leaves some of them before it and some journeys begun after it. Give a longer log, or "
            "a shorter horizon (`within:`) in the definition."
        )
    split = _split_at(watched, instants(np.array([at]))[0], gap)
    if not split.train.any() or not split.test.any():
        raise TooLittleDataError(
            f"The same {len(np.unique(watched.customer)):,} customers stand before and after every "
            "instant, so nobody is left to test on who was not learnt from; give a log of more "
            "customers."
        )
    return split


def split_at(
    log: EventLog,
    journeys: pd.DataFrame,
    samples: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    at: pd.Timestamp,
    gap: pd.Timedelta,
) -> Split:
    """Return the split at a given instant; a part may be empty."""
    return _split_at(_watched(log, journeys, samples, labels), at, gap)


def _watched(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, labels: pd.DataFrame
) -> Watched:
    journey = samples["journey"].to_numpy()
    return Watched(
        start=microseconds(journeys["start"])[journey],
        closed_at=microseconds(labels["closed_at"]),
        customer=journeys["customer"].to_numpy()[journey],
        keys=log.events["customer_id"].cat.categories,
    )


def _split_at(watched: Watched, at: pd.Timestamp, gap: pd.Timedelta) -> Split:
    instant, closed = _micros(at - _EPOCH), watched.closed
    train = closed & (watched.closed_at <= instant)
    test = closed & (watched.start >= instant + _micros(gap))
    return Split(*_one_side_each(train, test, watched), at, gap)


def _micros(length: pd.Timedelta) -> int:
    return length // pd.Timedelta(microseconds=1)


def _best_instant(starts: NDArray[np.int64], closed_at: NDArray[np.int64]) -> int | None:
    """Return the instant that maximises min(train share / .7, test share / .3) of the samples."""
    if len(starts) == 0:
        return None
    candidates = np.unique(np.quantile(np.concatenate([starts, closed_at]), np.linspace(0, 1, 101)))
    candidates = candidates.astype(np.int64)
    train = np.searchsorted(np.sort(closed_at), candidates, side="right")
    test = len(starts) - np.searchsorted(np.sort(starts), candidates, side="left")
    worth = np.minimum(train / (1 - _TEST_SHARE), test / _TEST_SHARE)
    best = int(np.argmax(worth))
    return int(candidates[best]) if worth[best] > 0 else None


def _one_side_each(train: Flags, test: Flags, watched: Watched) -> tuple[Flags, Flags]:
    customer = watched.customer
    trained = np.zeros(len(watched.keys), dtype=np.bool_)
    trained[customer[train]] = True
    newcomers = test & ~trained[customer]
    if newcomers.sum() >= test.sum() / 2:
        return train, newcomers
    held_out = _held_out_customers(watched.keys)
    train = train & ~held_out[customer]
    return train, test & (held_out[customer] | ~trained[customer])


def _held_out_customers(keys: Iterable[str]) -> Flags:
    """Return a fixed share of the customers, drawn by a hash of their key: the same every time."""
    draws = [hashlib.blake2b(key.encode(), digest_size=4).digest() for key in keys]
    share = np.array([int.from_bytes(draw, "big") for draw in draws]) / 2**32
    return np.asarray(share < _HELD_OUT_SHARE)
