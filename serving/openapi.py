"""What the API says of itself: schemas made from the messages, an example that works, a page.

The page's JavaScript and CSS come from a package, because it must work without the internet.
"""

from importlib.resources import as_file, files
from inspect import cleandoc
from typing import Any

import msgspec
from fastapi import FastAPI, HTTPException, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from models import Bundle
from serving.event_messages import AliasRequest, Erased, EventsAnswer, Unlinked
from serving.example import example_request
from serving.messages import Health, Models, ScoreAnswer, ScoreRequest
from serving.problems import CONTENT_TYPE, KINDS, Problem

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


def add_docs(app: FastAPI) -> None:
    """Serve ``/docs`` and its assets, and complete ``/openapi.json`` with our schemas."""
    generated = app.openapi
    made: list[Json] = []

    def complete() -> Json:
        if not made:
            document = generated()
            document.setdefault("components", {}).setdefault("schemas", {}).update(_schemas())
            made.append(document)
        return made[0]

    app.openapi = complete  # type: ignore[method-assign]  # as FastAPI documents it
    app.add_api_route("/docs", _page, include_in_schema=False)
    app.add_api_route("/docs/{name}", _asset, include_in_schema=False)


def request_body(bundles: list[Bundle]) -> Json:
    """Return the documentation of the scoring request, with an example for these bundles."""
    content = {"schema": _ref(ScoreRequest), "example": example_request(bundles[0])}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def json_body(of: type, example: object) -> Json:
    """Return the documentation of a request whose body is one message."""
    content = {"schema": _ref(of), "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def answers(of: type, *kinds: str) -> dict[int | str, Json]:
    """Return the documentation of the answers of a path: what it gives, and its problems."""
    documented: dict[int | str, Json] = {
        200: {"description": "The answer", "content": {"application/json": {"schema": _ref(of)}}}
    }
    for kind in kinds:
        status, title = KINDS[kind]
        documented[status] = {
            "description": title,
            "content": {CONTENT_TYPE: {"schema": _ref(Problem)}},
        }
    return documented


def _schemas() -> Json:
    types = [ScoreRequest, ScoreAnswer, Models, Health, Problem]
    types += [EventsAnswer, AliasRequest, Unlinked, Erased]
    _, components = msgspec.json.schema_components(types, ref_template=_REF)
    return {name: schema | _description(schema) for name, schema in components.items()}


def _description(schema: Json) -> Json:
    """Return a docstring's words without the indentation of its source."""
    return {"description": cleandoc(schema["description"])} if "description" in schema else {}


def _ref(of: type) -> Json:
    return {"$ref": _REF.format(name=of.__name__)}


async def _page() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Offramp",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="data:,",
        swagger_ui_parameters={"validatorUrl": None},
    )


async def _asset(name: str) -> Response:
    if name not in _ASSETS:
        raise HTTPException(404)
    with as_file(files("fastapi_offline") / "static" / name) as path:
        return Response(path.read_bytes(), media_type=_ASSETS[name])
