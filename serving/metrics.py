"""What is counted, for Prometheus: one registry per service, no globals.

No label holds what a caller can choose freely (a path, a key), so their number stays small.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from serving.messages import JourneyPrediction

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TENTHS = tuple(step / 10 for step in range(1, 11))


class Metrics:
    """The counters of one service; every method is safe for threads."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "offramp_request_seconds",
            "Time to answer a request.",
            ("method", "path", "status"),
            registry=own,
            buckets=_SECONDS,
        )
        self.in_flight = Gauge(
            "offramp_requests_in_flight", "Requests being answered.", registry=own
        )
        self._abstained = Counter(
            "offramp_abstentions", "Predictions without advice.", ("journey", "why"), registry=own
        )
        self._unknown = Counter(
            "offramp_unknown_values", "Values never seen in training.", registry=own
        )
        self._scores = Histogram(
            "offramp_probability",
            "The probabilities told; their distribution shows drift.",
            ("journey", "outcome"),
            registry=own,
            buckets=_TENTHS,
        )
        self._events = Counter("offramp_events", "Events received.", ("result",), registry=own)

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answered request; ``path`` is the route's pattern."""
        self._seconds.labels(method, path, status).observe(seconds)

    def predicted(self, journeys: Iterable["JourneyPrediction"], unknown_values: int) -> None:
        """Count what one customer was told: probabilities, abstentions, unknown values."""
        for journey in journeys:
            for outcome, p in journey.p.items():
                self._scores.labels(journey.journey, outcome).observe(p)
            abstain = getattr(journey, "abstain", None)
            if abstain is not None:
                self._abstained.labels(journey.journey, abstain).inc()
        if unknown_values:
            self._unknown.inc(unknown_values)

    def received(self, accepted: int, duplicates: int) -> None:
        """Count events that are durable now, and those that were there already."""
        self._events.labels("accepted").inc(accepted)
        self._events.labels("duplicate").inc(duplicates)

    def written(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self.registry)
