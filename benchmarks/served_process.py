"""A real `offramp serve` in a process of its own, to be asked, killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import msgspec

_PATIENCE_SECONDS = 180


class ServedProcess:
    """One service on one port, which it keeps from start to start."""

    def __init__(self, *options: str, log: Path, environment: dict[str, str] | None = None) -> None:
        """Take the options of ``offramp serve`` and a file for what it says; start it."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._command = [sys.executable, "-m", "offramp", "serve", *options]
        self._command += ["--port", str(self.port), "--log-level", "warning"]
        self._log = log
        self._environment = os.environ | (environment or {})
        self.start()

    def start(self) -> None:
        """Start it; return once it accepts connections (its models may still be warming up)."""
        with self._log.open("a") as said:
            self._process = subprocess.Popen(
                self._command, stdout=said, stderr=said, env=self._environment
            )
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"offramp serve did not start: {self._log.read_text()[-1000:]}")

    def kill(self) -> None:
        """Kill it (SIGKILL): no code of it runs any more."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end (SIGTERM), and wait until it has."""
        self._process.terminate()
        self._process.wait(60)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Ask once, on a connection of its own; raise OSError if there is no answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return asked(connection, method, path, body)
        finally:
            connection.close()


def asked(
    connection: HTTPConnection, method: str, path: str, body: object = None
) -> tuple[int, bytes]:
    """Ask on an open connection; raise OSError if it breaks before the answer is whole."""
    content = None if body is None else msgspec.json.encode(body)
    try:
        connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except HTTPException as broken:
        raise ConnectionError(str(broken)) from broken
