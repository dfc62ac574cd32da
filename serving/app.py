"""The HTTP service: histories in, predictions out, and whether it is well.

Handlers are async and bodies are read by msgspec; a request of many histories is scored in a
thread, so that health and small requests need not wait for it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import cast

from fastapi import FastAPI, Request, Response

from journeys.errors import BundleError
from serving.model_routes import add_health, add_models
from serving.openapi import add_docs
from serving.problems import Problem, Refused, problem_of, problem_response
from serving.score_routes import add_scoring
from serving.scoring import self_test
from serving.served import Models
from serving.service import Service
from serving.tracing import Traced

_logger = logging.getLogger("offramp.serving")


def create_app(service: Service) -> FastAPI:
    """Return the service as an HTTP application, made of its parts.

    It accepts requests at once, but is ready (``/readyz``, ``/v1/score``) only when the kernel is
    compiled and every bundle has passed its self-test.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(asyncio.to_thread(_warm, service.models))
        yield
        await warming

    app = FastAPI(
        title="Offramp",
        description="Which customer journeys are about to leave the road, and why.",
        version=version("offramp"),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    add_health(app, service)
    add_models(app, service)
    add_scoring(app, service)
    _add_problems(app)
    add_docs(app)
    app.add_middleware(Traced)
    return app


def _warm(models: Models) -> None:
    try:
        for scorer in models.current().scorers:
            self_test(scorer)
        models.why_not_ready = None
    except BundleError as error:
        _logger.error("%s", error)
        models.why_not_ready = (
            "A model failed its self-test. The operator finds the reason in the log."
        )


def _add_problems(app: FastAPI) -> None:
    async def of_request(request: Request, error: Exception) -> Response:
        return _told(request, cast("Refused", error).problem)

    async def not_found(request: Request, _error: Exception) -> Response:
        detail = "There is nothing at this path. See /docs for the paths there are."
        return _told(request, problem_of("not-found", detail))

    async def wrong_method(request: Request, error: Exception) -> Response:
        headers = getattr(error, "headers", None) or {}
        allowed = headers.get("Allow", "another method")
        detail = f"{request.method:.20} does not work on this path; {allowed} does. See /docs."
        return _told(request, problem_of("wrong-method", detail), headers)

    app.add_exception_handler(Refused, of_request)
    app.add_exception_handler(404, not_found)
    app.add_exception_handler(405, wrong_method)


def _told(request: Request, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    retry = {"Retry-After": "5"} if problem.status == 503 else {}
    return problem_response(problem, request.scope.get("request_id"), retry | (headers or {}))
