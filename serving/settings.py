"""What the operator says of a service when starting it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How to serve; each is an option of ``offramp serve``.

    Attributes
    ----------
    models : bundle folders or addresses in the registry, one per journey, at least one
    journeys : definitions whose customers are told base rates while there is no model for them
    database : where events are kept, as a URL or a file; None: nowhere
    state : the folder of ``offramp watch``, or a findings file; None: no findings are known
    keys : the file of API keys; None: nobody has to show one, on this machine only
    cache : where good models are kept for when the registry is away; None: the user's cache
    poll : seconds between two looks at the registry; 0: only when asked (SIGHUP, POST)
    drain : seconds between the end being asked for and the door being closed
    host, port : where to listen; port 0 takes a free one
    log_level : debug, info, warning or error
    """

    models: tuple[str, ...]
    journeys: tuple[Path, ...] = ()
    database: str | None = None
    state: Path | None = None
    keys: Path | None = None
    cache: Path | None = None
    poll: float = 60.0
    drain: float = 0.0
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "info"
