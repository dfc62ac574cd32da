"""The HTTP service: what it answers, and that nothing a caller sends makes it stumble."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.app import create_app
from serving.bodies import MOST_BYTES
from serving.messages import MOST_EVENTS
from serving.scoring import Scoring
from serving.served import WARMING
from tests.serving_bundle import body_of, histories_of, random_events, small_bundle
from tests.serving_service import service_of

JSON = {"content-type": "application/json"}
SECRET = "customer-4711"
EVENT = {"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}
GOOD = {"customer_id": SECRET, "events": [EVENT]}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(
        create_app(service_of(small_bundle())), raise_server_exceptions=False
    ) as client:
        while client.get("/readyz").status_code == 503:
            pass
        yield client


def ask(client: TestClient, body: bytes, **headers: str) -> Any:
    return client.post("/v1/score", content=body, headers=JSON | headers)


def problem(answer: Any, status: int) -> dict[str, Any]:
    """Return a problem document after checking that it is one."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "request_id"} <= set(told)
    assert told["status"] == status
    assert told["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    assert not any(feature.name in told["detail"] for feature in small_bundle().plan.features[:30])
    return told


def test_a_history_is_answered_with_predictions_and_reasons(client: TestClient) -> None:
    answer = ask(client, body_of([GOOD], explain=2)).json()
    (prediction,) = answer["predictions"]
    (journey,) = prediction["journeys"]
    assert prediction["customer_id"] == SECRET
    assert answer["as_of"] == EVENT["time"]
    assert answer["degraded"] is False
    assert answer["model"]["spec_hash"] == small_bundle().plan.spec_hash
    assert journey["step"] == "begun"
    assert journey["known_issue"] is None
    for outcome in ("success", "leakage", "churn"):
        low, high = journey["interval"][outcome]
        assert 0 < low <= journey["p"][outcome] <= high < 1
        assert journey["base_rate"][outcome] is not None
        assert len(journey["reasons"][outcome]) <= 2


def test_many_histories_are_answered_in_their_order_and_as_alone(client: TestClient) -> None:
    histories = histories_of(random_events(10, seed=8))
    together = ask(client, body_of(histories, explain=1)).json()["predictions"]
    alone = [ask(client, body_of([one], explain=1)).json()["predictions"][0] for one in histories]
    assert [one["customer_id"] for one in together] == [one["customer_id"] for one in histories]
    assert [one | {"index": 0} for one in together] == alone


def test_a_bad_history_in_a_batch_has_its_own_problem(client: TestClient) -> None:
    bad = GOOD | {"events": [EVENT | {"time": "soon"}]}
    first, second = ask(client, body_of([bad, GOOD])).json()["predictions"]
    assert first["error"]["status"] == 422
    assert "'soon'" in first["error"]["detail"]
    assert second["error"] is None


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "empty"),
        (b"not json", 422, "not JSON"),
        (b'{"histories": NaN}', 422, "not JSON"),
        (b"{}", 422, "histories"),
        (body_of([]), 422, "length >= 1"),
        (body_of(["x"]), 422, "histories[0]"),
        (body_of([GOOD], explain=-1), 422, "explain"),
        (body_of([GOOD], model="x"), 422, "model"),
        (body_of([GOOD | {"events": []}]), 422, "length >= 1"),
        (body_of([GOOD | {"events": [EVENT] * (MOST_EVENTS + 1)}]), 422, "10000"),
        (body_of([GOOD | {"events": [EVENT | {"time": "32.13.2026"}]}]), 422, "not a time"),
        (body_of([GOOD | {"events": [EVENT | {"activity": None}]}]), 422, "activity is missing"),
    ],
)
def test_bad_input_is_a_problem_document(
    client: TestClient, body: bytes, status: int, words: str
) -> None:
    assert words in problem(ask(client, body), status)["detail"]


@pytest.mark.parametrize(
    "event",
    [
        EVENT | {"activity": '"; drop table"'},
        EVENT | {"activity": "🎈\u0000 ünïcode"},
        EVENT | {"amount": -1e308, "region": 10**30, "nobody knows": "x" * 10_000},
        EVENT | {"time": "2026-02-01T10:00:00.123456789+13:45"},
        {"time": "2026-02-01", "activity": "begun"},
    ],
)
def test_odd_input_is_answered(client: TestClient, event: dict[str, Any]) -> None:
    answer = ask(client, body_of([GOOD | {"events": [EVENT | {"time": "1999-01-01"}, event]}]))
    assert answer.status_code == 200


def test_ten_thousand_events_are_one_history(client: TestClient) -> None:
    answer = ask(client, body_of([GOOD | {"events": [EVENT] * MOST_EVENTS}], explain=0))
    assert answer.status_code == 200
    assert len(answer.json()["predictions"][0]["journeys"]) == 1


