"""Mediation: which share of an effect passes through a symptom.

The mediation formula (Pearl 2001; Imai, Keele and Tingley 2010): had the exposed shown the symptom
as seldom as matched journeys did, how much less often would they have come to the bad outcome? The
answer reads the outcome by how often the symptom occurred *among the exposed*, after taking off
what their attributes and the day let one expect (a model that never saw them, out of fold).

It assumes that nothing hidden brings about both symptom and outcome among the exposed. A symptom
counts until the outcome: what a customer does after calling is no way to the call.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import NEVER, last_row_until
from journeys.labels import labels_of
from journeys.log import EventLog, instants, microseconds
from models.trees import TreeSettings, cross_fitted_probability
from rootcause.exposure import Exposures, Flags, Floats, Ints
from rootcause.matching import free_attributes, free_numbers
from rootcause.step_rows import customer_fold

_MOST_OFTEN = 3
_FEWEST_EXPOSED = 40
_FEWEST_OF_A_LEVEL = 10
_SHARE_UNSEEN = 0.2


@dataclass(frozen=True)
class Share:
    """A share of the effect, 0 to 1, with its 95 % interval over customers."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Followed:
    """Exposures that are compared, and what became of them; every array has shape (n,).

    ``residual``: the bad outcome less what was expected; ``draws``: bootstrap weights of customers,
    shape (draws, n), the first row all ones.
    """

    exposed: Flags
    weights: Floats
    residual: Floats
    draws: Floats


def mediated(levels: Ints, followed: Followed) -> Share | None:
    """Return which share of the effect passes through a symptom.

    Parameters
    ----------
    levels : how often it occurred, shape (n,); three times and more are one level

    Returns
    -------
    None where there is no effect to share out, there are too few exposed, or nearly all of them
    show the symptom as often as the others hardly do: then nobody says what is without it
    """
    exposed, residual, draws = followed.exposed, followed.residual, followed.draws
    level = np.minimum(levels, _MOST_OFTEN)[:, None] == np.arange(_MOST_OFTEN + 1)
    is_at = level.astype(np.float64)
    own, theirs = draws[:, exposed], draws[:, ~exposed] * followed.weights[~exposed]
    usual = theirs @ is_at[~exposed] / theirs.sum(axis=1)[:, None]
    unseen = is_at[exposed].sum(axis=0) < _FEWEST_OF_A_LEVEL
    if exposed.sum() < _FEWEST_EXPOSED or usual[0][unseen].sum() > _SHARE_UNSEEN:
        return None
    counts, sums = own @ is_at[exposed], own @ (is_at[exposed] * residual[exposed, None])
    mean = sums.sum(axis=1) / counts.sum(axis=1)
    # one more journey of the usual kind, so that a level nobody reached says nothing
    by_level = (sums + mean[:, None]) / (counts + 1.0)
    total = mean - theirs @ residual[~exposed] / theirs.sum(axis=1)
    if total[0] <= 0:
        return None
    through = mean - (usual * by_level).sum(axis=1)
    shares = np.clip(through / np.where(total > 0, total, np.inf), 0.0, 1.0)
    low, high = np.quantile(shares[1:], [0.025, 0.975])
    found = (shares[0], min(low, shares[0]), max(high, shares[0]))
    return Share(*(round(float(one), 3) for one in found))


def residual_of(
    exposures: Exposures,
    definition: Definition,
    conditions: Mapping[str, str],
    rows: Ints,
    exposed: Flags,
) -> Floats:
    """Return the bad outcome less the rate expected of each row, shape (n,).

    The rate is learnt from those not exposed, out of fold.
    """
    kept = free_attributes(exposures, definition, conditions)
    numbers = exposures.numbers[rows][:, free_numbers(exposures, conditions)]
    columns = (exposures.codes[rows][:, kept], numbers, exposures.day[rows])
    expected = cross_fitted_probability(
        np.column_stack(columns).astype(np.float32),
        exposures.bad[rows],
        customer_fold(exposures.lot[rows], 2, 0),
        settings=TreeSettings(trees=40, leaves=8, learning_rate=0.1, min_leaf=50),
        categorical=range(len(kept)),
        weight=(~exposed).astype(np.float64),
    )
    return np.asarray(exposures.bad[rows] - expected)


def bad_outcome_at(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    outcome: Outcome,
    exposures: Exposures,
    rows: Ints,
) -> Ints:
    """Return when the bad outcome came, in microseconds since the epoch; NEVER where it did not."""
    row, customer = exposures.row[rows], exposures.customer[rows]
    at = exposures.time[rows]
    seen = last_row_until(log.times, row, log.offsets[1:][customer] - 1, at)
    samples = pd.DataFrame(
        {"journey": exposures.journey[rows], "cutoff": instants(at), "seen": seen}
    )
    known_at = microseconds(labels_of(log, journeys, samples, definition)[outcome]["known_at"])
    return np.where(exposures.bad[rows] == 1.0, known_at, NEVER)
