"""The scoring route: ``POST /v1/score``.

It is answered ahead of FastAPI, whose handling of a request would cost more than a prediction does.
FastAPI documents it, tells who asks by another method, and would give the same answer.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from fastapi import FastAPI, Request, Response

from serving.bodies import require_json
from serving.decision import decided
from serving.example import EXAMPLE
from serving.histories import Timed
from serving.messages import JourneyPrediction, ScoreAnswer, ScoreRequest
from serving.openapi import Body, answers, request_body
from serving.problem_handlers import told
from serving.problems import Refused
from serving.road import Standing
from serving.scoring import Answers, Scoring
from serving.served import Served
from serving.service import Service
from serving.tracing import Application, Receive, Scope, Send

PATH = "/v1/score"

_PROBLEMS = ("not-json", "wrong-type", "bad-request", "bad-history", "not-ready")
# More than this is scored in a thread, so that health and small requests need not wait for it.
_LONG = 64_000
_PLAIN = (b"content-type", b"application/json")


def add_scoring(app: FastAPI, scores: "Scores") -> None:
    """Add ``POST /v1/score``, which `ScoresFirst` answers ahead of it."""

    @app.post(
        PATH,
        responses=answers(ScoreAnswer, *_PROBLEMS),
        openapi_extra=request_body(Body(ScoreRequest, EXAMPLE)),
        tags=["scoring"],
    )
    async def score_histories(request: Request) -> Response:
        """Predict the outcomes of every open journey of up to 1,000 histories.

        A history that cannot be scored has its problem in `error`, and the others are answered; 422
        when none can be.
        """
        body = await scores.answered(request.scope, request.receive)
        return Response(body, media_type="application/json")


class _Ready(NamedTuple):
    """What answers, and its scorers made ready for requests."""

    served: Served
    scoring: Scoring


class ScoresFirst:
    """The layer that answers scoring requests and hands on all others.

    ``path`` is the pattern of the route, for the log.
    """

    path = PATH

    def __init__(self, app: Application, scores: "Scores") -> None:
        self._app, self._scores = app, scores

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["route"] = self
        try:
            body = await self._scores.answered(scope, receive)
        except Refused as refused:
            await told(Request(scope), refused.problem)(scope, receive, send)
        else:
            await _send(send, body)


class Scores:
    """Answers requests as bytes, with the scorers of what is served now."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ready: _Ready | None = None

    async def answered(self, scope: Scope, receive: Receive) -> bytes:
        """Return the answer to a body whose size the guard has seen to."""
        scoring = self._scoring(self._service.models.ready())
        if not _is_plain(scope["headers"]):
            require_json(Request(scope))
        body = await _body(receive)
        if len(body) <= _LONG:
            return self._answer(scoring, body)
        return await asyncio.to_thread(self._answer, scoring, body)

    def _scoring(self, served: Served) -> Scoring:
        ready = self._ready
        if ready is None or ready.served is not served:
            ready = self._ready = _Ready(served, Scoring(served.everyone))
        return ready.scoring

    def _answer(self, scoring: Scoring, body: bytes) -> bytes:
        service = self._service
        answer = scoring.answer(
            scoring.read(body), decide=self._decide, named=service.pseudonym.answered
        )
        for one in answer.predictions:
            service.metrics.predicted(one.journeys, one.unknown_values)
        return msgspec.json.encode(answer)

    def _decide(self, scorer: Answers, standing: Standing, history: Timed) -> JourneyPrediction:
        return decided(scorer, standing, history, self._service.issues)


def _is_plain(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Say at a glance whether the body is said to be plain JSON, as nearly all are."""
    return _PLAIN in headers and all(name != b"content-encoding" for name, _ in headers)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _send(send: Send, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    headers = [(b"content-type", b"application/json"), length]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
