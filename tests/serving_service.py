"""A service of small bundles, for the tests of its routes."""

from models import Bundle
from serving.road import Scorer
from serving.served import Models, Served
from serving.service import Service


def service_of(*bundles: Bundle, **parts: object) -> Service:
    """Return a service that answers with these bundles; it is made ready by its application."""
    models = Models()
    models.swap(Served(tuple(Scorer(bundle) for bundle in bundles)))
    return Service(models, **parts)  # type: ignore[arg-type]  # any part, by its name
