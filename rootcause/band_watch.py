"""The sequential test behind the band: day by day, from the past only, with a false-alarm budget.

Each (step, odds ratio) grows evidence that its KPI has changed since *some* day: the sum over all
first days of the likelihood ratios since then, M = (M + 1) L (Shiryaev 1963; Roberts 1966).  A
weighted mean of such sums is an **e-detector** (Shin, Ramdas & Rinaldo 2024): while nothing changes
it grows by at most one a day in expectation, so a bar of A is reached on average after A days or
more, whatever is looked at and however often.  A budget of b alarms a month is a bar of 30 / b.

No single day counts for more than a factor of eight: a holiday or an outage is no change of level.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rootcause.band_expected import GAP_DAYS, LEARN_DAYS, LEARN_FROM

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

STANDS_DAYS = 28
MOST_A_DAY = float(np.log(8.0))
_BACK_AFTER = 7
_BACK = -3.0
_WORSE = 0.75


@dataclass(frozen=True)
class Raised:
    """An alarm as the test knows it; days are places from the first day of the log.

    ``learnt``: the days that say what was expected; ``ended``: the day on which it was over (the
    KPI was back, or had stayed changed for four weeks and is the new normal), None while it stands.
    """

    step: int
    log_odds: float
    onset: int
    noticed: int
    learnt: Ints
    ended: int | None


@dataclass
class Watcher:
    """The state of the test of one KPI."""

    log_odds: Floats
    weights: Floats  # of (step, odds ratio), summing to one
    bar: float
    learnable: NDArray[np.bool_]
    evidence: Floats = field(init=False)
    ratios: list[Floats] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)
    _since: int = 0

    def __post_init__(self) -> None:
        self.evidence = np.full(self.weights.shape, -np.inf)

    def learns_from(self, day: int) -> Ints:
        """Return the days to learn from for a day; while an alarm stands, those before it."""
        if self.standing is not None:
            return self.standing.learnt
        days = np.flatnonzero(self.learnable[: max(day - GAP_DAYS, 0)])
        return days[-LEARN_DAYS:]

    @property
    def standing(self) -> Raised | None:
        """The alarm that stands, if one does."""
        last = self.raised[-1] if self.raised else None
        return last if last is not None and last.ended is None else None

    def see(self, day: int, learnt: Ints, ratio: Floats) -> None:
        """Take in one day's log likelihood ratios, shape (n_steps, n_odds)."""
        ratio = np.minimum(ratio, MOST_A_DAY)
        self.ratios.append(ratio)
        if self.standing is not None:
            self._stand(day)
            return
        self.evidence = np.logaddexp(self.evidence, 0.0) + ratio
        mixed = self.evidence + np.log(self.weights)
        if float(np.logaddexp.reduce(mixed, axis=None)) >= np.log(self.bar):
            self._raise(day, learnt, np.unravel_index(int(mixed.argmax()), mixed.shape))

    def _raise(self, day: int, learnt: Ints, most: tuple[np.intp, ...]) -> None:
        step, odds = int(most[0]), int(most[1])
        same = np.flatnonzero(np.sign(self.log_odds) == np.sign(self.log_odds[odds]))
        recent = np.array([one[step, same] for one in self.ratios[self._since :]])
        gain = np.cumsum(recent[::-1], axis=0)[::-1]
        began, size = np.unravel_index(int(gain.argmax()), gain.shape)
        onset, odds = day - len(recent) + 1 + int(began), int(same[size])
        kept = learnt[learnt < onset]
        kept = kept if enough(kept) else learnt
        self.raised.append(Raised(step, float(self.log_odds[odds]), onset, day, kept, None))

    def _stand(self, day: int) -> None:
        alarm = self.raised[-1]
        odds = int(np.argmin(np.abs(self.log_odds - alarm.log_odds)))
        lately = sum(float(one[alarm.step, odds]) for one in self.ratios[-_BACK_AFTER:])
        back = day - alarm.noticed >= _BACK_AFTER and lately < _BACK
        if not back and day - alarm.noticed < STANDS_DAYS:
            return
        ended = Raised(
            alarm.step, alarm.log_odds, alarm.onset, alarm.noticed, alarm.learnt, ended=day
        )
        self.raised[-1] = ended
        if back:
            self.learnable[alarm.onset : day + 1] = False
        else:
            self.learnable[: alarm.onset] = False
        self.evidence = np.full(self.weights.shape, -np.inf)
        self._since = len(self.ratios)


def watcher_of(log_odds: Floats, steps: Floats, *, bar: float, days: int) -> Watcher:
    """Return the state before the first day.

    ``log_odds``: those of a change for the worse, then those for the better, as many; the first
    have three times the weight.  ``steps``: the weight of each step.
    """
    half = len(log_odds) // 2
    each = np.repeat([_WORSE, 1.0 - _WORSE], half) / half
    weights = np.outer(steps / steps.sum(), each)
    return Watcher(log_odds, weights, bar, np.ones(days, dtype=np.bool_))


def enough(learnt: Ints) -> bool:
    """Whether there are days enough to learn from."""
    return len(learnt) >= LEARN_FROM
