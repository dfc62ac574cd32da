"""The expected band of a KPI, and an alarm when it leaves it."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Alarm:
    """A KPI of a journey has left its expected band.

    Attributes
    ----------
    kpi : completion, leakage, abandonment or volume
    day : the first day outside the band (YYYY-MM-DD, UTC), as estimated
    noticed : the day at whose end the evidence was enough; never before ``day``
    value, expected, low, high : the KPI since ``day``, what was to be expected then, and the band
    words : one careful sentence
    budget_per_month : false alarms a month that were allowed, over all KPIs of the journey
    step : the step at fault, None where no step stands out
    mix, rate : the change since ``day`` split into who comes (and how far they get) and what
        happens to the like of them; they add up to the whole change
    """

    journey: str
    kpi: str
    day: str
    noticed: str
    value: float
    expected: float
    low: float
    high: float
    words: str
    budget_per_month: float
    step: str | None
    mix: float
    rate: float

    def as_dict(self) -> dict[str, object]:
        """Return the alarm as plain data."""
        return asdict(self)
