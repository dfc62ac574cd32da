"""The process that serves: its parts are made, run, and ended in the opposite order."""

import asyncio
import logging
import signal
import socket
from contextlib import ExitStack
from time import monotonic
from types import FrameType

import uvicorn

from journeys.definition_file import load_definition
from serving.app import create_app
from serving.guard import require_keys
from serving.keys import Keys
from serving.known_issues import KnownIssues
from serving.loading import Loader
from serving.model_cache import ModelCache, default_cache
from serving.pseudonym import Pseudonym
from serving.registry_process import RegistryProcess
from serving.reload import Watcher
from serving.served import Models
from serving.service import Service, now
from serving.settings import Settings
from serving.store import Store
from serving.wire import Load, careful_protocol

_SECONDS_TO_FINISH = 30
_logger = logging.getLogger("offramp.serving")


def answer(settings: Settings, listening: socket.socket, registry: RegistryProcess) -> None:
    """Answer requests on a bound socket until the process is told to stop.

    Raises
    ------
    OfframpError
        If no model can be had, or a part cannot be made.
    """
    load = Load()
    with ExitStack() as ends:
        service = _service(settings, ends)
        service.metrics.watch(load)
        server = _Server(_config(service, load), service.models, settings.drain)
        watcher = Watcher(
            settings.models,
            _loader(settings, registry),
            service.models,
            service.metrics,
            every=settings.poll,
            on_fault=server.stop,
        )
        ends.callback(watcher.stop)
        watcher.start()
        where = "http://{}:{}".format(*listening.getsockname()[:2])
        _logger.info("serving at %s (see /docs)", where)
        server.run(sockets=[listening])
        if watcher.fault is not None:
            raise watcher.fault
    _logger.info("ended: every request was answered, every event is kept")


def _service(settings: Settings, ends: ExitStack) -> Service:
    keys = None if settings.keys is None else Keys.from_file(settings.keys)
    require_keys(settings.host, keys)
    store = None
    if settings.database is not None:
        store = Store.open(settings.database)
        ends.callback(store.close)
    return Service(
        models=Models(),
        store=store,
        state=settings.state,
        issues=KnownIssues(settings.state),
        pseudonym=Pseudonym.from_environment(),
        keys=keys,
    )


def _loader(settings: Settings, registry: RegistryProcess) -> Loader:
    definitions = [load_definition(path) for path in settings.journeys]
    return Loader(registry, ModelCache(settings.cache or default_cache()), definitions, now)


def _config(service: Service, load: Load) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(service, load),
        http=careful_protocol(load),
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing asks where a caller is, so nobody has to be believed
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, which ends in order: told, drained, every request answered, exit code 0."""

    def __init__(self, config: uvicorn.Config, models: Models, drain: float) -> None:
        super().__init__(config)
        self._models, self._drain = models, drain
        self._ends_at: float | None = None

    def stop(self) -> None:
        """End soon; from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and take a hangup for the wish to look for new models."""
        await super().startup(sockets)
        wish = self._models.reload_wanted.set
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, wish)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """Say that we are not ready any more, and end: a second Ctrl-C does not wait."""
        self.force_exit = self._models.draining and sig == signal.SIGINT
        self._models.draining = True
        if self._ends_at is None:
            self._ends_at = monotonic() + (0.0 if sig == signal.SIGINT else self._drain)

    async def on_tick(self, counter: int) -> bool:
        """Look ten times a second whether it is time to end."""
        if self.force_exit or (self._ends_at is not None and monotonic() >= self._ends_at):
            self.should_exit = True
        return await super().on_tick(counter)
