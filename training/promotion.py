"""Promotion: may a new model take the champion's place?  Both are asked about the same journeys.

A **challenger** is promoted when it is *no worse* than the champion (non-inferiority: the 95 %
interval of the paired difference, over bootstrap draws of customers, stays within a margin), is
calibrated, and falls behind in no stage of the journey.  Without a champion it must only be of use
and mislead nobody.  Each number has its margin in `Margins`; ADR 11 says why these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from training.calibration_error import calibration_error
from training.comparison import EVERYWHERE, Comparison, Margins, compared
from training.metrics import METRICS, TestPart, interval, metric_draws
from training.stages import STAGES

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MARGINS = Margins()


@dataclass(frozen=True)
class Verdict:
    """Whether to promote, and why.

    ``reasons`` are sentences: what stands against it, or else what speaks for it.  ``warnings``
    did not decide but should be read.  ``comparisons`` are empty where nothing could be compared,
    ``champion`` is the version that was, and ``basis`` says on what the verdict rests.
    """

    promote: bool
    state: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    champion: str = ""
    basis: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the verdict as plain data."""
        return asdict(self)


def compare(  # noqa: PLR0913 - two models on one slice, each array named
    champion: Floats,
    challenger: Floats,
    *,
    y: Floats,
    customers: Codes,
    stage: Codes,
    seed: int = 0,
    margins: Margins = MARGINS,
) -> Verdict:
    """Return whether the challenger may take the place of the champion, for one outcome.

    Parameters
    ----------
    champion, challenger : predicted probabilities, shape (n_samples,)
        Of samples that neither model has learnt from.
    y, customers, stage : shape (n_samples,)
        0/1 outcomes, whose samples they are, and places in ``training.stages.STAGES``.

    Returns
    -------
    Verdict
        On one outcome; `verdict_over_champion` puts several together.  Its state is ``better`` or
        ``no worse`` (both promote), ``cannot tell`` (too few customers for the margin) or
        ``worse``.
    """
    if len(y) == 0:
        return Verdict(False, "cannot tell", ("No journey began after both had learnt.",))
    part = TestPart(y, champion, customers, np.zeros(len(y)))
    rows = compared(part, challenger, where=EVERYWHERE, seed=seed, margins=margins)
    everywhere = tuple(rows)
    for place, name in enumerate(STAGES):
        here = stage == place
        found = compared(part.take(here), challenger[here], where=name, seed=seed, margins=margins)
        rows += [row for row in found if row.what == "auc"]
    against = [*_uncalibrated(part.predicted_by(challenger), seed, margins)]
    against += [_behind(row) for row in rows if row.state == "worse"]
    unknown = [_unsure(row) for row in everywhere if row.state == "cannot tell"]
    state = "worse" if against else _together([row.state for row in everywhere])
    reasons = against or unknown or [row.sentence for row in everywhere]
    return Verdict(state in ("better", "no worse"), state, tuple(reasons), (), tuple(rows))


def of_use(part: TestPart, *, seed: int = 0, margins: Margins = MARGINS) -> Verdict:
    """Return whether a model without a rival may be used, for one outcome.

    ``better`` than the base rate, calibrated: promote.  ``cannot tell``: the interval of the AUC
    holds .5 and is wide.  ``no worse``: it holds .5 and is narrow, so the model knows no more than
    the base rate.  ``worse``: it misleads, in its ranking or in its probabilities.
    """
    auc, low, high = interval(metric_draws(part, seed)[:, METRICS.index("auc")]).values()
    told = "The AUC on later journeys is not defined"
    if auc is not None and low is not None and high is not None:
        told = f"The AUC on later journeys is {auc:.3f} ({low:.3f} to {high:.3f})"
    against = [*_uncalibrated(part, seed, margins)]
    if high is not None and high < 0.5:
        against.append(f"{told}: those it warns of come to it less often than the others.")
    if against:
        return Verdict(False, "worse", tuple(against))
    if low is not None and low > 0.5:
        return Verdict(True, "better", (f"{told}, calibrated.",))
    if low is None or high is None or high - low > 0.1:
        return Verdict(False, "cannot tell", (f"{told}: too few customers to tell.",))
    return Verdict(False, "no worse", (f"{told}: no better than the base rate.",))


def verdict_alone(of_outcome: Mapping[str, Verdict]) -> Verdict:
    """Return the verdict on a first model from `of_use` of its outcomes.

    Nothing may mislead, and something must be of use, unless there is too little to tell.
    """
    against = _told(of_outcome, "worse")
    useful = _told(of_outcome, "better")
    unknown = _told(of_outcome, "cannot tell")
    useless = _told(of_outcome, "no worse")
    if against or not (useful or unknown):
        return Verdict(False, "worse", (*against, *useless))
    state = "better" if useful else "cannot tell"
    return Verdict(True, state, useful or unknown, (*(unknown if useful else ()), *useless))


def verdict_over_champion(
    compared_in: Mapping[str, Verdict], new: Mapping[str, Verdict] = MappingProxyType({})
) -> Verdict:
    """Return the verdict on a challenger from `compare` of each outcome of the champion.

    None may be worse and one at least must be shown no worse: an outcome too rare to tell does not
    hold back the others, but is told.  ``new``: `of_use` of what the champion does not predict; it
    may not mislead, and speaks for nothing else.
    """
    rows = tuple(
        replace(row, outcome=name) for name, one in compared_in.items() for row in one.comparisons
    )
    against = _told(compared_in, "worse") + _told(new, "worse")
    unknown = _told(compared_in, "cannot tell")
    better, equal = _told(compared_in, "better"), _told(compared_in, "no worse")
    if against or not (better or equal):
        state = "worse" if against else "cannot tell"
        return Verdict(False, state, against or unknown, (), rows)
    state = "better" if better else "no worse"
    beside = _told(new, "better") + _told(new, "cannot tell") + _told(new, "no worse")
    return Verdict(True, state, (*better, *equal), (*unknown, *beside), rows)


def _together(states: Sequence[str]) -> str:
    """Return the state of an outcome: no worse throughout, and better if better in anything."""
    if not states:
        return "cannot tell"
    for state in ("worse", "cannot tell", "better"):
        if state in states:
            return state
    return "no worse"


def _behind(row: Comparison) -> str:
    return f"{row.sentence} At most {row.margin:.2f} less is allowed."


def _unsure(row: Comparison) -> str:
    return (
        f"{row.sentence} Too few customers ({row.customers:,}) to tell: the interval may reach to "
        f"{-2 * row.margin:+.2f}."
    )


def _uncalibrated(part: TestPart, seed: int, margins: Margins) -> Iterator[str]:
    """Yield why the probabilities cannot be believed; nothing when they can."""
    if len(part.y) == 0:
        return
    error = calibration_error(part, seed)
    if error["value"] is not None and (error["low"] or 0.0) > margins.calibration:
        yield (
            f"Its probabilities are off by {100 * error['value']:.0f} points "
            f"(at least {100 * (error['low'] or 0.0):.0f}) on later journeys; "
            f"{100 * margins.calibration:.0f} are allowed beyond chance."
        )


def _told(of_outcome: Mapping[str, Verdict], state: str) -> tuple[str, ...]:
    """Return the reasons of the outcomes in one state, each with its outcome before it."""
    found = {name: one for name, one in of_outcome.items() if one.state == state}
    return tuple(f"{name}: {reason}" for name, one in found.items() for reason in one.reasons)
