"""The scoring route: ``POST /v1/score``.

It answers below FastAPI's own handling of a request, which would cost more than a prediction does;
FastAPI documents it.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, cast

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from serving.bodies import read_body, require_json
from serving.example import EXAMPLE
from serving.messages import ScoreAnswer, ScoreRequest
from serving.openapi import Body, answers, request_body
from serving.scoring import Answers, Scoring
from serving.served import Served
from serving.service import Service
from serving.tracing import Receive, Scope, Send

PATH = "/v1/score"

_PROBLEMS = ("not-json", "wrong-type", "bad-request", "bad-history", "not-ready")
# More than this is scored in a thread, so that health and small requests need not wait for it.
_LONG = 64_000


def add_scoring(app: FastAPI, service: Service) -> None:
    """Add ``POST /v1/score``; first of all routes, because it is asked most."""
    route = Route(PATH, _ScoreRoute(service), methods=["POST"], include_in_schema=False)
    app.router.routes.insert(0, route)
    app.post(
        PATH,
        responses=answers(ScoreAnswer, *_PROBLEMS),
        openapi_extra=request_body(Body(ScoreRequest, EXAMPLE)),
        tags=["scoring"],
    )(score_histories)


async def score_histories() -> Response:
    """Predict the outcomes of every open journey of up to 1,000 histories.

    A history that cannot be scored has its problem in `error`, and the others are answered; 422
    when none can be.
    """
    raise NotImplementedError("the route before this one answers")


class _Ready(NamedTuple):
    """What answers, and its scorers made ready for requests."""

    served: Served
    scoring: Scoring


class _ScoreRoute:
    """The route as a bare ASGI application; ``path`` is its pattern, for the log."""

    path = PATH

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ready: _Ready | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["route"] = self
        scoring = self._scoring(self._service.models.ready())
        request = Request(scope, receive)
        require_json(request)
        body = await read_body(request)
        long = len(body) > _LONG
        answer = (
            self._answer(scoring, body)
            if not long
            else await asyncio.to_thread(self._answer, scoring, body)
        )
        await _send(send, answer)

    def _scoring(self, served: Served) -> Scoring:
        ready = self._ready
        if ready is None or ready.served is not served:
            ready = self._ready = _Ready(
                served, Scoring(cast("Sequence[Answers]", served.everyone))
            )
        return ready.scoring

    def _answer(self, scoring: Scoring, body: bytes) -> bytes:
        service = self._service
        answer = scoring.answer(scoring.read(body), named=service.pseudonym.answered)
        for one in answer.predictions:
            service.metrics.predicted(one.journeys, one.unknown_values)
        return msgspec.json.encode(answer)


async def _send(send: Send, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    headers = [(b"content-type", b"application/json"), length]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
