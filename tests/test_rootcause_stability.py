"""A finding holds in both halves of the customers, and its siblings are clean, or it says so."""

from dataclasses import replace

import numpy as np

from rootcause.stability import _ANOTHER_SEED, halves_of, siblings_of
from rootcause.step_rows import customer_fold
from tests.rootcause_contrast import made_up


def test_a_harm_that_all_share_holds_in_both_halves() -> None:
    world = made_up(1)
    found = halves_of(world)
    assert found["holds_in"] == 2
    assert found["words"] == "holds in both halves of the customers"
    for half in found["halves"]:  # type: ignore[attr-defined]
        assert half["low"] < 0.2 < half["high"]


def test_a_harm_of_one_half_does_not_hold_in_the_other() -> None:
    world = made_up(1, effect=0.0)
    one_half = customer_fold(world.exposures.customer, 2, _ANOTHER_SEED) == 1
    bad = np.where(world.met & world.later & one_half, 1.0, world.exposures.bad)
    uneven = replace(world, exposures=replace(world.exposures, bad=bad))
    found = halves_of(uneven)
    assert found["holds_in"] == 1
    assert "one half" in str(found["words"])


def test_too_few_to_halve_is_said() -> None:
    world = made_up(1, n=200)
    assert "too few" in str(halves_of(world)["words"])


def test_siblings_are_clean_where_all_conditions_are_needed() -> None:
    found = siblings_of(made_up(1))
    assert [one["other_than"] for one in found] == [{"region": "south"}, {"version": "new"}]
    assert all(one["clean"] for one in found)


def test_a_sibling_that_is_hit_as_well_is_not_clean() -> None:
    world = made_up(1)
    rng = np.random.default_rng(0)
    new = world.exposures.codes[:, 2] == 1
    hit = new & world.later & (rng.random(len(new)) < 0.2)
    everywhere = replace(world.exposures, bad=np.where(hit, 1.0, world.exposures.bad))
    north, _ = siblings_of(replace(world, exposures=everywhere))
    assert north["other_than"] == {"region": "south"}
    assert not north["clean"]
