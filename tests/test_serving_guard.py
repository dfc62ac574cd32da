"""The guard: no key, no entry; too much, too often, too slow, and what each is told."""

import http.client
import socket
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

import httpx2
import pytest

from journeys.errors import OfframpError
from serving.guard import is_our_own_name, require_keys
from serving.keys import Keys, add_key
from serving.limits import MOST_BYTES, Limits, scope_of
from tests.serving_door import LONG, served, spoken

READ, INGEST, HURRIED = "read", "ingest", "hurried"
SLOW = b"GET /v1/slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HEAD = b"POST /v1/score HTTP/1.1\r\nHost: localhost\r\n"


class Door:
    """A running service behind its door, and the texts of its keys."""

    def __init__(self, address: str, keys: dict[str, str]) -> None:
        self.address, self.keys = address, keys

    def ask(self, method: str, path: str, key: str = "", **more: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.keys[key]}"} if key else {}
        return httpx2.request(
            method, self.address + path, headers=headers | more.pop("headers", {}), **more
        )


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    keys = {
        READ: add_key(file, READ, ["read"], None),
        INGEST: add_key(file, INGEST, ["ingest"], None),
        HURRIED: add_key(file, HURRIED, ["read"], 0.1),
    }
    with served(Keys.from_file(file)) as (address, _):
        yield Door(address, keys)


@pytest.fixture(scope="module")
def open_door() -> Iterator[str]:
    with served(limits=Limits(body_seconds=0.4, head_seconds=0.4)) as (address, _):
        yield address


def problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["request_id"] == answer.headers["x-request-id"]
    return told


def test_whoever_shows_no_key_is_told_how_to(door: Door) -> None:
    answer = door.ask("POST", "/v1/score", content=b"{}")
    assert "No key was shown" in problem(answer, 401)["detail"]
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/v1/score", "/metrics", "/docs", "/openapi.json", "/nowhere"])
def test_a_stranger_does_not_even_learn_which_paths_there_are(door: Door, path: str) -> None:
    problem(door.ask("GET", path), 401)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_to_everybody(door: Door, path: str) -> None:
    assert door.ask("GET", path).text == "0 None"


def test_a_key_opens_what_its_scope_says_and_no_more(door: Door) -> None:
    assert door.ask("POST", "/v1/score", READ, content=b"{}").text == "2 read"
    assert door.ask("POST", "/v1/events", INGEST, content=b"{}").text == "2 ingest"
    answer = door.ask("POST", "/v1/events", READ, content=b"{}")
    assert "'ingest'" in problem(answer, 403)["detail"]
    assert 'scope="ingest"' in answer.headers["www-authenticate"]
    assert "'admin'" in problem(door.ask("DELETE", "/v1/customers/4711", INGEST), 403)["detail"]


def test_a_key_may_stand_in_either_header(door: Door) -> None:
    headers = {"x-api-key": door.keys[READ]}
    assert door.ask("POST", "/v1/score", headers=headers, content=b"x").text == "1 read"


@pytest.mark.parametrize("shown", ["ofr_", "ofr_" + "A" * 43, "ümläut", "x" * 5_000, "ofr_ x"])
def test_a_wrong_key_is_refused(door: Door, shown: str) -> None:
    headers = {"x-api-key": shown.encode()}
    problem(door.ask("GET", "/v1/findings", headers=headers), 401)


def test_a_browser_shows_a_key_as_a_password_for_the_docs_alone(door: Door) -> None:
    """A browser adds a password to whatever any page asks of us: it must not score or ingest."""
    basic = b64encode(f"anybody:{door.keys[READ]}".encode()).decode()
    headers = {"authorization": f"Basic {basic}"}
    assert "Basic" in door.ask("GET", "/docs").headers["www-authenticate"]
    assert door.ask("GET", "/docs", headers=headers).text == "0 read"
    problem(door.ask("POST", "/v1/score", headers=headers), 401)
    problem(door.ask("GET", "/docs", headers={"authorization": "Basic %%%"}), 401)


