"""FastAPI with layers of our own around all of it.

FastAPI's handling of a request, before it has found a route, costs as much as a prediction.  What
stands around it answers what it can without.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from serving.tracing import Application, Receive, Scope, Send


class Layered(FastAPI):
    """An application whose layers stand outside of FastAPI's own, the last one outermost."""

    def __init__(self, **described: Any) -> None:
        super().__init__(**described)
        self._outermost: Application = super().__call__

    def put_around(self, layer: Callable[[Application], Application]) -> None:
        """Put a layer around what there is; it is given that, and answers or hands on."""
        self._outermost = layer(self._outermost)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from the outermost layer on."""
        await self._outermost(scope, receive, send)
