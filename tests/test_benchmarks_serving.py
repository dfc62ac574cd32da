"""The benchmark of serving: its loaders count what happens, and its request asks what it says."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from benchmarks.serving_bundle import EVENTS, history_of
from benchmarks.serving_load import (
    CONNECTIONS,
    Asked,
    _as_wrk_says,
    at_full_load_in_turn,
    at_rate,
)
from journeys.definition_file import parse_definition
from journeys.simulate import MAIN_JOURNEY, simulate

STALL = 0.4
_ANSWER = b"HTTP/1.1 %d OK\r\ncontent-length: 2\r\n\r\n{}"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError):  # the loader has hung up
        while head := await reader.readuntil(b"\r\n\r\n"):
            if b"/stall" in head:
                time.sleep(STALL)
            writer.write(_ANSWER % (500 if b"/wrong" in head else 200))
    writer.close()


@pytest.fixture
def port() -> Iterator[int]:
    """A server that answers 200, 500 to what says *wrong*, and stalls as a whole for *stall*."""
    ready, made = threading.Event(), list[tuple[int, Callable[[], object]]]()

    async def serve() -> None:
        end, loop = asyncio.Event(), asyncio.get_running_loop()
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        made.append((port, lambda: loop.call_soon_threadsafe(end.set)))
        ready.set()
        await end.wait()
        server.close()
        await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    yield made[0][0]
    made[0][1]()
    thread.join()


def test_a_constant_rate_sends_as_many_as_it_says_and_counts_other_answers(port: int) -> None:
    found = at_rate([Asked(port, "/fine"), Asked(port, "/wrong")], 100, 1.0)
    assert (found.requests, found.errors) == (100, 50)
    assert 50 < found.per_second <= 101


def test_a_stall_is_charged_to_everybody_who_would_have_come_meanwhile(port: int) -> None:
    """One request of a hundred stalls; a closed loop would call one of them slow."""
    asked = [Asked(port, "/fine")] * 99 + [Asked(port, "/stall")]
    found = at_rate(asked, 100, 1.9)
    assert found.p99 > 1e3 * STALL / 2
    assert found.p50 < 1e3 * STALL / 4


def test_full_load_takes_the_requests_in_turn_over_all_connections(port: int) -> None:
    found = at_full_load_in_turn([Asked(port, "/fine"), Asked(port, "/wrong")], 0.3)
    assert abs(found.errors - found.requests / 2) <= CONNECTIONS
    assert 0 < found.p50 <= found.p99


def test_what_wrk_says_is_read() -> None:
    said = """Running 5s test @ http://127.0.0.1:1/x
      Thread Stats   Avg      Stdev     Max   +/- Stdev
        Latency     5.39ms   12.40ms 150.07ms   99.50%
      Latency Distribution
         50%  812.00us
         99%    1.20s
      12345 requests in 5.00s, 2.34MB read
      Socket errors: connect 0, read 1, write 0, timeout 2
      Non-2xx or 3xx responses: 7
    Requests/sec:   2469.00"""
    found = _as_wrk_says(said)
    assert (found.requests, found.seconds, found.errors) == (12345, 5.0, 10)
    assert (found.p50, found.p99) == (0.812, 1200.0)


def test_the_history_is_one_journey_in_flight_of_thirty_events() -> None:
    world = simulate("clean", customers=300, seed=1)
    definition = parse_definition(world.definitions[MAIN_JOURNEY], source="a test")
    events = history_of(world.events, definition)["events"]
    assert isinstance(events, list)
    assert len(events) == EVENTS
    assert definition.start is not None
    assert definition.success is not None
    began, ended = (rule.where["activity"] for rule in (definition.start, definition.success))
    assert [event["activity"] in began for event in events] == [True] + [False] * (EVENTS - 1)
    assert not {event["activity"] for event in events} & set(ended)
