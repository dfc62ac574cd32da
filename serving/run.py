"""Starting the service: fetch the models, test them, bind, serve.

Every fault on the way is one clear message before the first request.
"""

import logging.config
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address

import uvicorn

from journeys.errors import OfframpError
from models import Bundle
from serving.app import create_app
from serving.registry import fetch_bundle
from serving.road import Scorer
from serving.scoring import self_test
from serving.served import Models, Served
from serving.service import Service

ALLOW_REMOTE = "OFFRAMP_ALLOW_REMOTE"

_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        name: {"handlers": ["stderr"], "level": "INFO", "propagate": False}
        for name in ("offramp", "uvicorn")
    },
}


def serve(
    uris: str | Sequence[str],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    database: str | None = None,
) -> None:
    """Serve one model, or one per journey, until the process is told to stop.

    Parameters
    ----------
    uris : bundle folders or registry addresses, see `fetch_bundle`
    host, port : where to listen; port 0 takes a free one
    database : reserved for the event store

    Raises
    ------
    OfframpError
        If a bundle cannot be had or fails its self-test, the address cannot be used, or what was
        asked for is not there yet.
    """
    _refuse_database(database)
    _require_allowed(host)
    logging.config.dictConfig(_LOGGING)
    listening = _bound(host, port)
    with listening:
        bundles = [fetch_bundle(uri) for uri in ([uris] if isinstance(uris, str) else uris)]
        _require_one_each(bundles)
        for bundle in bundles:
            self_test(Scorer(bundle))
        config = uvicorn.Config(
            create_app(Service(_models_of(bundles))),
            log_config=None,
            access_log=False,
            server_header=False,
        )
        where = "http://{}:{}".format(*listening.getsockname()[:2])
        names = ", ".join(str(bundle.manifest["name"]) for bundle in bundles)
        logging.getLogger("offramp.serving").info("serving %s at %s (see /docs)", names, where)
        with suppress(KeyboardInterrupt):  # a wish, not a fault
            uvicorn.Server(config).run(sockets=[listening])


def _models_of(bundles: Sequence[Bundle]) -> Models:
    models = Models()
    models.swap(Served(tuple(Scorer(bundle) for bundle in bundles)))
    return models


def _refuse_database(database: str | None) -> None:
    if database is not None:
        raise OfframpError(
            "--database was given, but this version keeps no events yet: it scores the histories "
            "that a request carries. Leave --database out."
        )


def _require_allowed(host: str) -> None:
    """Refuse to listen to strangers, since nobody has to show a key yet."""
    if not _is_loopback(host) and os.environ.get(ALLOW_REMOTE) != "1":
        raise OfframpError(
            f"--host {host} would let other machines in, and this version asks nobody for a key. "
            "Listen on 127.0.0.1; or, behind a proxy or a container that guards the port, set "
            f"{ALLOW_REMOTE}=1."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bound(host: str, port: int) -> socket.socket:
    """Bind before anything slow, so that a port in use is known at once."""
    if not 0 <= port <= 65_535:  # the system would take the rest of a division
        raise OfframpError(_cannot_listen(host, port, "ports go from 0 to 65535"))
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise OfframpError(_cannot_listen(host, port, error.strerror or str(error))) from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise OfframpError(_cannot_listen(host, port, error.strerror or str(error))) from None
    return listening


def _cannot_listen(host: str, port: int, found: str) -> str:
    return (
        f"Cannot listen on {host}, port {port}: {found}. Stop what uses it, or choose another with "
        "--host and --port."
    )


def _require_one_each(bundles: Sequence[Bundle]) -> None:
    journeys = [bundle.journey for bundle in bundles]
    twice = sorted({journey for journey in journeys if journeys.count(journey) > 1})
    if twice or not bundles:
        found = f"{twice[0]!r} is served by several" if twice else "there is none"
        raise OfframpError(f"One model per journey can be served, but {found}. Give one of each.")
