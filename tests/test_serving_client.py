"""The client against real servers: a service, and ones that stumble in every way there is."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from serving.client import Offramp, OfframpAway, OfframpRefused
from serving.keys import Keys, add_key
from tests.serving_door import served

Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def stumbling(*answers: Answer | None) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """Serve these answers one after the other, the last for ever; None hangs up."""
    heard: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            heard.append((self.command, self.path, body))
            given = answers[min(len(heard), len(answers)) - 1]
            if given is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, content = given
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.block_on_close = False  # a client may keep its connection
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()


GOOD: Answer = (200, {}, b'{"well": true}')
BUSY: Answer = (503, {}, b'{"title": "busy"}')


@pytest.mark.parametrize(
    "first",
    [BUSY, None, (429, {}, b"{}"), (502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>")],
)
def test_what_passes_is_asked_again_and_the_same_is_sent(first: Answer | None) -> None:
    with stumbling(first, first, GOOD) as (address, heard):
        with Offramp(address) as client:
            assert client.send([{"id": "1"}]) == {"well": True}
        assert heard == [("POST", "/v1/events", b'[{"id": "1"}]')] * 3


def test_it_waits_as_long_as_the_service_says() -> None:
    late: Answer = (503, {"Retry-After": "1"}, b"{}")
    with stumbling(late, GOOD) as (address, _), Offramp(address) as client:
        begun = monotonic()
        assert client.context("4711") == {"well": True}
        assert monotonic() - begun >= 1


def test_patience_ends_and_says_what_was_heard_but_not_of_whom() -> None:
    late: Answer = (503, {"Retry-After": "60"}, b'{"title": "busy"}')
    with stumbling(late) as (address, heard), Offramp(address, patience=5) as client:
        with pytest.raises(OfframpAway, match=r"GET /v1/findings: 503 busy"):
            client.findings()
        assert len(heard) == 1


def test_a_refusal_is_not_asked_again() -> None:
    problem = json.dumps({"title": "No", "detail": "Never."}).encode()
    with stumbling((422, {}, problem), GOOD) as (address, heard), Offramp(address) as client:
        with pytest.raises(OfframpRefused, match=r"422 No: Never\.") as refused:
            client.score([])
        assert refused.value.problem["title"] == "No"
        assert len(heard) == 1


def test_nobody_there_is_told_when_patience_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = Offramp(address, timeout=0.1, patience=0.3)
        assert not client.is_ready()
        with pytest.raises(OfframpAway, match="timed out"):
            client.findings()


def test_members_come_page_by_page() -> None:
    first = json.dumps({"members": [{"customer": "a"}, {"customer": "b"}], "next": "b/="}).encode()
    last = json.dumps({"members": [{"customer": "c"}], "next": None}).encode()
    pages: list[Answer] = [(200, {}, first), (200, {}, last)]
    with stumbling(*pages) as (address, heard), Offramp(address) as client:
        found = [one["customer"] for one in client.members("f_1", "at_risk")]
    assert found == ["a", "b", "c"]
    assert [path for _, path, _ in heard] == [
        "/v1/audiences/f_1/members?state=at_risk",
        "/v1/audiences/f_1/members?state=at_risk&cursor=b%2F%3D",
    ]


def test_a_key_is_shown_and_a_customers_key_is_written_so_that_it_arrives(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    key = add_key(file, "chat", ["read"], None)
    with served(Keys.from_file(file)) as (address, _):
        with Offramp(address, key) as client:
            assert client.is_ready()
            with pytest.raises(OfframpRefused, match="403"):
                client.erase("a/b c?d")
        with Offramp(address, "ofr_wrong") as stranger, pytest.raises(OfframpRefused, match="401"):
            stranger.context("4711")
    with stumbling(GOOD) as (address, heard), Offramp(address) as client:
        client.erase("a/b c?d")
        assert heard[0][:2] == ("DELETE", "/v1/customers/a%2Fb%20c%3Fd")


def test_the_file_works_where_nothing_of_offramp_is(tmp_path: Path) -> None:
    source = Path(__file__).resolve().parent.parent / "serving" / "client.py"
    (tmp_path / "client.py").write_bytes(source.read_bytes())
    code = "from client import Offramp; print(Offramp('http://127.0.0.1:1', patience=0).is_ready())"
    said = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path = [p for p in sys.path if "
         f"'site-packages' not in p] + [{str(tmp_path)!r}]; {code}"],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert said.stdout.strip() == "False"


def test_many_callers_do_not_ask_again_at_the_same_time() -> None:
    waits: list[float] = []
    for _ in range(5):
        with stumbling(BUSY, GOOD) as (address, _), Offramp(address) as client:
            begun = monotonic()
            client.findings()
            waits.append(monotonic() - begun)
    assert max(waits) - min(waits) > 0.001
