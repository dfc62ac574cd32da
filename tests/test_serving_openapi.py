"""The description of the API: complete, committed, and every example of it is one."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from serving.app import create_app
from serving.example import ANSWERS, real_answer
from serving.limits import scope_of
from serving.openapi import Body, add_docs, answers, messages_of, request_body
from serving.openapi_file import FILE, document, written
from serving.problems import KINDS, Problem
from serving.served import Models
from serving.service import Service
from tests.serving_bundle import small_bundle
from tests.serving_service import service_of

ROOT = Path(__file__).resolve().parent.parent
APP = create_app(Service(Models()))
DOCUMENT = document()
OPERATIONS = [
    (method.upper(), path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
]


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def test_the_committed_description_is_that_of_the_code() -> None:
    """After a change: `make openapi`."""
    assert (ROOT / FILE).read_text(encoding="utf-8") == written(DOCUMENT)


def test_a_service_with_a_model_describes_itself_alike_but_for_an_example_it_can_answer() -> None:
    described = json.loads(written(create_app(service_of(small_bundle())).openapi()))
    committed = json.loads(written(DOCUMENT))
    for one in (described, committed):
        body = one["paths"]["/v1/score"]["post"]["requestBody"]["content"]["application/json"]
        assert body.pop("example")["histories"]
    assert described == committed


def test_it_is_openapi_3_1_and_all_it_points_to_is_there() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    pointed = set(re.findall(r'"#/([^"]+)"', json.dumps(DOCUMENT)))
    assert {"components/schemas/ScoreRequest", "components/schemas/Problem"} <= pointed
    for reference in pointed:
        there: Any = DOCUMENT
        for step in reference.split("/"):
            there = there[step]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_says_what_it_does_and_what_it_takes_to_ask(method: str, path: str) -> None:
    told = operation(method, path)
    needed = scope_of(method, path)
    assert told["summary"]
    assert told["tags"]
    assert len(told["description"]) > 20
    assert (told["security"] == []) == (needed is None)
    if needed is not None:
        assert f"scope `{needed}`" in told["description"]
        assert {"401", "403", "429", "503"} <= set(told["responses"])
    assert any(status.startswith("2") for status in told["responses"])
    assert "500" in told["responses"]
    assert "HTTPValidationError" not in json.dumps(told)


def test_operations_have_names_of_their_own() -> None:
    names = [operation(method, path)["operationId"] for method, path in OPERATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_body_has_an_example_that_is_one(method: str, path: str) -> None:
    messages = messages_of(APP)
    told = operation(method, path)
    good = [one for status, one in told["responses"].items() if status.startswith("2")]
    for body in (told.get("requestBody", {}), *good):
        for content in body.get("content", {}).values():
            example = json.loads(json.dumps(content["example"]))
            schema = content["schema"] | {"components": DOCUMENT["components"]}
            Draft202012Validator(schema).validate(example)
            if "$ref" in content["schema"]:
                of = messages[content["schema"]["$ref"].rpartition("/")[2]]
                msgspec.convert(example, of)


@pytest.mark.parametrize("message", json.loads(ANSWERS.read_text()))
def test_the_answers_shown_have_every_field_of_today(message: str) -> None:
    """They were given once; after a change of an answer: `python -m pages.answer_examples`."""
    shown = real_answer(message)
    read = msgspec.convert(shown, messages_of(APP)[message])
    assert msgspec.json.decode(msgspec.json.encode(read)) == shown


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_problem_has_an_example(kind: str) -> None:
    shown = DOCUMENT["components"]["examples"][kind]["value"]
    assert msgspec.convert(shown, Problem).type == f"urn:offramp:problem:{kind}"
    assert shown["status"] == KINDS[kind].status


def test_every_parameter_is_explained() -> None:
    for method, path in OPERATIONS:
        for parameter in operation(method, path).get("parameters", []):
            assert parameter.get("description"), f"{method} {path}: {parameter['name']}"


def test_problems_of_one_status_stand_side_by_side() -> None:
    app = FastAPI()

    @app.post(
        "/v1/thing",
        responses=answers(Problem, "bad-event", "bad-history", "not-ready", status=202),
        openapi_extra=request_body(Body(Problem, {}), Body(Problem, {}, "application/x+json")),
    )
    async def thing() -> None:
        """Do a thing."""

    add_docs(app)
    told = app.openapi()["paths"]["/v1/thing"]["post"]
    content = told["responses"]["422"]["content"]["application/problem+json"]
    assert {"bad-event", "bad-history"} <= set(content["examples"])
    assert "202" in told["responses"]
    assert set(told["requestBody"]["content"]) == {"application/json", "application/x+json"}
    busy = told["responses"]["503"]["content"]["application/problem+json"]["examples"]
    assert {"not-ready", "overloaded"} == set(busy)
