"""A feature: the name, unit, tier and words of one column of the table."""

from dataclasses import dataclass
from math import isnan
from typing import Literal

Tier = Literal["context", "technical", "behaviour"]


@dataclass(frozen=True)
class Feature:
    """One column of the feature table.

    Attributes
    ----------
    name : unique; ends in its unit where it has one
    unit : ``events``, ``hours``, ``share``, ``code``, … ; empty for a plain number
    tier : ``context`` (who), ``technical`` (what they used) or ``behaviour`` (what they did)
    words : a phrase with ``{value}``
    labels : the names of the codes, for a feature that holds codes; else empty
    absent : the phrase for NaN, where the words would read badly with it
    """

    name: str
    unit: str
    words: str
    tier: Tier = "behaviour"
    labels: tuple[str, ...] = ()
    absent: str = ""

    def text(self, value: float) -> str:
        """Say the value in words; NaN is *nothing known*."""
        if isnan(value) and self.absent:
            return self.absent
        return self.words.replace("{value}", self.shown(value))

    def shown(self, value: float) -> str:
        """Return the value alone, as a person would write it."""
        if isnan(value):
            return "unknown" if self.labels else "none"
        if self.labels:
            return self.labels[int(value)]
        if self.unit == "share":
            return f"{value:.0%}"
        if self.unit == "hours":
            return f"{value / 24:.1f} days" if abs(value) >= 48 else f"{value:.1f} hours"
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
