"""A condition chooses what it says, refuses what it cannot mean, and is never run."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journeys.errors import SegmentError
from rootcause.last_known import Flags
from rootcause.where import Field, Fields, read_condition

STAGES = ("started", "papers", "paid")
REGION = np.array(["north", "south", None, "north", "east"], dtype=object)
STAGE = np.array(["papers", "papers", "started", None, "paid"], dtype=object)
SILENCE = np.array([1.0, 30.0, np.nan, 80.0, 24.0])
CHANCE = np.array([0.1, 0.5, 0.9, np.nan, 0.4])
FIELDS = Fields(
    size=5,
    fields={
        "region": Field(REGION, "text"),
        "stage": Field(STAGE, "text", STAGES),
        "silence_hours": Field(SILENCE, "number"),
        "p_leakage": Field(CHANCE, "number"),
    },
    refused={"age_band": "'age_band' is sensitive."},
)


def chosen(text: str) -> list[int]:
    return list(np.flatnonzero(read_condition(text).chosen(FIELDS)))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("stage == 'papers' and p_leakage > .4", [1]),
        ("stage == 'papers' or p_leakage > .4", [0, 1, 2]),
        ("region in ('north', 'east')", [0, 3, 4]),
        ('region not in ["north"]', [1, 4]),
        ("region != 'north'", [1, 4]),
        ("not region == 'north'", [1, 4]),
        ("region is None", [2]),
        ("region is not None", [0, 1, 3, 4]),
        ("silence_hours is None or silence_hours > 48", [2, 3]),
        ("24 <= silence_hours < 80", [1, 4]),
        ("'papers' == stage", [0, 1]),
        ("silence_hours > -1", [0, 1, 3, 4]),
        ("p_leakage < silence_hours", [0, 1, 4]),
        ("(region == 'south') or (region == 'east' and not p_leakage >= 0.5)", [1, 4]),
        ("  region ==\n 'south'\n", [1]),
        ("silence_hours in (1, 24)", [0, 4]),
        ("region == 'nowhere'", []),
        ("region == 'o\\'clock'", []),
    ],
)
def test_a_condition_chooses_what_it_says(text: str, rows: list[int]) -> None:
    assert chosen(text) == rows


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("stagee == 'papers'", "closest: 'stage'"),
        ("stage == 'paper'", "closest: 'papers'"),
        ("stage == documents", "in quotes"),
        ("age_band == '75+'", "sensitive"),
        ("region == 3", "Write '3' in quotes"),
        ("silence_hours > '24'", "quotes away"),
        ("silence_hours == region", "text and 'silence_hours' is a number"),
        ("region < 'south'", "no order"),
        ("region = 'south'", "'==' for equal"),
        ("region == 'a' && p_leakage > 1", "write 'and'"),
        ("region", "is no condition"),
        ("'south'", "is no condition"),
        ("1 < 2", "both values"),
        ("'a' in region", "'in' stands between"),
        ("region in 'north'", "'in' stands between"),
        ("region in (stage,)", "takes values only"),
        ("region == None", "is None"),
        ("region is 'north'", "only None can"),
        ("silence_hours > True", "neither a number"),
        ("silence_hours > 1e999", "too large"),
        (f"silence_hours > {'9' * 400}", "too large"),
        ("silence_hours > 1j", "neither a number"),
        ("region == b'north'", "neither a number"),
        ("silence_hours + 1 > 2", "neither a field"),
        ("region[0] == 'n'", "neither a field"),
        ("region.upper() == 'NORTH'", "neither a field"),
        ("__import__('os').system('true')", "is no condition"),
        ("(lambda: 1)() == 1", "neither a field"),
        ("[x for x in region] == 1", "neither a field"),
        ("(y := 3) > 2", "neither a field"),
        ("f'{region}' == 'north'", "neither a field"),
        ("stage == 'papers'; import os", "cannot be read"),
        ("region == 'north", "cannot be read"),
        ("not " * 200 + "region == 'a'", "too many parts|cannot be read"),
        ("(" * 900 + "region == 'a'" + ")" * 900, "cannot be read"),
        ("region == 'a'\0", "cannot be read"),
        ("region == '\ud800'" + " or region == 'b'" * 500, "characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_message(text: str, words: str) -> None:
    with pytest.raises(SegmentError, match=words):
        chosen(text)


def test_the_names_of_a_condition_are_told_once_and_in_order() -> None:
    condition = read_condition("p_leakage > .1 and (stage == 'paid' or p_leakage > .9)")
    assert condition.names == ("p_leakage", "stage")


TOKENS = st.sampled_from(
    [
        *("region", "stage", "p_leakage", "silence_hours", "age_band", "x", "None", "True"),
        *("==", "!=", "<", "<=", ">", ">=", "in", "not", "is", "and", "or", "=", ":="),
        *("(", ")", "[", "]", "{", "}", ",", ".", "'north'", "'papers'", '"', "'", "0.4", "-3"),
        *("__import__('os')", "lambda:", "if", "else", "for", "*", "**", "f'{x}'", "b'x'", "\\"),
        *("open('x','w')", "().__class__", "await", "yield", "1e999", "0x", "\n", "\0", "#", ";"),
    ]
)


@settings(max_examples=300)
@given(st.one_of(st.lists(TOKENS, max_size=14).map(" ".join), st.text(max_size=60)))
@example("[].__class__.__base__.__subclasses__()")
@example("exit()")
def test_any_text_is_a_choice_or_one_clear_message(text: str) -> None:
    found = _answer(text)
    if isinstance(found, SegmentError):
        assert 0 < len(str(found).strip()) < 1_000
    else:
        assert found.shape == (5,)
        assert found.dtype == np.bool_
        assert not re.search(r"__|open|lambda", text.partition("#")[0])


def _answer(text: str) -> Flags | SegmentError:
    try:
        return read_condition(text).chosen(FIELDS)
    except SegmentError as fault:
        return fault


def test_nothing_that_stands_in_a_condition_is_ever_called(tmp_path: Path) -> None:
    """Were it run, it would leave a file."""
    place = tmp_path / "ran"
    for text in (f"open('{place}', 'w') == 1", f"region == open('{place}', 'w')"):
        with pytest.raises(SegmentError):
            chosen(text)
    assert not place.exists()


Oracle = Callable[[int], bool | None]
Both = tuple[str, Oracle]


def _simple() -> st.SearchStrategy[Both]:
    """Draw a comparison and what plain Python says of it, None where a value is missing."""
    texts = st.sampled_from(["north", "south", "east"])
    numbers = st.sampled_from([0.1, 0.4, 0.5])
    return st.one_of(
        texts.map(lambda it: (f"region == '{it}'", lambda n: _if(REGION[n], lambda v: v == it))),
        texts.map(
            lambda it: (f"region not in ('{it}',)", lambda n: _if(REGION[n], lambda v: v != it))
        ),
        numbers.map(
            lambda it: (
                f"p_leakage >= {it}",
                lambda n: _if(None if np.isnan(CHANCE[n]) else CHANCE[n], lambda v: v >= it),
            )
        ),
    )


def _if(value: object, then: Callable[[object], bool]) -> bool | None:
    return None if value is None else bool(then(value))


def _and(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _not(one: bool | None) -> bool | None:
    return None if one is None else not one


def _joined(parts: st.SearchStrategy[Both]) -> st.SearchStrategy[Both]:
    two = st.tuples(parts, parts)
    return st.one_of(
        two.map(lambda p: (f"({p[0][0]} and {p[1][0]})", lambda n: _and(p[0][1](n), p[1][1](n)))),
        two.map(
            lambda p: (
                f"({p[0][0]} or {p[1][0]})",
                lambda n: _not(_and(_not(p[0][1](n)), _not(p[1][1](n)))),
            )
        ),
        parts.map(lambda p: (f"(not {p[0]})", lambda n: _not(p[1](n)))),
    )


@settings(max_examples=150)
@given(st.recursive(_simple(), _joined, max_leaves=8))
def test_and_or_not_know_what_is_unknown(both: Both) -> None:
    text, oracle = both
    assert chosen(text) == [row for row in range(5) if oracle(row) is True]
