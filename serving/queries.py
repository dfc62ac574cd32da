"""Queries: what stands behind the question mark of a path, read with clear refusals.

A **cursor** is opaque to the caller: it names the last row that was given, so that rows which come
and go meanwhile neither hide others nor show them twice.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from fastapi import Path, Request

from journeys.errors import listed, with_closest
from serving.histories import read_instant
from serving.problems import Refused, refused

_TIME = "2026-03-03T09:30:00Z"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query, as the documentation shows it."""

    name: str
    about: str
    schema: dict[str, Any]

    def as_openapi(self) -> dict[str, Any]:
        """Return the parameter as OpenAPI writes it."""
        return {
            "name": self.name,
            "in": "query",
            "required": False,
            "description": self.about,
            "schema": self.schema,
        }


FindingId = Annotated[str, Path(description="The finding's id, or one that it had before.")]

CURSOR = Parameter(
    "cursor", "Where to go on: `next` of the page before.", {"type": "string", "minLength": 1}
)
LIMIT = Parameter(
    "limit",
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100},
)


def documented(*parameters: Parameter) -> dict[str, Any]:
    """Return what ``openapi_extra`` needs to name the parameters of a path."""
    return {"parameters": [one.as_openapi() for one in parameters]}


class Query:
    """The query of a request, in which nothing else may stand than the parameters of its path.

    Raises
    ------
    Refused
        422 for a parameter that the path does not know, or one that is given twice; each reader
        for a value that cannot be read.
    """

    def __init__(self, request: Request, parameters: Sequence[Parameter]) -> None:
        known = [one.name for one in parameters]
        self._given: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name not in known:
                taken = listed(known) if known else "nothing"
                raise _bad(f"There is no {with_closest(name[:60], known)} here; it takes {taken}.")
            if name in self._given:
                raise _bad(f"{name} is given twice; give it once.")
            self._given[name] = value

    def text(self, name: str) -> str | None:
        """Return a text; None where it is not given."""
        return self._given.get(name)

    def choice(self, name: str, of: Sequence[str]) -> str | None:
        """Return one of some words; None where it is not given."""
        value = self._given.get(name)
        if value is not None and value not in of:
            raise _bad(f"{name} is {value[:60]!r}; it is one of {listed(of)}.")
        return value

    def number(self, name: str, *, usual: int, least: int, most: int) -> int:
        """Return a whole number between two ends."""
        value = self._given.get(name)
        if value is None:
            return usual
        if not (value.isascii() and value.isdigit() and least <= int(value[:20]) <= most):
            raise _bad(f"{name} is {value[:60]!r}; it is a whole number from {least} to {most}.")
        return int(value)

    def limit(self) -> int:
        """Return how many rows a page may have."""
        return self.number("limit", usual=100, least=1, most=1_000)

    def instant(self, name: str) -> int | None:
        """Return an instant in microseconds since the epoch, UTC; None where it is not given."""
        value = self._given.get(name)
        # In a query + is a space: 2026-03-03T09:30:00+01:00 comes with one.
        at = None if value is None else read_instant(value.replace(" ", "+"))
        if value is not None and at is None:
            raise _bad(f"{name} is {value[:60]!r}, which is no time. Write it as in {_TIME}.")
        return at

    def after(self) -> list[str] | None:
        """Return what names the last row that was given before; None at the beginning."""
        value = self._given.get("cursor")
        if value is None:
            return None
        try:
            padded = value + "=" * (-len(value) % 4)
            row = msgspec.json.decode(urlsafe_b64decode(padded.encode("ascii")), type=list[str])
        except (ValueError, RecursionError, msgspec.MsgspecError):
            raise _no_cursor() from None
        if not row:
            raise _no_cursor()
        return row

    def number_after(self) -> int:
        """Return the number of the last row that was given before; 0 at the beginning."""
        row = self.after()
        if row is None:
            return 0
        if not (row[0].isascii() and row[0].isdigit() and len(row[0]) < 19):
            raise _no_cursor()
        return int(row[0])


def cursor_at(*row: str) -> str:
    """Return the cursor behind a row, named by what rows are sorted by."""
    return urlsafe_b64encode(msgspec.json.encode(list(row))).decode("ascii").rstrip("=")


def _no_cursor() -> Refused:
    return _bad(
        "cursor is none that this service gave. Take `next` of the answer before, or begin without "
        "one."
    )


def _bad(detail: str) -> Refused:
    return refused("bad-query", detail)
