"""The HTTP service: histories in, predictions out, and whether it is well.

Handlers are async and bodies are read by msgspec; a request of many histories is scored in a
thread, so that health and small requests need not wait for it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request, Response

from journeys.errors import BundleError
from models import Bundle
from serving.bodies import json_answer, read_body, require_json
from serving.example import EXAMPLE, example_for
from serving.messages import Envelope, ScoreAnswer, ScoreRequest, read_envelope
from serving.model_routes import add_health, add_models
from serving.openapi import Body, add_docs, answers, request_body
from serving.problem_handlers import add_problems
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
    add_problems(app)
    add_docs(app, lambda: example_for(service.models.current().bundles))
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
    problems = ("not-json", "wrong-type", "bad-request", "bad-history", "not-ready")

    @app.post(
        "/v1/score",
        responses=answers(ScoreAnswer, *problems),
        openapi_extra=request_body(Body(ScoreRequest, EXAMPLE)),
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
