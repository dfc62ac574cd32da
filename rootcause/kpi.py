"""KPIs: what is measured of a journey, each number with its interval, its change and its trend.

These are the shapes only; `rootcause.portfolio` fills them, docs/portfolio.md says what each means.
"""

from dataclasses import asdict, dataclass
from typing import Literal

Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Measured:
    """One number with its 95 % interval; None where it cannot be said, never NaN.

    ``part`` of ``whole``: the numerator and the denominator in journeys (or customers); where the
    number is a mean or a median, ``part`` is how many it was taken over.
    """

    value: float | None
    low: float | None
    high: float | None
    part: int
    whole: int

    def as_dict(self) -> dict[str, object]:
        """Return the number as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Kpi:
    """One KPI of one journey: this period, the one before, the change, and by week.

    Attributes
    ----------
    name : completion, leakage, containment, abandonment, repeats, first_contact_resolution,
        channel_switches, elapsed_days, satisfaction, effort, score or volume
    words : what it says, in a sentence a manager reads
    unit : share, days, per journey, points (of a score from 0 to 100) or journeys
    better : which direction is good
    denominator : of what it is a share or a mean, in words
    now, before : in this period and in the one before it, of the same length
    change : now less before, and its 95 % interval; None where either is unknown
    trend : a dict per week of starts, oldest first: ``week`` (its first day), ``value``, ``low``,
        ``high`` (None where fewer than ten were counted, or the outcome is too young), ``n``
    """

    name: str
    words: str
    unit: str
    better: Better
    denominator: str
    now: Measured
    before: Measured
    change: tuple[float, float, float] | None
    trend: tuple[dict[str, object], ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the KPI as plain data."""
        told = asdict(self)
        told["change"] = None if self.change is None else list(self.change)
        told["trend"] = list(self.trend)
        return told


@dataclass(frozen=True)
class Loss:
    """What the open findings of a journey cost per week and a fix would recover, in ``currency``.

    ``low`` and ``high`` are the 95 % interval; ``findings`` the ids it is made of.
    """

    per_week: float
    low: float
    high: float
    currency: str
    findings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the loss as plain data."""
        return asdict(self) | {"findings": list(self.findings)}


@dataclass(frozen=True)
class JourneyKpis:
    """All KPIs of one journey.

    ``period`` and ``before``: first and last day (YYYY-MM-DD, UTC, both inclusive) of the starts
    that are counted.  ``loss`` is None where no findings were given, which is not the same as none.
    ``customers``: among how many of how many all but the volume was measured (``measured``,
    ``of``), where these are not all.
    """

    journey: str
    period: tuple[str, str]
    before: tuple[str, str]
    kpis: tuple[Kpi, ...]
    loss: Loss | None = None
    customers: dict[str, int] | None = None

    def kpi(self, name: str) -> Kpi | None:
        """Return a KPI by its name; None where the definition does not ask for it."""
        return next((kpi for kpi in self.kpis if kpi.name == name), None)

    def as_dict(self) -> dict[str, object]:
        """Return the KPIs as plain data."""
        return {
            "journey": self.journey,
            "period": list(self.period),
            "before": list(self.before),
            "kpis": [kpi.as_dict() for kpi in self.kpis],
            "loss": None if self.loss is None else self.loss.as_dict(),
            "customers": self.customers,
        }
