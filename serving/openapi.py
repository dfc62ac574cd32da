"""What the API says of itself: schemas made from the messages, examples, keys, a page to try it.

A route says what it takes and gives (`request_body`, `answers`); what every route has in common
(keys, limits, the last resort) is added here, once.
"""

from collections.abc import Callable, Iterator, Mapping
from inspect import cleandoc
from typing import Any, NamedTuple

import msgspec
from fastapi import FastAPI
from fastapi.routing import APIRoute

from serving.docs_page import add_docs_page
from serving.example import real_answer
from serving.limits import most_bytes, scope_of
from serving.problems import CONTENT_TYPE, KINDS, Problem, problem_of

Json = dict[str, Any]

JSON = "application/json"
_REF = "#/components/schemas/{name}"
_TAGS = {
    "scoring": "Histories in, predictions out; nothing is kept.",
    "events": "What happened, as it happens; kept once it is acknowledged.",
    "customers": "One customer: where they stand, what to do, and how to be forgotten.",
    "findings": "What makes journeys fail: causes that were tested, and whom they concern.",
    "models": "What answers.",
    "health": "Whether it answers, and how it fares.",
}
_SECURITY: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_HEADERS: Json = {
    "X-Request-Id": {
        "description": "Finds the request in the log: the caller's own, or a new one.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which to ask again.",
        "schema": {"type": "integer"},
    },
}


class Body(NamedTuple):
    """One form that the body of a request may have; the example is a message or plain data."""

    of: type
    example: object
    media: str = JSON


class _Ref(str):
    """A reference to the schema of a message, which remembers the message."""

    __slots__ = ("of",)
    of: type


def request_body(*bodies: Body, required: bool = True) -> Json:
    """Return what a route passes as ``openapi_extra`` to say what it takes."""
    content = {
        body.media: {"schema": _schema(body.of), "example": msgspec.to_builtins(body.example)}
        for body in bodies
    }
    return {"requestBody": {"required": required, "content": content}}


def answers(
    of: type | None, *kinds: str, status: int = 200, example: object = None, media: str = JSON
) -> dict[int | str, Json]:
    """Return what a route passes as ``responses``: what it gives, and its own problems.

    Parameters
    ----------
    of : the message it answers with; None for no body
    kinds : names of `KINDS`; those that every path has are added by `add_docs`
    status, media : of the answer
    example : the answer as a message or as plain data; without it, one that was once given
    """
    told: Json = {"description": "The answer"}
    if of is not None:
        shown = real_answer(of.__name__) if example is None else msgspec.to_builtins(example)
        told["content"] = {media: {"schema": _schema(of), "example": shown}}
    documented: dict[int | str, Json] = {status: told}
    _add_problems(documented, kinds)
    return documented


def add_docs(app: FastAPI, example: Callable[[], object | None] | None = None) -> None:
    """Serve ``/docs``; complete ``/openapi.json`` with schemas, keys and what every path has.

    ``example`` returns a scoring request that the models of the moment answer, None if there is no
    model: then the one of the document stands.
    """
    generated = app.openapi
    made: list[Json] = []

    def complete() -> Json:
        if not made:
            made.append(_completed(generated(), app))
        request = None if example is None else example()
        if request is not None:
            _body_of(made[0], "/v1/score")["example"] = request
        return made[0]

    app.openapi = complete  # type: ignore[method-assign]  # as FastAPI documents it
    add_docs_page(app)


def messages_of(app: FastAPI) -> dict[str, type]:
    """Return every message that the routes of an application say they take or give, by name."""
    found: dict[str, type] = {"Problem": Problem}
    for route in _routes(app):
        for ref in _refs([route.responses, route.openapi_extra]):
            found[ref.of.__name__] = ref.of
    return found


