"""The calibration error without the part of it that is chance, and an interval that holds it.

The expected calibration error (ten bins of equal size, mean absolute gap between what was predicted
and what came) is never zero on a finite part: the noise of each bin adds up, whatever its sign.  On
small parts most of it is noise, and bootstrap draws add the noise a second time.  Kumar, Liang and
Ma (2019) and Roelofs et al. (2022) measure this bias.  Here it is taken out by inverting a test
(Carpenter 1999): we ask which true error would make the observed one usual.

The noise of the bins is drawn by a wild bootstrap over customers (Cameron, Gelbach and Miller
2008): what a customer's samples were off by, beyond their bin's gap, changes its sign as a whole.
The true gaps are taken to have the shape of the observed ones, each shrunk by its own noise (James
and Stein 1961), times a factor c. The reported value is the error at the c for which half of the
draws stay below what was observed; the 95 % interval reaches from the c for which 2.5 % exceed it
to the c for which 97.5 % do, in the least favourable of the shapes: all of the error in one bin for
the lower end (it hides least), spread evenly for the upper (it hides most). A value of 0 means that
the error observed is no more than chance. Fewer than 200 customers get fewer bins, of 20 each.
"""

from dataclasses import dataclass, replace

import numpy as np

from training.metrics import BINS, Floats, Interval, TestPart, bins_of

_DRAWS = 200
_AT_ONCE = 50
_HALVINGS = 24
_CUSTOMERS_A_BIN = 20


@dataclass(frozen=True, eq=False)
class _Gaps:
    """Gap of each bin as a share of all samples, shape (n_bins,), and its noise (draws, n_bins)."""

    gap: Floats
    noise: Floats
    least: float = 0.0

    @property
    def observed(self) -> float:
        return max(float(np.abs(self.gap).sum()), self.least)


def calibration_error(part: TestPart, seed: int) -> Interval:
    """Return the debiased expected calibration error with its 95 % interval."""
    gaps = _gaps_of(part, seed)
    likely, even, alone = _shapes(gaps)
    value = _error_at(gaps, likely, 0.5)
    low = min(_error_at(gaps, shape, 0.975) for shape in (likely, alone))
    # Less than half of sound predictions would show is luck, and bounds nothing from above.
    usual = replace(gaps, least=float(np.median(np.abs(gaps.noise).sum(axis=1))))
    high = max(_error_at(usual, shape, 0.025) for shape in (likely, even))
    return {"value": value, "low": min(low, value), "high": max(high, value)}


def calibration_error_by_chance(part: TestPart, seed: int) -> float:
    """Return the error that predictions without any fault stay below in 95 of 100 draws."""
    return float(np.quantile(np.abs(_gaps_of(part, seed).noise).sum(axis=1), 0.95))


def calibration_of(part: TestPart, seed: int) -> dict[str, object]:
    """Return what else is said of the calibration: as measured, by chance, and on the whole."""
    gaps = _gaps_of(part, seed)
    off, noise = float(gaps.gap.sum()), gaps.noise.sum(axis=1)
    low, high = np.quantile(noise, [0.025, 0.975])
    return {
        "measured": gaps.observed,
        "by_chance": float(np.quantile(np.abs(gaps.noise).sum(axis=1), 0.95)),
        "observed_less_predicted": {
            "value": off,
            "low": off + float(low),
            "high": off + float(high),
        },
    }


def _gaps_of(part: TestPart, seed: int) -> _Gaps:
    bins = int(np.clip(part.customer_count // _CUSTOMERS_A_BIN, 1, BINS))
    place = bins_of(part.p, bins)
    n, n_bins = len(part.y), int(place.max()) + 1
    off = part.y - part.p
    gap = np.bincount(place, off, n_bins)
    size = np.bincount(place, minlength=n_bins)
    beyond = off - (gap / np.maximum(size, 1))[place]
    names, member = np.unique(part.customers, return_inverse=True)
    # A bin of few samples fits its own mean: give it its lost degree of freedom back.
    beyond = beyond * np.sqrt(size / np.maximum(size - 1, 1))[place]
    theirs = np.bincount(member * n_bins + place, beyond, len(names) * n_bins)
    by_bin = theirs.reshape(len(names), n_bins) / n
    rng = np.random.default_rng(seed)
    noise = [
        rng.choice([-1.0, 1.0], size=(_AT_ONCE, len(names))) @ by_bin
        for _ in range(_DRAWS // _AT_ONCE)
    ]
    return _Gaps(gap / n, np.concatenate(noise))


def _shapes(gaps: _Gaps) -> tuple[Floats, Floats, Floats]:
    """Return the likely shape of the true gaps, an even one, and all of it in one bin."""
    spread = gaps.noise.var(axis=0)
    kept = np.divide(spread, gaps.gap**2, out=np.ones_like(spread), where=gaps.gap != 0)
    likely = gaps.gap * np.maximum(1.0 - kept, 0.0)
    even = np.full(len(likely), 1.0 / len(likely))
    alone = np.zeros(len(likely))
    alone[np.argmax(np.abs(gaps.gap))] = 1.0
    return likely if np.abs(likely).sum() > 0 else even, even, alone


def _error_at(gaps: _Gaps, shape: Floats, quantile: float) -> float:
    """Return the true error for which this quantile of the draws is what was observed."""
    lower, upper = (
        0.0,
        (gaps.observed + float(np.abs(gaps.noise).sum(axis=1).max())) / float(np.abs(shape).sum()),
    )
    place = round(quantile * (len(gaps.noise) - 1))
    for _ in range(_HALVINGS):
        middle = (lower + upper) / 2
        drawn = np.partition(np.abs(middle * shape + gaps.noise).sum(axis=1), place)[place]
        lower, upper = (lower, middle) if drawn >= gaps.observed else (middle, upper)
    return float(lower * np.abs(shape).sum())
