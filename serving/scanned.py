"""A history as one model reads it: what `serving.usual` scans of a request."""

from typing import NamedTuple

from features.typed import Written


class Scanned(NamedTuple):
    """The events of a history as numbers; ``step`` is its last activity."""

    written: Written
    step: str
