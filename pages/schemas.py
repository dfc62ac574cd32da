"""JSON schemas as tables for people: one table for each object, those inside it below."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
NOTHING = "\N{EN DASH}"


def schema_tables(schema: Schema, document: Schema) -> list[str]:
    """Return the tables of a schema and of all that it points to, in the order of reading."""
    waiting, seen, parts = list(_pointed(schema)), set[str](), []
    if not waiting:
        return [f"{type_of(schema).capitalize()}.\n"]
    if "$ref" not in schema:
        parts.append(f"{type_of(schema).capitalize()}.\n")
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            told = document["components"]["schemas"][name]
            parts += _table(name, told)
            waiting += list(_pointed(told))
    return parts


def type_of(schema: Schema) -> str:
    """Return what a schema takes, in a few words: `text or null`."""
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(dict.fromkeys(type_of(part) for part in choices))
    if "enum" in schema:
        return " or ".join("null" if one is None else f"`{one}`" for one in schema["enum"])
    if "$ref" in schema:
        return f"*{schema['$ref'].rpartition('/')[2]}*"
    return _whole(schema)


def _whole(schema: Schema) -> str:
    match schema:
        case {"type": "array", "prefixItems": list(parts)}:
            return f"[{', '.join(map(type_of, parts))}]"
        case {"type": "array", "items": Mapping() as inner}:
            return f"list of {type_of(inner)}"
        case {"type": "object", "additionalProperties": Mapping() as inner}:
            return f"name: {type_of(inner)}"
        case _:
            return _word(str(schema.get("type", "anything")))


def _word(kind: str) -> str:
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return words.get(kind, kind)


def _pointed(schema: Any) -> Iterator[str]:
    match schema:
        case {"$ref": str(name)}:
            yield name.rpartition("/")[2]
        case Mapping():
            for part in schema.values():
                yield from _pointed(part)
        case list():
            for part in schema:
                yield from _pointed(part)


def _table(name: str, schema: Schema) -> list[str]:
    told = " ".join(schema.get("description", "").split())
    rows = [
        f"| `{key}` | {type_of(part).replace('|', '/')} | {_when(key, part, schema)} |"
        f" {' '.join(part.get('description', '').split())} |"
        for key, part in schema.get("properties", {}).items()
    ]
    described = any(part.get("description") for part in schema.get("properties", {}).values())
    if not described:
        rows = [row.rsplit("|", 2)[0] + "|" for row in rows]
    meaning, line = (" meaning |", " --- |") if described else ("", "")
    head = [f"| key | type | if it is left out |{meaning}", f"| --- | --- | --- |{line}"]
    return [f"**{name}**: {told}\n", *head, *rows, ""]


def _when(key: str, part: Schema, schema: Schema) -> str:
    if key in schema.get("required", ()):
        return "must be there"
    default = part.get("default")
    return f"`{default}`" if default not in (None, "", [], {}) else NOTHING
