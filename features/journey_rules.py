"""What makes a journey of events: which rules hold for one, looked up by its values' places."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.places import n_places
from features.vocabulary import MILESTONE
from journeys.definition import Definition
from journeys.log import ACTIVITY
from journeys.rule import ByText, plain_text

JOURNEY_RULES = ("start", "success", "failure", "leakage", "churn")
N_COLUMNS = len(JOURNEY_RULES) + 1  # the last one is the milestone

Asked = dict[str, dict[str, dict[str, int]]]
"""By column and field: what stands for each value there."""
Steps = tuple[NDArray[np.int64], NDArray[np.int16]]
"""Steps and tables, as `features.encode` looks codes up."""


def asked_by(definition: Definition) -> dict[str, list[str]]:
    """Return the values that the rules and the milestones ask for, by field; activities first."""
    found: dict[str, list[str]] = {ACTIVITY: []}
    for fields in _asked(definition).values():
        for name, values in fields.items():
            found.setdefault(name, []).extend(values)
    return found


def rule_steps(definition: Definition, values: Mapping[str, ByText]) -> Steps:
    """Return how events become what holds of them: 0 or a milestone, -1 where it does not.

    ``values`` has the places of all that is asked for, in the order of the matrix of places.
    """
    names, asked = list(values), _asked(definition)
    steps: list[list[int]] = []
    tables = [np.empty(0, dtype=np.int16)]
    for column, key in enumerate((*JOURNEY_RULES, MILESTONE)):
        fields = asked.get(key, {})
        for at, (name, codes) in enumerate(fields.items()):
            begins, ends = at == 0, at == len(fields) - 1
            steps.append([column, begins, ends, names.index(name), sum(map(len, tables))])
            table = np.full(n_places(values[name]), -1, dtype=np.int16)
            for text, code in codes.items():
                table[_place(values[name], text)] = code
            tables.append(table)
    return np.array(steps, dtype=np.int64).reshape(-1, 5), np.concatenate(tables)


def _asked(definition: Definition) -> Asked:
    numbers = set(definition.attributes.numeric)
    asked = {
        key: {
            name: dict.fromkeys(_read(values, number=name in numbers), 0)
            for name, values in rule.where.items()
        }
        for key, rule in definition.rules.items()
    }
    milestones = {one: code for code, one in enumerate(definition.milestones)}
    return asked | {MILESTONE: {ACTIVITY: milestones}}


def _read(values: Iterable[str], *, number: bool) -> list[str]:
    """Return the values of a rule, numbers written in one way each; no number holds for none."""
    if not number:
        return list(values)
    read = pd.to_numeric(pd.Series(list(values)), errors="coerce").dropna()
    return [plain_text(float(one)) for one in read]


def _place(values: ByText, text: str) -> int:
    return values[text] if text in values else values[float(text)]
