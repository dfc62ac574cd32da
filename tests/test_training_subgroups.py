"""Subgroups: small cells hidden, a planted fault flagged, chance left alone."""

import numpy as np

from training.metrics import TestPart
from training.subgroups import subgroups

LABELS = ("(never seen)", "north", "south", "west")


def customers_of(sizes: tuple[int, ...], *, seed: int, off: float = 0.0) -> tuple[TestPart, object]:
    """Two samples a customer, in regions of these sizes; the last comes ``off`` more often."""
    rng = np.random.default_rng(seed)
    region = np.repeat(np.arange(1, len(sizes) + 1), sizes)
    p = rng.uniform(0.1, 0.7, len(region))
    y = (rng.random(len(region)) < p + off * (region == len(sizes))).astype(float)
    who = np.arange(len(region))
    y, p, who, region = (np.repeat(one, 2) for one in (y, p, who, region))
    return TestPart(y, p, who, np.zeros(len(y))), {"region": (region, LABELS)}


def test_a_region_that_is_off_is_flagged_and_the_others_are_not() -> None:
    rows = subgroups(*customers_of((800, 800, 300), seed=0, off=0.25), 0)  # type: ignore[arg-type]
    assert {row["value"]: row["flagged"] for row in rows}["west"]
    west = next(row for row in rows if row["value"] == "west")
    assert west["off"]["low"] < 0.25 < west["off"]["high"]  # type: ignore[index]
    assert west["customers"] == 300


def test_chance_flags_about_one_part_in_twenty_at_most() -> None:
    flagged = [
        any(row["flagged"] for row in subgroups(*customers_of((200, 100, 40), seed=seed), 0))  # type: ignore[arg-type]
        for seed in range(20)
    ]
    assert np.mean(flagged) <= 0.15


def test_cells_of_fewer_than_ten_customers_are_hidden() -> None:
    rows = subgroups(*customers_of((50, 9, 10), seed=0), 0)  # type: ignore[arg-type]
    assert [row["value"] for row in rows] == ["north", "west"]


def test_a_missing_value_is_a_subgroup_and_an_attribute_of_one_value_is_compared_with_nobody() -> (
    None
):
    part, _ = customers_of((60,), seed=0)
    rows = subgroups(part, {"partner": (np.full(120, -1), LABELS)}, 0)
    assert rows[0]["value"] == "(missing)"
    assert rows[0]["off"]["value"] is None  # type: ignore[index]
    assert not rows[0]["flagged"]
