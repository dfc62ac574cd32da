"""The scoring route: ahead of FastAPI, and yet as any other route."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.road import Scorer
from serving.score_routes import Scores, add_scoring
from serving.served import Served
from serving.service import Service
from tests.serving_bundle import body_of, small_bundle
from tests.serving_service import service_of

EVENT = {"time": "2026-02-01T10:00:00Z", "activity": "begun", "channel": "app"}
GOOD = {"customer_id": "a", "events": [EVENT]}


@pytest.fixture
def service() -> Service:
    return service_of(small_bundle())


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service), base_url="http://localhost") as client:
        yield client


def ask(client: TestClient, *histories: object, kind: str = "application/json") -> Any:
    return client.post("/v1/score", content=body_of(histories), headers={"content-type": kind})


def test_the_documented_handler_gives_the_answer_that_is_given_ahead_of_it(
    client: TestClient, service: Service
) -> None:
    app = FastAPI()
    add_scoring(app, Scores(service))
    with TestClient(app) as alone:
        assert ask(alone, GOOD).json() == ask(client, GOOD).json()


def test_a_long_request_gets_what_a_short_one_gets(client: TestClient) -> None:
    short = ask(client, GOOD).json()["predictions"][0]
    padded = GOOD | {"events": [EVENT | {"shoe_size": "x" * 70_000}]}
    long = ask(client, padded).json()["predictions"][0]
    assert long == short


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.a+json"])
def test_json_by_another_name_is_json(client: TestClient, kind: str) -> None:
    assert ask(client, GOOD, kind=kind).json() == ask(client, GOOD).json()


def test_what_is_swapped_in_answers_the_next_request(client: TestClient, service: Service) -> None:
    before = ask(client, GOOD).json()["predictions"][0]["journeys"]
    service.models.swap(Served((Scorer(small_bundle("other_loan")),)))
    after = ask(client, GOOD).json()["predictions"][0]["journeys"]
    assert [one["journey"] for one in before + after] == ["loan", "other_loan"]


def test_the_document_describes_the_path_and_other_methods_are_told_of_it(
    client: TestClient,
) -> None:
    document = json.loads(client.get("/openapi.json").text)
    assert "ScoreRequest" in str(document["paths"]["/v1/score"]["post"]["requestBody"])
    refused = client.get("/v1/score")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


def test_a_refusal_carries_the_id_and_the_headers_of_any_answer(client: TestClient) -> None:
    refused = ask(client)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
    assert refused.headers["x-content-type-options"] == "nosniff"
