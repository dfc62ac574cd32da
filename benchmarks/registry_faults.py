"""Faults of the model registry, each against a real server: gone, and a bundle that is damaged.

Each is asked for histories all the time; a row says what was tried, how many requests got no good
answer, and whether the service did what docs/reliability.md says.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.served import Asking, Running, running, until
from models import load_bundle
from serving.example import example_request

NAME = "offramp-of_faults"
CHAMPION = f"models:/{NAME}@champion"
Row = dict[str, object]


def registry_gone(bundle: Path) -> Row:
    """Take the registry away under load, start anew without it, and bring it back."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        store, away = folder / "mlflow.db", folder / "away.db"
        address = new_store(store, bundle)
        options = ("--model", CHAMPION, "--cache", str(folder / "cache"), "--poll", "1")
        told, lost = [], 0
        for gone_before_the_start in (False, True):
            with (
                running(folder, *options, environment=address) as server,
                _asking(server, bundle) as asking,
            ):
                if not gone_before_the_start:
                    store.rename(away)
                told.append(until(lambda: server.model()["registry_away_since"]))
                if gone_before_the_start:
                    away.rename(store)
                    until(lambda: server.model()["registry_away_since"] is None)
                told.append(server.model()["source"])
            lost += asking.lost
    well = told[1] == told[3] == "registry"
    return {
        "fault": "the model registry is gone, also at a restart",
        "tried": len(asking.statuses),
        "lost": lost,
        "behaviour": "goes on with the model it has" if well else f"unexpected: {told}",
    }


def corrupted_bundle(bundle: Path) -> Row:
    """Let the champion's alias move to a bundle with a flipped bit, and then to a good one."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        address = new_store(folder / "mlflow.db", bundle)
        options = ("--model", CHAMPION, "--cache", str(folder / "cache"), "--poll", "1")
        with (
            running(folder, *options, environment=address) as server,
            _asking(server, bundle) as asking,
        ):
            register(address, damaged(bundle, folder / "damaged"))
            until(lambda: server.model()["last_reload"]["result"] == "refused")
            stays = server.model()["version"]
            register(address, bundle)
            until(lambda: server.model()["version"] == "3")
    return {
        "fault": "the new champion's bundle is damaged",
        "tried": len(asking.statuses),
        "lost": asking.lost,
        "behaviour": "refuses it, the one before stays" if stays == "1" else f"answers by {stays}",
    }


def new_store(path: Path, bundle: Path) -> dict[str, str]:
    """Make an MLflow store with one champion; return the environment that names it."""
    environment = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{path}",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(path.parent / "artifacts"),
    }
    register(environment, bundle)
    return environment


def register(
    environment: dict[str, str], bundle: Path, name: str = NAME, alias: str = "champion"
) -> str:
    """Register a folder as the next version of a model, move the alias to it; return it."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=environment["MLFLOW_TRACKING_URI"])
    place = bundle.absolute().as_uri()
    if name not in [model.name for model in client.search_registered_models()]:
        client.create_registered_model(name)
    version = str(client.create_model_version(name, source=place).version)
    client.set_registered_model_alias(name, alias, version)
    return version


def damaged(bundle: Path, to: Path) -> Path:
    """Copy a bundle, with one bit of its largest file flipped."""
    shutil.copytree(bundle, to)
    path = max(to.iterdir(), key=lambda one: one.stat().st_size)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return to


def _asking(server: Running, bundle: Path) -> Asking:
    body = msgspec.json.encode(example_request(load_bundle(bundle)))
    return Asking(server, "/v1/score", body)
