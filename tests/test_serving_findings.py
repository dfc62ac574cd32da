"""Findings over HTTP: read by cursor and ETag, changed with care."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from rootcause.findings import write_findings
from rootcause.register import locked, read_register
from tests.rootcause_world import findings_of
from tests.served_findings import asking, one_id, state_in, world


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return state_in(tmp_path)


@pytest.fixture
def client(state: Path) -> Iterator[TestClient]:
    yield from asking(state)


def test_findings_are_listed_and_told_in_full(client: TestClient) -> None:
    (card,) = client.get("/v1/findings").json()["findings"]
    assert card["id"] == world().finding.id
    assert card["state"] == "open"
    assert card["conditions"] == world().finding.conditions
    detail = client.get(f"/v1/findings/{card['id']}").json()
    assert detail["card"] == card
    assert detail["finding"]["effect"] == world().finding.effect
    assert detail["acts"] == ["acknowledge", "fix", "close"]
    assert client.get("/v1/findings?state=closed").json()["findings"] == []
    assert client.get("/v1/findings?outcome=churn").json()["findings"] == []
    assert len(client.get("/v1/findings?journey=loan&outcome=leakage").json()["findings"]) == 1


def test_a_finding_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    for path in ("/v1/findings", f"/v1/findings/{one_id(client)}"):
        answer = client.get(path)
        again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
        assert again.content == b""


def test_a_finding_is_taken_over_fixed_closed_and_opened_again(
    client: TestClient, state: Path
) -> None:
    path = f"/v1/findings/{one_id(client)}"
    acts = [
        ({"act": "acknowledge", "owner": "Anna", "ticket": "APP-1"}, "acknowledged"),
        ({"act": "fix", "fixed_at": "2026-04-21T08:00:00Z", "by": "Ben"}, "fix released"),
        ({"act": "close", "reason": "moved to another team"}, "closed"),
        ({"act": "reopen", "reason": "it is back"}, "reopened"),
    ]
    for body, becomes in acts:
        answer = client.patch(path, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["card"]["state"] == becomes
        assert read_register(state).cases[0].state == becomes
        assert client.get(path).json() == answer.json()
    history = client.get(path).json()["history"]
    assert [line["by"] for line in history] == ["", "Anna", "Ben", "a person", "a person"]
    assert history[1]["at"].startswith("2026-04-24T")


def test_nobody_changes_what_has_changed_unseen(client: TestClient) -> None:
    path = f"/v1/findings/{one_id(client)}"
    tag = client.get(path).headers["etag"]
    mine = {"act": "acknowledge", "owner": "Anna"}
    first = client.patch(path, json=mine, headers={"if-match": tag})
    assert first.status_code == 200
    assert first.headers["etag"] != tag
    late = client.patch(path, json=mine | {"owner": "Ben"}, headers={"if-match": tag})
    assert late.status_code == 412
    assert client.get(path).json()["card"]["owner"] == "Anna"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"act": "reopen", "reason": "why not"}, 409, "can be done with it now"),
        ({"act": "acknowledge"}, 422, "owner"),
        ({"act": "close", "reason": "  "}, 422, "reason"),
        ({"act": "fix", "fixed_at": "soon"}, 422, "no time"),
        ({"act": "fix", "fixed_at": "2026-01-01T00:00:00Z"}, 409, "cannot have reached"),
        ({"act": "explode"}, 422, "act"),
        ({"act": "close", "reason": "x", "state": "closed"}, 422, "state"),
        ([], 422, "object"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    client: TestClient, state: Path, body: object, status: int, says: str
) -> None:
    before = (state / "watch.json").read_bytes()
    answer = client.patch(f"/v1/findings/{one_id(client)}", json=body)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert "--" not in answer.json()["detail"], "the words are those of the command line"
    assert (state / "watch.json").read_bytes() == before


def test_a_folder_that_the_watch_is_writing_is_left_alone(client: TestClient, state: Path) -> None:
    with locked(state):
        answer = client.patch(
            f"/v1/findings/{one_id(client)}", json={"act": "close", "reason": "x"}
        )
    assert answer.status_code == 409
    assert "try again" in answer.json()["detail"]


def test_a_mere_file_of_findings_can_be_read_and_not_acted_on(tmp_path: Path) -> None:
    write_findings(findings_of(world().finding), tmp_path / "findings.json")
    for client in asking(tmp_path / "findings.json"):
        path = f"/v1/findings/{one_id(client)}"
        assert client.get(path).status_code == 200
        assert client.patch(path, json={"act": "close", "reason": "x"}).status_code == 409


def test_without_a_state_nothing_is_known(tmp_path: Path) -> None:
    for client in asking(None):
        assert client.get("/v1/findings").json()["type"].endswith("no-findings")
        assert client.get("/v1/audiences/f_1/members").status_code == 404
        assert client.get("/v1/suppressions").json()["type"].endswith("no-store")
        assert client.get("/v1/customers/anna/context").json()["type"].endswith("no-store")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "state=happy", "cursor=%00", "cursor=abc", "sate=open"],
)
def test_a_query_that_makes_no_sense_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/findings?{query}")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:offramp:problem:bad-query"
