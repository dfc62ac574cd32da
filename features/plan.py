"""The plan: the feature list compiled to a table of numbers that the kernel follows."""

import ast
import hashlib
import inspect
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from features import kernel
from features import vocabulary as vocabulary_module
from features.feature import Feature
from features.primitive import Primitive
from features.primitives import Stats
from features.spec import feature_list
from features.vocabulary import CONTACT, MILESTONE, Vocabulary
from journeys.definition import Definition


@dataclass(frozen=True, eq=False)
class Plan:
    """What the kernel needs to compute the features of one journey definition.

    Attributes
    ----------
    table : int64, shape (n_primitives, 9); initial : float64, what is kept before any event
    columns : the labels of the codes of each text column, in the order of the code matrix
    numbers : numeric attributes, in the order of the value matrix
    features : what each output column is
    spec_hash : fingerprint of the list, the vocabulary and the kernel's code
    """

    definition: Definition
    vocabulary: Vocabulary
    columns: dict[str, tuple[str, ...]]
    table: NDArray[np.int64] = field(repr=False)
    initial: NDArray[np.float64] = field(repr=False)
    features: tuple[Feature, ...] = field(repr=False)
    spec_hash: str

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numeric attributes, in the order of the value matrix."""
        return self.definition.attributes.numeric

    @property
    def categorical(self) -> tuple[int, ...]:
        """Output columns that hold codes, not amounts."""
        return tuple(place for place, one in enumerate(self.features) if one.labels)


def plan_of(
    definition: Definition,
    vocabulary: Vocabulary,
    *,
    primitives: Iterable[Primitive] | None = None,
) -> Plan:
    """Compile a feature list (the definition's own, unless one is given) with a vocabulary."""
    columns = code_columns(definition, vocabulary)
    rows: list[list[int]] = []
    initial: list[float] = []
    features: list[Feature] = []
    for primitive in feature_list(definition) if primitives is None else primitives:
        labels = columns.get(primitive.column, ("",))
        memory, written = (
            primitive.memory(len(labels)),
            list(primitive.features(labels, definition)),
        )
        slots = [len(initial), len(memory), len(features), len(written)]
        what = _what(primitive, list(columns), definition)
        rows.append([*what, *slots, *primitive.parameters(labels)])
        initial += memory
        features += written
    return Plan(
        definition=definition,
        vocabulary=vocabulary,
        columns=columns,
        table=np.array(rows, dtype=np.int64),
        initial=np.array(initial, dtype=np.float64),
        features=_with_unique_names(features),
        spec_hash=_fingerprint([*rows, [int(np.isnan(at)) for at in initial]], features, columns),
    )


def code_columns(definition: Definition, vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Return the labels of each code column: the vocabulary's, then the derived ones."""
    columns = {column: vocabulary.labels(column) for column in sorted(vocabulary.values)}
    return columns | {MILESTONE: definition.milestones, CONTACT: ("contact",)}


def _what(primitive: Primitive, columns: list[str], definition: Definition) -> tuple[int, int, int]:
    """Return operation, scope and column of one row of the table."""
    among = list(definition.attributes.numeric) if isinstance(primitive, Stats) else columns
    return primitive.operation, int(primitive.scope == "journey"), among.index(primitive.column)


def _with_unique_names(features: list[Feature]) -> tuple[Feature, ...]:
    """Return the features, names that an unlucky log makes equal told apart by a number."""
    unique: dict[str, Feature] = {}
    for one in features:
        name, again = one.name, 1
        while name in unique:
            again += 1
            name = f"{one.name} ({again})"
        unique[name] = replace(one, name=name)
    return tuple(unique.values())


def _fingerprint(
    rows: list[list[int]], features: list[Feature], columns: dict[str, tuple[str, ...]]
) -> str:
    """Return a hash that moves with the list, the vocabulary or the kernel, not with its words."""
    described = [[one.name, one.unit] for one in features]
    code = [_without_words(inspect.getsource(module)) for module in (kernel, vocabulary_module)]
    written = json.dumps([rows, described, columns, code])
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _without_words(source: str) -> str:
    """Return Python source in one spelling, without comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree)
