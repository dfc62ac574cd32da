"""Bodies of requests and answers: read within limits, written as JSON."""

import msgspec
from fastapi import Request, Response

from serving.problems import refused

MOST_BYTES = 10_000_000


def json_answer(answer: object, status: int = 200) -> Response:
    """Return a message as a response."""
    return Response(msgspec.json.encode(answer), status, media_type="application/json")


def require_json(request: Request) -> None:
    """Refuse (415) a body that is said to be something else than plain JSON."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        raise refused(
            "wrong-type",
            f"The body is said to be {kind[:60]!r}. Send JSON, and Content-Type: application/json.",
        )
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed != "identity":
        raise refused("wrong-type", f"The body is packed ({packed[:60]!r}). Send it as it is.")


async def read_body(request: Request, most: int = MOST_BYTES, what: str = "histories") -> bytes:
    """Return the body, read no further than ``most`` bytes; raise `Refused` (413) beyond."""
    too_large = refused(
        "too-large",
        f"The body is larger than {most:,} bytes. Send fewer {what} in one request.",
    )
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise too_large
    return bytes(body)
