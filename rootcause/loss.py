"""The recoverable loss: what the open findings of a journey cost a week, and fixes win back."""

from collections.abc import Sequence
from typing import Protocol

from rootcause.kpi import Loss

Triple = tuple[float, float, float]


class Costly(Protocol):
    """What a fix is worth: a `rootcause.whatif.Saving`."""

    @property
    def finding(self) -> str:
        """The finding's id."""

    @property
    def money_per_week(self) -> Triple | None:
        """Value, low and high; None where the definition does not say what one costs."""

    @property
    def currency(self) -> str:
        """Of the money."""


def loss_of(savings: Sequence[Costly]) -> Loss | None:
    """Return the savings added up; None where not one of them has a price.

    Each finding counts once, however often it is given.  Findings of one outcome may be added: the
    search counts each over what the others explain.  So may those of different outcomes, even for
    the same conditions: a contact costs what a contact costs, and the success that is lost as well
    is another loss; an outcome without a price (churn) adds nothing.  Bounds are added too, as if
    all were too high, or too low, at once: one cause makes its findings err together, and what
    ranks journeys, the lower bound, must not be too good.
    """
    priced = {
        one.finding: (one.money_per_week, one.currency)
        for one in savings
        if one.money_per_week is not None
    }
    if not priced:
        return None
    value, low, high = (sum(money[end] for money, _ in priced.values()) for end in range(3))
    currency = next(iter(priced.values()))[1]
    return Loss(value, low, high, currency, tuple(sorted(priced)))
