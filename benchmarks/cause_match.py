"""Whether a finding is a cause that was planted, and if not, what was named instead."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from benchmarks.cause_plant import AMOUNT
from benchmarks.cause_worlds import Flags, Truth, World
from rootcause.exposure import STEP, Exposures

Conditions = Mapping[str, str]

_WITHIN_QUANTILE = 0.1
_MUCH_IN_COMMON = 0.3


class Naming(Protocol):
    """What names conditions: a finding, or what a peer said."""

    @property
    def conditions(self) -> Conditions:
        """Attribute (or step) and value."""

    @property
    def also_indistinguishable(self) -> Sequence[Conditions]:
        """Conditions that hold for exactly the same exposures."""


def is_exact(finding: Naming, truth: Truth, world: World, exposures: Exposures) -> bool:
    """Whether a finding names the conditions of a cause, no fewer and no more.

    A condition that the finding lists as indistinguishable may stand for the one it equals; so may
    conditions that hold for exactly the same exposures and are no more in number. A threshold is
    right if it is within one decile of the true one, on the same side. In a log of cases the step
    is not asked for.
    """
    if world.asks_for_the_step and finding.conditions.get(STEP) != truth.conditions[STEP]:
        return False
    wanted = _without_step(truth.conditions)
    return any(
        _are_same(found, wanted, world, exposures)
        for found in _readings(_without_step(finding.conditions), finding.also_indistinguishable)
    )


def what_instead(
    findings: Sequence[Naming], truth: Truth, world: World, exposures: Exposures
) -> str:
    """Return in a word how a cause was missed, by the finding that is closest to it."""
    wanted = set(_without_step(truth.conditions).items())
    said = {_how_it_differs(finding, wanted, truth, world, exposures) for finding in findings}
    kinds = ("wrong step", "too general", "too specific", "other threshold", "same customers")
    return next((kind for kind in kinds if kind in said), "elsewhere" if said else "silence")


def _how_it_differs(
    finding: Naming, wanted: set[tuple[str, str]], truth: Truth, world: World, exposures: Exposures
) -> str:
    found = set(_without_step(finding.conditions).items())
    right_step = finding.conditions.get(STEP) == truth.conditions[STEP]
    if found == wanted:
        return "wrong step"
    if right_step and found < wanted:
        return "too general"
    if right_step and found > wanted:
        return "too specific"
    if {name for name, _ in found} == {name for name, _ in wanted} and AMOUNT in dict(wanted):
        return "other threshold"
    met, true = meets(exposures, finding.conditions), _true_rows(truth, world, exposures)
    either = (met | true).sum()
    return "same customers" if (met & true).sum() > _MUCH_IN_COMMON * either else "elsewhere"


def meets(exposures: Exposures, conditions: Conditions) -> Flags:
    """Return which exposures meet conditions, those on the amount included."""
    categorical = {name: value for name, value in conditions.items() if name != AMOUNT}
    met = exposures.meets(categorical)
    if AMOUNT in conditions and exposures.numbers.shape[1]:
        side, threshold = threshold_of(conditions[AMOUNT])
        amount = exposures.numbers[:, 0]
        met = met & (amount > threshold if side == ">" else amount <= threshold)
    return met


def threshold_of(text: str) -> tuple[str, float]:
    """Return side and number of `> 24,900`, `≤ 3,000`, `>= 5`; an unread text is beyond all."""
    read = re.fullmatch(r"\s*(>=|<=|≥|≤|>|<)\s*([\d.,]+)\s*", text)
    if read is None:
        return "?", float("nan")
    return ">" if read[1] in (">", ">=", "≥") else "<", float(read[2].replace(",", ""))


def _true_rows(truth: Truth, world: World, exposures: Exposures) -> Flags:
    met = truth.cause.meets(world.people)[world.journey[exposures.row]]
    return np.asarray(met & (exposures.step == exposures.steps.index(truth.conditions[STEP])))


def _readings(found: Conditions, also: Sequence[Conditions]) -> Iterator[dict[str, str]]:
    """Yield the conditions as they stand, and with each equal one in the place of another."""
    yield dict(found)
    for equal in also:
        for name in found:
            yield {**{key: found[key] for key in found if key != name}, **_without_step(equal)}


def _are_same(found: Conditions, wanted: Conditions, world: World, exposures: Exposures) -> bool:
    if (AMOUNT in found) != (AMOUNT in wanted):
        return False
    if AMOUNT in found and not _near(found[AMOUNT], wanted[AMOUNT], world):
        return False
    found, wanted = (
        {name: value for name, value in one.items() if name != AMOUNT} for one in (found, wanted)
    )
    if found == wanted:
        return True
    if len(found) > len(wanted):
        return False
    known = ~np.isnan(exposures.bad)
    return np.array_equal(exposures.meets(found)[known], exposures.meets(wanted)[known])


def _near(found: str, wanted: str, world: World) -> bool:
    (side, threshold), (true_side, true) = threshold_of(found), threshold_of(wanted)
    amount = world.people.amount
    apart = abs(float((amount <= threshold).mean() - (amount <= true).mean()))
    return side == true_side and apart <= _WITHIN_QUANTILE


def _without_step(conditions: Conditions) -> dict[str, str]:
    return {name: value for name, value in conditions.items() if name != STEP}
