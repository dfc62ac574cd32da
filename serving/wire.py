"""The wire: what a connection may cost before its request has become one.

uvicorn waits for ever for a head or for a reader, keeps headers of any size, and makes a task of
every request.  Here each has a bound, and a request beyond what the process can do is turned away
before anything is done for it: that costs a fraction of an answer, so that under ten times the load
the others are answered as fast as ever.
"""

from asyncio import TimerHandle, Transport
from dataclasses import dataclass, field

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.gathered import Gathered
from serving.limits import PUBLIC, Limits
from serving.problems import CONTENT_TYPE, problem_of

_NEVER_TURNED_AWAY = PUBLIC | {"/metrics"}


@dataclass
class Load:
    """What one process has taken on, and how many callers it has turned away since its start."""

    limits: Limits = field(default_factory=Limits)
    bodies: int = 0  # requests whose body is still coming: they cost nothing but patience
    turned_away: int = 0


def careful_protocol(load: Load) -> type[HttpToolsProtocol]:
    """Return the protocol for `uvicorn.Config(http=...)`, with the limits of this load."""

    class Careful(_Careful):
        pass

    Careful.load = load
    return Careful


class _Careful(HttpToolsProtocol):
    """uvicorn's protocol over httptools, with bounds on heads, waits and requests at once."""

    load: Load
    _in_head = True
    _head_bytes = 0
    _unwanted_bytes = 0
    _head_too_large = False
    _timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(Gathered(transport, self.loop))
        if len(self.connections) > self.load.limits.connections:
            self.load.turned_away += 1
            self._refuse(_BUSY)
        else:
            self._close_unless_asked()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._in_head
        super().data_received(data)
        if self._in_head and was_in_head:
            self._count_head(len(data))
        if self.cycle is None or self.cycle.response_complete:
            self._close_unless_asked()
        elif self.cycle.more_body:
            self._start_timer(self.load.limits.body_seconds)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes, self._unwanted_bytes = True, 0, 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.load.limits.head_bytes:
            self._head_too_large = True
            raise ValueError("the path is too long")  # the parser makes a 400 of it

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > self.load.limits.head_bytes:
            self._head_too_large = True
            raise ValueError("the headers are too large")

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self.cycle.response_complete:  # a caller who is still sending what was refused
            self._unwanted_bytes += len(body)
            if self._unwanted_bytes > self.load.limits.unwanted_bytes:
                self.transport.close()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stop_timer()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: object) -> None:
        working = len(self.tasks) - self.load.bodies
        if working < self.load.limits.requests or cycle.scope["path"] in _NEVER_TURNED_AWAY:
            super()._start_asgi_task(cycle, app)  # type: ignore[arg-type]
            return
        self.load.turned_away += 1
        cycle.response_started = cycle.response_complete = True
        self.transport.write(_BUSY if cycle.keep_alive else _BUSY_GOODBYE)
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        self._refuse(_HEAD_TOO_LARGE if self._head_too_large else _NOT_HTTP)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # Closing waits for the answer to be taken: for a while, not for ever.
        self.loop.call_later(self.load.limits.answer_seconds, self.transport.abort)

    def _count_head(self, count: int) -> None:
        """Count what has come of a header that is still coming, which the parser keeps."""
        self._head_bytes += count
        if self._head_bytes > self.load.limits.head_bytes:
            self._refuse(_HEAD_TOO_LARGE)

    def _close_unless_asked(self) -> None:
        """Give the caller some seconds for the head of a request, or for a body nobody reads."""
        self._start_timer(self.load.limits.head_seconds)

    def _too_slow(self) -> None:
        if self._in_head:
            self._refuse(_HEAD_TOO_SLOW if self._head_bytes else b"")
        elif self.cycle.response_started or not self.cycle.more_body:
            self._refuse(b"")
        else:
            self._refuse(_BODY_TOO_SLOW)
            self.cycle.response_started = self.cycle.response_complete = True
            self.cycle.message_event.set()  # who waits for the body hears that nobody is there

    def _refuse(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()

    def _start_timer(self, seconds: float) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(seconds, self._too_slow)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _written(kind: str, detail: str, *headers: str) -> bytes:
    """Return a whole answer, head and problem document, as it goes over the wire."""
    problem = problem_of(kind, detail)
    body = msgspec.json.encode(problem)
    head = [
        f"HTTP/1.1 {problem.status} {problem.title}",
        f"content-type: {CONTENT_TYPE}",
        f"content-length: {len(body)}",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        *headers,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


_GOODBYE = "connection: close"
_BUSY_ANSWER = (
    "overloaded",
    "More requests are being answered than this process can do at once. Wait, and ask again.",
    "retry-after: 1",
)
_BUSY = _written(*_BUSY_ANSWER)
_BUSY_GOODBYE = _written(*_BUSY_ANSWER, _GOODBYE)
_HEAD_TOO_LARGE = _written(
    "head-too-large",
    "The first line and the headers of the request are too large. Send less in them.",
    _GOODBYE,
)
_HEAD_TOO_SLOW = _written(
    "too-slow", "The head of the request took too long to come. Send it in one go.", _GOODBYE
)
_BODY_TOO_SLOW = _written(
    "too-slow",
    "The body took too long to come. Send it in one go, or less of it.",
    _GOODBYE,
)
_NOT_HTTP = _written("not-http", "This is not a request of HTTP/1.1.", _GOODBYE)
