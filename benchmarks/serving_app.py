"""Servers to compare with, each a process: ``python -m benchmarks.serving_app KIND --bundle ...``.

*empty* is a FastAPI route that reads the body and answers nothing; *pred_contrib* our own service
with LightGBM's Shapley values.
"""

import argparse
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

from models import load_bundle
from serving.app import create_app
from serving.logs import log_lines
from serving.road import Scorer
from serving.served import Models, Served
from serving.service import Service
from serving.wire import Load, careful_protocol


def main() -> None:
    """Serve until told to stop."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("kind", choices=("empty", "pred_contrib"))
    asked.add_argument("--bundle", type=Path, required=True)
    asked.add_argument("--port", type=int, required=True)
    chosen = asked.parse_args()
    {"empty": empty, "pred_contrib": pred_contrib}[chosen.kind](chosen.bundle, chosen.port)


def empty(_bundle: Path, port: int) -> None:
    """Serve a route that does nothing with what it reads."""
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.post("/v1/score")
    async def score(request: Request) -> Response:
        await request.body()
        return Response(b"{}", media_type="application/json")

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response(b"{}", media_type="application/json")

    _run(app, port, "httptools")


def pred_contrib(bundle: Path, port: int) -> None:
    """Serve what ``offramp serve`` serves, its reasons from LightGBM's own Shapley values."""
    models, load = Models(), Load()
    models.swap(Served((Scorer(load_bundle(bundle), shapley="lightgbm"),)))
    models.why_not_ready = None
    log_lines("info")
    _run(create_app(Service(models), load), port, careful_protocol(load))


def _run(app: Any, port: int, http: Any) -> None:
    uvicorn.run(
        app,
        port=port,
        http=http,
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
