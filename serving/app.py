"""The HTTP service: histories in, predictions out, and whether it is well.

Handlers are async and bodies are read by msgspec; a request of many histories is scored in a
thread, so that health and small requests need not wait for it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import msgspec
from fastapi import FastAPI, Request, Response

from journeys.errors import BundleError
from models import Bundle
from serving.messages import Health, Models, ScoreAnswer
from serving.openapi import add_docs, answers, request_body
from serving.problems import Problem, Refused, problem_of, problem_response, refused
from serving.road import Scorer, model_info
from serving.scoring import Scoring, self_test
from serving.tracing import Traced

MOST_BYTES = 10_000_000

_FEW_HISTORIES = 4
_logger = logging.getLogger("offramp.serving")


@dataclass
class _Readiness:
    """Why the service cannot answer yet; None once it can."""

    why_not: str | None = "The models are being warmed up. Try again in a few seconds."


def create_app(bundles: Sequence[Bundle]) -> FastAPI:
    """Return the service that answers with these bundles, one per journey, at least one.

    It accepts requests at once, but is ready (``/readyz``, ``/v1/score``) only when the kernel is
    compiled and every bundle has passed its self-test.
    """
    ready = _Readiness()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(asyncio.to_thread(_warm, bundles, ready))
        yield
        await warming

    app = FastAPI(
        title="Offramp",
        description="Which customer journeys are about to leave the road, and why.",
        version=str(bundles[0].manifest["code_version"]),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    _add_health(app, ready)
    _add_models(app, bundles)
    _add_scoring(app, bundles, ready)
    _add_problems(app)
    add_docs(app)
    app.add_middleware(Traced)
    return app


def _warm(bundles: Sequence[Bundle], ready: _Readiness) -> None:
    try:
        for bundle in bundles:
            self_test(Scorer(bundle))
        ready.why_not = None
    except BundleError as error:
        _logger.error("%s", error)
        ready.why_not = "A model failed its self-test. The operator finds the reason in the log."


def _add_health(app: FastAPI, ready: _Readiness) -> None:
    @app.get("/healthz", responses=answers(Health), tags=["health"])
    async def healthz() -> Response:
        """Say that the process lives."""
        return _json(Health("ok"))

    @app.get("/readyz", responses=answers(Health, "not-ready"), tags=["health"])
    async def readyz() -> Response:
        """Say whether requests can be answered."""
        _require_ready(ready)
        return _json(Health("ready"))


def _add_models(app: FastAPI, bundles: Sequence[Bundle]) -> None:
    @app.get("/v1/model", responses=answers(Models), tags=["models"])
    async def model() -> Response:
        """Say which models answer, and how good they were on later journeys than they saw."""
        evaluation = {bundle.journey: bundle.manifest.get("evaluation") for bundle in bundles}
        return _json(Models([model_info(bundle) for bundle in bundles], evaluation))


def _add_scoring(app: FastAPI, bundles: Sequence[Bundle], ready: _Readiness) -> None:
    scoring = Scoring([Scorer(bundle) for bundle in bundles])
    problems = ("not-json", "too-large", "wrong-type", "bad-request", "internal", "not-ready")

    @app.post(
        "/v1/score",
        responses=answers(ScoreAnswer, *problems),
        openapi_extra=request_body(list(bundles)),
        tags=["scoring"],
    )
    async def score_histories(request: Request) -> Response:
        """Predict the outcomes of every open journey of up to 1,000 histories.

        A history that cannot be scored has its problem in `error`, and the others are answered;
        422 when none can be.
        """
        _require_ready(ready)
        _require_json(request)
        asked = scoring.read(await _body(request))
        if len(asked.histories) <= _FEW_HISTORIES:
            return _json(scoring.answer(asked))
        return _json(await asyncio.to_thread(scoring.answer, asked))


def _require_ready(ready: _Readiness) -> None:
    if ready.why_not is not None:
        raise refused("not-ready", ready.why_not)


def _require_json(request: Request) -> None:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise refused(
            "wrong-type",
            f"The body is said to be {kind[:60]!r}. Send JSON, and Content-Type: application/json.",
        )
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed != "identity":
        raise refused("wrong-type", f"The body is packed ({packed[:60]!r}). Send it as it is.")


async def _body(request: Request) -> bytes:
    """Return the body, read no further than the limit."""
    too_large = refused(
        "too-large",
        f"The body is larger than {MOST_BYTES:,} bytes. Send fewer histories in one request.",
    )
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > MOST_BYTES:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise too_large
    return bytes(body)


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


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
