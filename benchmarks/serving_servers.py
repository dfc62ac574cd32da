"""The servers of the comparison as processes: ours, an empty one, and peers on the same bundle."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving_load import Asked

_PATIENCE = 180.0
_SESSION, _USER, _SYSTEM = 3, 11, 12  # of /proc/PID/stat, after the name
_PINS = shutil.which("taskset") is not None and (os.cpu_count() or 1) > 1
PEERS = Path("out") / "serving-peers"
_BENTO = ("bentoml>=1.4", "lightgbm>=4.7", "numpy>=2")


@dataclass(frozen=True)
class Server:
    """A server that runs: its process, where it listens, and how long it took to be ready."""

    process: subprocess.Popen[bytes]
    port: int
    seconds_to_ready: float

    def memory_mib(self) -> float:
        """Return the memory that the process holds now, in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024

    def core_seconds(self) -> float:
        """Return the processor time that it and its workers have taken so far."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                said = path.read_text().rpartition(") ")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if said[_SESSION] == str(self.process.pid):
                ticks += int(said[_USER]) + int(said[_SYSTEM])
        return ticks / os.sysconf("SC_CLK_TCK")


def ours(bundle: Path, *options: str) -> list[str]:
    """Return the command that serves a bundle as a user does."""
    return [sys.executable, "-m", "offramp", "serve", "--model", str(bundle), *options]


def app(kind: str, bundle: Path) -> list[str]:
    """Return the command of a server of `benchmarks.serving_app`."""
    return [sys.executable, "-m", "benchmarks.serving_app", kind, "--bundle", str(bundle)]


def litserve(bundle: Path) -> list[str]:
    """Return the command that serves by LitServe."""
    return [sys.executable, "-m", "benchmarks.serving_litserve", "--bundle", str(bundle)]


def mlflow(bundle: Path, folder: Path) -> list[str]:
    """Save the bundle as a model of features without a signature; return what serves it.

    Our own model in MLflow takes events; the peer is sent the features of one row, as the others.
    """
    from mlflow.pyfunc import save_model

    save_model(
        str(folder),
        python_model=str(Path(__file__).with_name("serving_pyfunc.py")),
        artifacts={"bundle": str(bundle)},
        pip_requirements=["lightgbm"],
    )
    serve = ["models", "serve", "-m", str(folder), "--env-manager", "local", "--workers", "1"]
    return [sys.executable, "-m", "mlflow", *serve]


def bentoml() -> list[str]:
    """Return the command that serves by BentoML, from an environment of its own.

    Raises
    ------
    OSError, subprocess.CalledProcessError
        If the environment cannot be made.
    """
    python = PEERS / "bin" / "python"
    if not (PEERS / "bin" / "bentoml").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *_BENTO]
        subprocess.run(install, check=True, timeout=600)
    return [str(PEERS / "bin" / "bentoml"), "serve", "benchmarks.serving_bento:Scores"]


@contextmanager
def running(
    command: list[str],
    ready: Asked,
    *,
    environment: Mapping[str, str] | None = None,
    core: int | None = None,
) -> Iterator[Server]:
    """Run a server until the block ends, on one core where one is named.

    ``ready`` is what it answers with 2xx once it is there, at the port it is told to listen on.

    Raises
    ------
    RuntimeError
        If it ends, or is not ready within minutes.
    """
    said = PEERS.parent / f"serving-{ready.port}.log"
    said.parent.mkdir(exist_ok=True)
    pinned = ["taskset", "--cpu-list", str(core)] if core is not None and _PINS else []
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # mlflow looks for uvicorn there
    begun = time.perf_counter()
    with said.open("wb") as log:
        process = subprocess.Popen(
            [*pinned, *command, "--port", str(ready.port)],
            stdout=log,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PATH": path, **(environment or {})},
            start_new_session=True,
        )
    try:
        while not _answers(ready):
            if process.poll() is not None or time.perf_counter() - begun > _PATIENCE:
                raise RuntimeError(f"{command[0]} does not answer; what it said is in {said}")
            time.sleep(0.02)
        yield Server(process, ready.port, time.perf_counter() - begun)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(asked: Asked) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", asked.port), timeout=20) as connection:
            connection.sendall(asked.written)
            return connection.recv(64)[9:10] == b"2"
    except OSError:
        return False
