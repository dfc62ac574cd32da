"""What is counted, for Prometheus: one registry per service, no globals.

No label holds what a caller can choose freely (a path, a key), so that their number stays small;
children of labels are looked up once and kept, because a request counts microseconds.
"""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

if TYPE_CHECKING:
    from serving.messages import JourneyPrediction
    from serving.served import Served
    from serving.wire import Load

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TENTHS = tuple(step / 10 for step in range(1, 11))
_MODEL = ("journey", "name", "version", "spec_hash", "source")


class Metrics:
    """The counters of one service; every method is safe for threads."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        seconds = Histogram(
            "offramp_request_seconds",
            "Time to answer a request, by the pattern of its path.",
            ("method", "path", "status"),
            registry=own,
            buckets=_SECONDS,
        )
        scores = Histogram(
            "offramp_probability",
            "The probabilities told; when their distribution moves, so did customers or model.",
            ("journey", "outcome"),
            registry=own,
            buckets=_TENTHS,
        )
        abstained = Counter(
            "offramp_abstentions",
            "Predictions that are no ground to act on.",
            ("journey", "why"),
            registry=own,
        )
        self._seconds, self._scores = cache(seconds.labels), cache(scores.labels)
        self._abstained = cache(abstained.labels)
        self.in_flight = 0  # counted by the event loop alone
        Gauge(
            "offramp_requests_in_flight", "Requests being answered now.", registry=own
        ).set_function(lambda: self.in_flight)
        self._unknown = Counter(
            "offramp_unknown_values",
            "Activities, channels and attribute values that training never saw.",
            registry=own,
        )
        self._events = Counter(
            "offramp_events",
            "Events received: accepted and durable, or duplicates.",
            ("result",),
            registry=own,
        )
        self._reloads = Counter(
            "offramp_reloads", "Tries to load a model.", ("journey", "result"), registry=own
        )
        self._degraded = Gauge(
            "offramp_degraded",
            "1 where base rates stand in for a model.",
            ("journey",),
            registry=own,
        )
        self._away = Gauge(
            "offramp_registry_away_since_seconds",
            "Since when the model registry does not answer (Unix time), 0 while it does.",
            ("journey",),
            registry=own,
        )
        self._model = Gauge("offramp_model", "The models that answer: 1.", _MODEL, registry=own)
        Info("offramp", "The service.", registry=own).info({"version": version("offramp")})

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answered request; ``path`` is the route's pattern."""
        self._seconds(method, path, status).observe(seconds)

    def predicted(self, journeys: Iterable["JourneyPrediction"], unknown_values: int) -> None:
        """Count what one customer was told: probabilities, abstentions, unknown values."""
        for journey in journeys:
            for outcome, p in journey.p.items():
                self._scores(journey.journey, outcome).observe(p)
            if journey.abstain is not None:
                self._abstained(journey.journey, journey.abstain).inc()
        if unknown_values:
            self._unknown.inc(unknown_values)

    def received(self, accepted: int, duplicates: int) -> None:
        """Count events that are durable now, and those that were there already."""
        self._events.labels("accepted").inc(accepted)
        self._events.labels("duplicate").inc(duplicates)

    def reloaded(self, journey: str, result: str) -> None:
        """Count a try to load a model of a journey."""
        self._reloads.labels(journey, result).inc()

    def serving(self, served: "Served") -> None:
        """Tell what answers now, in place of what answered before."""
        self._model.clear()
        sources = {origin.journey: origin.source for origin in served.origins}
        for one in served.everyone:
            info, journey = one.info, one.definition.name
            source = sources.get(journey, "")
            self._model.labels(journey, info.name, info.version, info.spec_hash, source).set(1)
            self._degraded.labels(journey).set(one.degraded)
        for origin in served.origins:
            self._away.labels(origin.journey).set((origin.away_since or 0) / 1e6)

    def watch(self, load: "Load") -> None:
        """Tell what the process has turned away, and whose bodies are still coming."""
        turned_away = Gauge(
            "offramp_turned_away", "Requests turned away since the start.", registry=self.registry
        )
        turned_away.set_function(lambda: load.turned_away)
        bodies = Gauge(
            "offramp_bodies_coming", "Requests whose body is still coming.", registry=self.registry
        )
        bodies.set_function(lambda: load.bodies)

    def written(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self.registry)
