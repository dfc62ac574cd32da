"""Forms: the shapes in which other systems hand events over, each a mapping that is shipped.

A **form** says where the customer, the time, the activity and the channel of an event stand, which
names one event twice over, and what its attributes are likely to be.  The mappings are YAML files
in ``journeys/mappings``; docs/data.md shows one row of each.
"""

from collections.abc import Collection
from functools import cache
from importlib.resources import files

import yaml

from journeys.errors import DefinitionError, listed, with_closest
from journeys.rule import Frozen, Names
from journeys.times import TimeUnit


class Tiers(Frozen):
    """What the attributes of a form are likely to be, by the name of their column."""

    context: Names = ()
    technical: Names = ()
    numeric: Names = ()
    sensitive: Names = ()


class Form(Frozen):
    """One form of events, as its YAML says it.

    Of several columns under one key the first counts that holds something in a row.

    Attributes
    ----------
    known_by : columns that a file of this form has, and others rarely
    customer, visitor : who it was, known and not known yet; an event that says both joins them
    kind : the column that tells what a row is; ``events`` are the kinds that are events (the others
        only tell who somebody is), ``joins`` those that join a visitor to a customer
    id : columns that together name an event; the same name again is the same event
    carried : columns, or beginnings of such, that hold from then on for the customer
    parsed : columns, or beginnings of such, whose text is JSON
    first : columns, or beginnings of such, that are lists of which the first entry counts
    header : the names of the columns where a text file has none
    """

    name: str
    title: str
    known_by: Names
    customer: Names
    visitor: Names = ()
    time: Names
    time_unit: TimeUnit | None = None
    activity: Names
    channel: Names = ()
    kind: str | None = None
    events: Names = ()
    joins: Names = ()
    id: Names = ()
    carried: Names = ()
    parsed: Names = ()
    first: Names = ()
    header: Names = ()
    attributes: Tiers = Tiers()

    @property
    def sources(self) -> frozenset[str]:
        """Every column that is needed whatever the definition asks for."""
        kind = (self.kind,) if self.kind else ()
        read = (self.customer, self.visitor, self.time, self.activity, self.channel, self.id, kind)
        return frozenset(name for names in read for name in names)

    def is_in(self, columns: Collection[str]) -> bool:
        """Whether a file with these columns looks like this form."""
        return set(self.known_by) <= set(columns)


def form_names() -> tuple[str, ...]:
    """Return the names of the shipped forms, in alphabetical order."""
    return tuple(sorted(_forms()))


def form_named(name: str) -> Form:
    """Return a shipped form by its name.

    Raises
    ------
    DefinitionError
        If there is none of that name.
    """
    if name not in _forms():
        raise DefinitionError(
            f"The form {with_closest(name, _forms())} is not known; the forms are "
            f"{listed(form_names())} (docs/data.md). For rows of your own, leave it out."
        )
    return _forms()[name]


def recognised(columns: Collection[str]) -> Form | None:
    """Return the form that a file with these columns looks like, None for rows of one's own."""
    found = [form for form in _forms().values() if form.is_in(columns)]
    return max(found, key=lambda form: len(form.known_by), default=None)


@cache
def _forms() -> dict[str, Form]:
    texts = [
        path.read_text(encoding="utf-8")
        for path in (files("journeys") / "mappings").iterdir()
        if path.name.endswith(".yaml")
    ]
    forms = [Form.model_validate(yaml.safe_load(text)) for text in texts]
    return {form.name: form for form in forms}
