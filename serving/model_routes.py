"""Whether the service is well, what it counts, and which models answer."""

import asyncio
from time import monotonic

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST

from journeys.errors import StoreError
from serving.bodies import json_answer
from serving.messages import Health
from serving.model_state import EXAMPLE, ModelsAnswer, ReloadAsked, state_of
from serving.openapi import answers
from serving.problems import refused
from serving.service import Service

_COUNTED = 'offramp_events_total{result="accepted"} 4711.0'
_ASKED = ReloadAsked("asked")
_LOOKED_EVERY = 1.0  # seconds


def add_health(app: FastAPI, service: Service) -> None:
    """Add ``/healthz`` (the process lives) and ``/readyz`` (send requests here)."""
    store = _StoreLooked(service)

    @app.get("/healthz", responses=answers(Health, example=Health("ok")), tags=["health"])
    async def healthz() -> Response:
        """Say that the process lives."""
        return json_answer(Health("ok"))

    @app.get(
        "/readyz",
        responses=answers(Health, "not-ready", example=Health("ready")),
        tags=["health"],
    )
    async def readyz() -> Response:
        """Say whether requests can be answered: not while the service warms up or ends."""
        if service.models.draining:
            raise refused("not-ready", "The service is ending. Ask another one.")
        service.models.ready()
        await store.require()
        return json_answer(Health("ready"))


def add_models(app: FastAPI, service: Service) -> None:
    """Add ``/v1/model`` and the wish to look for a new one."""

    @app.get(
        "/v1/model",
        responses=answers(ModelsAnswer, "not-ready", example=EXAMPLE),
        tags=["models"],
    )
    async def model() -> Response:
        """Say which models answer, and how good they were on later journeys than they saw."""
        return json_answer(state_of(service.models.ready()))

    @app.post(
        "/v1/model/reload",
        responses=answers(ReloadAsked, status=202, example=_ASKED),
        status_code=202,
        tags=["models"],
    )
    async def reload() -> Response:
        """Look for a new model now, not at the next look; also try again what was refused."""
        service.models.reload_wanted.set()
        return json_answer(_ASKED, 202)


def add_metrics(app: FastAPI, service: Service) -> None:
    """Add ``/metrics`` for Prometheus."""

    @app.get(
        "/metrics",
        response_class=Response,  # else FastAPI says that it is JSON as well
        responses=answers(str, media=CONTENT_TYPE_LATEST, example=_COUNTED),
        tags=["health"],
    )
    async def metrics() -> Response:
        """Count requests, predictions, abstentions, events and reloads, for Prometheus."""
        return Response(service.metrics.written(), media_type=CONTENT_TYPE_LATEST)


class _StoreLooked:
    """Whether the store answers, asked at most once a second: a probe must be cheap."""

    def __init__(self, service: Service) -> None:
        self._store = service.store
        self._until, self._well = 0.0, True

    async def require(self) -> None:
        """Refuse (503) while the store does not answer."""
        if self._store is not None and monotonic() >= self._until:
            self._until = monotonic() + _LOOKED_EVERY
            try:
                await asyncio.to_thread(self._store.check)
                self._well = True
            except StoreError:
                self._well = False
        if not self._well:
            raise refused("not-ready", "The store of events does not answer.")