def test_a_body_beyond_the_limit_is_refused_announced_or_not(client: TestClient) -> None:
    announced = problem(ask(client, b" " * (MOST_BYTES + 1)), 413)
    pieces = (b" " * 1_000_000 for _ in range(MOST_BYTES // 1_000_000 + 1))
    streamed = problem(client.post("/v1/score", content=pieces, headers=JSON), 413)
    assert announced["detail"] == streamed["detail"]
    assert "10,000,000 bytes" in announced["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/csv"},
        {"content-type": ""},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_another_type_of_body_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    problem(client.post("/v1/score", content=body_of([GOOD]), headers=headers), 415)


def test_an_unknown_path_and_a_wrong_method_are_problems(client: TestClient) -> None:
    problem(client.get("/v2/score"), 404)
    problem(client.get("/docs/secrets"), 404)
    answer = client.delete("/v1/score")
    assert "POST does" in problem(answer, 405)["detail"]
    assert answer.headers["allow"] == "POST"


Scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
Anything = st.recursive(
    Scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
Times = st.datetimes().map(str) | st.sampled_from([str(EVENT["time"]), "2026-02-30", "now"])
Events = st.fixed_dictionaries(
    {},
    optional={
        "time": Times | Scalars,
        "activity": st.sampled_from(["begun", "funded", "called"]) | Scalars,
        "channel": st.sampled_from(["app", "call_centre"]) | Scalars,
        "amount": Scalars,
        "region": Scalars,
        "else": Anything,
    },
)
Histories = st.fixed_dictionaries(
    {"customer_id": st.text(min_size=1, max_size=9) | st.integers(), "events": st.lists(Events)},
    optional={"as_of": Times | Anything},
)


@settings(max_examples=100)
@given(
    body=st.binary(max_size=300)
    | Anything.map(json.dumps).map(str.encode)
    | st.builds(body_of, st.lists(Histories | Anything, max_size=3))
)
def test_no_body_makes_the_service_stumble(client: TestClient, body: bytes) -> None:
    answer = ask(client, body)
    assert answer.status_code in (200, 422, 422)
    if answer.status_code != 200:
        problem(answer, answer.status_code)


def test_a_fault_of_ours_is_a_500_that_tells_nothing(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, "offramp.serving"),
        patch.object(Scoring, "answer", side_effect=ValueError(f"no {SECRET}")),
    ):
        told = problem(ask(client, body_of([GOOD])), 500)
    assert SECRET not in str(told)
    assert SECRET not in caplog.text
    fault = json.loads(caplog.messages[0])
    assert fault["fault"] == "ValueError"
    assert fault["request_id"] == told["request_id"]


def test_the_log_has_an_id_and_a_pattern_but_no_key(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "offramp.serving"):
        ask(client, body_of([GOOD]), **{"x-request-id": "mine-1"})
        client.get(f"/v1/customers/{SECRET}")
    lines = [json.loads(message) for message in caplog.messages]
    assert [line["path"] for line in lines] == ["/v1/score", "/v1/customers/{key:path}"]
    assert lines[0]["request_id"] == "mine-1"
    assert SECRET not in caplog.text


@pytest.mark.parametrize("bad", ["", "a b", "x" * 65, '"{}'])
def test_a_request_id_that_could_confuse_a_log_is_replaced(client: TestClient, bad: str) -> None:
    answer = client.get("/healthz", headers={"x-request-id": bad})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_until_the_models_are_warm_the_service_lives_but_is_not_ready() -> None:
    service = service_of(small_bundle())
    service.models.why_not_ready = WARMING
    client = TestClient(create_app(service))
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert "warmed up" in problem(answer, 503)["detail"]
    assert answer.headers["retry-after"] == "5"
    problem(ask(client, body_of([GOOD])), 503)
    service.models.why_not_ready = None
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_service_that_ends_still_answers_but_asks_to_be_left_alone() -> None:
    service = service_of(small_bundle())
    service.models.draining = True
    client = TestClient(create_app(service))
    assert "ending" in problem(client.get("/readyz"), 503)["detail"]
    assert client.get("/healthz").status_code == 200
    assert ask(client, body_of([GOOD])).status_code == 200


def test_the_models_are_named_with_what_training_measured(client: TestClient) -> None:
    told = client.get("/v1/model").json()
    assert told["models"][0]["name"] == "offramp-loan"
    assert set(told["evaluation"]) == {"loan"}


def test_the_docs_page_asks_nobody_else(client: TestClient) -> None:
    page = client.get("/docs").text
    assert re.findall(r"https?://", page) == []
    for asset in re.findall(r'"(docs/[^"]+)"', page):
        answer = client.get(f"/{asset}")
        assert answer.status_code == 200
        assert len(answer.content) > 100


def test_the_documented_example_is_answered_with_an_open_journey(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    content = document["paths"]["/v1/score"]["post"]["requestBody"]["content"]["application/json"]
    answer = ask(client, json.dumps(content["example"]).encode())
    assert len(answer.json()["predictions"][0]["journeys"]) == 1


def test_every_schema_that_the_documentation_points_to_is_there(client: TestClient) -> None:
    text = client.get("/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    pointed = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert {"ScoreRequest", "ScoreAnswer", "Problem"} <= pointed <= set(schemas)
