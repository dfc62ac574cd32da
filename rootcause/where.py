"""Where: a condition on journeys in words that a person can type, checked and never run as code.

::

    stage == 'documents_requested' and p_leakage > 0.4 and value_tier == 'gold'
    finding == 'f_5c1e00000000' and state == 'at_risk' and not region in ('north', 'east')
    24 <= silence_hours < 72 or channel is None

A condition holds names of fields, numbers and text in quotes, compared with ``== != < <= > >=``,
``in (…)``, ``not in (…)``, ``is None`` and ``is not None``, joined by ``and``, ``or``, ``not`` and
brackets: nothing else. Python's own parser reads it into a tree; every node of the tree is one of
these or the condition is refused, and no node is ever executed.

What is missing is neither equal nor unequal to anything: a comparison with it is unknown, ``not``
leaves it unknown, and only what is surely true is chosen (Kleene 1938).
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from journeys.errors import SegmentError
from rootcause.last_known import Flags
from rootcause.where_terms import (
    Asked,
    Field,
    Fields,
    is_there,
    kind_of,
    plain_of,
    same_kind,
    term_of,
)

__all__ = ["Condition", "Field", "Fields", "read_condition"]

_LONGEST = 2_000
_MOST_NODES = 250
_EXAMPLE = "write it as in stage == 'documents_requested' and p_leakage > 0.4"
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True, eq=False)
class _Truth:
    """Where something surely holds and where it surely does not; elsewhere it is unknown."""

    yes: Flags
    no: Flags


@dataclass(frozen=True)
class Condition:
    """A condition that has been read; `chosen` says for whom it holds."""

    text: str
    tree: ast.expr

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that it names, in the order of the text, each once."""
        named = (node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name))
        return tuple(sorted(set(named), key=self.text.index))

    def chosen(self, fields: Fields) -> Flags:
        """Return for which journeys the condition surely holds, shape (n,).

        Raises
        ------
        SegmentError
            If it names an unknown or refused field, compares text with a number, or holds anything
            but names, values and comparisons.
        """
        return _truth(self.tree, Asked(self.text, fields)).yes


def read_condition(text: str) -> Condition:
    """Return the condition that a text holds; its fields are checked when it is asked.

    Raises
    ------
    SegmentError
        If the text is empty, too long, or not of the form of a condition.
    """
    text = text.replace("\n", " ").replace("\r", " ").strip()
    if not text:
        raise SegmentError(f"The condition is empty; {_EXAMPLE}.")
    if len(text) > _LONGEST:
        raise SegmentError(f"The condition has {len(text):,} characters; {_LONGEST:,} are read.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what looks odd is refused below, in our words
            tree = ast.parse(text, mode="eval").body
    except SyntaxError as fault:
        raise SegmentError(_unreadable(text, fault)) from None
    except (ValueError, RecursionError, MemoryError) as fault:
        raise SegmentError(f"The condition cannot be read ({fault}); {_EXAMPLE}.") from None
    if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
        raise SegmentError("The condition has too many parts; make two segments of it.")
    return Condition(text, tree)


def _unreadable(text: str, fault: SyntaxError) -> str:
    place = min(max((fault.offset or 1) - 1, 0), len(text))
    near = text[max(place - 10, 0) : place + 20]
    hints = {"&&": "and", "||": "or", "!": "not", "<>": "!="}
    hint = next(
        (f"{ours!r} for {theirs!r}" for theirs, ours in hints.items() if theirs in near), ""
    )
    if not hint and re.search(r"(?<![=<>!])=(?!=)", near):
        hint = "'==' for equal"
    hint = f"write {hint}, " if hint else ""
    return f"The condition cannot be read near {near!r}: {hint}{_EXAMPLE}."


def _truth(node: ast.expr, asked: Asked) -> _Truth:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            every = [_truth(part, asked) for part in parts]
            return _Truth(_all(one.yes for one in every), ~_all(~one.no for one in every))
        case ast.BoolOp(op=ast.Or(), values=parts):
            every = [_truth(part, asked) for part in parts]
            return _Truth(~_all(~one.yes for one in every), _all(one.no for one in every))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            inner = _truth(part, asked)
            return _Truth(inner.no, inner.yes)
        case ast.Compare(left=left, ops=ops, comparators=others):
            pairs = zip(ops, pairwise([left, *others]), strict=True)
            every = [_compared(op, pair, asked) for op, pair in pairs]
            return _Truth(_all(one.yes for one in every), ~_all(~one.no for one in every))
    if isinstance(node, ast.Name):
        asked.fields[node.id]
    raise SegmentError(
        f"{asked.said(node)} is no condition: a condition compares fields with values; {_EXAMPLE}."
    )


def _all(flags: Iterable[Flags]) -> Flags:
    return np.asarray(np.logical_and.reduce(list(flags)), dtype=np.bool_)


def _compared(op: ast.cmpop, pair: tuple[ast.expr, ast.expr], asked: Asked) -> _Truth:
    left, right = pair
    if isinstance(op, ast.Is | ast.IsNot):
        return _is_none(op, pair, asked)
    if isinstance(op, ast.In | ast.NotIn):
        return _among(op, pair, asked)
    one, other = term_of(left, asked), term_of(right, asked)
    if not isinstance(one, Field) and not isinstance(other, Field):
        raise SegmentError(
            f"{asked.said(left)} and {asked.said(right)} are both values; name a field on one side."
        )
    same_kind((left, one), (right, other), asked)
    kind = kind_of(one)
    if kind == "text" and not isinstance(op, ast.Eq | ast.NotEq):
        raise SegmentError(
            f"{asked.said(left)} and {asked.said(right)} are texts, and texts have no order here; "
            "compare them with ==, != or in (…)."
        )
    known = is_there(one, asked) & is_there(other, asked)
    with np.errstate(invalid="ignore"):
        held = np.broadcast_to(
            _ORDER[type(op)](plain_of(one), plain_of(other)), (asked.fields.size,)
        )
    held = np.asarray(held, dtype=np.bool_)
    return _Truth(known & held, known & ~held)


def _is_none(op: ast.Is | ast.IsNot, pair: tuple[ast.expr, ast.expr], asked: Asked) -> _Truth:
    left, right = pair
    field = term_of(left, asked)
    if not isinstance(field, Field) or not (
        isinstance(right, ast.Constant) and right.value is None
    ):
        raise SegmentError(
            f"{asked.said(right)} cannot stand after 'is': only None can, as in channel is None; "
            "use == for values."
        )
    missing = field.missing
    return _Truth(missing, ~missing) if isinstance(op, ast.Is) else _Truth(~missing, missing)


def _among(op: ast.In | ast.NotIn, pair: tuple[ast.expr, ast.expr], asked: Asked) -> _Truth:
    left, right = pair
    field = term_of(left, asked)
    if not isinstance(field, Field) or not isinstance(right, ast.Tuple | ast.List | ast.Set):
        raise SegmentError(
            f"{asked.said(left)} in {asked.said(right)} is not read: 'in' stands between a field "
            "and values in brackets, as in region in ('north', 'east')."
        )
    values = []
    for each in right.elts:
        value = term_of(each, asked)
        if isinstance(value, Field):
            raise SegmentError(f"{asked.said(each)} is a field; 'in (…)' takes values only.")
        same_kind((left, field), (each, value), asked)
        values.append(value)
    held, known = np.isin(plain_of(field), values), ~field.missing
    inside, outside = known & held, known & ~held
    return _Truth(inside, outside) if isinstance(op, ast.In) else _Truth(outside, inside)
