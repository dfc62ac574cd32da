"""Causes in counted rows: leaves are simulated, a conjunction is raised, and named exactly."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
import pytest

from journeys.errors import TooLittleDataError
from rootcause.counted import CountedCauses, causes_in_counts

VALUES: Mapping[str, tuple[object, ...]] = {
    "line": ("a", "b", "c"),
    "speed": (500, 1200, 2000, 4000),
    "device": ("phone", "tv", "web"),
}
NOW = 10


def counted(*causes: Mapping[str, object], seed: int = 0, rise: float = 2.0) -> pd.DataFrame:
    """Return eleven minutes of rows; in the last one the causes raise the logit of their leaves.

    Leaves stray by 0.1 logit from minute to minute, and rise unlike each other.
    """
    rng = np.random.default_rng(seed)
    leaves = pd.DataFrame(list(product(*VALUES.values())), columns=list(VALUES))
    size = np.exp(rng.normal(6.5, 0.8, len(leaves)))
    usual = -3.5 + rng.normal(0, 0.5, len(leaves))
    minutes = []
    for minute in range(NOW + 1):
        logits = usual + rng.normal(0, 0.1, len(leaves))
        if minute == NOW:
            inside = np.any([inside_of(leaves, cause) for cause in causes] or [False], axis=0)
            logits = logits + inside * rng.normal(rise, 0.4, len(leaves))
        n = rng.poisson(size)
        bad = rng.binomial(n, 1 / (1 + np.exp(-logits)))
        minutes.append(leaves.assign(time=minute, n=n, bad=bad))
    return pd.concat(minutes, ignore_index=True)


def inside_of(leaves: pd.DataFrame, cause: Mapping[str, object]) -> np.ndarray:
    return np.all([leaves[name] == value for name, value in cause.items()], axis=0)


def found_in(rows: pd.DataFrame, at: int = NOW) -> CountedCauses:
    return causes_in_counts(rows, at=at, attributes=list(VALUES))


@pytest.mark.parametrize(
    "cause",
    [
        {"speed": 1200},
        {"device": "tv"},
        {"line": "b", "speed": 500},
        {"line": "a", "device": "web"},
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_cause_is_named_exactly(cause: Mapping[str, object], seed: int) -> None:
    found = found_in(counted(cause, seed=seed))
    assert found.stands_out
    assert found.together == 1
    assert found.causes[0].conditions == cause


def test_of_a_leaf_that_holds_all_the_excess_the_leaf_is_named() -> None:
    leaf = {"line": "b", "speed": 2000, "device": "phone"}
    assert found_in(counted(leaf, rise=4.0)).causes[0].conditions == leaf


def test_children_that_rise_alike_are_named_by_their_parent() -> None:
    children = [{"line": "c", "device": device} for device in VALUES["device"]]
    assert found_in(counted(*children)).causes[0].conditions == {"line": "c"}


@pytest.mark.parametrize("seed", range(3))
def test_two_causes_at_once_are_both_named(seed: int) -> None:
    causes = [{"speed": 4000}, {"speed": 500}]
    found = found_in(counted(*causes, seed=seed))
    assert found.together == 2
    named = [cause.conditions for cause in found.causes[:2]]
    assert sorted(named, key=str) == sorted(causes, key=str)


def test_quiet_minutes_do_not_stand_out() -> None:
    stands_out = [found_in(counted(seed=seed)).stands_out for seed in range(20)]
    assert sum(stands_out) <= 1


def test_a_rise_as_large_as_at_a_quiet_time_before_does_not_stand_out() -> None:
    """Half of the earlier minutes have the same excess: it is usual, whatever its size."""
    rows = counted()
    wild = inside_of(rows, {"speed": 1200}) & rows["time"].isin([0, 2, 4, 6, 8, NOW])
    rows.loc[wild, "bad"] = rows["n"] // 3
    calm = counted({"speed": 1200}, rise=2.0)
    assert not found_in(rows[rows["time"].isin([0, 2, 4, 6, 8, NOW])]).stands_out
    assert found_in(calm).stands_out


def test_a_cause_says_what_was_counted_and_what_was_expected() -> None:
    rows = counted({"speed": 1200})
    cause = found_in(rows).causes[0]
    now = rows[(rows["time"] == NOW) & (rows["speed"] == 1200)]
    before = rows[(rows["time"] < NOW) & (rows["speed"] == 1200)]
    assert (cause.n, cause.bad) == (now["n"].sum(), now["bad"].sum())
    assert cause.rate == pytest.approx(now["bad"].sum() / now["n"].sum())
    assert cause.expected_rate == pytest.approx(before["bad"].sum() / before["n"].sum(), rel=0.2)
    assert cause.effect == pytest.approx(cause.rate - cause.expected_rate)
    low, high = cause.effect_interval
    assert 0 < low < cause.effect < high


def test_the_interval_of_the_effect_covers_what_was_planted() -> None:
    """On many quiet minutes, where the truth is no effect but the scatter of one minute."""
    covered = []
    for seed in range(40):
        cause = causes_in_counts(counted(seed=seed), at=NOW, attributes=["device"], most=3)
        covered += [one.effect_interval[0] < 0 < one.effect_interval[1] for one in cause.causes]
    assert np.mean(covered) > 0.9


def test_later_rows_change_nothing() -> None:
    rows = counted({"speed": 1200})
    later = rows[rows["time"] == NOW].assign(time=NOW + 1, bad=0)
    assert found_in(pd.concat([rows, later])) == found_in(rows)


def test_rows_of_the_same_leaf_are_added_up_and_their_order_is_nothing() -> None:
    rows = counted({"speed": 1200})
    halves = [rows.assign(n=rows["n"] // 2, bad=rows["bad"] // 2)]
    halves += [rows.assign(n=rows["n"] - rows["n"] // 2, bad=rows["bad"] - rows["bad"] // 2)]
    shuffled = pd.concat(halves).sample(frac=1.0, random_state=0)
    ours, theirs = found_in(rows).causes[0], found_in(shuffled).causes[0]
    assert (ours.conditions, ours.n, ours.bad) == (theirs.conditions, theirs.n, theirs.bad)
    assert ours.support == pytest.approx(theirs.support)


def test_an_attribute_that_does_not_exist_somewhere_is_no_condition_there() -> None:
    rows = counted({"speed": 1200}).astype({"device": object})
    rows.loc[rows["line"] == "a", "device"] = None
    rows["nowhere"] = None
    found = causes_in_counts(rows, at=NOW, attributes=[*VALUES, "nowhere"], most=1_000)
    assert found.causes[0].conditions == {"speed": 1200}
    named = [cause.conditions for cause in found.causes]
    assert not any("nowhere" in conditions for conditions in named)
    assert not any(conditions.get("line") == "a" and "device" in conditions for conditions in named)


def test_two_names_of_the_same_leaves_are_one_cause() -> None:
    rows = counted({"device": "web"})
    rows["os"] = rows["device"].map({"web": "none", "tv": "x", "phone": "y"})
    rows.loc[(rows["device"] == "tv") & (rows["line"] == "a"), "os"] = "z"
    found = causes_in_counts(rows, at=NOW, attributes=[*VALUES, "os"])
    assert found.causes[0].conditions == {"device": "web"}
    assert {"os": "none"} in found.causes[0].indistinguishable


def test_timestamps_serve_as_times() -> None:
    rows = counted({"speed": 1200})
    rows["time"] = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rows["time"], unit="min")
    at = rows["time"].max()
    found = causes_in_counts(rows, at=at, attributes=list(VALUES))
    assert found.causes[0].conditions == {"speed": 1200}


@pytest.mark.parametrize(
    ("change", "at", "says"),
    [
        (lambda rows: rows.drop(columns="n"), NOW, "lack the column 'n'"),
        (lambda rows: rows.rename(columns={"device": "devise"}), NOW, "closest: 'devise'"),
        (lambda rows: rows.assign(bad=rows["n"] + 1), NOW, "can't be counts"),
        (lambda rows: rows.assign(bad=-1), NOW, "can't be counts"),
        (lambda rows: rows.assign(bad=np.nan), NOW, "can't be counts"),
        (lambda rows: rows.assign(n="many"), NOW, "not counts"),
        (lambda rows: rows, 99, "No rows at 99"),
        (lambda rows: rows, "2026-01-01", "No rows at 2026-01-01"),
        (lambda rows: rows, 1, "Only 1 times before 1"),
        (lambda rows: rows.assign(n=0, bad=0), NOW, "No rows at 10"),
    ],
)
def test_bad_input_is_refused_in_words(change: object, at: object, says: str) -> None:
    assert callable(change)
    with pytest.raises(TooLittleDataError, match=says):
        causes_in_counts(change(counted()), at=at, attributes=list(VALUES))  # type: ignore[arg-type]


def test_without_attributes_there_is_nothing_to_search() -> None:
    with pytest.raises(TooLittleDataError, match="No attributes"):
        causes_in_counts(counted(), at=NOW, attributes=[])
