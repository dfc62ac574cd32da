"""Outcomes: what was done for customers is kept once, completed later, and never contradicted."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.pseudonym import Pseudonym
from serving.store import Store
from tests.serving_bundle import small_bundle
from tests.serving_service import service_of

HIDING = Pseudonym(b"a secret of thirty-two bytes or more")
CALL: dict[str, Any] = {
    "id": "call-1",
    "customer_id": "anna",
    "time": "2026-03-03T12:30:00Z",
    "action": "call_back",
    "journey": "loan",
}


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    service = service_of(small_bundle(), store=store, clock=lambda: 100, pseudonym=HIDING)
    with TestClient(create_app(service)) as asked:
        yield asked


def told(client: TestClient, body: object) -> dict[str, int]:
    answer = client.post("/v1/outcomes", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()
    return found


def kept(client: TestClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/v1/outcomes{query}").json()["outcomes"]
    return found


def test_a_deed_is_kept_once_and_its_result_may_follow(client: TestClient) -> None:
    assert told(client, CALL) == {"accepted": 1, "completed": 0, "duplicates": 0}
    assert told(client, CALL)["duplicates"] == 1
    done = CALL | {"result": "helped", "outcome": {"leakage": False}}
    assert told(client, done)["completed"] == 1
    assert told(client, CALL)["duplicates"] == 1, "what says less than is known adds nothing"
    known = done | {"outcome": {"success": True, "leakage": False}, "note": "funded"}
    assert told(client, known)["completed"] == 1
    assert kept(client) == [known | {"customer_id": HIDING("anna")}]


@pytest.mark.parametrize(
    "other",
    [
        {"customer_id": "ben"},
        {"time": "2026-03-03T12:31:00Z"},
        {"action": "letter"},
        {"result": "did_not_help"},
        {"result": "helped", "outcome": {"leakage": True}},
        {"result": "helped", "journey": None},
    ],
)
def test_what_contradicts_is_refused_with_all_that_came_with_it(
    client: TestClient, other: dict[str, object]
) -> None:
    first = CALL | {"result": "helped", "outcome": {"leakage": False}}
    told(client, first)
    body = {"outcomes": [CALL | {"id": "call-2"}, first | other]}
    answer = client.post("/v1/outcomes", json=body)
    assert answer.status_code == 409
    assert "outcomes[1]" in answer.json()["detail"]
    assert "anna" not in answer.text
    assert [one["id"] for one in kept(client)] == ["call-1"]


def test_deeds_are_read_in_order_by_cursor_customer_and_action(client: TestClient) -> None:
    deeds = [
        CALL | {"id": f"d-{n}", "customer_id": f"c{n % 2}", "action": ("call", "letter")[n % 3 > 0]}
        for n in range(7)
    ]
    assert told(client, {"outcomes": deeds})["accepted"] == 7
    first = client.get("/v1/outcomes?limit=4").json()
    rest = client.get(f"/v1/outcomes?limit=4&cursor={first['next']}").json()
    assert [one["id"] for one in first["outcomes"] + rest["outcomes"]] == [
        f"d-{n}" for n in range(7)
    ]
    assert rest["next"] is None
    assert [one["id"] for one in kept(client, "?customer=c1")] == ["d-1", "d-3", "d-5"]
    assert [one["id"] for one in kept(client, "?action=call")] == ["d-0", "d-3", "d-6"]
    assert "c1" not in str(kept(client))


def test_an_erased_customer_has_no_deeds(client: TestClient) -> None:
    told(client, CALL)
    assert client.delete("/v1/customers/anna").status_code == 200
    assert kept(client) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (CALL | {"time": "soon"}, "outcomes[0].time"),
        (CALL | {"result": "maybe"}, "result"),
        (CALL | {"unknown": 1}, "unknown"),
        ({"outcomes": []}, "outcomes"),
        ({"outcomes": [{}]}, "outcomes[0]"),
        ({}, "id"),
        ([CALL], "object"),
    ],
)
def test_what_is_no_outcome_is_refused(client: TestClient, body: object, says: str) -> None:
    answer = client.post("/v1/outcomes", json=body)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert kept(client) == []
