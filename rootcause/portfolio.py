"""The portfolio: every journey with its KPIs, the one that costs most first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rootcause.kpi import JourneyKpis, Loss


@dataclass(frozen=True)
class Portfolio:
    """Journeys ranked by recoverable loss (its lower bound), then by volume."""

    journeys: tuple[JourneyKpis, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the portfolio as plain data."""
        return {"journeys": [journey.as_dict() for journey in self.journeys]}


def portfolio_of(measured: Sequence[tuple[JourneyKpis, Loss | None]]) -> Portfolio:
    """Return the journeys with their losses, ranked: what surely can be won back comes first."""
    journeys = [replace(kpis, loss=loss) for kpis, loss in measured]
    return Portfolio(tuple(sorted(journeys, key=_rank)))


def _rank(journey: JourneyKpis) -> tuple[float, float, str]:
    loss = 0.0 if journey.loss is None else max(journey.loss.low, 0.0)
    volume = journey.kpi("volume")
    return -loss, -(volume.now.value or 0.0) if volume else 0.0, journey.journey
