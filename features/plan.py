"""The plan: the feature list compiled to a table of numbers that the kernel follows."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.columns import CodeColumns, code_columns
from features.everyone import Everyone, everyone_in, everyone_of
from features.experience import begun_since, surroundings_of
from features.feature import Feature
from features.fingerprint import fingerprint
from features.operations import NUMBERS
from features.primitive import Primitive
from features.spec import feature_list
from features.surrounding_features import surrounding_features
from features.surroundings import BIN, LONGEST, Surroundings
from features.vocabulary import Vocabulary
from journeys.definition import Definition
from journeys.log import EventLog
from journeys.shards import Shards


@dataclass(frozen=True, eq=False)
class Plan:
    """What the kernel needs to compute the features of one journey definition.

    Attributes
    ----------
    codes : how events become codes in the columns that the primitives read
    table : int64, shape (n_primitives, 11); initial : float64, what is kept before any event
    numbers : numeric attributes, in the order of the value matrix
    features : what each output column is
    spec_hash : fingerprint of the list, the vocabulary and the compiled code
    fold_width : how many of the features the kernel writes; the others look at other customers
    surroundings : what was known of others; without it those features are NaN
    """

    definition: Definition
    vocabulary: Vocabulary
    codes: CodeColumns = field(repr=False)
    table: NDArray[np.int64] = field(repr=False)
    initial: NDArray[np.float64] = field(repr=False)
    features: tuple[Feature, ...] = field(repr=False)
    spec_hash: str
    fold_width: int
    surroundings: Surroundings | None = field(default=None, repr=False)

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The labels of the codes of each code column, in the order of the code matrix."""
        return self.codes.labels

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numeric attributes, in the order of the value matrix."""
        return self.definition.attributes.numeric

    @property
    def categorical(self) -> tuple[int, ...]:
        """Output columns that hold codes, not amounts."""
        return tuple(place for place, one in enumerate(self.features) if one.labels)

    def with_surroundings(self, known: Surroundings | None) -> "Plan":
        """Return the plan with what was known of others."""
        return replace(self, surroundings=known)

    def renewed(
        self, log: EventLog, journeys: pd.DataFrame, *, until: pd.Timestamp | None = None
    ) -> "Plan":
        """Return the plan with what others lived through in this log.

        A sample sees of it what was known by its cutoff.  What a model has learnt with (steps,
        parents, curves) stays as it was; a first time, it is learnt ``until`` an instant.
        """
        return self._renewed(everyone_of(log, self.definition, journeys), until)

    def renewed_over(self, shards: Shards, *, until: pd.Timestamp | None = None) -> "Plan":
        """Return the plan that `renewed` makes of the whole log, from its shards."""
        return self._renewed(everyone_in(shards), until)

    def current(self, log: EventLog, journeys: pd.DataFrame) -> "Plan":
        """Return the plan for scoring a log: renewed where the log knows more than the plan does.

        A log of few customers, or one that does not reach beyond the plan's, is seen with the
        plan's own surroundings, as a request is (docs/adr/0008).
        """
        return self._current(everyone_of(log, self.definition, journeys))

    def current_over(self, shards: Shards) -> "Plan":
        """Return the plan that `current` makes of the whole log, from its shards."""
        return self._current(everyone_in(shards))

    def _renewed(self, everyone: Everyone, until: pd.Timestamp | None) -> "Plan":
        return self.with_surroundings(
            surroundings_of(everyone, frozen=self.surroundings, until=until)
        )

    def _current(self, everyone: Everyone) -> "Plan":
        known = self.surroundings
        if known is None or not known.may_be_outdone(everyone.began, everyone.ended):
            return self
        begun = begun_since(everyone, everyone.ended - LONGEST * BIN)
        return self._renewed(everyone, None) if known.outdone_by(begun) else self


def plan_of(
    definition: Definition,
    vocabulary: Vocabulary,
    *,
    primitives: Iterable[Primitive] | None = None,
) -> Plan:
    """Compile a feature list (the definition's own, unless one is given) with a vocabulary."""
    asked = feature_list(definition) if primitives is None else tuple(primitives)
    read = (one.column for one in asked if one.observed != NUMBERS)
    codes = code_columns(definition, vocabulary, read)
    rows: list[list[int]] = []
    initial: list[float] = []
    features: list[Feature] = []
    for one in asked:
        labels = codes.labels.get(one.column, ("",))
        memory, written = one.memory(len(labels)), list(one.features(labels, definition))
        slots = [len(initial), len(memory), len(features), len(written)]
        what = _what(one, list(codes.labels), definition)
        rows.append([*what, *slots, *one.parameters(labels)])
        initial += memory
        features += written
    fold_width = len(features)
    if primitives is None:
        features += surrounding_features(definition)
    return Plan(
        definition=definition,
        vocabulary=vocabulary,
        codes=codes,
        table=np.array(rows, dtype=np.int64).reshape(-1, 11),
        initial=np.array(initial, dtype=np.float64),
        features=_with_unique_names(features),
        spec_hash=fingerprint(rows, initial, features, codes),
        fold_width=fold_width,
    )


def _what(primitive: Primitive, columns: list[str], definition: Definition) -> list[int]:
    """Return operation, scope, what is observed and which column: the begin of a row."""
    numbers = primitive.observed == NUMBERS
    among = list(definition.attributes.numeric) if numbers else columns
    scope, column = int(primitive.scope == "journey"), among.index(primitive.column)
    return [primitive.operation, scope, int(primitive.timed), primitive.observed, column]


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
