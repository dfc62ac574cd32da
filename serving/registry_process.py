"""The registry's client in a process of its own, so that MLflow's weight is not the service's.

Importing MLflow takes seconds and a hundred megabytes, and a registry that hangs would hold up
whoever asks; here it holds up a process that can be ended.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Lock, Timer
from types import TracebackType
from typing import Any, Self

from journeys.errors import BundleError, RegistryAwayError
from serving.registry import Found

_CODE = (
    "import os, sys; told = os.fdopen(os.dup(1), 'w'); os.dup2(2, 1); "
    "from serving.registry import answer_questions; answer_questions(sys.stdin, told)"
)


class RegistryProcess:
    """Asks the registry through a process that is started when it is needed, and again if it dies.

    Safe for threads: one question at a time.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._one_at_a_time = Lock()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()

    def begin(self) -> None:
        """Start the process, so that it gets ready while we do something else."""
        if self._process is None or self._process.poll() is not None:
            self._process = _started()

    def fetch(self, uri: str, known: list[str], into: Path, *, seconds: float) -> Found:
        """Fetch what stands at an address, see `serving.registry.fetch`.

        Raises
        ------
        RegistryAwayError
            If there is no answer within so many seconds, too.
        BundleError
            If nothing is there, or no bundle.
        """
        with self._one_at_a_time:
            self.begin()
            process = self._process
            assert process is not None
            patience = Timer(seconds, process.kill)
            patience.start()
            try:
                answer = _answer(process, {"uri": uri, "known": known, "into": str(into)})
            finally:
                patience.cancel()
        if answer is None:
            raise RegistryAwayError(
                f"Cannot fetch {uri!r}: no answer from the registry within {seconds:.0f} s. Check "
                "MLFLOW_TRACKING_URI, and that the store is up."
            )
        if "error" in answer:
            raise (RegistryAwayError if answer["away"] else BundleError)(answer["error"])
        folder = answer["folder"]
        return Found(answer["version"], None if folder is None else Path(folder))

    def close(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _started() -> "subprocess.Popen[str]":
    here = [place for place in sys.path if place]
    return subprocess.Popen(
        [sys.executable, "-c", _CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # chatter; faults come as answers
        env=os.environ | {"PYTHONPATH": os.pathsep.join(here)},
        text=True,
        start_new_session=True,  # Ctrl-C is for the service, which ends this process itself
    )


def _answer(process: "subprocess.Popen[str]", question: dict[str, Any]) -> dict[str, Any] | None:
    """Return the answer to a question; None if the process died over it."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except (OSError, ValueError):
        return None
    return dict(json.loads(line)) if line else None
