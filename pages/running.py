"""Run the blocks of a page, in order, in one folder, as a reader would type them."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pages.blocks import ROOT, Block
from pages.shape import missing

READY_SECONDS = 180
_PLAIN = re.compile(r"offramp [^|<>&;$`]+")


class CommandError(AssertionError):
    """A command of a page did not do what the page says."""


@dataclass
class Reader:
    """Someone who types what a page says: where they are, what they exported, and their server.

    ``offramp`` runs a plain command line in this process, which saves its start; None types it.
    """

    folder: Path
    environment: dict[str, str]
    offramp: Callable[[Sequence[str]], tuple[int, str]] | None = None
    server: subprocess.Popen[bytes] | None = None
    port: int = 0
    names: dict[str, object] = field(default_factory=lambda: {"__name__": "a page"})

    def run(self, block: Block, answer: Block | None = None) -> None:
        """Run a block; check the answer that the page shows after it, if it shows one as JSON."""
        for command in block.commands:
            code, said = self._typed(block, command, asked=answer is not None)
            if (code == 0) == (block.mark == "fails"):
                found = "it went well" if code == 0 else f"exit code {code}"
                raise CommandError(f"{block.page}:{block.line}: {found}: {command}\n{said}")
            if answer is not None:
                self._require(said, answer)

    def stop(self) -> None:
        """Press Ctrl-C where the server runs, and wait until it has ended."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait(60)
            self.server = None

    def _typed(self, block: Block, command: str, *, asked: bool) -> tuple[int, str]:
        if block.language == "python":
            exec(compile(command, f"{block.page}:{block.line}", "exec"), self.names)
            return 0, ""
        if command.startswith("offramp serve ") and block.mark != "fails":
            self._serve(command)
            return 0, ""
        if self.offramp is not None and _PLAIN.fullmatch(command):
            return self.offramp(shlex.split(command, comments=True)[1:])
        return self._in_a_shell(command, asked=asked)

    def _in_a_shell(self, command: str, *, asked: bool) -> tuple[int, str]:
        kept = self.folder / ".environment"
        where = ROOT if command.startswith("make ") else self.folder
        text = re.sub(r"(127\.0\.0\.1|localhost):8000\b", rf"\1:{self.port}", command)
        # With its status, where the page shows the answer: curl calls an error a success.
        curl = 'curl() { command curl -w "\\n%{http_code}" "$@"; }\n' if asked else ""
        script = f"set -e\n{curl}{text}\nenv -0 > {shlex.quote(str(kept))}\n"
        done = subprocess.run(
            ["bash", "-c", script], cwd=where, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        if kept.exists():
            pairs = (one.partition("=") for one in kept.read_text().split("\0") if one)
            self.environment = {name: value for name, _, value in pairs}
            kept.unlink()
        return done.returncode, done.stdout

    def _serve(self, command: str) -> None:
        self.stop()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        words = shlex.split(os.path.expandvars(command), comments=True)
        log = self.folder / "server.log"
        with log.open("wb") as written:
            self.server = subprocess.Popen(
                [*words, "--port", str(self.port)],
                cwd=self.folder, env=self.environment, stdout=written, stderr=written,
            )  # fmt: skip
        until = time.monotonic() + READY_SECONDS
        while not self._ready():
            if self.server.poll() is not None or time.monotonic() > until:
                self.stop()
                raise CommandError(f"{command} did not start:\n{log.read_text()}")
            time.sleep(0.1)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as told:
                return bool(told.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _require(self, said: str, answer: Block) -> None:
        body, _, status = said.strip().rpartition("\n")
        if status != answer.told:
            raise CommandError(f"{answer.page}:{answer.line}: {status} in place of it: {body}")
        if faults := missing(json.loads(answer.text), json.loads(body)):
            raise CommandError(f"{answer.page}:{answer.line}: {faults} in {body}")


def environment_of(folder: Path) -> dict[str, str]:
    """Return an environment in which `offramp` and `python` are this checkout's."""
    programs = folder / ".programs"
    programs.mkdir(exist_ok=True)
    offramp = programs / "offramp"
    offramp.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m offramp "$@"\n')
    offramp.chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
