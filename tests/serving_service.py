"""A service of small bundles, for the tests of its routes."""

from models import Bundle
from serving.road import Scorer
from serving.served import Models, Origin, Served
from serving.service import Service


def service_of(*bundles: Bundle, **parts: object) -> Service:
    """Return a service that answers with these bundles; and is ready."""
    models = Models(why_not_ready=None)
    models.swap(
        Served(tuple(Scorer(bundle) for bundle in bundles), origins=tuple(map(_origin, bundles)))
    )
    return Service(models, **parts)  # type: ignore[arg-type]  # any part, by its name


def _origin(bundle: Bundle) -> Origin:
    return Origin("bundle", bundle.journey, "folder", loaded_at=0)
