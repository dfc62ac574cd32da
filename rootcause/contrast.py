"""The contrast: those who meet a finding's conditions beside those at the same step who do not.

What a finding carries is computed from it: the exposures whose outcome is known and that no earlier
finding explains, the rate that was expected of each, and the day from which the finding holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rootcause.exposure import STEP, Codes, Exposures, Flags, Floats
from rootcause.scan import DRIFT_LOGITS, LEVEL_LOGITS, MISFIT_LOGITS

_YOUNG = 0.1
_COMPARABLE = 0.9
_FEWEST_BESIDE = 5
_SMALLEST_SHARE_BESIDE = 0.05


@dataclass(frozen=True)
class Contrast:
    """Exposures at the step of a finding; every array has one entry per exposure.

    Attributes
    ----------
    conditions : with the step
    since : the first day, counted since the epoch; None where the finding has always held
    here : at the step, the outcome known, not explained by an earlier finding
    met : meets all conditions, at any time
    expected : the rate expected without the finding, NaN where not ``here``
    scatter : by how much the days of the step scatter more than coins, as a variance, at least 1
    allowance : by what the usual misfit allowance is multiplied
    """

    exposures: Exposures
    conditions: Mapping[str, str]
    since: int | None
    here: Flags
    met: Flags
    expected: Floats
    scatter: float
    allowance: float = 1.0

    @property
    def named(self) -> dict[str, str]:
        """The conditions without the step."""
        return {name: value for name, value in self.conditions.items() if name != STEP}

    @property
    def later(self) -> Flags:
        """Which exposures lie on or after the onset."""
        if self.since is None:
            return np.ones(len(self.exposures), dtype=np.bool_)
        return np.asarray(self.exposures.day >= self.since)

    @property
    def residual(self) -> Floats:
        """What happened less what was expected, NaN where not ``here``."""
        return self.exposures.bad - self.expected

    def siblings(self, name: str) -> Flags:
        """Return who meets all conditions but one, at any time."""
        others = {key: value for key, value in self.conditions.items() if key != name}
        return self.exposures.meets(others) & ~self.met


def level_believed(
    contrast: Contrast, before: Flags, others: Flags, variance: float
) -> tuple[float, float]:
    """Return how much of a level seen before the onset is believed (0 to 1), and what stays open.

    As in `rootcause.usual`: a group with a past may differ by `LEVEL_LOGITS` for no reason, a young
    one (a new release) only by what the expected rate may be off. ``variance``: of the level seen,
    inf where nothing was; what stays open is a variance, too, and holds the drift since.
    """
    spread = usual_spread(contrast)
    grown = (contrast.met & contrast.here & contrast.later).sum()
    due = grown * (others & ~contrast.later).sum() / max((others & contrast.later).sum(), 1)
    young = before.sum() <= _YOUNG * due
    misfit, drift = contrast.allowance * MISFIT_LOGITS, contrast.allowance * DRIFT_LOGITS
    prior = ((misfit if young else LEVEL_LOGITS) * spread) ** 2
    believed = float(prior / (prior + variance))
    return believed, prior * (1.0 - believed) + (drift * spread) ** 2


def usual_spread(contrast: Contrast) -> float:
    """Return the mean of p (1 - p): by how much a rate moves for one logit."""
    p = contrast.expected[contrast.here]
    return float((p * (1.0 - p)).mean())


def adjusted_for(contrast: Contrast) -> tuple[list[int], list[int]]:
    """Return the attributes, and the numbers, in which the exposed have others beside them.

    Of the conditions, the one that parts them from the most siblings is what is compared, and is
    left out; so is every attribute that says the same again (a device inside an OS). A number is
    one number, and its thresholds are left out.
    """
    exposures, rows = contrast.exposures, contrast.here & contrast.later
    siblings = {name: contrast.siblings(name) & rows for name in contrast.named}
    compared = max(siblings, key=lambda name: int(siblings[name].sum()), default="")
    beside = siblings.get(compared, rows & ~contrast.met)
    attributes = [
        place
        for place, name in enumerate(exposures.attributes)
        if name != compared
        and name not in exposures.numeric
        and _has_others_beside(exposures.codes[:, place], rows & contrast.met, beside)
    ]
    return attributes, [place for place, name in enumerate(exposures.numeric) if name != compared]


def _has_others_beside(codes: Codes, met: Flags, beside: Flags) -> bool:
    size = int(codes.max()) + 1
    exposed = np.bincount(codes[met], minlength=size)
    others = np.bincount(codes[beside], minlength=size)
    enough = others >= np.maximum(_FEWEST_BESIDE, _SMALLEST_SHARE_BESIDE * exposed)
    return bool(exposed[enough].sum() >= _COMPARABLE * exposed.sum())
