"""Attribution: an excess belongs to the step where it arises, not to those before or after it.

Steps before a broken one show its excess diluted, because the same journeys go on to it; steps
after it show it because those journeys have been there. And a step that is reached *because* of
the fault (a retry, an error page) is a symptom, though its excess may even look larger.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from rootcause.conditions import Lead
from rootcause.explaining import exposures_meeting
from rootcause.exposure import Exposures, Flags, Floats, Ints
from rootcause.scan import FEWEST_ROWS
from rootcause.step_rows import StepRows
from rootcause.tally import STRATA, Tally, members, tally_of
from rootcause.usual import usual_excess

_SYMPTOM_Z = 4.0
_SYMPTOM_SHARE = 0.25
_USUALLY_BEFORE = 0.6
_OFTEN_GOES_ON = 0.4
_OWN_SHARE = 0.4


class Roads(Protocol):
    """Which steps journeys reached before and after others: counts, wherever exposures are."""

    def before(self, lead: Lead, earlier: int) -> float:
        """Return the share of those who meet a lead that had reached the earlier step before."""

    def going_on(self, rows: StepRows, later: int) -> Floats:
        """Return how many of each row's exposures reach a later step, still at risk there."""

    def bad_before(self, rows: StepRows, later: int) -> Floats:
        """Return how many of each row's exposures end badly and do not go on to a later step."""


@dataclass(frozen=True)
class HeldRoads:
    """The roads of exposures that are held."""

    exposures: Exposures

    def before(self, lead: Lead, earlier: int) -> float:
        """Return the share of those who meet a lead that had reached the earlier step before."""
        return float(had_reached(self.exposures, lead, earlier).mean())

    def going_on(self, rows: StepRows, later: int) -> Floats:
        """Return how many of each row's exposures reach a later step, still at risk there."""
        return rows.of_exposures(goes_on(self.exposures, rows.step, later))

    def bad_before(self, rows: StepRows, later: int) -> Floats:
        """Return how many of each row's exposures end badly and do not go on to a later step."""
        stays = ~goes_on(self.exposures, rows.step, later)
        return rows.of_exposures((self.exposures.bad == 1.0) & stays)


def is_symptom(roads: Roads, lead: Lead, earlier: Tally) -> bool:
    """Whether the lead's step is reached more often because of the fault, from an earlier step."""
    rows = earlier.rows
    if earlier.of(lead.conditions).since(lead.onset.day).n < FEWEST_ROWS:
        return False
    if roads.before(lead, rows.step) <= _USUALLY_BEFORE:
        return False
    excess, error, usual = _excess(earlier, lead, roads.going_on(rows, lead.step))
    return excess > _SYMPTOM_Z * error and excess > _SYMPTOM_SHARE * max(usual, 0.02)


def inherits(roads: Roads, lead: Lead, here: Tally, later_step: int) -> bool:
    """Whether the lead's excess arises only at a later step that its journeys go on to.

    Then those who came to the bad outcome *before* they could reach that step are no more than
    usual. ``here``: the lead's own step.
    """
    rows = here.rows
    met = members(rows, lead.conditions) & (rows.day >= lead.onset.day)
    go_on = roads.going_on(rows, later_step)[met].sum()
    if not met.any() or go_on < _OFTEN_GOES_ON * rows.n[met].sum():
        return False
    excess, _, _ = _excess(here, lead, roads.bad_before(rows, later_step))
    return excess < _OWN_SHARE * lead.onset.excess


def had_reached(exposures: Exposures, lead: Lead, earlier: int) -> Flags:
    """Return of the exposures that meet a lead which journeys had reached an earlier step."""
    met = exposures_meeting(exposures, lead)
    before = np.full(int(exposures.journey.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    at = exposures.step == earlier
    before[exposures.journey[at]] = exposures.row[at]
    return np.asarray(before[exposures.journey[met]] < exposures.row[met])


def goes_on(exposures: Exposures, here: int, step: int) -> Flags:
    """Return which exposures at a step have journeys that reach another one afterwards.

    While still at risk there; False at all other steps.
    """
    reached: Ints = np.full(int(exposures.journey.max(initial=-1)) + 1, -1, dtype=np.int64)
    at = (exposures.step == step) & exposures.at_risk
    reached[exposures.journey[at]] = exposures.row[at]
    after = reached[exposures.journey] > exposures.row
    return np.asarray((exposures.step == here) & after)


def _excess(tally: Tally, lead: Lead, happens: Floats) -> tuple[float, float, float]:
    """Return the excess of what happens to the lead's rows, its standard error and the usual rate.

    ``happens``: to how many exposures of each row.

    Expected is what happens to the others of the same stratum of the expected rate.
    """
    rows = replace(tally.rows, bad=happens)
    others = ~(members(rows, lead.conditions) & (rows.day >= lead.onset.day))
    sums = np.bincount(tally.stratum[others], rows.bad[others], STRATA)
    shares = sums / np.maximum(np.bincount(tally.stratum[others], rows.n[others], STRATA), 1.0)
    tally = tally_of(rows, shares[tally.stratum])
    inside = tally.of(lead.conditions)
    later = inside.since(lead.onset.day)
    news = usual_excess(tally, inside, since=np.array([lead.onset.day]))
    usual = float(later.expected.sum() / later.n + news.level[0])
    error = float(np.sqrt(later.spread.sum() / later.n**2 + news.error[0] ** 2))
    return float(later.bad.sum() / later.n) - usual, error, usual
