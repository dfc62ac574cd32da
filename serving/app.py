"""The HTTP service: histories in, predictions out, and whether it is well.

Handlers are async and bodies are read by msgspec; a request of many histories is scored in a
thread, so that health and small requests need not wait for it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import cast

from fastapi import FastAPI, Request, Response

from journeys.errors import BundleError, StoreError
from models import Bundle
from serving.bodies import json_answer, read_body, require_json
from serving.customer_data_routes import add_customer_data
from serving.event_routes import add_events
from serving.messages import Envelope, ScoreAnswer, read_envelope
from serving.model_routes import add_health, add_models
from serving.openapi import add_docs, answers, request_body
from serving.problems import Problem, Refused, problem_of, problem_of_store, problem_response
from serving.scoring import score, self_test
from serving.served import Models
from serving.service import Service
from serving.tracing import Traced

_FEW_HISTORIES = 4
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
    _add_scoring(app, service)
    add_events(app, service)
    add_customer_data(app, service)
    _add_problems(app)
    add_docs(app)
    app.add_middleware(Traced)
    return app


def _warm(models: Models) -> None:
    try:
        for bundle in models.current().bundles:
            self_test(bundle)
        models.why_not_ready = None
    except BundleError as error:
        _logger.error("%s", error)
        models.why_not_ready = (
            "A model failed its self-test. The operator finds the reason in the log."
        )


def _add_scoring(app: FastAPI, service: Service) -> None:
    problems = ("not-json", "too-large", "wrong-type", "bad-request", "internal", "not-ready")

    @app.post(
        "/v1/score",
        responses=answers(ScoreAnswer, *problems),
        openapi_extra=request_body(list(service.models.current().bundles)),
        tags=["scoring"],
    )
    async def score_histories(request: Request) -> Response:
        """Predict the outcomes of every open journey of up to 1,000 histories.

        A history that cannot be scored has its problem in `error`, and the others are answered;
        422 when none can be.
        """
        bundles = service.models.ready().bundles
        require_json(request)
        envelope = read_envelope(await read_body(request))
        if len(envelope.histories) <= _FEW_HISTORIES:
            return json_answer(_answered(bundles, envelope))
        return json_answer(await asyncio.to_thread(_answered, bundles, envelope))


def _answered(bundles: Sequence[Bundle], envelope: Envelope) -> ScoreAnswer:
    return score(bundles, envelope.histories, explain=envelope.explain)


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

    async def of_store(request: Request, error: Exception) -> Response:
        _logger.error("%s", error)  # where the database is, is not told outside
        return _told(request, problem_of_store(cast("StoreError", error)))

    app.add_exception_handler(Refused, of_request)
    app.add_exception_handler(StoreError, of_store)
    app.add_exception_handler(404, not_found)
    app.add_exception_handler(405, wrong_method)


def _told(request: Request, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    retry = {"Retry-After": "5"} if problem.status == 503 else {}
    return problem_response(problem, request.scope.get("request_id"), retry | (headers or {}))
