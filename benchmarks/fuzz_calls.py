"""Calls that try to make the service stumble: by its own description, and by spoilt bodies.

Schemathesis makes calls that keep to the description, and calls that break it, and holds each
answer against it.  Beside it, examples that work are spoilt: a value replaced, a key gone, a byte
flipped, a time of another millennium.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from math import inf
from random import Random
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from benchmarks.fuzz_spoiling import spoilt

Json = dict[str, Any]

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)


@dataclass
class Tally:
    """What was asked of one operation, and what came of it."""

    operation: str
    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def count(self, status: int) -> None:
        """Count one answer; 0 is none."""
        self.calls += 1
        self.statuses[status] += 1

    def tell(self, what: str) -> None:
        """Remember a promise that was broken, once."""
        if what not in self.broken:
            self.broken.append(what)

    @property
    def faults(self) -> int:
        """How many answers were faults of the service: 5xx, or none at all."""
        return sum(count for status, count in self.statuses.items() if status >= 500 or not status)


def described_calls(document: Json, address: str, key: str, *, each: int, of: int) -> list[Tally]:
    """Ask every operation ``each`` times by its description, half of them against it.

    Parameters
    ----------
    document : the OpenAPI document
    key : an API key that is good for everything
    of : the seed
    """
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address)
    tallies = []
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]  # or it raises
            tally = Tally(operation.label)
            for mode in _MODES:
                _described(operation, mode, session, tally, each // 2, of)
            tallies.append(tally)
    return tallies


def _described(
    operation: Any,
    mode: schemathesis.GenerationMode,
    session: requests.Session,
    tally: Tally,
    calls: int,
    of: int,
) -> None:
    def ask(case: Any) -> None:
        try:
            answer = case.call(session=session, timeout=30)
        except requests.RequestException as error:
            if not isinstance(error, requests.exceptions.InvalidHeader):
                tally.count(0)
                tally.tell(f"no answer: {type(error).__name__}")
            return
        tally.count(answer.status_code)
        try:
            case.validate_response(answer, checks=_CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                tally.tell(f"{answer.status_code}: {str(failure).splitlines()[0]}")

    try:
        _examples(operation.as_strategy(generation_mode=mode), ask, calls, of)
    except (Unsatisfiable, schemathesis.errors.SchemathesisError):
        return  # an operation without parameters cannot be asked against its description


def spoilt_calls(
    document: Json, address: str, key: str, *, calls: int, of: int, seconds: float = inf
) -> list[Tally]:
    """Ask with spoilt copies of the documented examples, ``calls`` times, no longer than asked."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation or operation.get("parameters")
    ]
    tallies = [Tally(f"{method} {path}") for method, path, _ in operations]
    draw = Random(of)
    with _Asking(address, key) as ask:
        last = monotonic() + seconds
        for number in range(calls):
            if monotonic() > last:
                break
            method, path, operation = operations[number % len(operations)]
            target, body, kind = spoilt(draw, path, operation)
            tallies[number % len(operations)].count(ask(method, target, body, kind))
    return tallies


def _examples(strategy: Any, use: Callable[[Any], None], calls: int, of: int) -> None:
    """Draw so many examples, the same for the same seed, and use each."""

    @seed(of)
    @settings(
        max_examples=max(1, calls),
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn=strategy)
    def draw(drawn: Any) -> None:
        use(drawn)

    draw()


class _Asking:
    """Gives a function that asks over one connection, made again when it breaks."""

    def __init__(self, address: str, key: str) -> None:
        parts = urlsplit(address)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._key = key

    def __enter__(self) -> Callable[[str, str, bytes, str], int]:
        return self._ask

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _ask(self, method: str, target: str, body: bytes, kind: str) -> int:
        headers = {"Authorization": f"Bearer {self._key}"} | (
            {"Content-Type": kind} if kind else {}
        )
        for _ in range(2):  # a connection that was closed in between is no fault
            try:
                self._connection.request(method, target, body or None, headers)
                answer = self._connection.getresponse()
                answer.read()
                return answer.status
            except OSError:
                self._connection.close()
        return 0


def all_of(tallies: list[Tally]) -> Iterator[tuple[str, Tally]]:
    """Yield each operation with the sum of its tallies."""
    for name in dict.fromkeys(tally.operation for tally in tallies):
        whole = Tally(name)
        for tally in tallies:
            if tally.operation == name:
                whole.calls += tally.calls
                whole.statuses += tally.statuses
                whole.broken += [one for one in tally.broken if one not in whole.broken]
        yield name, whole
