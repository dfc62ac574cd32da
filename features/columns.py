"""Code columns: the integer that every event has in each column that a primitive may read.

A code is looked up.  Each text column of the log is read once, as the **place** of its value among
those that matter: the vocabulary's, and those of the definition's rules.  The code is the largest
over a few rules of the smallest over a rule's fields of what a table gives for the place: one form
for the vocabulary, the milestones, a rule of the definition and a journey beside.  `PAUSE`, `PAIR`
and `TRIPLE` look back at the customer's events before, of whatever journey.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.vocabulary import (
    BESIDE,
    CONTACT,
    ERROR,
    LOOP,
    MILESTONE,
    PAIR,
    PAUSE,
    TRIPLE,
    Vocabulary,
)
from journeys.definition import Definition, Rule
from journeys.log import ACTIVITY, CHANNEL

MISSING, ANY_OTHER, FIRST_KNOWN = 0, 1, 2
PAUSE_SECONDS = (1, 10, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600,
                 604_800, 1_209_600, 2_419_200)  # fmt: skip
_PAUSES = ("first event", "under 1s", "1s", "10s", "1m", "5m", "15m", "1h", "3h", "6h", "12h",
           "1d", "2d", "4d", "7d", "14d", "28d")  # fmt: skip
_SAYS_ERROR = re.compile(r"\b(fail(s|ed|ure|ures)?|errors?|reject(s|ed|ion|ions)?|time ?outs?)\b")
_HOLDS = 2**14
_NOT = -1


@dataclass(frozen=True)
class Field:
    """What a rule asks of one text column: the code of each value, and that of any other."""

    text: str
    codes: dict[str, int]
    other: int = _NOT


@dataclass(frozen=True, eq=False)
class CodeColumns:
    """How events become codes.

    Attributes
    ----------
    labels : the names of the codes of each column, in the order of the code matrix
    known : by text column, in the order of the matrix of places: the place of each value that
        matters; `MISSING` and `ANY_OTHER` for the others
    steps : int64, shape (n_steps, 5): code column, whether a rule begins and ends here, place of
        the text column, where its table begins
    codes : int16, the tables: code by place
    back : int64, shape (3,): the code columns of `PAUSE`, `PAIR` and `TRIPLE`, -1 where unused
    pairs, triples : int64, the keys of the known sequences, ascending by code
    """

    labels: dict[str, tuple[str, ...]]
    known: dict[str, dict[str, int]]
    steps: NDArray[np.int64] = field(repr=False)
    codes: NDArray[np.int16] = field(repr=False)
    back: NDArray[np.int64] = field(repr=False)
    pairs: NDArray[np.int64] = field(repr=False)
    triples: NDArray[np.int64] = field(repr=False)


def code_columns(
    definition: Definition, vocabulary: Vocabulary, names: Iterable[str]
) -> CodeColumns:
    """Return how events become codes in each of the columns named, and in ``activity``, first."""
    names = tuple(dict.fromkeys((ACTIVITY, *names)))
    rules = {name: _rules(name, definition, vocabulary) for name in names}
    known: dict[str, dict[str, int]] = {}
    for each in rules.values():
        for one in (one for rule in each for one in rule):
            of_text = known.setdefault(one.text, {})
            for value in one.codes:
                of_text.setdefault(value, FIRST_KNOWN + len(of_text))
    steps, codes = _compiled(rules, known)
    back = [names.index(name) if name in names else -1 for name in (PAUSE, PAIR, TRIPLE)]
    return CodeColumns(
        labels={name: _labels(name, definition, vocabulary) for name in names},
        known=known,
        steps=steps,
        codes=codes,
        back=np.array(back, dtype=np.int64),
        pairs=_keys(vocabulary, 2),
        triples=_keys(vocabulary, 3),
    )


def says_error(activity: str) -> bool:
    """Return whether a name has a word for a failure in it: fail, error, reject or timeout.

    >>> says_error("upload_failed"), says_error("LoginError"), says_error("failover")
    (True, True, False)
    """
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", activity).lower()
    words = re.sub(r"[\W_]+", " ", words)
    return _SAYS_ERROR.search(words) is not None


def _compiled(
    rules: dict[str, list[list[Field]]], known: dict[str, dict[str, int]]
) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Return the steps of the look-up and their tables, one behind the other."""
    steps: list[list[int]] = []
    codes: list[int] = []
    for column, each in enumerate(rules.values()):
        for rule in each:
            for place, one in enumerate(rule):
                begins, ends = place == 0, place == len(rule) - 1
                steps.append([column, begins, ends, list(known).index(one.text), len(codes)])
                codes += [_NOT, one.other]
                codes += [one.codes.get(value, one.other) for value in known[one.text]]
    return (
        np.array(steps, dtype=np.int64).reshape(-1, 5),
        np.array(codes, dtype=np.int16),
    )


def _rules(name: str, definition: Definition, vocabulary: Vocabulary) -> list[list[Field]]:
    """Return the rules of a column; an event has the highest code of those that hold."""
    if name in vocabulary.values:
        return [[_of_vocabulary(name, vocabulary)]]
    if name.startswith(BESIDE):
        other = definition.beside[name.removeprefix(BESIDE)]
        by_code = ((other.steps, 0), (other.end, 1), (other.start, 2))
        return [each for rule, code in by_code for each in _of_rule(rule, code)]
    if name == LOOP:
        held = _of_rule(definition.leakage, _HOLDS)
        return [[*rule, _of_vocabulary(_loop_text(definition), vocabulary)] for rule in held]
    if name == ERROR and definition.errors is None:
        return [
            [Field(ACTIVITY, {one: 0 for one in vocabulary.values[ACTIVITY] if says_error(one)})]
        ]
    if name == MILESTONE:
        return [[Field(ACTIVITY, {one: code for code, one in enumerate(definition.milestones)})]]
    return _of_rule({CONTACT: definition.leakage, ERROR: definition.errors}.get(name), 0)


def _labels(name: str, definition: Definition, vocabulary: Vocabulary) -> tuple[str, ...]:
    if name in vocabulary.values:
        return vocabulary.labels(name)
    if name == LOOP:
        return vocabulary.labels(_loop_text(definition))
    if name in (PAIR, TRIPLE):
        return tuple(" > ".join(path) for path in vocabulary.paths_of(2 if name == PAIR else 3))
    if name.startswith(BESIDE):
        return ("step", "end", "start")
    return {
        MILESTONE: definition.milestones, CONTACT: ("contact",), ERROR: ("error",), PAUSE: _PAUSES
    }[name]  # fmt: skip


def _of_vocabulary(text: str, vocabulary: Vocabulary) -> Field:
    return Field(text, {v: code for code, v in enumerate(vocabulary.values[text], start=1)}, 0)


def _of_rule(rule: Rule | None, code: int) -> list[list[Field]]:
    if rule is None or not rule.where:
        return []
    return [[Field(text, dict.fromkeys(values, code)) for text, values in rule.where.items()]]


def _loop_text(definition: Definition) -> str:
    """Return what tells one contact from another: the channel, unless the rule does not ask."""
    asked = definition.leakage.where if definition.leakage else {}
    return ACTIVITY if ACTIVITY in asked and CHANNEL not in asked else CHANNEL


def _keys(vocabulary: Vocabulary, length: int) -> NDArray[np.int64]:
    codes = {value: code for code, value in enumerate(vocabulary.values[ACTIVITY], start=1)}
    keys = []
    for path in vocabulary.paths_of(length):
        key = 0
        for activity in path:
            key = key * (len(codes) + 1) + codes[activity]
        keys.append(key)
    return np.array(keys, dtype=np.int64)
