"""Two models on the same samples: what the one gains on the other, and whether that can be told."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.metrics import METRICS, TestPart, interval, metric_draws

Floats = NDArray[np.float64]

EVERYWHERE = "all"
FEWEST = 50
_REPEATS = 200


@dataclass(frozen=True)
class Margins:
    """How much worse still counts as no worse, and how far off as calibrated.

    ``auc``, ``skill`` and ``stage_auc`` are what the gain of `Comparison` may be below zero; the
    lower end of its interval may be twice as far below.  ``calibration`` is what the calibration
    error may be above that of chance, as a probability.
    """

    auc: float = 0.01
    skill: float = 0.01
    stage_auc: float = 0.03
    calibration: float = 0.05


@dataclass(frozen=True)
class Comparison:
    """One number of both models on the same samples; more is better.

    Attributes
    ----------
    what : ``auc``, or ``skill``: the share of the base rate's log loss that the model saves
    where : a stage of the journey, or ``all``
    gain, low, high : challenger - champion, with its 95 % interval over draws of customers
    margin : how far below zero the gain may be; its lower end twice as far
    state : ``better``, ``no worse``, ``cannot tell`` or ``worse``

    A number is None where it is not defined, as an AUC without a positive.
    """

    outcome: str
    what: str
    where: str
    customers: int
    champion: float | None
    challenger: float | None
    gain: float | None
    low: float | None
    high: float | None
    margin: float
    state: str

    @property
    def sentence(self) -> str:
        """The numbers in words."""
        where = "" if self.where == EVERYWHERE else f" in the {self.where}"
        name = f"{'AUC' if self.what == 'auc' else self.what}{where}"
        if self.gain is None:
            return f"{name} is not defined."
        return (
            f"{name} {self.challenger:.3f}, the champion's {self.champion:.3f}: "
            f"{self.gain:+.3f} ({self.low:+.3f} to {self.high:+.3f})."
        )


def compared(
    part: TestPart, challenger: Floats, *, where: str, seed: int, margins: Margins
) -> list[Comparison]:
    """Return AUC and skill of both on the same samples; ``part.p`` is the champion's.

    Nothing where there are no samples.
    """
    if len(part.y) == 0:
        return []
    draws = [
        metric_draws(one, seed, repeats=_REPEATS) for one in (part, part.predicted_by(challenger))
    ]
    auc, loss, base = METRICS.index("auc"), METRICS.index("log_loss"), _base_log_loss(part.y)
    aucs = [one[:, auc] for one in draws]
    skills = [1 - one[:, loss] / base for one in draws]
    of_both = (
        ("auc", aucs, margins.auc if where == EVERYWHERE else margins.stage_auc),
        ("skill", skills, margins.skill),
    )
    customers, few = part.customer_count, _rarer(part) < FEWEST
    rows = []
    for what, (champion, rival), margin in of_both:
        gain, low, high = interval(rival - champion).values()
        state = _state(gain, low, high, margin)
        state = _state_of_few(state, high, where) if few else state
        both = _number(champion[0]), _number(rival[0])
        rows.append(Comparison("", what, where, customers, *both, gain, low, high, margin, state))
    return rows


def _state(gain: float | None, low: float | None, high: float | None, margin: float) -> str:
    if gain is None or low is None or high is None:
        return "cannot tell"
    if low > 0:
        return "better"
    if gain < -margin:
        return "worse"
    return "no worse" if low >= -2 * margin else "cannot tell"


def _state_of_few(state: str, high: float | None, where: str) -> str:
    """Return what few customers, whose intervals are rough, can tell: at most that it is worse.

    A stage of few customers decides nothing.
    """
    shown = state == "worse" and where == EVERYWHERE and high is not None and high < 0
    return "worse" if shown else "cannot tell"


def _rarer(part: TestPart) -> int:
    """Return the customers with the rarer of the two: the outcome, or its absence."""
    return min(len(np.unique(part.customers[part.y == side])) for side in (0.0, 1.0))


def _base_log_loss(y: Floats) -> float:
    """Return the log loss of the base rate itself; drawn half a sample towards .5, never zero."""
    rate = (y.sum() + 0.5) / (len(y) + 1)
    return float(-(rate * np.log(rate) + (1 - rate) * np.log1p(-rate)))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
