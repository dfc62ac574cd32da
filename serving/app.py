"""The HTTP service: its parts, put together.

Handlers are async and bodies are read by msgspec.  Around them stand the guard (keys, limits,
headers) and, outermost, what traces every request.
"""

import asyncio
from importlib.metadata import version

from fastapi import FastAPI, Request, Response

from serving.bodies import json_answer, read_body, require_json
from serving.customer_data_routes import add_customer_data
from serving.customer_routes import add_customers
from serving.event_routes import add_events
from serving.example import EXAMPLE, example_for
from serving.finding_routes import add_findings
from serving.guard import Guard
from serving.messages import ScoreAnswer, ScoreRequest
from serving.model_routes import add_health, add_metrics, add_models
from serving.openapi import Body, add_docs, answers, request_body
from serving.problem_handlers import add_problems
from serving.scoring import Scoring
from serving.service import Service
from serving.tracing import Traced
from serving.wire import Load

_FEW_HISTORIES = 4


def create_app(service: Service, load: Load | None = None) -> FastAPI:
    """Return the service as an HTTP application, made of its parts.

    It answers at once, but is ready (``/readyz``, ``/v1/score``) only when ``service.models`` is.
    ``load`` is what the process has taken on, see `serving.wire`.
    """
    app = FastAPI(
        title="Offramp",
        description="Which customer journeys are about to leave the road, and why.",
        version=version("offramp"),
        docs_url=None,
        redoc_url=None,
    )
    _add_scoring(app, service)
    add_events(app, service)
    add_customers(app, service)
    add_customer_data(app, service)
    add_findings(app, service)
    add_models(app, service)
    add_health(app, service)
    add_metrics(app, service)
    add_problems(app)
    add_docs(app, lambda: example_for(service.models.current().bundles))
    app.add_middleware(Guard, keys=service.keys, load=load)
    app.add_middleware(Traced, metrics=service.metrics)
    return app


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
        scoring = Scoring(service.models.ready().everyone)
        require_json(request)
        asked = scoring.read(await read_body(request))
        if len(asked.histories) <= _FEW_HISTORIES:
            return json_answer(scoring.answer(asked))
        return json_answer(await asyncio.to_thread(scoring.answer, asked))
