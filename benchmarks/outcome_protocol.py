"""The protocol of the outcome benchmark: split, prefixes, and the AUC that is compared.

Teinemaa, Dumas, La Rosa & Maggi, *Outcome-oriented predictive process monitoring: review and
benchmark*, ACM TKDD 13(2), 2019, and the code published with it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.outcome_task import CASE, POSITIVE, TIME, Task, cut_traces
from journeys.errors import TooLittleDataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TRAIN_SHARE = 0.8
_LONGEST = 40
_OF_POSITIVES = 0.9


@dataclass(frozen=True, eq=False)
class Cases:
    """Labelled events of some cases, whole cases together, each in its order.

    ``length``: how many events of its case had been seen at each event, (n_events,), from 1;
    ``asked``: whether the prefix that ends there is a sample, (n_events,).
    """

    events: pd.DataFrame
    length: Ints
    asked: NDArray[np.bool_]

    @property
    def y(self) -> Floats:
        """The outcome of each sample."""
        return self.events[POSITIVE].to_numpy(dtype=np.float64)[self.asked]

    @property
    def lengths(self) -> Ints:
        """The prefix length of each sample."""
        return self.length[self.asked]

    @property
    def cases(self) -> Ints:
        """The case of each sample, as a number."""
        return np.asarray(pd.factorize(self.events[CASE])[0], dtype=np.int64)[self.asked]


def split(events: pd.DataFrame, task: Task) -> tuple[Cases, Cases]:
    """Return the training and the test cases of a task.

    By case start, the first 80 % of the cases train; events of a training case at or after the
    first test event are dropped.

    Raises
    ------
    TooLittleDataError
        If either part has no event, or the training part one class only.
    """
    whole = cut_traces(events, task.cut_before) if task.cut_before else events
    cap = task.prefix_cap or prefix_cap(whole)
    train, test = split_by_start(whole, TRAIN_SHARE)
    for part, what in ((train, "training"), (test, "test")):
        if part.empty or part[POSITIVE].nunique() < 2:
            raise TooLittleDataError(
                f"The {what} part of {task.name!r} has {part[CASE].nunique():,} cases, "
                f"{part.groupby(CASE)[POSITIVE].first().sum():.0f} of them positive; an AUC needs "
                "both classes on both sides. Give a longer log."
            )
    return cases_of(train, cap), cases_of(test, cap)


def prefix_cap(events: pd.DataFrame) -> int:
    """Return the benchmark's longest prefix: the 0.9-quantile of positive cases, at most 40."""
    lengths = events[events[POSITIVE] == 1].groupby(CASE).size()
    longest = float(lengths.quantile(_OF_POSITIVES)) if len(lengths) else 1.0
    return max(1, min(_LONGEST, math.ceil(longest)))


def split_by_start(events: pd.DataFrame, share: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the events of the first cases, cut at the first event of the others, and the others'.

    Cases that start at one instant are in the order of their names, as in the published code.
    """
    start = events.groupby(CASE)[TIME].min().sort_values(kind="stable")
    first = start.index[: int(share * len(start))]
    is_first = events[CASE].isin(first)
    later = events[~is_first]
    earlier = events[is_first]
    return earlier[earlier[TIME] < later[TIME].min()], later


def cases_of(events: pd.DataFrame, cap: int) -> Cases:
    """Return events as cases with a sample for each prefix up to the cap."""
    ordered = events.sort_values(CASE, kind="stable", ignore_index=True)
    length = np.asarray(ordered.groupby(CASE).cumcount().to_numpy() + 1, dtype=np.int64)
    return Cases(ordered, length, np.asarray(length <= cap))


def auc(score: Floats, test: Cases) -> float:
    """Return the AUC at each prefix length, averaged by how many test prefixes have it."""
    return _weighted(_ranked(score, test), test.y, np.ones(len(score)))


def auc_intervals(
    scores: Mapping[str, Floats], test: Cases, *, seed: int, draws: int = 300
) -> dict[str, Floats]:
    """Return for each name the AUCs of bootstrap samples of the test cases, shape (draws,).

    Every name is measured on the same draws, so differences are paired.
    """
    ranked = {name: _ranked(score, test) for name, score in scores.items()}
    y = test.y
    random = np.random.default_rng(seed)
    cases, n_cases = test.cases, int(test.cases.max()) + 1
    found: dict[str, list[float]] = {name: [] for name in scores}
    for _ in range(draws):
        taken = np.bincount(random.integers(0, n_cases, n_cases), minlength=n_cases)
        weight = taken[cases].astype(np.float64)
        for name, lengths in ranked.items():
            found[name].append(_weighted(lengths, y, weight))
    return {name: np.array(aucs) for name, aucs in found.items()}


def auc_by_chance(score: Floats, test: Cases, *, seed: int, draws: int = 300) -> Floats:
    """Return the AUCs of the same scores when the labels are dealt out anew, shape (draws,).

    Whole cases swap labels, so what a score could reach by luck on so few cases is seen.
    """
    ranked, cases = _ranked(score, test), test.cases
    random = np.random.default_rng(seed)
    of_case = np.zeros(int(cases.max()) + 1)
    of_case[cases] = test.y
    weight = np.ones(len(score))
    found = [_weighted(ranked, random.permutation(of_case)[cases], weight) for _ in range(draws)]
    return np.array(found)


def interval(drawn: Floats) -> list[float]:
    """Return the 95 % percentile interval of bootstrap draws."""
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]


_Ranked = list[tuple[Ints, Ints]]


def _ranked(score: Floats, test: Cases) -> _Ranked:
    """Return for each prefix length its rows and the rank of their scores."""
    return [
        (rows, np.unique(score[rows], return_inverse=True)[1].astype(np.int64))
        for rows in _by_length(test.lengths)
    ]


def _by_length(lengths: Ints) -> Iterator[Ints]:
    for length in np.unique(lengths):
        yield np.flatnonzero(lengths == length)


def _weighted(ranked: _Ranked, y: Floats, weight: Floats) -> float:
    """Return the average AUC; a length that has one class only is left out."""
    total = counted = 0.0
    for rows, rank in ranked:
        positive = np.bincount(rank, weight[rows] * y[rows])
        negative = np.bincount(rank, weight[rows] * (1 - y[rows]))
        pairs = positive.sum() * negative.sum()
        if pairs > 0:
            below = np.cumsum(negative) - negative / 2
            prefixes = float(weight[rows].sum())
            total += prefixes * float(positive @ below) / float(pairs)
            counted += prefixes
    return total / counted if counted else math.nan
