"""Write the examples of answers in the API's description: `python -m pages.answer_examples`.

They are what a service of every part said about simulated customers, cut to a few rows and digits;
`make openapi` puts them into docs/openapi.json.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from fastapi.testclient import TestClient

from benchmarks.service_world import ServiceWorld, cloud_events, service_world
from models import load_bundle
from serving.app import create_app
from serving.example import ANSWERS, EXAMPLE
from serving.known_issues import KnownIssues
from serving.road import Scorer
from serving.served import Models, Origin, Served
from serving.service import Service
from serving.store import Store

_NOW = int(pd.Timestamp("2026-03-16T09:30:00Z").value // 1_000)
_KEPT, _AT_ONCE, _DIGITS = 8_000, 2_000, 4
_CLOUD = {"Content-Type": "application/cloudevents-batch+json"}
_DEED = {
    "id": "call-4711",
    "customer_id": "C0000023",
    "time": "2026-03-15T12:30:00Z",
    "action": "call_back",
    "channel": "call_centre",
    "journey": "mortgage_refinance",
    "result": "helped",
}


def main() -> None:
    """Ask a service, and write what it says."""
    with TemporaryDirectory() as folder:
        world = service_world(Path(folder))
        bundle = load_bundle(world.bundle)
        models = Models(why_not_ready=None)
        origins = (Origin("bundle", bundle.journey, "folder", loaded_at=0),)
        models.swap(Served((Scorer(bundle),), origins=origins))
        service = Service(
            models,
            store=Store.open(str(Path(folder) / "events.db")),
            state=world.state,
            issues=KnownIssues(world.state),
            clock=lambda: _NOW,
        )
        with TestClient(create_app(service)) as client:
            told = answers_of(client, world)
    written = json.dumps(_rounded(told), indent=1, ensure_ascii=False)
    ANSWERS.write_text(f"{written}\n", encoding="utf-8")


def answers_of(client: TestClient, world: ServiceWorld) -> dict[str, Any]:
    """Return an answer of each kind that has no example of its own, by the name of its message."""
    events = cloud_events(world.events.tail(_KEPT))
    for begin in range(0, _KEPT, _AT_ONCE):
        content = json.dumps(events[begin : begin + _AT_ONCE])
        client.post("/v1/events", content=content, headers=_CLOUD).raise_for_status()
    finding = f"/v1/findings/{world.finding}"
    audience = f"/v1/audiences/{world.finding}"
    suppressed = _get(client, "/v1/suppressions?limit=1000")
    return {
        "ScoreAnswer": client.post("/v1/score", json=EXAMPLE | {"explain": 2}).json(),
        "CustomerContext": _told_most(client, f"{audience}/members?state=affected"),
        "FindingPage": _get(client, "/v1/findings"),
        "FindingDetail": _get(client, finding),
        "MemberPage": _get(client, f"{audience}/members?limit=2"),
        "Delta": _get(client, f"{audience}/delta?since=2026-03-01T00:00:00Z&limit=2"),
        "SuppressionPage": suppressed | {"suppressions": suppressed["suppressions"][:2]},
        "DeedReceipt": client.post("/v1/outcomes", json=_DEED).json(),
        "DeedPage": _get(client, "/v1/outcomes"),
    }


def _told_most(client: TestClient, members: str) -> Any:
    """Return the context of one of the members: of those in flight the first with a known issue."""
    for member in _get(client, members)["members"]:
        answer = client.get(f"/v1/customers/{member['customer_id']}/context?explain=1")
        if answer.status_code == 200 and answer.json()["known_issues"]:
            return answer.json()
    raise LookupError("Nobody of the audience is in flight.")


def _get(client: TestClient, path: str) -> Any:
    return client.get(path).raise_for_status().json()


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
