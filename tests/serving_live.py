"""A whole service, really served: events, a finding with its audience, keys, and pseudonyms."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import sleep

import pandas as pd
import uvicorn

from benchmarks.service_world import TODAY, cloud_events, found_in
from models import Bundle, save_bundle
from serving.app import create_app
from serving.client import Offramp
from serving.keys import SCOPES, Keys, add_key
from serving.known_issues import KnownIssues
from serving.pseudonym import Pseudonym
from serving.store import Store
from serving.wire import Load, careful_protocol
from tests.serving_service import service_of
from tests.trained_model import simulated

SECRET = b"a secret of thirty-two bytes ...."


@dataclass(frozen=True)
class Live:
    """A running service, a key that is good for everything, and all that it writes."""

    address: str
    key: str
    finding: str
    folder: Path
    events: pd.DataFrame

    def client(self) -> Offramp:
        return Offramp(self.address, self.key, timeout=30)


@contextmanager
def live(bundle: Bundle, folder: Path) -> Iterator[Live]:
    """Serve a bundle of the simulated lender with every part, and with some customers' events."""
    everything, definition = simulated(2_000, seed=3)
    events = everything[everything["time"] < TODAY].reset_index(drop=True)
    saved = save_bundle(bundle, folder / "bundle")
    state, finding = found_in(folder, events, definition, saved)
    key = add_key(folder / "keys.json", "everything", SCOPES, None)
    store = Store.open(str(folder / "events.db"))
    service = service_of(
        bundle,
        store=store,
        state=state,
        issues=KnownIssues(state),
        keys=Keys.from_file(folder / "keys.json"),
        pseudonym=Pseudonym(SECRET),
    )
    load = Load()
    log = logging.FileHandler(folder / "service.log")
    logger = logging.getLogger("offramp")
    logger.addHandler(log)
    try:
        with serving(create_app(service, load), load) as address:
            whole = Live(address, key, finding, folder, events)
            with whole.client() as client:
                client.send(cloud_events(events.tail(1_000)))
            yield whole
    finally:
        logger.removeHandler(log)
        log.close()
        store.close()


@contextmanager
def serving(app: object, load: Load) -> Iterator[str]:
    """Serve an application behind the service's own protocol; give its address."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI application
        http=careful_protocol(load),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