def test_a_hurried_key_waits_as_long_as_it_is_told(door: Door) -> None:
    first, second = (door.ask("GET", "/v1/model", HURRIED) for _ in range(2))
    assert first.status_code == 200
    assert first.headers["ratelimit-policy"] == '"key";q=1;w=10'
    assert first.headers["ratelimit"].startswith('"key";r=0;')
    assert "0.1 requests per second" in problem(second, 429)["detail"]
    assert 1 <= int(second.headers["retry-after"]) <= 10
    assert door.ask("GET", "/v1/model", READ).status_code == 200


def test_every_answer_carries_what_keeps_browsers_and_caches_away(door: Door) -> None:
    for answer in (door.ask("GET", "/v1/model", READ), door.ask("GET", "/v1/model")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
    page = door.ask("GET", "/docs", READ).headers["content-security-policy"]
    assert "script-src 'self';" in page


@pytest.mark.parametrize("announced", [True, False])
def test_the_sender_of_a_large_body_sees_the_413(open_door: str, announced: bool) -> None:
    """Once, a body beyond the limit reset the connection, and its sender learnt nothing."""
    body = b" " * (MOST_BYTES + 2_000_000)
    pieces = body if announced else (body[at : at + 500_000] for at in range(0, len(body), 500_000))
    with httpx2.Client(base_url=open_door) as client:
        answer = client.post("/v1/score", content=pieces)
        assert "10,000,000 bytes" in problem(answer, 413)["detail"]
        assert client.post("/v1/score", content=b"small").text == "5 None"


def test_a_client_that_reads_only_after_it_has_sent_all_sees_the_413(open_door: str) -> None:
    connection = http.client.HTTPConnection(open_door.removeprefix("http://"), timeout=20)
    connection.request("POST", "/v1/score", b" " * (3 * MOST_BYTES))
    assert connection.getresponse().status == 413
    connection.close()


def test_a_client_that_asks_before_it_sends_is_spared_the_sending(open_door: str) -> None:
    head = HEAD + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: "
    refused = spoken(open_door, head + b"10000001\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 413")
    taken = spoken(open_door, head + b"2\r\n\r\n", b"{}", pause=0.1)
    assert taken.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")


def test_a_small_path_takes_a_small_body(door: Door) -> None:
    problem(door.ask("POST", "/metrics", READ, content=b" "), 403)
    answer = door.ask("GET", "/v1/findings/f_1", READ, content=b" " * 100_001)
    assert "100,000 bytes" in problem(answer, 413)["detail"]


def test_a_body_that_dribbles_is_a_408(open_door: str) -> None:
    heard = spoken(open_door, HEAD + b"Content-Length: 9\r\n\r\n", b"{", b" ", pause=0.15)
    assert heard.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in heard


def test_a_head_that_dribbles_is_a_408(open_door: str) -> None:
    heard = spoken(open_door, HEAD, b"X-A: 1\r\n", b"X-B: 2\r\n", pause=0.15)
    assert heard.startswith(b"HTTP/1.1 408")


def test_a_silent_connection_is_closed(open_door: str) -> None:
    assert spoken(open_door) == b""
    assert spoken(open_door, b"\r\n").startswith(b"HTTP/1.1 408")
    idle = b"GET /v1/model HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert spoken(open_door, idle, b"\r\n", pause=0.1).count(b"HTTP/1.1") == 1


def test_who_takes_no_answer_is_cut_off() -> None:
    """A waiting answer would keep its memory, and a service that ends would wait for it."""
    with served(limits=Limits(answer_seconds=0.3)) as (address, _):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as idle:
            idle.sendall(b"GET /v1/long HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sleep(2.5)  # a second until the connection counts as idle, and then the limit
            heard = 0
            with suppress(ConnectionResetError):
                while piece := idle.recv(1_000_000):
                    heard += len(piece)
        assert heard < LONG


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X-Large: " + b"x" * 60_000 + b"\r\n\r\n",
        HEAD + b"X-Many: x\r\n" * 9_000 + b"\r\n",
        b"GET /" + b"x" * 60_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_a_head_that_is_too_large_is_a_431(open_door: str, head: bytes) -> None:
    assert spoken(open_door, head).startswith(b"HTTP/1.1 431")


def test_a_header_that_never_ends_is_a_431(open_door: str) -> None:
    pieces = [HEAD + b"X-Endless: ", *[b"x" * 16_000] * 4]
    assert spoken(open_door, *pieces, pause=0.02).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"\x00" * 100])
