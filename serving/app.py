"""The HTTP service: its parts, put together.

Handlers are async and bodies are read by msgspec.  Around them stand the guard (keys, limits,
headers) and, outermost, what traces every request.
"""

from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from serving.customer_data_routes import add_customer_data
from serving.customer_routes import add_customers
from serving.event_routes import add_events
from serving.example import example_for
from serving.finding_routes import add_findings
from serving.guard import Guard
from serving.journey_routes import add_journeys
from serving.layered import Layered
from serving.model_routes import add_health, add_metrics, add_models
from serving.openapi import add_docs
from serving.problem_handlers import add_problems
from serving.score_routes import Scores, ScoresFirst, add_scoring
from serving.service import Service
from serving.tracing import Traced
from serving.wire import Load


def create_app(service: Service, load: Load | None = None) -> FastAPI:
    """Return the service as an HTTP application, made of its parts.

    It answers at once, but is ready (``/readyz``, ``/v1/score``) only when ``service.models`` is.
    ``load`` is what the process has taken on, see `serving.wire`.
    """
    app = Layered(
        title="Offramp",
        description="Which customer journeys are about to leave the road, and why.",
        version=version("offramp"),
        docs_url=None,
        redoc_url=None,
    )
    scores = Scores(service)
    add_scoring(app, scores)
    add_events(app, service)
    add_customers(app, service)
    add_journeys(app, service)
    add_customer_data(app, service)
    add_findings(app, service)
    add_models(app, service)
    add_health(app, service)
    add_metrics(app, service)
    add_problems(app)
    add_docs(app, lambda: example_for(service.models.current().bundles))
    app.put_around(partial(ScoresFirst, scores=scores))
    app.put_around(partial(Guard, keys=service.keys, load=load))
    app.put_around(partial(Traced, metrics=service.metrics))
    return app
