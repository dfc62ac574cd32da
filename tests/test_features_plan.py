"""The plan: unique names, words and units for every feature, and a fingerprint that can be held."""

import json
import re
import subprocess
import sys
from math import nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import (
    Feature,
    Vocabulary,
    feature_list,
    fingerprint,
    operations,
    plan_as_dict,
    plan_from_dict,
    plan_of,
)
from features import primitives as p
from features.vocabulary import ERROR
from journeys.definition import Rule
from tests.features_logs import DEFINITION, PLAN, VOCABULARY

ROOT = Path(__file__).resolve().parent.parent
_NAMES = st.lists(st.text("ab ()2", max_size=6), max_size=8, unique=True).map(tuple)


@settings(max_examples=50)
@given(activities=_NAMES, channels=_NAMES)
def test_names_are_unique_whatever_the_log_calls_things(
    activities: tuple[str, ...], channels: tuple[str, ...]
) -> None:
    values = {"activity": activities, "channel": channels, "region": (), "os": ()}
    names = [feature.name for feature in plan_of(DEFINITION, Vocabulary(values)).features]
    assert len(set(names)) == len(names)


def test_a_name_that_was_made_unique_is_not_taken_twice() -> None:
    """Two equal names and one already called "(2)" once gave two features one name."""
    values = VOCABULARY.values | {"activity": ("x", "x_count (2)", "channel app")}
    doubled = (p.Count("activity"), p.Count("activity"), p.Count("channel"))
    plan = plan_of(DEFINITION, Vocabulary(values), primitives=doubled)
    names = [feature.name for feature in plan.features]
    assert len(set(names)) == len(names)


def test_every_feature_has_words_and_a_unit_that_is_known() -> None:
    for feature in PLAN.features:
        assert "{value}" in feature.words, feature
        assert feature.unit in {"events", "hours", "share", "code", ""}, feature
        assert (feature.unit == "code") == bool(feature.labels), feature


def test_no_slot_of_the_output_is_written_twice_or_never() -> None:
    written = [
        place
        for row in PLAN.table
        for place in range(row[operations.OUT], row[operations.OUT] + row[operations.WIDTH])
    ]
    assert written == list(range(PLAN.fold_width))


def test_no_slot_of_the_state_belongs_to_two() -> None:
    ends = PLAN.table[:, operations.STATE] + PLAN.table[:, operations.SIZE]
    np.testing.assert_array_equal(ends[:-1], PLAN.table[1:, operations.STATE])
    assert ends[-1] == len(PLAN.initial)


def test_features_of_codes_are_categorical() -> None:
    named = [PLAN.features[place].name for place in PLAN.categorical]
    path = [f"activity_{k}_back" for k in range(1, 6)] + [f"channel_{k}_back" for k in range(1, 4)]
    assert named == ["region", "os", "channel", *path, "earlier_journey_state"]


def test_the_fingerprint_moves_with_the_list() -> None:
    shorter = plan_of(DEFINITION, VOCABULARY, primitives=feature_list(DEFINITION)[1:])
    longer_window = [p.Window("channel", length=length) for length in ("1h", "2h")]
    two = [plan_of(DEFINITION, VOCABULARY, primitives=[one]).spec_hash for one in longer_window]
    assert len({PLAN.spec_hash, shorter.spec_hash, *two}) == 4


def test_the_fingerprint_moves_with_the_vocabulary() -> None:
    renamed = Vocabulary(VOCABULARY.values | {"os": ("Android",)})
    reordered = Vocabulary(VOCABULARY.values | {"channel": ("call", "app")})
    hashes = {plan_of(DEFINITION, one).spec_hash for one in (VOCABULARY, renamed, reordered)}
    assert len(hashes) == 3


def test_the_fingerprint_moves_with_the_milestones() -> None:
    others = DEFINITION.model_copy(update={"milestones": ("begin", "look", "done")})
    plans = [plan_of(one, VOCABULARY, primitives=[p.Progress()]) for one in (DEFINITION, others)]
    assert plans[0].spec_hash != plans[1].spec_hash


def test_the_fingerprint_moves_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoding once was not part of it: other codes, and the same fingerprint."""
    assert {"encode.py", "observe.py", "write.py", "columns.py"} <= set(fingerprint.FILES)
    code = fingerprint.code_of_room()
    monkeypatch.setattr(fingerprint, "code_of_room", lambda: [*code[:-1], code[-1] + " x"])
    assert plan_of(DEFINITION, VOCABULARY).spec_hash != PLAN.spec_hash


def test_the_fingerprint_moves_with_what_counts_as_an_error() -> None:
    others = DEFINITION.model_copy(update={"errors": Rule.model_validate({"activity": "look"})})
    plans = [plan_of(one, VOCABULARY, primitives=[p.Count(ERROR)]) for one in (DEFINITION, others)]
    assert plans[0].spec_hash != plans[1].spec_hash


def test_comments_docstrings_and_layout_are_not_code() -> None:
    """A corrected spelling in a docstring once made every bundle a stranger."""
    bare = "def f(x):\n    return x\n"
    worded = '"""A file."""\n\ndef f(x):  # why\n    """Say."""\n\n    return x\n'
    assert fingerprint.tokens_of(worded) == fingerprint.tokens_of(bare)
    for other in ("return -x", "'x'; return x", "return 'x'"):
        assert fingerprint.tokens_of(bare) != fingerprint.tokens_of(bare.replace("return x", other))


def test_code_that_is_part_of_the_fingerprint_reads_the_same_in_every_python() -> None:
    """Python 3.12 took f-strings apart, and wrote syntax trees otherwise."""
    for name in fingerprint.FILES:
        assert not re.search(r"""\b[rR]?[fF]["']""", (ROOT / "features" / name).read_text()), name


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = "from tests.features_logs import PLAN; print(PLAN.spec_hash)"
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == PLAN.spec_hash


def test_a_plan_survives_a_file() -> None:
    stored = json.loads(json.dumps(plan_as_dict(PLAN)))
    again = plan_from_dict(stored["definition"], stored["vocabulary"])
    assert again.spec_hash == PLAN.spec_hash == stored["spec_hash"]
    np.testing.assert_array_equal(again.table, PLAN.table)


@pytest.mark.parametrize(
    ("feature", "value", "text"),
    [
        (Feature("n", "events", "{value} events so far"), 1234.0, "1,234 events so far"),
        (Feature("n", "", "mean amount: {value}"), 2.345, "mean amount: 2.35"),
        (Feature("n", "share", "app: {value} of the events"), 0.254, "app: 25% of the events"),
        (Feature("n", "hours", "silent for {value}"), 3.25, "silent for 3.2 hours"),
        (Feature("n", "hours", "silent for {value}"), 48.0, "silent for 2.0 days"),
        (Feature("n", "hours", "last call {value} ago", absent="no call"), nan, "no call"),
        (Feature("n", "", "smallest amount: {value}"), nan, "smallest amount: none"),
        (Feature("os", "code", "os is {value}", "technical", ("x", "iOS")), 1.0, "os is iOS"),
        (Feature("os", "code", "os is {value}", "technical", ("x", "iOS")), nan, "os is unknown"),
    ],
)
def test_a_value_is_said_in_words(feature: Feature, value: float, text: str) -> None:
    assert feature.text(value) == text
