"""How much a caller may ask at once: every limit of the service that is not one of a message."""

import re
from dataclasses import dataclass

from serving.keys import Scope

MEGABYTE = 1_000_000
MOST_BYTES = 10 * MEGABYTE

_SCORE = "/v1/score"
# Paths that carry much; a body of any other path fits into the small limit.
_LARGE = (_SCORE, "/v1/events", "/v1/outcomes")
_SMALL_BYTES = 100_000

DOCS = ("/docs", "/openapi.json")
PUBLIC = frozenset({"/healthz", "/readyz"})
_INGEST = re.compile(
    r"POST /v1/(events|outcomes|customers/[^/]+/aliases)"
    r"|DELETE /v1/customers/[^/]+/aliases/[^/]+"
)
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Limits:
    """What one process takes on at once, and how long it waits for a caller.

    ``requests`` are those being worked on, beyond which others are turned away; ``connections``
    those open.  ``head_bytes`` is the size of a request's first line and headers together;
    ``unwanted_bytes`` how much of a refused body is read and forgotten, so that its sender
    sees why; ``answer_seconds`` how long somebody may take to read an answer once nothing else
    is to come.
    """

    requests: int = 128
    connections: int = 4_096
    head_bytes: int = 32_768
    head_seconds: float = 10.0
    body_seconds: float = 20.0
    answer_seconds: float = 30.0
    unwanted_bytes: int = 100 * MEGABYTE


def most_bytes(path: str) -> int:
    """Return how large the body of a request to this path may be.

    >>> most_bytes("/v1/score") > most_bytes("/v1/findings/f_1")
    True
    """
    return MOST_BYTES if path in _LARGE else _SMALL_BYTES


def scope_of(method: str, path: str) -> Scope | None:
    """Return what a key must be good for to ask this; None: nobody needs a key.

    >>> scope_of("POST", "/v1/events"), scope_of("DELETE", "/v1/customers/4711")
    ('ingest', 'admin')
    """
    if path in PUBLIC:
        return None
    if method in _READS:
        return "read"
    if method == "POST" and path == _SCORE:
        return "read"
    # Whatever else changes something takes the rarest key.
    return "ingest" if _INGEST.fullmatch(f"{method} {path}") else "admin"
