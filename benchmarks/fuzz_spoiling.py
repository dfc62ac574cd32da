"""Examples that work, spoilt: a value replaced, a key gone, a byte flipped, another type."""

import json
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

Json = dict[str, Any]
Spoilt = tuple[str, bytes, str]

# What has broken services before: bounds of numbers and of time, text that is none, other types.
_NASTY: list[object] = [
    None, True, False, 0, -1, 2**53, -(2**63), 2**64, 10**400, 1e308, -0.0, 5e-324, float("nan"),
    "", " ", "\x00", "\ud800", "💥" * 300, "a" * 2_000, "NaN", "Infinity", "1e999", "-1", "0.5",
    "0001-01-01", "9999-12-31T23:59:60Z", "2026-02-30", "2026-03-03T09:30:00+99:99",
    "-2026-03-03T09:30:00Z", "2026-03-03T09:30:00", "20260303", "\uff12\uff10\uff12\uff16-03-03",
    "' OR 1=1 --", "{{7*7}}", "../../etc/passwd", "%00", "%", "__proto__", "p_" + "0" * 40,
    "WyJhIl0", "W10", "WzFd", [], {}, [[]], {"": None}, [None] * 3, {"a": {"b": {"c": []}}},
]  # fmt: skip
_LONG = "a" * 70_000
_KINDS = ("text/plain", "application/xml", "", "application/json; charset=utf-16", "*/*")
_MOST_TARGET = 4_000


def spoilt(draw: Random, path: str, operation: Json) -> Spoilt:
    """Return a target, a body and a content type for an operation, each odd or as documented."""
    content = operation.get("requestBody", {}).get("content", {})
    kind, body = "", b""
    if content:
        kind = draw.choice([*content])
        body = _written(_copy(draw, content[kind]["example"], draw.choice((0.0, 0.1, 0.3))))
        if draw.random() < 0.1:
            kind = draw.choice(_KINDS)
        if draw.random() < 0.2:
            body = _flipped(draw, body)
    return _target(draw, path, operation), body, kind


def _copy(draw: Random, value: object, odd: float) -> object:
    """Return a copy of plain data, each part of it spoilt with probability ``odd``."""
    if draw.random() < odd:
        return _LONG if draw.random() < 0.01 else draw.choice(_NASTY)
    if isinstance(value, dict):
        kept = {
            name: _copy(draw, part, odd) for name, part in value.items() if draw.random() >= odd / 2
        }
        return kept | (
            {str(draw.choice(_NASTY)): draw.choice(_NASTY)} if draw.random() < odd else {}
        )
    if isinstance(value, list):
        times = draw.choice((0, 2, 30)) if draw.random() < odd else 1
        return [_copy(draw, part, odd) for part in value for _ in range(times)]
    return f"{value}-{draw.randrange(20)}" if value in ("4711", "c-1", "call-4711") else value


def _written(value: object) -> bytes:
    """Return JSON, with what JSON does not have (NaN, half a character) as Python writes it."""
    return json.dumps(value).encode()


def _flipped(draw: Random, body: bytes) -> bytes:
    if not body:
        return body
    at = draw.randrange(len(body))
    return body[:at] + bytes([draw.randrange(256)]) + body[at + draw.choice((0, 1, 1, 5)) :]


def _target(draw: Random, path: str, operation: Json) -> str:
    query = {}
    for parameter in operation.get("parameters", []):
        word = _word(draw, parameter["schema"])
        if parameter["in"] == "path":
            path = path.replace(
                "{" + parameter["name"] + "}", quote(word, safe="", errors="replace")
            )
        elif draw.random() < 0.5:
            query[parameter["name"]] = word
    if draw.random() < 0.05:
        query["else"] = "1"
    asked = urlencode(query, errors="replace")
    return (path + (f"?{asked}" if asked else ""))[:_MOST_TARGET]


def _word(draw: Random, schema: Json) -> str:
    """Return a value for a parameter: one of those it takes, or something odd."""
    if draw.random() < 0.4:
        return str(draw.choice(_NASTY)) or "x"
    if "enum" in schema:
        return str(draw.choice(schema["enum"]))
    if schema.get("type") == "integer":
        return str(draw.randint(schema.get("minimum", 0), schema.get("maximum", 10)))
    if schema.get("format") == "date-time":
        return f"2026-03-{draw.randint(1, 31):02d}T{draw.randint(0, 23):02d}:00:00Z"
    return f"c-{draw.randrange(20)}"
