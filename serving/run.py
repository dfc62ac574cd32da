"""Starting the service: bind, and begin to ask the registry, before anything slow is imported.

Every fault on the way is one clear message.
"""

import gc
import socket

from journeys.errors import OfframpError
from serving.logs import log_lines
from serving.registry import is_folder
from serving.registry_process import RegistryProcess
from serving.settings import Settings


def serve(settings: Settings) -> None:
    """Serve one model, or one per journey, until the process is told to stop.

    Raises
    ------
    OfframpError
        If no model can be had, the address cannot be used, the database cannot be opened, or
        strangers would be let in without a key.
    """
    log_lines(settings.log_level)
    _require_models(settings)
    with _bound(settings.host, settings.port) as listening, RegistryProcess() as registry:
        if not all(map(is_folder, settings.models)):
            registry.begin()  # its imports take as long as ours
        gc.disable()  # nothing that starting makes is garbage: a sixth of the time to ready
        try:
            from serving.process import answer

            answer(settings, listening, registry)
        finally:
            gc.enable()


def _require_models(settings: Settings) -> None:
    if not settings.models:
        raise OfframpError(
            "There is no model to serve. Give one with --model, such as "
            "models:/offramp-NAME@champion, or the folder of a bundle."
        )


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
