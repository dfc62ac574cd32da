"""Terms of a condition: the fields that may be asked for, numbers and texts, and their kinds."""

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from journeys.errors import SegmentError, listed, with_closest
from rootcause.last_known import Flags


@dataclass(frozen=True, eq=False)
class Field:
    """What may be asked of every journey, shape (n,): text (None is missing) or numbers (NaN is).

    ``known``: all values that a text can ever have; empty where there may be others.
    """

    column: NDArray[Any]
    kind: Literal["text", "number"]
    known: tuple[str, ...] = ()

    @property
    def missing(self) -> Flags:
        """Return where the value is missing."""
        if self.kind == "number":
            return np.isnan(self.column.astype(np.float64))
        return np.array([value is None for value in self.column], dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Fields:
    """All fields by name, how many journeys they describe, and why some other cannot be asked."""

    size: int
    fields: Mapping[str, Field]
    refused: Mapping[str, str]

    def __getitem__(self, name: str) -> Field:
        if name in self.refused:
            raise SegmentError(self.refused[name])
        if name not in self.fields:
            raise SegmentError(
                f"There is no field {with_closest(name, self.fields)} to ask for; there is "
                f"{listed(self.fields, most=40)}. A text is written in quotes."
            )
        return self.fields[name]


@dataclass(frozen=True)
class Asked:
    """A condition as it was written, and the fields that it is asked of."""

    text: str
    fields: Fields

    def said(self, node: ast.AST) -> str:
        """Return how a part of the condition was written, cut where it is long."""
        part = ast.get_source_segment(self.text, node) or self.text
        return repr(part if len(part) <= 60 else f"{part[:57]}...")


def term_of(node: ast.expr, asked: Asked) -> Field | str | float:
    """Return the field that a name stands for, or a value."""
    match node:
        case ast.Name(id=name):
            return asked.fields[name]
        case ast.Constant(value=str(text)):
            return text
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return -_number(value, node, asked)
        case ast.Constant(value=None):
            raise SegmentError("Nothing equals None; write 'is None' or 'is not None'.")
        case ast.Constant(value=value):
            return _number(value, node, asked)
    raise SegmentError(
        f"{asked.said(node)} is neither a field, nor a number, nor a text in quotes; a condition "
        "holds these and comparisons of them, and nothing else."
    )


def _number(value: object, node: ast.expr, asked: Asked) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SegmentError(f"{asked.said(node)} is neither a number nor a text in quotes.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SegmentError(f"{asked.said(node)} is too large a number.")
    return number


def same_kind(
    one: tuple[ast.expr, Field | str | float],
    other: tuple[ast.expr, Field | str | float],
    asked: Asked,
) -> None:
    """Refuse to compare text with numbers, and a text with a value that it can never have."""
    for (node, this), (beside, that) in ((one, other), (other, one)):
        if kind_of(this) == "text" and kind_of(that) == "number":
            raise SegmentError(
                f"{asked.said(node)} is text and {asked.said(beside)} is a number; they cannot be "
                f"compared. {_as_text(this, that)}"
            )
        closed = this.known if isinstance(this, Field) else ()
        if closed and isinstance(that, str) and that not in closed:
            raise SegmentError(
                f"{asked.said(node)} is never {with_closest(that, closed)}; it is one of "
                f"{listed(closed, most=40)}."
            )


def _as_text(this: Field | str | float, that: Field | str | float) -> str:
    if isinstance(this, str):
        return "Take the quotes away from a number."
    return f"Write '{that:g}' in quotes." if isinstance(that, float) else "Compare like with like."


def kind_of(term: Field | str | float) -> str:
    """Return "text" or "number"."""
    if isinstance(term, Field):
        return term.kind
    return "text" if isinstance(term, str) else "number"


def plain_of(term: Field | str | float) -> Any:
    """Return the values of a field, or the value itself."""
    return term.column if isinstance(term, Field) else term


def is_there(term: Field | str | float, asked: Asked) -> Flags:
    """Return where a term has a value, shape (n,)."""
    if isinstance(term, Field):
        return ~term.missing
    return np.ones(asked.fields.size, dtype=np.bool_)
