"""Segments as files: a condition that was worth keeping, in a few lines of YAML.

::

    name: gold_before_documents
    about: Gold customers who will probably call before they have sent their documents.
    where: stage == 'documents_requested' and p_leakage > 0.4 and value_tier == 'gold'

or those before an event: ``before: paper_bill_sent`` and ``within: 3d``, alone or with a ``where``.
"""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError, model_validator

from journeys.errors import SegmentError, listed, with_closest
from journeys.rule import Duration, Frozen
from journeys.writing import whole_file

_EXAMPLE = "name: gold, and where: value_tier == 'gold'"


class Segment(Frozen):
    """A saved condition; ``where`` is held against fields only when it is asked."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]*$")]
    about: str = ""
    where: str = ""
    before: str = ""
    within: Duration | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> "Segment":
        if not self.where.strip() and not self.before:
            raise ValueError("give a condition under where, an event under before, or both")
        if self.within is not None and not self.before:
            raise ValueError("within belongs to before: it says by when the event comes")
        return self


def load_segment(path: str | Path) -> Segment:
    """Read and check a segment.

    Raises
    ------
    SegmentError
        If the file is missing, is not YAML, or does not hold a segment.
    """
    path = Path(path)
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        raise SegmentError(
            f"The segment {str(path)!r} cannot be read: {fault.strerror}. Write one as {_EXAMPLE}."
        ) from fault
    except (yaml.YAMLError, ValueError) as fault:
        raise SegmentError(
            f"The segment {path.name!r} is not YAML; put a condition that begins with a quote or "
            f"holds ': ' in quotes. Write it as {_EXAMPLE}."
        ) from fault
    if not isinstance(written, dict):
        raise SegmentError(f"{path.name}: a segment is a set of keys; write it as {_EXAMPLE}.")
    return segment_from(written, source=path.name)


def segment_from(written: dict[str, object], *, source: str) -> Segment:
    """Return the segment that plain data holds; ``source`` names it in messages."""
    unknown = [str(key) for key in written if key not in Segment.model_fields]
    if unknown:
        raise SegmentError(
            f"{source}: there is no key {with_closest(unknown[0], Segment.model_fields)}; a "
            f"segment has {listed(Segment.model_fields)}."
        )
    try:
        return Segment.model_validate(written)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = " ".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        place = f"{source}, {where}" if where else source
        raise SegmentError(f"{place}: {said}.") from None


def save_segment(segment: Segment, path: str | Path) -> None:
    """Write a segment as YAML, whole or not at all.

    Raises
    ------
    OfframpError
        If the place cannot be written to.
    """
    kept = {name: value for name, value in segment.model_dump(mode="json").items() if value}
    with whole_file(path) as beside:
        text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=100)
        beside.write_text(text, encoding="utf-8")
