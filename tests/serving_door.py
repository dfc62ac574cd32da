"""A real server with the service's door, and behind it an application that says what it heard."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import Any

import uvicorn

from serving.guard import Guard
from serving.keys import Keys
from serving.limits import Limits
from serving.tracing import Traced
from serving.wire import Load, careful_protocol

LONG = 40_000_000


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body and the name of the key.

    ``/v1/slow`` takes its time; ``/v1/long`` answers more than any buffer between us holds.
    """
    if scope["type"] == "lifespan":
        return
    heard = await receive()
    if scope["path"] == "/v1/slow":
        await asyncio.sleep(2)
    body = f"{len(heard['body'])} {scope.get('key')}".encode()
    if scope["path"] == "/v1/long":
        body = bytes(LONG)
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(keys: Keys | None = None, limits: Limits | None = None) -> Iterator[tuple[str, Load]]:
    """Serve `echo` behind the door on a free port; give its address and its load."""
    load = Load(limits or Limits())
    config = uvicorn.Config(
        Traced(Guard(echo, keys, load)),
        http=careful_protocol(load),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=1,
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", load
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def spoken(address: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send pieces over a raw connection; return all that comes until the server hangs up."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
            sleep(pause)
        heard = b""
        while piece := connection.recv(65_536):
            heard += piece
    return heard
