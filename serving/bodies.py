"""Bodies: of a request, read no further than the limit; of an answer, written as JSON."""

import msgspec
from fastapi import Request, Response

from serving.problems import refused

MOST_BYTES = 10_000_000


def json_answer(answer: object, status: int = 200) -> Response:
    """Return a message as a response."""
    return Response(msgspec.json.encode(answer), status, media_type="application/json")


def require_json(request: Request) -> None:
    """Raise `Refused` (415) for a body that is said to be anything but plain JSON."""
    kind = content_type(request)
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


def content_type(request: Request) -> str:
    """Return what the body is said to be, without parameters; JSON where nothing is said."""
    said = request.headers.get("content-type", "application/json")
    return said.partition(";")[0].strip().lower()


async def read_body(request: Request, *, most: int = MOST_BYTES, of: str = "histories") -> bytes:
    """Return the body; raise `Refused` (413) beyond ``most`` bytes, without reading on."""
    too_large = refused(
        "too-large",
        f"The body is larger than {most:,} bytes. Send fewer {of} in one request.",
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