def _completed(document: Json, app: FastAPI) -> Json:
    _, schemas = msgspec.json.schema_components(messages_of(app).values(), ref_template=_REF)
    document["components"] = {
        "schemas": {name: schema | _description(schema) for name, schema in schemas.items()},
        "securitySchemes": _SECURITY,
        "headers": _HEADERS,
        "examples": {kind: _example(kind) for kind in KINDS},
    }
    document["servers"] = [{"url": "/"}]
    used = {tag for route in _routes(app) for tag in route.tags}
    document["tags"] = [
        {"name": name, "description": told} for name, told in _TAGS.items() if name in used
    ]
    for route in _routes(app):
        for method in route.methods or ():
            _complete(document["paths"][route.path_format][method.lower()], method, route)
    return document


def _complete(operation: Json, method: str, route: APIRoute) -> None:
    """Add to one operation what every one has."""
    operation["operationId"] = route.name
    responses = operation["responses"]
    _with_nulls(responses, route)
    if _is_fastapis(responses.get("422", {})):
        del responses["422"]
    needed = scope_of(method, route.path_format)
    kinds = ["internal", "not-http", "head-too-large"]
    if "requestBody" in operation:
        kinds += ["too-large", "too-slow"]
        told = f"A body of at most {most_bytes(route.path_format):,} bytes."
        operation["requestBody"].setdefault("description", told)
    if operation.get("parameters"):
        kinds.append("bad-query")
    if needed is None:
        operation["security"] = []
    else:
        kinds += ["no-key", "wrong-scope", "wrong-origin", "wrong-host", "too-often", "overloaded"]
        operation["security"] = [{name: []} for name in _SECURITY]
        told = f"Where the service has keys, it takes one with the scope `{needed}`."
        operation["description"] = f"{operation.get('description', '')}\n\n{told}".strip()
    _add_problems(responses, kinds)
    operation["responses"] = dict(sorted(responses.items(), key=lambda item: str(item[0])))


def _with_nulls(responses: Json, route: APIRoute) -> None:
    """Give examples back what FastAPI takes out of them: a name without a value is null."""
    for status, told in route.responses.items():
        for media, content in told.get("content", {}).items():
            responses[str(status)]["content"][media] |= content


def _add_problems(documented: dict[Any, Json], kinds: "list[str] | tuple[str, ...]") -> None:
    """Add kinds of problem, each by its status, several of one status side by side."""
    for kind in kinds:
        status = str(KINDS[kind].status)
        told = documented.setdefault(status, {"description": "", "content": {}})
        content = told.setdefault("content", {}).setdefault(
            CONTENT_TYPE, {"schema": _schema(Problem), "examples": {}}
        )
        if kind in content["examples"]:
            continue
        content["examples"][kind] = {"$ref": f"#/components/examples/{kind}"}
        told["description"] = "; ".join(filter(None, [told["description"], KINDS[kind].title]))
        told["headers"] = _headers("X-Request-Id", *_retry(KINDS[kind].status))


def _example(kind: str) -> Json:
    problem = problem_of(kind, f"{KINDS[kind].title}: what was found, and what to do.")
    return {"value": msgspec.to_builtins(problem)}


def _body_of(document: Json, path: str) -> Json:
    body: Json = document["paths"][path]["post"]["requestBody"]["content"][JSON]
    return body


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _retry(status: int) -> tuple[str, ...]:
    return ("Retry-After",) if status in (429, 503) else ()


def _is_fastapis(response: Json) -> bool:
    """Whether a response is the one that FastAPI documents for its own faults, not ours."""
    return "HTTPValidationError" in str(response)


def _schema(of: type) -> Json:
    if of is str:
        return {"type": "string"}
    ref = _Ref(_REF.format(name=of.__name__))
    ref.of = of
    return {"$ref": ref}


def _refs(of: object) -> Iterator[_Ref]:
    """Yield the references anywhere within plain data."""
    if isinstance(of, _Ref):
        yield of
    elif isinstance(of, Mapping):
        for value in of.values():
            yield from _refs(value)
    elif isinstance(of, list):
        for value in of:
            yield from _refs(value)


def _routes(app: FastAPI) -> list[APIRoute]:
    return [
        route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema
    ]


def _description(schema: Json) -> Json:
    """Return a docstring's words without the indentation of its source."""
    return {"description": cleandoc(schema["description"])} if "description" in schema else {}
