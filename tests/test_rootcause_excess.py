"""SHAP on the excess names the conditions, and says so where it does not."""

from dataclasses import replace

import numpy as np
import pytest

from rootcause.excess import _stand_ins, shap_on_excess
from tests.rootcause_contrast import CONDITIONS, DEFINITION, made_up


@pytest.mark.parametrize("seed", range(3))
def test_it_names_the_conditions_of_a_planted_cause(seed: int) -> None:
    found = shap_on_excess(made_up(seed, effect=0.3), DEFINITION)
    assert found["agrees"] is True
    assert found["prefers"] == ""
    assert "region" in str(found["words"])
    assert "version" in str(found["words"])
    # .5 instead of .2 or so is 1.4 logits, of which the penalty keeps a little back
    assert 0.8 < float(str(found["logits"])) < 1.7


def test_tiers_stand_apart_with_intervals() -> None:
    found = shap_on_excess(made_up(1, effect=0.3), DEFINITION)["attributes"]
    assert isinstance(found, dict)
    assert [rows[0]["attribute"] for rows in found.values()] == ["region", "version"]
    assert all(
        row["low"] <= row["logits"] <= row["high"] for rows in found.values() for row in rows
    )


def test_conditions_that_only_go_along_with_the_cause_are_contradicted() -> None:
    world = made_up(1, n=8000, effect=0.35)
    wrong = {"activity": "upload", "age": "young"}
    blamed = replace(world, conditions=wrong, met=world.exposures.meets(wrong))
    found = shap_on_excess(blamed, DEFINITION)
    assert found["agrees"] is False
    assert found["prefers"] in ("region", "version")
    assert "disagrees" in str(found["words"])


def test_a_device_that_only_one_version_has_does_not_take_its_credit() -> None:
    world = made_up(1, effect=0.3)
    codes = world.exposures.codes.copy()
    codes[:, 3] = 2 * codes[:, 2] + codes[:, 3] % 2
    found = shap_on_excess(
        replace(world, exposures=replace(world.exposures, codes=codes)), DEFINITION
    )
    assert found["agrees"] is True


def test_a_condition_that_cannot_be_told_apart_agrees_as_well() -> None:
    world = made_up(1, effect=0.3)
    renamed = {"activity": "upload", "region": "south"}
    blamed = replace(world, conditions=renamed | {"device": "d1"})
    other = shap_on_excess(blamed, DEFINITION, ({"version": CONDITIONS["version"]},))
    assert other["agrees"] is True


def test_few_exposed_say_nothing() -> None:
    world = made_up(1)
    few = world.met & (np.cumsum(world.met) < 10)
    assert shap_on_excess(replace(world, met=few), DEFINITION) == {}


def test_one_bad_device_among_those_of_a_version_is_still_seen() -> None:
    world = made_up(1, n=12_000, effect=0.0)
    codes = world.exposures.codes.copy()
    codes[:, 3] = np.where(codes[:, 2] == 1, codes[:, 3] % 3, 3)  # the new version: d0, d1, d2
    rng = np.random.default_rng(0)
    hit = (codes[:, 3] == 1) & world.later & (rng.random(len(codes)) < 0.5)
    bad = np.where(hit, 1.0, world.exposures.bad)
    version = {"activity": "upload", "version": "new"}
    blamed = replace(
        world,
        exposures=replace(world.exposures, codes=codes, bad=bad),
        conditions=version,
        met=world.exposures.meets(version),
    )
    found = shap_on_excess(blamed, DEFINITION)
    assert found["agrees"] is False
    assert found["prefers"] == "device"


def test_a_stand_in_of_several_conditions_goes_to_them_in_their_order() -> None:
    """In the order of a set it once went to another condition each time the program was started."""
    contrast = made_up(3, 2000)
    exposures = contrast.exposures
    names = ("region", "age", "version")
    met = (exposures.codes[:, :3] == 1).all(axis=1)
    codes = np.column_stack([exposures.codes[:, :3], met]).astype(np.int32)
    conditions = {"activity": "upload", "version": "new", "region": "south", "age": "young"}
    changed = replace(
        contrast, exposures=replace(exposures, codes=codes), conditions=conditions, met=met
    )
    rows = np.arange(len(exposures))
    pairs = list(_stand_ins(changed, [*names, "device"], codes, rows))
    assert pairs == [(3, 2), (3, 0), (3, 1)]
