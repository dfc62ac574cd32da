"""The committed description of the API: ``python -m serving.openapi_file`` writes it again."""

import json
from pathlib import Path
from typing import Any

from serving.app import create_app
from serving.served import Models
from serving.service import Service

FILE = Path("docs") / "openapi.json"


def document() -> dict[str, Any]:
    """Return the OpenAPI document of a service whatever its models are."""
    return create_app(Service(Models())).openapi()


def written(described: dict[str, Any]) -> str:
    """Return a document as its file holds it."""
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(document()), encoding="utf-8")
