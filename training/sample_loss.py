"""What learning from a sample of customers loses: a learning curve, drawn on to all of them.

The same recipe is fitted to the four quarters of the sample's customers and to its two halves (by a
hash of their keys, so that a half holds two of the quarters); all are asked about the same
held-out journeys as the model itself.  The AUC of n customers is taken as ``a - b n**-d``, a line
in ``n**-d``, whose slope says what more customers would bring (power laws fit learning curves best
of the simple forms, Viering and Loog 2023).  Three points do not tell how fast it flattens, so the
interval is the widest of those that d = .25, .5 and 1 give.

The interval holds two kinds of chance: whom the model is asked about (a paired bootstrap of the
test part's customers) and whom it has learnt from (how far the quarters, and the halves, differ
among each other).
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from journeys.definition import Outcome
from journeys.log import CUSTOMER
from journeys.shards import chosen_of
from models.outcome import OutcomeModel, fit_refitted
from models.recipe import Recipe
from models.threads import one_thread
from training.data import TrainingData
from training.fit import Progress, stages_of
from training.folds import settling_folds
from training.metrics import TestPart, auc_draws

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_LOST = 0.002
SHARES = (4, 2, 1)
_EXPONENTS = (0.25, 0.5, 1.0)
_USUAL = 0.5
_REPEATS = 400
_AT_ONCE = 2
_FEWEST_OF_A_CLASS = 40
# Other draws than those that chose the sample: these would all lie below its share.
_SALT = 7_919


@dataclass(frozen=True)
class Point:
    """The AUC on later journeys of what so many customers teach; the mean of ``fits`` models."""

    customers: int
    fits: int
    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class SampleLoss:
    """What an outcome loses by learning from ``customers`` instead of ``all_customers``.

    ``loss``, with the ends of its 95 % interval, is the AUC that all would bring more; below 0:
    the curve fell. None, with ``why``, where the sample is too small to say.
    """

    customers: int
    all_customers: int
    points: tuple[Point, ...] = ()
    loss: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""

    @property
    def is_small(self) -> bool:
        """Whether it is below .002 of AUC, its whole interval."""
        return self.high is not None and self.high < MOST_LOST

    def as_dict(self) -> dict[str, object]:
        """Return plain data, as the manifest keeps it."""
        written = asdict(self) | {"points": [asdict(point) for point in self.points]}
        return written | {"limit": MOST_LOST, "small": self.is_small}


def sample_losses(
    data: TrainingData,
    models: Mapping[Outcome, tuple[OutcomeModel, Recipe]],
    *,
    all_customers: int,
    seed: int = 0,
    tell: Progress,
) -> dict[Outcome, SampleLoss]:
    """Return what each outcome loses by learning from this log's customers instead of all.

    Parameters
    ----------
    data : made of a sample of the customers
    models : of each outcome the model that has learnt from the whole sample, and its recipe
    all_customers : of how many customers the sample was drawn
    """
    losses: dict[Outcome, SampleLoss] = {}
    with one_thread(), ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        running = {
            outcome: pool.submit(_loss_of, data, outcome, *made, all_customers, seed)
            for outcome, made in models.items()
        }
        for place, (outcome, job) in enumerate(running.items(), start=1):
            losses[outcome] = job.result()
            tell("what the sample loses", place / len(models))
    return losses


def _loss_of(
    data: TrainingData,
    outcome: Outcome,
    model: OutcomeModel,
    recipe: Recipe,
    all_customers: int,
    seed: int,
) -> SampleLoss:
    customers = len(data.log.offsets) - 1
    parts = [_parts_of(data, outcome, share, seed) for share in SHARES[:-1]]
    if why := _too_few(data, outcome, parts[0]):
        return SampleLoss(customers, all_customers, why=why)
    models = [[_refitted(data, outcome, part, recipe, seed) for part in some] for some in parts]
    draws = [
        np.array([_drawn(data, outcome, one, seed) for one in some]) for some in (*models, [model])
    ]
    learnt_from = [customers // share for share in SHARES]
    points = [_point(n, drawn) for n, drawn in zip(learnt_from, draws, strict=True)]
    loss, low, high = extrapolated(draws, all_customers / customers, seed=seed)
    return SampleLoss(customers, all_customers, tuple(points), loss, low, high)


def _parts_of(data: TrainingData, outcome: Outcome, share: int, seed: int) -> list[Flags]:
    """Return the training samples in so many parts, each of other customers."""
    keys = [str(key) for key in data.log.events[CUSTOMER].cat.categories]
    below = [chosen_of(keys, place / share, seed=seed + _SALT) for place in range(share + 1)]
    mine = [more & ~fewer for fewer, more in pairwise(below)]
    return [data.splits[outcome].train & one[data.customers] for one in mine]


def _too_few(data: TrainingData, outcome: Outcome, quarters: list[Flags]) -> str:
    y = data.labels[outcome]["y"].to_numpy()
    rarer = min(min(y[one].sum(), (1 - y[one]).sum()) for one in quarters)
    test = y[data.splits[outcome].test]
    if min(rarer, test.sum(), (1 - test).sum()) >= _FEWEST_OF_A_CLASS:
        return ""
    return (
        f"A quarter of the sample has {int(rarer):,} samples of the rarer {outcome}; fewer than "
        f"{_FEWEST_OF_A_CLASS} say nothing of what more customers would bring."
    )


def _refitted(
    data: TrainingData, outcome: Outcome, rows: Flags, recipe: Recipe, seed: int
) -> OutcomeModel:
    part = data.part(outcome, rows)
    model, _ = fit_refitted(
        part,
        settling_folds(part, seed=seed),
        categorical=data.plan.categorical,
        recipe=recipe.unsettled(),
        stages=stages_of(data.plan, data.journeys, data.splits[outcome]),
        seed=seed,
    )
    return model


def _drawn(data: TrainingData, outcome: Outcome, model: OutcomeModel, seed: int) -> Floats:
    """Return the AUC on the test part and in draws of its customers: the same for every model."""
    test = data.splits[outcome].test
    y, p = data.labels[outcome]["y"].to_numpy()[test], model.predict(data.X[test]).p
    part = TestPart(y, p, data.customers[test], np.zeros(len(p)))
    return auc_draws(part, seed, repeats=_REPEATS)


def _point(customers: int, drawn: Floats) -> Point:
    mean = drawn.mean(axis=0)
    low, high = np.nanquantile(mean[1:], [0.025, 0.975])
    return Point(customers, len(drawn), float(mean[0]), float(low), float(high))


def extrapolated(draws: list[Floats], times: float, *, seed: int) -> tuple[float, float, float]:
    """Return the AUC that so many times the customers would bring more, and its 95 % interval.

    Parameters
    ----------
    draws : for each of `SHARES` the AUC of its models, shape (n_models, 1 + n_draws): the value
        and paired bootstrap draws
    """
    rng = np.random.default_rng(seed)
    means = np.array([one.mean(axis=0) for one in draws])
    luck, freedom = _luck_of_learning(draws)
    noise = luck * rng.standard_t(freedom, means[:, 1:].shape)
    drawn = means[:, 1:] + noise
    usual = float(_gain(means[:, :1], times, _USUAL)[0])
    ends = [
        np.nanquantile(_gain(drawn, times, exponent), [0.025, 0.975]) for exponent in _EXPONENTS
    ]
    return usual, float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def _luck_of_learning(draws: list[Floats]) -> tuple[float, int]:
    """Return how much chance there is in each point by whom was learnt from: a deviation.

    The variance of one model is taken as inverse to the customers it has learnt from: then the mean
    of four quarters, of two halves and the whole all vary by the same, which all of them tell of.
    """
    spread = [(one[:, 0].var(ddof=1) / len(one), len(one) - 1) for one in draws if len(one) > 1]
    freedom = sum(free for _, free in spread)
    return float(np.sqrt(sum(found * free for found, free in spread) / freedom)), freedom


def _gain(means: Floats, times: float, exponent: float) -> Floats:
    """Return what a line through the AUC over ``n**-exponent`` gains at so many times as many."""
    x = np.array([float(share) ** exponent for share in SHARES])
    off = x - x.mean()
    fall = -(off @ (means - means.mean(axis=0))) / (off @ off)
    return np.asarray(fall * (1.0 - times**-exponent))
