"""Sequences: the newest last, padded on the left, and nothing of the future in them."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from features import NEVER_SEEN, Vocabulary, sequences
from features.columns import PAUSE_SECONDS
from tests.features_logs import VOCABULARY, asked, frame_of, frames, random_frame

_BEGIN, _UPLOAD, _LOOK = "begin", "upload", "look"


def test_the_newest_event_stands_last_and_the_left_is_padding() -> None:
    events = [
        ("a", 0, _BEGIN, "app", None, None),
        ("a", 2, _UPLOAD, None, None, None),
        ("a", 50, _LOOK, "branch", None, None),
    ]
    sampled = asked(frame_of(events))
    found = sequences(
        sampled.log, sampled.samples[~sampled.samples["tick"]], 4, vocabulary=VOCABULARY
    )
    said = {
        name: [found.labels[name][code] for code in getattr(found, name)[-1]]
        for name in ("activity", "channel", "gap")
    }
    assert said == {
        "activity": ["(no event)", _BEGIN, _UPLOAD, NEVER_SEEN],
        "channel": ["(no event)", "app", "(missing)", NEVER_SEEN],
        "gap": ["(no event)", "first event", "1h", "2d"],
    }
    assert found.activity[0].tolist() == [0, 0, 0, found.labels["activity"].index(_BEGIN)]


@settings(max_examples=20)
@given(frames())
def test_sequences_are_those_of_an_oracle(frame: pd.DataFrame) -> None:
    sampled = asked(frame)
    found = sequences(sampled.log, sampled.samples, 5, vocabulary=VOCABULARY)
    events = sampled.log.events.to_dict("records")
    for row, seen in enumerate(sampled.samples["seen"]):
        customer = events[seen]["customer_id"]
        path = [one for one in events[: seen + 1] if one["customer_id"] == customer]
        assert named(found.labels["activity"], found.activity[row]) == expected(path, "activity")
        assert named(found.labels["channel"], found.channel[row]) == expected(path, "channel")
        assert found.gap[row].tolist() == expected_gaps(path)


@settings(max_examples=20)
@given(frames())
def test_events_after_the_cutoff_change_no_sequence(frame: pd.DataFrame) -> None:
    everything, past = asked(frame), asked(frame[frame["time"] <= frame["time"].median()])
    cutoffs = [one.keyed().index for one in (everything, past)]
    found = [
        sequences(one.log, one.samples, 3, vocabulary=VOCABULARY) for one in (everything, past)
    ]
    place = cutoffs[0].get_indexer(cutoffs[1])
    for name in ("activity", "channel", "gap"):
        np.testing.assert_array_equal(getattr(found[0], name)[place], getattr(found[1], name))


def test_a_model_can_embed_every_code() -> None:
    sampled = asked(random_frame(400, seed=1))
    found = sequences(sampled.log, sampled.samples, 6)
    for name in ("activity", "channel", "gap"):
        codes = getattr(found, name)
        assert codes.shape == (len(sampled.samples), 6)
        assert codes.dtype == np.int16
        assert codes.min() >= 0
        assert codes.max() < len(found.labels[name])
    # Learnt from the log itself, nothing in it is new.
    assert not (found.activity == found.labels["activity"].index(NEVER_SEEN)).any()


def test_the_vocabulary_of_the_training_part_keeps_its_codes() -> None:
    sampled = asked(random_frame(200, seed=2))
    fewer = Vocabulary({"activity": (_UPLOAD,), "channel": ("call",)})
    found = sequences(sampled.log, sampled.samples, 2, vocabulary=fewer)
    assert found.labels["activity"] == ("(no event)", "(missing)", NEVER_SEEN, _UPLOAD)
    assert set(np.unique(found.activity)) == {0, 2, 3}


def test_a_sequence_of_nothing_is_refused() -> None:
    sampled = asked(random_frame(50, seed=2))
    with pytest.raises(ValueError, match="at least one event; k is 0"):
        sequences(sampled.log, sampled.samples, 0)


def named(labels: tuple[str, ...], codes: np.ndarray) -> list[str]:
    return [labels[code] for code in codes]


def expected(path: list[dict[str, object]], column: str) -> list[str]:
    known = VOCABULARY.values[column]
    values = [one[column] for one in path[-5:]]
    said = ["(missing)" if pd.isna(v) else v if v in known else NEVER_SEEN for v in values]
    return [*["(no event)"] * (5 - len(said)), *said]


def expected_gaps(path: list[dict[str, object]]) -> list[int]:
    times = [one["time"].timestamp() for one in path]
    gaps = [after - before for before, after in pairwise(times)]
    codes = [2, *(3 + sum(gap >= edge for edge in PAUSE_SECONDS) for gap in gaps)][-5:]
    return [*[0] * (5 - len(codes)), *codes]
