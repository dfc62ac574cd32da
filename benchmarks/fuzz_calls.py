"""Calls that try to make the service stumble: by its own description, and by spoilt bodies.

Schemathesis makes calls that keep to the description, and calls that break it, and holds each
answer against it.  Beside it, examples that work are spoilt: a value replaced, a key gone, a byte
flipped, a time of another millennium.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

Json = dict[str, Any]

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
_METHODS = ("GET", "POST", "PATCH", "DELETE")

# What has broken services before: bounds of numbers and of time, text that is none, other types.
_NASTY: list[object] = [
    None, True, False, 0, -1, 2**53, -(2**63), 10**400, 1e308, -0.0, 5e-324, "", " ", "\x00",
    "\ud800", "💥" * 300, "a" * 70_000, "NaN", "Infinity", "1e999", "0001-01-01", "9999-12-31T23:59:60Z",
    "2026-02-30", "2026-03-03T09:30:00+99:99", "-2026-03-03T09:30:00Z", "２０２６-03-03",
    "' OR 1=1 --", "{{7*7}}", "../../etc/passwd", "%00", "__proto__", "p_" + "0" * 40,
    [], {}, [[]], {"": None}, [None] * 3, {"a": {"b": {"c": []}}},
]  # fmt: skip


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
            operation = found.ok()
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
    def ask(case: schemathesis.Case) -> None:
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
    except schemathesis.errors.SchemathesisError:
        return  # an operation without parameters cannot be asked against its description


def spoilt_calls(document: Json, address: str, key: str, *, calls: int, of: int) -> list[Tally]:
    """Ask with spoilt copies of the documented examples, ``calls`` times in all."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation or operation.get("parameters")
    ]
    tallies = []
    with _asking(address, key) as ask:
        for method, path, operation in operations:
            tally = Tally(f"{method} {path}")

            def spoil(drawn: tuple[str, bytes, str], tally: Tally = tally) -> None:
                target, body, kind = drawn
                tally.count(ask(tally.operation.partition(" ")[0], target, body, kind))

            _examples(_spoilt(path, operation), spoil, calls // len(operations), of)
            tallies.append(tally)
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


def _spoilt(path: str, operation: Json) -> st.SearchStrategy[tuple[str, bytes, str]]:
    """Return a strategy of targets, bodies and content types for an operation."""
    words = st.text(max_size=12) | st.sampled_from([str(one) for one in _NASTY])
    names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
    queries = st.dictionaries(st.sampled_from([*names, "else"]), words, max_size=3)
    content = operation.get("requestBody", {}).get("content", {})
    kinds = [*content, "text/plain", ""] if content else [""]
    examples = [one["example"] for one in content.values()] or [{}]
    bodies = st.sampled_from(examples).flatmap(_spoilt_value).map(_written)
    return st.tuples(
        st.builds(_target, st.just(path), words, queries),
        bodies | st.builds(_flipped, bodies, st.integers(0, 10_000), st.integers(0, 255)),
        st.sampled_from(kinds) if content else st.just(""),
    )


def _spoilt_value(value: object) -> st.SearchStrategy[object]:
    """Return a strategy of copies of plain data, each with something odd at one place or more."""
    nasty = st.sampled_from(_NASTY) | st.floats() | st.integers() | st.text(max_size=20)
    if isinstance(value, dict):
        parts = {str(key): st.just(one) | _spoilt_value(one) for key, one in value.items()}
        more = st.dictionaries(st.text(max_size=8), nasty, max_size=2)
        whole = st.fixed_dictionaries({}, optional=parts) | st.fixed_dictionaries(parts)
        return st.builds(lambda one, other: one | other, whole, more) | nasty
    if isinstance(value, list):
        items = st.one_of([st.just(one) | _spoilt_value(one) for one in value] or [nasty])
        return st.lists(items, max_size=4) | nasty
    return nasty


def _written(value: object) -> bytes:
    """Return JSON, with what JSON does not have (NaN, half a character) as Python writes it."""
    return json.dumps(value).encode()


def _flipped(body: bytes, at: int, to: int) -> bytes:
    if not body:
        return body
    at %= len(body)
    return body[:at] + bytes([to]) + body[at + 1 :]


def _target(path: str, word: str, query: dict[str, str]) -> str:
    for name in ("key", "alias", "finding"):
        path = path.replace("{" + name + "}", quote(word, safe="", errors="replace") or "x")
    asked = "&".join(
        f"{name}={quote(value[:500], errors='replace')}" for name, value in query.items()
    )
    return (path + (f"?{asked}" if asked else ""))[:4_000]


class _asking:  # noqa: N801 - used as a block
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
