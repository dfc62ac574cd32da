"""The guard at the door: who asks, may they, how often, how much, and what an answer must carry."""

from base64 import b64decode
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from time import monotonic
from typing import NamedTuple

from journeys.errors import OfframpError
from serving import refusals
from serving.keys import Bucket, Key, Keys
from serving.limits import DOCS, most_bytes, scope_of
from serving.problems import problem_response
from serving.refusals import Refusal
from serving.tracing import Application, Message, Receive, Scope, Send
from serving.wire import Load

Headers = list[tuple[bytes, bytes]]

_CACHE_CONTROL = b"cache-control"
_NOT_KEPT: Headers = [(_CACHE_CONTROL, b"no-store")]
_ALWAYS: Headers = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_POLICY = b"content-security-policy"
_OF_ANSWERS: Headers = [*_ALWAYS, (_POLICY, b"default-src 'none'; frame-ancestors 'none'")]
_OF_THE_PAGE: Headers = [
    *_ALWAYS,
    (
        _POLICY,
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        b"connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'",
    ),
]


class Asked(NamedTuple):
    """What the guard reads of a request's headers; empty where there is none."""

    key: str
    host: str
    origin: str
    length: str
    chunked: bool


class Guard:
    """Middleware that lets through who has a key for what is asked, and a body of fair size.

    It stands inside `Traced`, leaves the name of the key as ``scope["key"]``, and hands on a body
    only as a whole.  Without keys it answers those alone who ask for this machine by a name that no
    stranger can give it: a web page that the operator looks at must not ask on their behalf.
    """

    def __init__(
        self, app: Application, keys: Keys | None = None, load: Load | None = None
    ) -> None:
        self._app, self._keys, self._load = app, keys, load or Load()
        self._buckets: dict[str, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _asked(scope)
        answering = _Answering(send, scope["path"])
        body: bytes | None = b""
        try:
            self._let_in(scope, asked, answering)
            if asked.length or asked.chunked:
                body = await self._body(scope["path"], asked, receive)
        except _Refused as refused:
            await _told(refused.why, scope, receive, answering)
            return
        if body is not None:  # else the caller has hung up
            await self._app(scope, _Heard(body, receive), answering)

    def _let_in(self, scope: Scope, asked: Asked, answering: "_Answering") -> None:
        """Raise `_Refused` unless this caller may ask this, now."""
        needed = scope_of(scope["method"], scope["path"])
        if needed is None:
            return
        if self._keys is None:
            if not is_our_own_name(asked.host):
                raise _Refused(refusals.wrong_host(asked.host))
            if asked.origin and asked.origin.partition("://")[2] != asked.host:
                raise _Refused(refusals.wrong_origin())
            return
        key = self._keys.find(asked.key) if asked.key else None
        if key is None:
            raise _Refused(refusals.no_key(asked.key, scope["path"]))
        scope["key"] = key.name
        if needed not in key.scopes:
            raise _Refused(refusals.wrong_scope(needed, key))
        if key.rate is not None:
            self._take_token(key, key.rate, answering)

    def _take_token(self, key: Key, rate: float, answering: "_Answering") -> None:
        bucket = self._buckets.get(key.sha256)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[key.sha256] = Bucket(rate)
        taken = bucket.taken(monotonic())
        answering.headers = _rate_headers(bucket)
        if not taken:
            raise _Refused(refusals.too_often(bucket))

    async def _body(self, path: str, asked: Asked, receive: Receive) -> bytes | None:
        """Return the whole body, or None if the caller hangs up; raise `_Refused`."""
        most = most_bytes(path)
        if asked.length.isascii() and asked.length.isdigit() and int(asked.length[:20]) > most:
            raise _Refused(refusals.too_large(most))
        self._load.bodies += 1
        try:
            return await _read(receive, most)
        finally:
            self._load.bodies -= 1


def require_keys(host: str, keys: Keys | None) -> None:
    """Refuse to listen to strangers unless each has to show a key.

    Raises
    ------
    OfframpError
        If ``host`` is an address that other machines reach, and there are no keys.
    """
    if keys is None and not _is_loopback(host):
        raise OfframpError(
            f"--host {host} would let other machines in, and nobody would have to show a key. "
            "Make keys with `offramp keys add --file keys.json --scope read` and give the file "
            "with --keys, or listen on 127.0.0.1."
        )


@lru_cache(maxsize=64)
def is_our_own_name(host: str) -> bool:
    """Whether a Host header names this machine in a way that no stranger's DNS can.

    A web page of anybody's can send its readers' browsers to their own machine, under a name of its
    own (DNS rebinding); it cannot do so under an address, nor under a name without a dot.

    >>> is_our_own_name("127.0.0.1:8000"), is_our_own_name("example.org")
    (True, False)
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.removeprefix("[").removesuffix("]")
    return "." not in name.removesuffix(".localhost") or _is_loopback(name)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Refused(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why.problem.title)
        self.why = why


class _Heard:
    """Gives the application the body that was read, and after it what the caller does."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Answering:
    """Sends messages on, with what every answer must carry among the headers."""

    __slots__ = ("_page", "_send", "headers")

    def __init__(self, send: Send, path: str) -> None:
        self._send = send
        self._page = path.startswith("/docs")
        self.headers: Sequence[tuple[bytes, bytes]] = ()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers", ())
            own = _OF_THE_PAGE if self._page else _OF_ANSWERS
            kept = () if any(name == _CACHE_CONTROL for name, _ in given) else _NOT_KEPT
            message = {**message, "headers": [*given, *own, *kept, *self.headers]}
        await self._send(message)


def _asked(scope: Scope) -> Asked:
    key, host, origin, length, chunked = "", "", "", "", False
    for name, value in scope["headers"]:
        if name == b"authorization":
            key = _presented(value.decode("latin-1"), scope) or key
        elif name == b"x-api-key":
            key = value.decode("latin-1")
        elif name == b"host":
            host = value.decode("latin-1")
        elif name == b"origin":
            origin = value.decode("latin-1")
        elif name == b"content-length":
            length = value.decode("latin-1")
        elif name == b"transfer-encoding":
            chunked = True
    return Asked(key, host, origin, length, chunked)


def _presented(authorization: str, scope: Scope) -> str:
    """Return the key of a header; as a password only of one who reads the docs in a browser.

    A browser sends a password by itself, whoever's page made it ask, so it must not open more.
    """
    kind, _, text = authorization.partition(" ")
    if kind.lower() == "bearer":
        return text.strip()
    if kind.lower() == "basic" and scope["path"].startswith(DOCS):
        try:
            return b64decode(text, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""


async def _read(receive: Receive, most: int) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > most:
            raise _Refused(refusals.too_large(most))
        if not message.get("more_body", False):
            return bytes(body)


async def _told(why: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    await problem_response(why.problem, scope.get("request_id"), why.headers)(scope, receive, send)


def _rate_headers(bucket: Bucket) -> Headers:
    """Return what is left, as draft-ietf-httpapi-ratelimit-headers writes it."""
    left, most = int(bucket.left), int(bucket.most)
    return [
        (b"ratelimit-policy", b'"key";q=%d;w=%d' % (most, round(bucket.most / bucket.rate))),
        (b"ratelimit", b'"key";r=%d;t=%d' % (left, round(bucket.seconds_until_full + 0.5))),
    ]
