"""What would have been found, by effect size: shares with intervals, days, and a picture."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

import numpy as np

from rootcause.figures import BLUE, ORANGE, Picture, drawing
from rootcause.inject_trials import Trial
from rootcause.intervals import rate_interval
from rootcause.wording import points

Interval = tuple[float, float]


@dataclass(frozen=True)
class AtEffect:
    """The trials of one effect size.

    ``found``, ``exact``: shares of the trials, with 95 % Wilson intervals; ``days``: median of
    those found, ``days_range``: the quickest and the slowest, None where none was; ``exposed``:
    median number of journeys that met the cause; ``others``: other causes named, over all trials.
    """

    effect: float
    trials: int
    found: float
    found_interval: Interval
    exact: float
    exact_interval: Interval
    days: float | None
    days_range: Interval | None
    exposed: float
    others: int

    def as_dict(self) -> dict[str, object]:
        """Return the line as plain data."""
        return asdict(self)


def by_effect(trials: Sequence[Trial]) -> list[AtEffect]:
    """Return a line for each effect size, the smallest first."""
    return [
        _line(effect, [trial for trial in trials if trial.effect == effect])
        for effect in sorted({trial.effect for trial in trials})
    ]


def detection_figure(lines: Sequence[AtEffect]) -> Picture:
    """Draw the share found, and found exactly, against the effect."""
    with drawing() as (figure, axes):
        effects = 100 * np.array([line.effect for line in lines])
        for name, colour, shift in (("found", BLUE, -0.15), ("exact", ORANGE, 0.15)):
            share = np.array([getattr(line, name) for line in lines])
            ends = np.array([getattr(line, f"{name}_interval") for line in lines])
            arms = np.abs(ends.T - share)
            axes.errorbar(
                effects + shift, share, yerr=arms, color=colour, marker="o", capsize=3, label=name
            )
        axes.set(xlabel="planted effect, points", ylabel="share of the trials", ylim=(-0.03, 1.03))
        axes.set_title(_days_words(lines))
        axes.legend(loc="best")
        return figure


def _line(effect: float, trials: Sequence[Trial]) -> AtEffect:
    found, exact = (_share([getattr(one, name) for one in trials]) for name in ("found", "exact"))
    days = [trial.days for trial in trials if trial.days is not None]
    return AtEffect(
        effect=effect,
        trials=len(trials),
        found=found[0],
        found_interval=found[1:],
        exact=exact[0],
        exact_interval=exact[1:],
        days=float(median(days)) if days else None,
        days_range=(float(min(days)), float(max(days))) if days else None,
        exposed=float(median(trial.exposed for trial in trials)),
        others=sum(trial.others for trial in trials),
    )


def _share(happened: Sequence[bool]) -> tuple[float, float, float]:
    rate, low, high = rate_interval(sum(happened), len(happened))
    return round(float(rate), 4), round(float(low), 4), round(float(high), 4)


def _days_words(lines: Sequence[AtEffect]) -> str:
    told = [f"{line.days:.0f} at {points(line.effect)}" for line in lines if line.days]
    return f"Days to detection, median: {', '.join(told)}" if told else "Nothing was found"
