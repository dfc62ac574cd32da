"""Serving: how it is asked.

An HTTP service that takes customers' histories and answers with a prediction for every open
journey and its reasons; the client of the model registry that hands it, and the command line, a
checked bundle.  It runs the same code as training and batch scoring, so the numbers agree to the
last bit; it never runs code that came with a model.

The service is started by `serving.run.serve`, and `serving.app.create_app` makes its application;
they are not named here, because whoever fetches a bundle needs no HTTP.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.registry import fetch_bundle
else:
    from journeys.front import on_demand

    __getattr__, __dir__ = on_demand(__name__)

__all__ = ["fetch_bundle"]
