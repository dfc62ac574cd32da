"""The outcome benchmark keeps to its protocol, on logs small enough to count by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.outcome import FILES, TASKS
from benchmarks.outcome_protocol import (
    Cases,
    auc,
    auc_by_chance,
    auc_intervals,
    cases_of,
    interval,
    prefix_cap,
    split,
    split_by_start,
)
from benchmarks.outcome_task import Task, cut_traces, labelled, read_task
from journeys.errors import TooLittleDataError

DAY = pd.Timedelta("1D")
START = pd.Timestamp("2026-01-01", tz="UTC")
TASK = Task.model_validate(
    {
        "name": "made_up",
        "columns": {"case": "Case", "time": "When", "activity": "What"},
        "label": {"column": "label", "positive": "bad"},
    }
)


def log(traces: dict[str, tuple[float, str, str]]) -> pd.DataFrame:
    """Return events: for each case its first day, its label and an activity a day, one letter."""
    rows = [
        {"Case": case, "When": START + (first + day) * DAY, "What": what, "label": label}
        for case, (first, label, letters) in traces.items()
        for day, what in enumerate(letters)
    ]
    return pd.DataFrame(rows)


def five() -> pd.DataFrame:
    return log(
        {
            "c": (0, "bad", "ab"),
            "a": (1, "good", "aaaaaaaa"),
            "b": (2, "bad", "a"),
            "e": (3, "good", "abc"),
            "d": (5, "bad", "abcd"),
        }
    )


def test_the_first_four_fifths_of_the_cases_by_start_train() -> None:
    earlier, later = split_by_start(labelled(five(), TASK), 0.8)
    assert set(later["case"]) == {"d"}
    assert set(earlier["case"]) == {"a", "b", "c", "e"}


def test_events_of_a_training_case_at_or_after_the_first_test_event_are_dropped() -> None:
    earlier, later = split_by_start(labelled(five(), TASK), 0.8)
    first = later["time"].min()
    assert first == START + 5 * DAY
    assert (earlier["time"] < first).all()
    # a ran on days 1 to 8, e on days 3 to 5: day 5 and what follows is gone
    assert earlier.groupby("case").size().to_dict() == {"a": 4, "b": 1, "c": 2, "e": 2}
    assert len(later) == 4  # test cases are whole


def test_events_are_in_the_order_of_time_then_activity() -> None:
    frame = log({"x": (0, "bad", "c"), "y": (0, "good", "b")})
    frame = pd.concat([frame, frame.assign(What="a")])
    assert list(labelled(frame, TASK)["activity"]) == ["a", "a", "b", "c"]


def test_the_cap_is_the_quantile_of_positive_cases_rounded_up_and_at_most_forty() -> None:
    lengths = {f"p{n}": (0, "bad", "a" * n) for n in (1, 2, 3)} | {"n": (0, "good", "a" * 90)}
    events = labelled(log(lengths), TASK)
    assert prefix_cap(events) == 3  # the 0.9-quantile of 1, 2, 3 is 2.8
    longer = labelled(log(lengths | {"p": (0, "bad", "a" * 99)}), TASK)
    assert prefix_cap(longer) == 40


def test_each_prefix_up_to_the_cap_is_a_sample_even_at_one_instant() -> None:
    frame = log({"x": (0, "bad", "abcd"), "y": (0, "good", "ab")}).assign(When=START)
    cases = cases_of(labelled(frame, TASK), 3)
    assert list(cases.lengths) == [1, 2, 3, 1, 2]
    assert list(cases.y) == [1, 1, 1, 0, 0]
    assert list(cases.cases) == [0, 0, 0, 1, 1]


def test_the_auc_is_weighted_by_prefixes_and_leaves_out_a_length_of_one_class() -> None:
    test = cases_of(
        labelled(log({"p": (0, "bad", "aaa"), "q": (0, "bad", "a"), "n": (0, "good", "aa")}), TASK),
        3,
    )
    # rows: n1 n2 p1 p2 p3 q1. Length 1: 0.5 beats n's 0.2, 0.1 does not -> 1/2 on three prefixes;
    # length 2: 0.3 loses to 0.9 -> 0 on two; length 3 has p alone and is left out.
    score = np.array([0.2, 0.9, 0.5, 0.3, 0.7, 0.1])
    assert auc(score, test) == pytest.approx((0.5 * 3 + 0.0 * 2) / 5)


def test_the_auc_at_one_length_is_that_of_scikit_learn_ties_and_all() -> None:
    random = np.random.default_rng(0)
    test = one_event_each(60, random)
    score = random.integers(0, 5, 60) / 5.0
    assert auc(score, test) == pytest.approx(roc_auc_score(test.y, score))


def test_the_interval_covers_the_auc_and_shrinks_with_more_cases() -> None:
    random = np.random.default_rng(1)
    widths = []
    for n in (60, 600):
        test = one_event_each(n, random)
        score = test.y + random.normal(0, 1.5, n)
        low, high = interval(auc_intervals({"x": score}, test, seed=0, draws=200)["x"])
        assert low < auc(score, test) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_bootstrap_differences_are_paired() -> None:
    test = one_event_each(50, np.random.default_rng(2))
    score = test.y + np.random.default_rng(3).normal(0, 1, 50)
    drawn = auc_intervals({"one": score, "same order": 7 * score + 1}, test, seed=0, draws=20)
    np.testing.assert_allclose(drawn["one"], drawn["same order"])


def test_by_chance_the_auc_is_a_half_and_the_fewer_cases_the_wider_it_strays() -> None:
    random = np.random.default_rng(4)
    few, many = (one_event_each(n, random) for n in (40, 1_000))
    straying = []
    for test in (few, many):
        drawn = auc_by_chance(test.y, test, seed=0, draws=200)
        assert drawn.mean() == pytest.approx(0.5, abs=0.03)
        straying.append(drawn.std())
    assert straying[0] > 3 * straying[1]


def test_a_trace_is_cut_before_the_first_of_the_named_activities() -> None:
    events = labelled(
        log({"x": (0, "bad", "abcab"), "y": (0, "good", "abd"), "z": (0, "good", "c")}), TASK
    )
    cut = cut_traces(events, ["c", "d"])
    assert cut.groupby("case")["activity"].agg("".join).to_dict() == {"x": "ab", "y": "ab"}


def test_a_cut_task_asks_about_the_prefixes_before_the_cut_only() -> None:
    traces = {f"{n:02d}": (n, "bad" if n % 2 else "good", "aab" + "z" * n) for n in range(20)}
    events = labelled(log(traces), TASK)
    train, test = split(events, TASK.model_copy(update={"cut_before": ("z",)}))
    assert "z" not in set(train.events["activity"]) | set(test.events["activity"])
    assert test.lengths.max() == 3


def test_a_test_part_of_one_class_is_refused_with_what_was_found() -> None:
    frame = log({f"{n:02d}": (n, "bad" if n < 4 else "good", "ab") for n in range(20)})
    with pytest.raises(TooLittleDataError, match=r"test part of 'made_up' has 4 cases, 0 of them"):
        split(labelled(frame, TASK), TASK)


def one_event_each(n: int, random: np.random.Generator) -> Cases:
    labels: NDArray[np.int64] = random.integers(0, 2, n)
    traces = {f"{i:04d}": (0.0, ("good", "bad")[label], "a") for i, label in enumerate(labels)}
    return cases_of(labelled(log(traces), TASK), 5)


def test_every_task_file_of_the_project_is_a_task() -> None:

    names = {path.stem for path in Path(TASKS).glob("*.yaml")}
    assert names == set(FILES)
    assert {name for name in names if read_task(TASKS / f"{name}.yaml").name != name} == set()