def test_what_is_not_http_is_a_400(open_door: str, noise: bytes) -> None:
    heard = spoken(open_door, noise)
    assert heard.startswith(b"HTTP/1.1 400")
    assert b"urn:offramp:problem:not-http" in heard


def test_beyond_what_it_can_do_a_process_turns_requests_away_and_does_the_rest() -> None:
    with served(limits=Limits(requests=4)) as (address, load):
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: spoken(address, SLOW), range(16)))
        busy = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503")]
        assert len(busy) == load.turned_away == 12
        assert sum(answer.startswith(b"HTTP/1.1 200") for answer in answers) == 4
        assert b"retry-after: 1\r\n" in busy[0]
        assert b"urn:offramp:problem:overloaded" in busy[0]
        assert spoken(address, SLOW).startswith(b"HTTP/1.1 200")


def test_a_busy_process_still_says_that_it_lives() -> None:
    with served(limits=Limits(requests=0)) as (address, _):
        assert httpx2.get(f"{address}/v1/model").status_code == 503
        assert httpx2.get(f"{address}/healthz").status_code == 200


def test_beyond_its_connections_a_process_turns_callers_away() -> None:
    with served(limits=Limits(connections=0)) as (address, _):
        assert spoken(address).startswith(b"HTTP/1.1 503")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org", "192.168.1.7"])
def test_strangers_are_not_let_in_without_keys(host: str, tmp_path: Path) -> None:
    with pytest.raises(OfframpError, match=f"--host {host}.*--keys"):
        require_keys(host, None)
    file = tmp_path / "keys.json"
    add_key(file, "chat", ["read"], None)
    require_keys(host, Keys.from_file(file))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_is_let_in(host: str) -> None:
    require_keys(host, None)


@pytest.mark.parametrize("name", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example"])
def test_without_keys_a_page_of_a_stranger_cannot_ask_under_its_own_name(
    open_door: str, name: str
) -> None:
    told = problem(httpx2.get(f"{open_door}/v1/model", headers={"host": name}), 421)
    assert "--keys" in told["detail"]
    assert not is_our_own_name(name)


def test_without_keys_a_page_of_a_stranger_cannot_send_us_anything(open_door: str) -> None:
    url = f"{open_door}/v1/events"
    problem(httpx2.post(url, headers={"origin": "https://evil.example"}, content=b"{}"), 403)
    assert httpx2.post(url, headers={"origin": open_door}, content=b"{}").status_code == 200


@pytest.mark.parametrize("name", ["127.0.0.1:8000", "localhost", "[::1]:80", "a.localhost", ""])
def test_this_machine_is_asked_by_its_own_names(name: str) -> None:
    assert is_our_own_name(name)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/healthz", None),
        ("GET", "/v1/customers/a/context", "read"),
        ("POST", "/v1/score", "read"),
        ("POST", "/v1/outcomes", "ingest"),
        ("DELETE", "/v1/customers/a/aliases/b", "ingest"),
        ("DELETE", "/v1/customers/aliases/aliases", "admin"),
        ("PATCH", "/v1/findings/f", "admin"),
        ("DELETE", "/v1/customers/a", "admin"),
        ("POST", "/v1/score/", "admin"),
        ("BREW", "/v1/anything", "admin"),
    ],
)
def test_what_changes_something_takes_more_than_reading(
    method: str, path: str, scope: str | None
) -> None:
    assert scope_of(method, path) == scope
