"""Open journeys are counted from the store: each person once, as of an instant that is said."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.events import Alias
from serving.histories import utc_text
from serving.open_counts import OpenCounts
from serving.store import Store
from tests.serving_bundle import histories_of, random_events, small_bundle
from tests.serving_events import SECOND, event
from tests.serving_service import service_of

JSON = {"content-type": "application/json"}
NOW = 1_770_000_000_000_000  # 2026-02-02
VISITORS = {"customer 3": "customer 1", "customer 9": "somebody", "customer 2": "customer 9"}


def counted(client: TestClient) -> dict[str, Any]:
    """Ask until there is a count."""
    until = time.monotonic() + 30
    while True:
        answer: dict[str, Any] = client.get("/v1/journeys").json()
        if answer["counted_as_of"] is not None:
            return answer
        assert time.monotonic() < until
        time.sleep(0.01)


def test_every_person_is_counted_once_and_where_the_context_sees_them(database: str) -> None:
    """A customer, their visitors, and a customer who was seen only as a visitor, are one each."""
    store = Store.open(database)
    store.append([Alias(visitor, customer, 1) for visitor, customer in VISITORS.items()])
    keys = {str(one["customer_id"]) for one in histories_of(random_events(30, seed=5))}
    with TestClient(
        create_app(service_of(small_bundle(), store=store, clock=lambda: NOW))
    ) as client:
        events = [
            {"customer_id": history["customer_id"], **event}
            for history in histories_of(random_events(30, seed=5))
            for event in history["events"]  # type: ignore[attr-defined]
        ]
        body = msgspec.json.encode({"events": events})
        assert client.post("/v1/events", content=body, headers=JSON).status_code == 202
        answer = counted(client)
        people = keys - set(VISITORS) | {"somebody"}
        stages: Counter[str] = Counter()
        for one in people:
            path = f"/v1/customers/{one}/context?as_of={utc_text(NOW)}&explain=0"
            context = client.get(path)
            found = context.json()["journeys"] if context.status_code == 200 else []
            stages.update(journey["prediction"]["stage"] for journey in found)
    (loan,) = answer["journeys"]
    assert answer["counted_as_of"] == utc_text(NOW)
    assert loan["open_by_stage"] == stages
    assert loan["open_journeys"] == stages.total() > 5


def test_a_service_that_keeps_nothing_counts_nothing() -> None:
    with TestClient(create_app(service_of(small_bundle()))) as client:
        answer = client.get("/v1/journeys").json()
    assert answer["counted_as_of"] is None
    assert [one["open_journeys"] for one in answer["journeys"]] == [None]


def test_a_count_goes_page_by_page_and_is_made_anew_once_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.open_counts._PAGE", 4)
    store, clock = Store.open(str(tmp_path / "events.db")), iter(range(NOW, NOW + 10**9))
    service = service_of(small_bundle(), store=store, clock=lambda: next(clock))
    began = [event(f"c{n:02}", NOW // SECOND - n, "begun") for n in range(11)]

    async def asked() -> list[int]:
        counts, found = OpenCounts(service, least_rest=0), []
        for some in (began[:8], began[8:]):
            store.append(some)
            kept = next(clock)
            while (now := await counts.latest()) is None or now.as_of < kept:
                await asyncio.sleep(0.01)
            found.append(sum(now.stages["loan"].values()))
        return found

    assert asyncio.run(asked()) == [8, 11]
