"""How a fault that a route raises is told: every one as a problem document, none with an echo."""

import logging
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from journeys.errors import StoreError
from serving.problems import (
    Problem,
    Refused,
    problem_of,
    problem_of_fault,
    problem_of_store,
    problem_response,
)

_logger = logging.getLogger("offramp.serving")


def add_problems(app: FastAPI) -> None:
    """Tell of refusals, unknown paths, wrong methods and wrong queries by problem documents."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(RequestValidationError, _wrong_query)
    app.add_exception_handler(404, _not_found)
    app.add_exception_handler(405, _wrong_method)
    app.add_exception_handler(Exception, _fault)


async def _refused(request: Request, error: Exception) -> Response:
    return told(request, cast("Refused", error).problem)


async def _fault(request: Request, _error: Exception) -> Response:
    return told(request, problem_of_fault())  # it is raised again, and `tracing` logs it


async def _store(request: Request, error: Exception) -> Response:
    _logger.error("%s", error)  # where the database is, is not told outside
    return told(request, problem_of_store(cast("StoreError", error)))


async def _wrong_query(request: Request, error: Exception) -> Response:
    """Name the parameters that are wrong and what they must be, never what they were."""
    faults = cast("RequestValidationError", error).errors()
    named = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in faults[:5])
    return told(request, problem_of("bad-query", f"{named}. See /docs for what there is."))


async def _not_found(request: Request, _error: Exception) -> Response:
    detail = "There is nothing at this path. See /docs for the paths there are."
    return told(request, problem_of("not-found", detail))


async def _wrong_method(request: Request, error: Exception) -> Response:
    headers = getattr(error, "headers", None) or {}
    allowed = headers.get("Allow", "another method")
    detail = f"{request.method:.20} does not work on this path; {allowed} does. See /docs."
    return told(request, problem_of("wrong-method", detail), headers)


def told(request: Request, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Return the answer that tells of a problem, by the id of its request."""
    retry = {"Retry-After": "5"} if problem.status == 503 else {}
    return problem_response(problem, request.scope.get("request_id"), retry | (headers or {}))
