"""Serving: how it is asked.

An HTTP service that takes customers' histories and answers with a prediction for every open
journey and its reasons; the client of the model registry that hands it, and the command line, a
checked bundle.  It runs the same code as training and batch scoring, so the numbers agree to the
last bit; it never runs code that came with a model.
"""

from serving.app import create_app
from serving.registry import fetch_bundle
from serving.run import serve

__all__ = ["create_app", "fetch_bundle", "serve"]
