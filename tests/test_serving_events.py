"""Events over HTTP: each form is read, each event counted once, each fault told by its place."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.pseudonym import Pseudonym
from serving.store import Store
from tests.serving_bundle import small_bundle
from tests.serving_events import SECOND, told
from tests.serving_service import service_of

PLAIN = {
    "customer_id": "anna",
    "time": "1970-01-01T00:00:05Z",
    "activity": "uploaded",
    "channel": "app",
    "amount": 12,
}
CLOUD = {
    "specversion": "1.0",
    "id": "1",
    "source": "urn:app",
    "type": "uploaded",
    "subject": "anna",
    "time": "1970-01-01T00:00:05+00:00",
    "data": {"channel": "app", "amount": 12},
}


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    service = service_of(small_bundle(), store=store, clock=lambda: 100 * SECOND)
    with TestClient(create_app(service)) as asked:
        yield asked


def send(client: TestClient, what: object, kind: str = "application/json") -> tuple[int, dict]:
    body = what if isinstance(what, bytes) else json.dumps(what).encode()
    answer = client.post("/v1/events", content=body, headers={"content-type": kind})
    return answer.status_code, answer.json()


def counts(answer: tuple[int, dict]) -> tuple[int, int, int, int]:
    status, said = answer
    return status, said["accepted"], said["duplicates"], said["refused"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PLAIN, "application/json"),
        ([PLAIN], "application/json; charset=utf-8"),
        ({"events": [PLAIN]}, "application/json"),
        (CLOUD, "application/cloudevents+json"),
        ([CLOUD], "application/cloudevents-batch+json"),
        ([CLOUD], "application/json"),
    ],
)
def test_every_form_says_the_same(
    client: TestClient, store: Store, body: object, kind: str
) -> None:
    assert counts(send(client, body, kind)) == (202, 1, 0, 0)
    said = {"time": 5 * SECOND, "activity": "uploaded", "channel": "app", "amount": 12}
    assert store.history("anna") == [said]
    assert counts(send(client, body, kind)) == (200, 0, 1, 0)
    assert store.history("anna") == [said]


def test_an_event_without_an_id_is_named_by_what_it_says(client: TestClient, store: Store) -> None:
    other_order = dict(reversed(PLAIN.items()))
    same_instant = PLAIN | {"time": "1970-01-01T01:00:05+01:00"}
    assert counts(send(client, [PLAIN, other_order, same_instant])) == (202, 1, 2, 0)
    assert counts(send(client, [PLAIN | {"amount": 13}, PLAIN | {"source": "b"}])) == (202, 2, 0, 0)
    assert len(store.history("anna")) == 3


def test_what_is_wrong_with_one_event_is_told_and_holds_up_no_other(
    client: TestClient, store: Store
) -> None:
    wrong = [
        PLAIN | {"time": "yesterday"},
        PLAIN | {"customer_id": None},
        PLAIN | {"amount": "a lot"},
        PLAIN | {"nested": {"a": 1}},
        PLAIN | {"customer_id": "nul\0"},
        PLAIN | {"id": "i" * 1_001},
        CLOUD | {"specversion": "0.3"},
        {name: value for name, value in CLOUD.items() if name != "subject"},
        CLOUD | {"data": {"time": "now"}},
        CLOUD | {"data_base64": "AAAA"},
        "an event",
    ]
    status, said = send(client, [*wrong, PLAIN])
    assert counts((status, said)) == (202, 1, 0, len(wrong))
    assert [fault["index"] for fault in said["errors"]] == list(range(len(wrong)))
    for fault in said["errors"]:
        assert f"events[{fault['index']}]" in fault["detail"]
        assert "anna" not in fault["detail"]
    assert len(store.history("anna")) == 1


def test_nothing_is_kept_where_everything_is_wrong(client: TestClient) -> None:
    status, said = send(client, [PLAIN | {"time": 5}, PLAIN | {"activity": ""}])
    assert (status, said["type"]) == (422, "urn:offramp:problem:bad-event")
    assert [fault["index"] for fault in said["errors"]] == [0, 1]


@pytest.mark.parametrize(
    ("body", "kind", "status", "problem"),
    [
        (b"{", "application/json", 422, "not-json"),
        (b"", "application/json", 422, "not-json"),
        (b"[]", "application/json", 422, "bad-request"),
        (b'{"events": 1}', "application/json", 422, "bad-request"),
        (b"[" + b"1," * 10_000 + b"1]", "application/json", 422, "bad-request"),
        (b"{}", "application/cloudevents-batch+json", 422, "bad-request"),
        (b"{}", "application/xml", 415, "wrong-type"),
        (b" " * 10_000_001, "application/json", 413, "too-large"),
    ],
)
def test_a_body_that_holds_no_events_is_a_problem(
    client: TestClient, body: bytes, kind: str, status: int, problem: str
) -> None:
    found, said = send(client, body, kind)
    assert (found, said["type"]) == (status, f"urn:offramp:problem:{problem}")


def test_an_alias_comes_as_an_event_or_by_its_own_path(client: TestClient, store: Store) -> None:
    send(client, PLAIN | {"customer_id": "v"})
    alias = {**PLAIN, "activity": "offramp.alias", "alias": "v", "time": "1970-01-01T00:00:09Z"}
    assert counts(send(client, alias)) == (202, 1, 0, 0)
    assert told(store.history("anna")) == [(5, "uploaded")]
    taken = client.post("/v1/customers/bert/aliases", json={"alias": "v"})
    assert (taken.status_code, "another customer" in taken.json()["detail"]) == (409, True)
    path = "/v1/customers/anna/aliases"
    assert client.delete(f"{path}/v").json() == {"unlinked": True}
    assert store.history("anna") == []
    assert client.post(path, json={"alias": "v"}).status_code == 200  # before it was taken back
    later = {"alias": "v", "time": "1970-01-01T00:02:00Z"}
    assert client.post(path, json=later).status_code == 202
    assert client.post(path, json={"visitor": "v"}).status_code == 422
    assert client.post(path, content=b"{").status_code == 422
    assert told(store.history("anna")) == [(5, "uploaded")]


def test_no_key_is_kept_where_customers_have_pseudonyms(store: Store) -> None:
    service = service_of(small_bundle(), store=store, pseudonym=Pseudonym(bytes(32)))
    with TestClient(create_app(service)) as client:
        send(client, [PLAIN, CLOUD, {**PLAIN, "activity": "offramp.alias", "alias": "visitor-9"}])
        with store.engine.connect() as connection:
            for table in ("events", "aliases"):
                rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
                assert rows
                assert "anna" not in str(rows)
                assert "visitor-9" not in str(rows)
        assert len(store.history(Pseudonym(bytes(32))("anna"))) == 2
        rows = client.delete("/v1/customers/anna").json()["rows"]
        assert {name: n for name, n in rows.items() if n} == {"events": 2, "aliases": 1}


def test_a_receipt_of_erasure_names_nobody(client: TestClient, store: Store) -> None:
    send(client, [PLAIN, CLOUD])
    answer = client.delete("/v1/customers/anna")
    assert answer.status_code == 200
    assert answer.json()["rows"]["events"] == 2
    assert "anna" not in answer.text
    assert store.history("anna") == []
    assert client.delete("/v1/customers/anna").json()["rows"]["events"] == 0
    status, said = send(client, PLAIN)
    assert (status, "was erased" in said["detail"]) == (422, True)


def test_a_key_may_hold_a_slash(client: TestClient, store: Store) -> None:
    send(client, PLAIN | {"customer_id": "a/b c"})
    assert client.delete("/v1/customers/a%2Fb%20c").json()["rows"]["events"] == 1
    assert store.history("a/b c") == []


def test_keys_that_nobody_can_have_are_nobodys(client: TestClient) -> None:
    """PostgreSQL takes no NUL in a text: it was a fault of ours, and is none of anybody."""
    assert client.delete("/v1/customers/%00").json()["rows"]["events"] == 0
    assert client.delete("/v1/customers/a/aliases/%00").json() == {"unlinked": False}
    assert client.delete("/v1/customers/").status_code == 422
    assert client.post("/v1/customers/%00/aliases", json={"alias": "v"}).status_code == 422
    assert client.post("/v1/customers/a/aliases", json={"alias": "\0"}).status_code == 422


def test_without_a_database_events_are_refused(client: TestClient) -> None:
    with TestClient(create_app(service_of(small_bundle()))) as without:
        status, said = send(without, PLAIN)
        assert (status, said["type"]) == (404, "urn:offramp:problem:no-store")
        assert without.delete("/v1/customers/anna").status_code == 404


def test_the_documentation_shows_every_form(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    asked = document["paths"]["/v1/events"]["post"]
    assert set(asked["requestBody"]["content"]) == {
        "application/json",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    }
    assert {"200", "202", "404", "413", "415", "422", "503", "507"} <= set(asked["responses"])
    for kind, form in asked["requestBody"]["content"].items():
        assert counts(send(client, form["example"], kind))[0] in (200, 202)
