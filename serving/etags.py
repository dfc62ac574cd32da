"""ETags: an answer that the caller has already need not be sent again, nor changed unseen."""

import hashlib
from typing import Any

import msgspec
from fastapi import Request, Response

from serving.bodies import json_answer
from serving.problems import refused

UNCHANGED: dict[int | str, dict[str, Any]] = {
    "304": {"description": "You have it already: its ETag is that of `If-None-Match`"}
}
"""What a route that answers with an ETag adds to its ``responses``."""

_KEPT = {"cache-control": "private, no-cache"}


def tag_of(*parts: str) -> str:
    """Return the ETag of what some texts name."""
    told = msgspec.json.encode(parts)
    return f'"{hashlib.blake2b(told, digest_size=12).hexdigest()}"'


def tagged(request: Request, answer: object, tag: str) -> Response:
    """Return an answer with its tag, or 304 where the caller has it already."""
    headers = {"etag": tag, **_KEPT}
    if _matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    response = json_answer(answer)
    response.headers.update(headers)
    return response


def require_unchanged(request: Request, tag: str) -> None:
    """Raise `Refused` (412) where the caller wants to change something else than what is there."""
    wanted = request.headers.get("if-match")
    if wanted is not None and not _matches(wanted, tag):
        raise refused(
            "changed",
            "The finding has changed since you read it. Read it again, look at what has changed, "
            "and send the change with its new ETag.",
        )


def _matches(header: str | None, tag: str) -> bool:
    if header is None:
        return False
    given = [one.strip().removeprefix("W/") for one in header.split(",")]
    return tag in given or "*" in given
