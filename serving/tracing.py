"""What surrounds every request: an id, a log line without customer keys, and a last resort.

The log line holds the pattern of the path, never the path itself, and a fault's type and place,
never its message: either could hold a customer's key.
"""

import json
import logging
import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from os import urandom
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect

from serving.metrics import Metrics
from serving.problems import problem_of_fault, problem_response

_REQUEST_ID = b"x-request-id"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_logger = logging.getLogger("offramp.serving")
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_GOOD_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Traced:
    """Gives each request an id (the caller's ``X-Request-Id`` or a new one) and a log line."""

    def __init__(self, app: Application, metrics: Metrics | None = None) -> None:
        self._app, self._metrics = app, metrics or Metrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, see what becomes of it, and log that."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, told = perf_counter(), _Told(send, _request_id(scope))
        scope["request_id"] = told.request_id
        metrics = self._metrics
        metrics.in_flight += 1
        try:
            await self._app(scope, receive, told)
        except Exception as error:  # the last resort: nothing of our insides leaves the house
            await self._last_resort(scope, receive, told, error)
        finally:
            metrics.in_flight -= 1
            self._count(scope, told, perf_counter() - begun)

    async def _last_resort(
        self, scope: Scope, receive: Receive, told: "_Told", error: Exception
    ) -> None:
        if not isinstance(error, ClientDisconnect):  # who hangs up is no fault of ours
            _logger.error("%s", json.dumps({"request_id": told.request_id} | _fault(error)))
        if told.status is None:
            answer = problem_response(problem_of_fault(), told.request_id)
            await answer(scope, receive, told)

    def _count(self, scope: Scope, told: "_Told", seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        path = getattr(scope.get("route"), "path", "(unknown)")
        self._metrics.answered(method, path, told.status or 0, seconds)
        level = logging.DEBUG if path in _PROBES else logging.INFO
        if _logger.isEnabledFor(level):
            key = scope.get("key")
            who = "" if key is None else f',"key_name":{json.dumps(key)}'
            # Put together by hand: nothing else in it is anybody's to choose.
            text = (
                f'{{"request_id":"{told.request_id}","method":"{method}","path":"{path}",'
                f'"status":{told.status or "null"},"ms":{round(seconds * 1000, 3)}{who}}}'
            )
            # A record made here: `log` would look for its caller, which nobody is told.
            _logger.handle(logging.LogRecord(_logger.name, level, "", 0, text, None, None))


class _Told:
    """Sends messages on, with the request's id among the headers; remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = (_REQUEST_ID, self.request_id.encode())
            message["headers"] = [*message.get("headers", ()), own]
        await self._send(message)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _REQUEST_ID and _GOOD_ID.fullmatch(value):
            return str(value.decode())
    return urandom(16).hex()


def _fault(error: Exception) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "fault": type(error).__name__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
