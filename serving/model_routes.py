"""Whether the service is well, and which models answer."""

from fastapi import FastAPI, Response

from serving.bodies import json_answer
from serving.messages import Health, Models
from serving.openapi import answers
from serving.road import model_info
from serving.service import Service


def add_health(app: FastAPI, service: Service) -> None:
    """Add ``/healthz`` (the process lives) and ``/readyz`` (requests can be answered)."""

    @app.get("/healthz", responses=answers(Health), tags=["health"])
    async def healthz() -> Response:
        """Say that the process lives."""
        return json_answer(Health("ok"))

    @app.get("/readyz", responses=answers(Health, "not-ready"), tags=["health"])
    async def readyz() -> Response:
        """Say whether requests can be answered."""
        service.models.ready()
        return json_answer(Health("ready"))


def add_models(app: FastAPI, service: Service) -> None:
    """Add ``/v1/model``."""

    @app.get("/v1/model", responses=answers(Models), tags=["models"])
    async def model() -> Response:
        """Say which models answer, and how good they were on later journeys than they saw."""
        bundles = service.models.current().bundles
        evaluation = {bundle.journey: bundle.manifest.get("evaluation") for bundle in bundles}
        return json_answer(Models([model_info(bundle) for bundle in bundles], evaluation))
