"""The pages of the API: one for each path, from `docs/openapi.json`."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pages.schemas import schema_tables, type_of

OPENAPI = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"
FOLDER = "reference/api"

HEAD = """# Every request

One page for each path, written from [openapi.json](../../openapi.json), which is the same for
machines. How to ask, step by step: [the API in an hour](../../api.md). Errors are problem
documents; their kinds are [listed there](../../api.md#when-it-says-no).

| request | what it does | scope of the key |
| --- | --- | --- |
"""


def request_pages() -> dict[str, str]:
    """Return the page of every path, and first the list of all, by their paths in the site."""
    document = json.loads(OPENAPI.read_text(encoding="utf-8"))
    pages = {
        f"{FOLDER}/{_slug(path)}.md": _page(path, operations, document)
        for path, operations in document["paths"].items()
    }
    listed = "\n".join(_listed(document["paths"]))
    return {f"{FOLDER}/requests.md": f"{HEAD}{listed}\n", **pages}


def _slug(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.replace("/v1/", "/").lower()).strip("-")


def _listed(paths: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in paths.items():
        for method, told in operations.items():
            name = f"[`{method.upper()} {path}`]({_slug(path)}.md)"
            yield f"| {name} | {_first(told['description'])} | {_scope(told)} |"


def _first(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())


def _scope(told: Mapping[str, Any]) -> str:
    found = re.search(r"scope `(\w+)`", told["description"])
    return f"`{found[1]}`" if found else "none"


def _page(path: str, operations: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    parts = [f"# {path}\n"]
    for method, told in operations.items():
        parts += [f"## {method.upper()}\n", told["description"], ""]
        parts += _parameters(told.get("parameters", []))
        parts += _body("Send", told.get("requestBody", {}), document)
        for status, answer in told["responses"].items():
            if status.startswith("2"):
                parts += _body(f"Answer {status}", answer, document)
        parts += _problems(told["responses"], document)
    return "\n".join(parts) + "\n"


def _parameters(parameters: list[Mapping[str, Any]]) -> list[str]:
    if not parameters:
        return []
    rows = [
        f"| `{one['name']}` | {one['in']} | {type_of(one['schema'])} | "
        f"{' '.join(one['description'].split())} |"
        for one in parameters
    ]
    return [
        "### Parameters\n",
        "| name | in | type | meaning |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _body(title: str, body: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    parts: list[str] = []
    for kind, content in body.get("content", {}).items():
        parts += [f"### {title}: `{kind}`\n"]
        parts += schema_tables(content["schema"], document)
        if "example" in content:
            shown = json.dumps(content["example"], indent=2, ensure_ascii=False)
            parts += ["An example:\n", f"```json\n{shown}\n```\n"]
    return parts


def _problems(responses: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    rows = []
    for status, answer in responses.items():
        content = answer.get("content", {}).get("application/problem+json", {})
        for kind in content.get("examples", {}):
            shown = document["components"]["examples"][kind]["value"]
            rows.append(f"| {status} | `{kind}` | {shown['title']} | {shown.get('detail', '')} |")
    if not rows:
        return []
    return ["### When it says no\n", "| status | type ends in | title | for example |",
            "| --- | --- | --- | --- |", *rows, ""]  # fmt: skip
