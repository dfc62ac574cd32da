"""The guard at the door: who asks, may they, how often, how much, and what an answer must carry."""

from dataclasses import dataclass

from serving.keys import Keys, Scope
from serving.tracing import Application


@dataclass(frozen=True)
class Limits:
    """How much one request may carry, and how long its body may take to come."""

    body_seconds: float = 20.0


class Guard:
    """Middleware that lets through who has a key for what is asked, and a body of fair size.

    It stands inside `Traced`.  ``keys`` None: nobody has to show one.
    """

    def __init__(
        self, app: Application, keys: Keys | None = None, limits: Limits | None = None
    ) -> None:
        self._app, self._keys, self._limits = app, keys, limits or Limits()


def scope_of(method: str, path: str) -> Scope | None:
    """Return what a key must be good for to ask this; None: nobody needs a key."""
    raise NotImplementedError
