"""Problem documents (RFC 9457): what is wrong, what was found, what to do."""

from typing import NamedTuple

import msgspec
from fastapi import Response
from msgspec import Struct

from journeys.errors import RequestError, StoreError, StoreFullError

CONTENT_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """A kind of problem: its HTTP status and its title."""

    status: int
    title: str


KINDS = {
    "not-json": Kind(422, "The body cannot be read"),
    "not-http": Kind(400, "This is not HTTP"),
    "no-key": Kind(401, "A key is needed"),
    "wrong-scope": Kind(403, "This key is not good for this"),
    "wrong-origin": Kind(403, "Another page may not ask this service"),
    "not-found": Kind(404, "There is nothing at this path"),
    "unknown-customer": Kind(404, "Nothing is known of this customer"),
    "unknown-finding": Kind(404, "There is no such finding"),
    "wrong-method": Kind(405, "This path does not take this method"),
    "too-slow": Kind(408, "The request took too long to come"),
    "conflict": Kind(409, "This contradicts what is there"),
    "changed": Kind(412, "It has changed since you read it"),
    "too-large": Kind(413, "The body is too large"),
    "wrong-type": Kind(415, "The body is of another type"),
    "bad-request": Kind(422, "The request does not have the form asked for"),
    "wrong-host": Kind(421, "This is not the host asked for"),
    "bad-query": Kind(422, "The query cannot be understood"),
    "bad-history": Kind(422, "A history cannot be scored"),
    "bad-event": Kind(422, "An event cannot be kept"),
    "too-often": Kind(429, "Too many requests"),
    "head-too-large": Kind(431, "The head of the request is too large"),
    "internal": Kind(500, "Something went wrong here"),
    "not-ready": Kind(503, "The service is not ready"),
    "overloaded": Kind(503, "The service has more to do than it can"),
    "no-store": Kind(404, "No events are kept here"),
    "no-findings": Kind(404, "This service knows no findings"),
    "store-away": Kind(503, "The event store does not answer"),
    "store-full": Kind(507, "The event store is full"),
}


class Fault(Struct, frozen=True):
    """What is wrong with one history of a batch."""

    index: int
    detail: str


class Problem(Struct, omit_defaults=True, frozen=True):
    """A problem document; ``type`` names the kind, ``request_id`` finds it in the log."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: list[Fault] = []


class Refused(RequestError):
    """A request, or one history of it, that cannot be answered; carries its problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def problem_of(kind: str, detail: str) -> Problem:
    """Return the problem document of a kind."""
    status, title = KINDS[kind]
    return Problem(f"urn:offramp:problem:{kind}", title, status, detail)


def refused(kind: str, detail: str) -> Refused:
    """Return what to raise so that the caller is told of a problem."""
    return Refused(problem_of(kind, detail))


def problem_of_fault() -> Problem:
    """Return what a caller is told of a fault of ours: nothing but how to ask about it."""
    return problem_of(
        "internal",
        "The fault is on our side and has been logged. Try again; if it comes back, "
        "tell the operator the request_id.",
    )


def problem_of_store(error: StoreError) -> Problem:
    """Return what a caller is told when the event store fails; the cause is the operator's."""
    if isinstance(error, StoreFullError):
        return problem_of("store-full", str(error))
    return problem_of(
        "store-away",
        "The event store does not answer. Send the request again in a few seconds: what was kept "
        "already is not counted twice.",
    )


def problem_response(
    problem: Problem, request_id: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """Return the HTTP response that carries a problem."""
    told = msgspec.structs.replace(problem, request_id=request_id)
    body = msgspec.json.encode(told)
    return Response(body, told.status, headers, media_type=CONTENT_TYPE)
