"""What the values of typed events stand for: one look-up a value, then tables of numbers.

A value may matter to the plan, to the vocabulary and to the surroundings.  Here it has one place
among all that matter to any of them, so that a text is looked up once and never again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.columns import ANY_OTHER, FIRST_KNOWN, CodeColumns
from features.compiled import compiled
from features.journey_rules import Steps, asked_by, rule_steps
from features.places import Places, n_places, places_by_name, places_of
from features.plan import Plan
from journeys.log import ACTIVITY
from journeys.rule import ByText

Tables = NDArray[np.int32]
Ints = NDArray[np.int64]

# More than the values of any history, so that one sum counts those seen and those never seen.
SEEN = 2**24


@dataclass(frozen=True, eq=False)
class KnownValues:
    """The places of a plan's values, and what each place means.

    Attributes
    ----------
    values : by column, in the order of the matrix of places
    columns : the plan's code columns, with tables for these places
    rows, begins, tables : what else is said of a place, one line each: the code of every attribute
        of the surroundings, the step; then, for each column of the vocabulary, 1 if training never
        saw the value, `SEEN` if it did, 0 where it is missing
    n_around : how many lines belong to the surroundings
    steps : how events become what makes a journey of them, see `features.journey_rules`
    few : whether every place fits into a byte
    """

    values: dict[str, ByText]
    columns: CodeColumns = field(repr=False)
    rows: Ints = field(repr=False)
    begins: Ints = field(repr=False)
    tables: Tables = field(repr=False)
    n_around: int
    steps: Steps = field(repr=False)
    few: bool

    def places(self, columns: Mapping[str, Sequence[object]], n_events: int) -> Places:
        """Return the places of the values of typed events, shape (n_columns, n_events)."""
        if not self.few or n_events == 1:
            return places_of(self.values, columns, n_events)
        # Bytes are made in half the time.
        found = [bytes(itemgetter(*columns[name])(one)) for name, one in self.values.items()]
        flat = np.frombuffer(b"".join(found), dtype=np.uint8)
        return flat.astype(np.int16).reshape(-1, n_events)


def known_values(plan: Plan) -> KnownValues:
    """Return the places of all values that matter to a plan."""
    values = _values(plan)
    lines = [*_around(plan), *_never_seen(plan)]
    names = list(values)
    tables = [_table(values[name], known, other) for name, known, other in lines]
    return KnownValues(
        values=values,
        columns=_columns(plan, values),
        rows=np.array([names.index(name) for name, _, _ in lines], dtype=np.int64),
        begins=np.cumsum([0, *map(len, tables)])[:-1],
        tables=np.concatenate(tables),
        n_around=len(lines) - len(plan.vocabulary.values),
        steps=rule_steps(plan.definition, values),
        few=max(map(n_places, values.values())) <= 256,
    )


def _values(plan: Plan) -> dict[str, ByText]:
    """Return the place of each value: the plan's own first, so that its places stay."""
    known: dict[str, list[str]] = {name: list(own) for name, own in plan.codes.known.items()}
    around = plan.surroundings
    others: list[tuple[str, Iterable[str]]] = []
    others += plan.vocabulary.values.items()
    if around is not None:
        others += zip(around.attributes, map(tuple, around.places), strict=True)
        others.append((ACTIVITY, around.steps))
    others += asked_by(plan.definition).items()
    for name, more in others:
        known.setdefault(name, []).extend(more)
    return places_by_name(known, numbers=plan.numbers)


def _columns(plan: Plan, values: Mapping[str, ByText]) -> CodeColumns:
    """Return the plan's code columns, each table as long as its column has places now."""
    codes, steps = plan.codes, plan.codes.steps.copy()
    names, tables, begins = list(codes.known), [], 0
    for step in steps:
        text = names[step[3]]
        own = codes.codes[step[4] : step[4] + FIRST_KNOWN + len(codes.known[text])]
        longer = np.full(max(n_places(values[text]), len(own)), own[ANY_OTHER], dtype=np.int16)
        longer[: len(own)] = own
        tables.append(longer)
        step[4], begins = begins, begins + len(longer)
    nothing = np.empty(0, dtype=np.int16)
    return replace(codes, steps=steps, codes=np.concatenate([nothing, *tables]))


Line = tuple[str, Mapping[object, int], int]
"""A column, what is said of some of its values, and what of any other."""


def _around(plan: Plan) -> list[Line]:
    known = plan.surroundings
    if known is None:
        return []
    attributes = [
        (name, _with_none(places), len(places))
        for name, places in zip(known.attributes, known.places, strict=True)
    ]
    return [*attributes, (ACTIVITY, _with_none(known.step_places), -1)]


def _with_none(codes: Mapping[Any, int]) -> dict[object, int]:
    return {None: -1, **codes}


def _never_seen(plan: Plan) -> list[Line]:
    return [
        (name, {None: 0, **dict.fromkeys(seen, SEEN)}, 1)
        for name, seen in plan.vocabulary.values.items()
    ]


def _table(values: ByText, said: Mapping[object, int], other: int) -> Tables:
    table = np.full(n_places(values), other, dtype=np.int32)
    for value, place in values.items():
        table[place] = said.get(value, other)
    return table


@compiled
def translate(
    places: Places, rows: Ints, begins: Ints, said: tuple[Tables, int], out: Tables
) -> int:
    """Write what each table says of the places of its column; return the sum from a line on."""
    tables, counted_from = said
    total = 0
    for line in range(len(rows)):
        for event in range(places.shape[1]):
            out[line, event] = tables[begins[line] + places[rows[line], event]]
            if line >= counted_from:
                total += out[line, event]
    return total
