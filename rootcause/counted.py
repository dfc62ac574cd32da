"""Causes in counted rows: of so many, so many went bad, at a time, in a leaf of attributes.

The unknown is which leaves changed.  A conjunction claims that all of its leaves did, each by about
the same factor, and that every other leaf stayed at its usual rate; so the likelihood of *all*
leaves decides, and a parent pays for the children that stayed calm as a child does for the siblings
that did not.  The idea that a cause spreads evenly down to its leaves is that of Sun et al. 2018
(HotSpot) and Li et al. 2019 (Squeeze); here it is a likelihood, with the scatter that the leaves
showed before.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rootcause.counted_conjunctions import Conditions, Conjunctions, conjunctions_of
from rootcause.counted_evidence import evidence_of
from rootcause.counted_leaves import Leaves, leaves_of
from rootcause.counted_ranking import Ranking, ranking_of
from rootcause.counted_usual import Usual, usual_rates, usual_without
from rootcause.intervals import Z_95

Floats = NDArray[np.float64]

# Nats that the best conjunction must have over "nothing changed": odds of 20 to 1.
_BAR = float(np.log(20.0))


@dataclass(frozen=True)
class CountedCause:
    """A conjunction of conditions and what happened in it at the time asked for.

    ``effect`` = ``rate`` - ``expected_rate``, with a 95 % interval that holds the chance of the
    counts, the doubt about the usual rate and the scatter of leaves.  ``support``: log-likelihood
    against "nothing changed", in nats, less the price of a conjunction of that order.
    ``indistinguishable``: other names of the very same leaves.
    """

    conditions: Conditions
    n: int
    bad: int
    rate: float
    expected_rate: float
    effect: float
    effect_interval: tuple[float, float]
    support: float
    indistinguishable: tuple[Conditions, ...]


@dataclass(frozen=True)
class CountedCauses:
    """Ranked conjunctions, and whether anything stands out at all.

    ``together``: how many of the first ``causes`` explain the time as one: 2 where two causes at
    once explain it better than any single one, else 1.  ``support`` is theirs together.
    ``placebo_support``: the best support found in the same way at each quiet earlier time.
    ``stands_out``: the support is above all of these and above odds of 20 to 1; where it is False,
    the ranking is the least unlikely guess, not a finding.
    """

    causes: tuple[CountedCause, ...]
    together: int
    support: float
    placebo_support: tuple[float, ...]
    stands_out: bool


def causes_in_counts(
    rows: pd.DataFrame,
    *,
    at: Hashable,
    attributes: Sequence[str],
    time: str = "time",
    most: int = 10,
) -> CountedCauses:
    """Return the conjunctions that explain the excess of bad outcomes at a time, best first.

    Parameters
    ----------
    rows : DataFrame with a column of times (numbers or timestamps, evenly or not), ``n`` (how
        many), ``bad`` (of these, how many went bad) and the attributes, one row per time and leaf;
        rows of the same leaf and time are added up.  A null attribute does not exist there: no
        condition on it holds.  A row that is absent means that nobody was counted.
    at : a time of the rows; later rows are not looked at, earlier ones are the reference
    attributes : columns that may become conditions, up to three at once
    time : the column of times
    most : how many conjunctions to return

    Raises
    ------
    TooLittleDataError
        If a column is missing, counts are not counts, the time has no rows or fewer than two
        earlier times are there.
    """
    leaves = leaves_of(rows, at=at, attributes=attributes, time=time)
    usual = usual_rates(leaves)
    conjunctions = conjunctions_of(leaves, leaves.n[:, -1])
    ranking = ranking_of(evidence_of(leaves.n[:, -1], leaves.bad[:, -1], usual), conjunctions)
    placebo = tuple(_placebo(leaves, usual, int(moment)) for moment in usual.quiet)
    return CountedCauses(
        causes=_causes(leaves, usual, conjunctions, ranking, most),
        together=ranking.together,
        support=ranking.best,
        placebo_support=placebo,
        stands_out=ranking.best > max(_BAR, *placebo),
    )


def _placebo(leaves: Leaves, usual: Usual, moment: int) -> float:
    """Return the best support at a quiet earlier time, held against the other quiet ones."""
    against = usual_without(leaves, usual, moment)
    n, bad = leaves.n[:, moment], leaves.bad[:, moment]
    return ranking_of(evidence_of(n, bad, against), conjunctions_of(leaves, n)).best


def _causes(
    leaves: Leaves, usual: Usual, conjunctions: Conjunctions, ranking: Ranking, most: int
) -> tuple[CountedCause, ...]:
    n, bad = leaves.n[:, -1], leaves.bad[:, -1]
    made = []
    for chosen in ranking.order[:most]:
        inside = conjunctions.leaves_in(chosen)
        first, *others = conjunctions.names_of(chosen, leaves)
        total, expected = n[inside].sum(), (n * usual.rate)[inside].sum()
        rate, usually = bad[inside].sum() / total, expected / total
        arm = Z_95 * _doubt(n[inside], bad[inside], usual.rate[inside], usual.variance[inside])
        made.append(
            CountedCause(
                conditions=first,
                n=int(total),
                bad=int(bad[inside].sum()),
                rate=float(rate),
                expected_rate=float(usually),
                effect=float(rate - usually),
                effect_interval=(float(rate - usually - arm), float(rate - usually + arm)),
                support=float(ranking.support[chosen]),
                indistinguishable=tuple(others),
            )
        )
    return tuple(made)


def _doubt(n: Floats, bad: Floats, rate: Floats, variance: Floats) -> float:
    """Return the standard error of the observed less the expected rate of some leaves."""
    # Half a bad outcome more keeps the error of "none at all" above zero.
    observed = (bad.sum() + 0.5) / (n.sum() + 1.0)
    counted = n.sum() * observed * (1.0 - observed)
    expected = ((n * rate * (1.0 - rate)) ** 2 * variance).sum()
    return float(np.sqrt(counted + expected) / n.sum())
