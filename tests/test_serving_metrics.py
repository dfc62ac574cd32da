"""What is counted for Prometheus, read back as Prometheus reads it; and the lines of the log."""

import json
import logging

from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from journeys.errors import StoreAwayError
from serving.app import create_app
from serving.loading import Loaded
from serving.logs import JsonLines
from serving.metrics import Metrics
from serving.reload import served_of
from serving.served import Models, Origin
from serving.service import Service
from serving.without_model import base_rates_for
from tests.serving_bundle import body_of, small_bundle
from tests.serving_service import service_of

EVENT = {"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}
JSON = {"content-type": "application/json"}
Labels = dict[str, str]


def counted(metrics: Metrics, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples with these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(metrics.written().decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_what_customers_are_told_is_counted() -> None:
    service = service_of(small_bundle())
    client = TestClient(create_app(service))
    new = EVENT | {"app_version": "9.9.9", "region": "moon"}
    for event in (EVENT, new):
        body = body_of([{"customer_id": "secret-4711", "events": [event]}])
        client.post("/v1/score", content=body, headers=JSON)
    client.get("/v1/customers/secret-4711/context")
    client.get("/nowhere/secret-4711")
    metrics = service.metrics
    seconds = "offramp_request_seconds_count"
    assert counted(metrics, seconds, path="/v1/score", status="200", method="POST") == 2
    assert counted(metrics, seconds, path="(unknown)", status="404") == 1
    assert counted(metrics, "offramp_probability_count", journey="loan", outcome="churn") == 2
    assert counted(metrics, "offramp_unknown_values_total") == 2
    assert counted(metrics, "offramp_requests_in_flight") == 0
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "secret-4711" not in answer.text


def test_base_rates_and_a_registry_that_is_away_are_worth_an_alarm() -> None:
    definition = small_bundle().plan.definition
    rates = base_rates_for("models:/offramp-loan@champion", [definition])
    assert rates is not None
    origin = Origin("models:/offramp-loan@champion", "loan", "nothing", 0, away_since=7_000_000)
    metrics = Metrics()
    metrics.serving(served_of([Loaded(rates, origin)]))
    metrics.reloaded("loan", "away")
    assert counted(metrics, "offramp_degraded", journey="loan") == 1
    assert counted(metrics, "offramp_registry_away_since_seconds", journey="loan") == 7
    assert counted(metrics, "offramp_reloads_total", journey="loan", result="away") == 1
    assert counted(metrics, "offramp_model", source="nothing") == 1


def test_two_services_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.received(3, 1)
    assert counted(one, "offramp_events_total", result="accepted") == 3
    assert counted(one, "offramp_events_total", result="duplicate") == 1
    assert counted(other, "offramp_events_total") == 0


def test_a_store_that_does_not_answer_makes_the_service_unready_but_not_dead() -> None:
    class Away:
        def check(self) -> None:
            raise StoreAwayError("the database is away")

    service = Service(Models(why_not_ready=None), store=Away())  # type: ignore[arg-type]
    client = TestClient(create_app(service))
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_a_line_of_the_log_is_one_json_object_whatever_is_said() -> None:
    def line(message: str) -> dict[str, object]:
        record = logging.LogRecord("offramp.serving", logging.INFO, "", 0, message, None, None)
        written = JsonLines().format(record)
        assert "\n" not in written
        return dict(json.loads(written))

    assert line('a "quoted"\nline')["said"] == 'a "quoted"\nline'
    told = line('{"request_id":"r","status":200}')
    assert (told["request_id"], told["status"], told["level"]) == ("r", 200, "info")
    assert str(told["at"]).endswith("Z")
