"""Compiled trees answer as LightGBM does: the margin to the bit, Shapley values to 1e-10."""

import re

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.flat_trees import flat_trees
from models.row import RowModels
from models.trees import Trees, TreeSettings, fit_trees
from tests.models_boosters import booster, outcome_of, rows_for, world

KINDS: dict[str, dict[str, object]] = {
    "numbers and codes": {},
    "many codes in a set": {"max_cat_threshold": 64, "cat_l2": 0.1, "max_cat_to_onehot": 1},
    "zero is missing": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "the same features again and again": {"n_features": 3, "num_leaves": 60},
    "more features on a path than one block of points": {
        "n": 6000,
        "n_features": 60,
        "num_leaves": 400,
        "trees": 2,
        "feature_fraction_bynode": 0.03,
        "extra_trees": True,
        "min_data_in_leaf": 1,
        "min_sum_hessian_in_leaf": 1e-6,
    },
    "trees of one leaf": {"min_data_in_leaf": 1000},
    "one feature": {"n_features": 3, "interaction_constraints": [[0], [1], [2]]},
    "a forest": {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1},
    "dropped trees": {"boosting": "dart"},
    "directions": {"monotone_constraints": [0, 0, 1, 1, -1, 0, 0, 0]},
}


def assert_answers_as(fitted: lgb.Booster, *, rows: int = 60, seed: int = 1) -> None:
    X = rows_for(rows, fitted.num_feature(), seed=seed)
    model = outcome_of(fitted)
    by_row = RowModels({"only": model})
    share = Trees(fitted).share
    assert flat_trees(fitted.model_to_string()) is not None
    margins = np.array([by_row.margins(row)[0] for row in X])
    assert np.array_equal(margins, share * fitted.predict(X, raw_score=True))
    values = np.array([by_row.contributions(row)[0] for row in X])
    told = share * np.asarray(fitted.predict(X, pred_contrib=True))
    assert np.abs(values - told).max() < 1e-10
    assert np.abs(values.sum(axis=1) - margins).max() < 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tree_answers_as_lightgbm_does(kind: str) -> None:
    assert_answers_as(booster(**KINDS[kind]))  # type: ignore[arg-type]


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    n_features=st.integers(3, 12),
    leaves=st.integers(2, 80),
    zero_as_missing=st.booleans(),
    use_missing=st.booleans(),
    path_smooth=st.sampled_from([0.0, 5.0]),
)
def test_random_trees_answer_as_lightgbm_does(
    seed: int,
    n_features: int,
    leaves: int,
    zero_as_missing: bool,
    use_missing: bool,
    path_smooth: float,
) -> None:
    fitted = booster(
        400,
        n_features,
        trees=4,
        seed=seed,
        num_leaves=leaves,
        zero_as_missing=zero_as_missing and use_missing,
        use_missing=use_missing,
        path_smooth=path_smooth,
    )
    assert_answers_as(fitted, rows=12, seed=seed + 1)


def test_deep_trees_really_have_more_features_on_a_path_than_one_block_is_exact_for() -> None:
    """Sixteen are exact with eight points; the kind above must ask for more."""
    fitted = booster(**KINDS["more features on a path than one block of points"])  # type: ignore[arg-type]
    assert max(features_on_a_path(tree["tree_structure"]) for tree in trees_of(fitted)) > 16


def trees_of(fitted: lgb.Booster) -> list[dict[str, dict[str, object]]]:
    return list(fitted.dump_model()["tree_info"])


def features_on_a_path(node: dict, above: frozenset[int] = frozenset()) -> int:  # type: ignore[type-arg]
    if "split_feature" not in node:
        return len(above)
    here = above | {node["split_feature"]}
    return max(features_on_a_path(node[f"{side}_child"], here) for side in ("left", "right"))


def test_what_early_stopping_left_out_stays_out() -> None:
    X, y = world(1500, 8)
    noise = np.random.default_rng(3).integers(0, 2, len(y)).astype(float)
    asked = TreeSettings(trees=200, min_leaf=5, patience=5)
    fitted = fit_trees(
        X[:800], noise[:800], settings=asked, validation=(X[800:], noise[800:], None)
    )
    model = outcome_of(fitted._booster)
    by_row = RowModels({"only": model})
    assert [by_row.margins(row)[0] for row in X[:50]] == model.margin(X[:50]).tolist()


def test_trees_that_are_not_read_are_asked_through_lightgbm() -> None:
    X, y = world(500, 5)
    lines = lgb.train(
        {"objective": "binary", "verbose": -1, "linear_tree": True, "num_threads": 1},
        lgb.Dataset(np.nan_to_num(X), y, params={"linear_tree": True, "verbose": -1}),
        5,
    )
    assert flat_trees(lines.model_to_string()) is None
    model = outcome_of(lines, booster(500, 5))
    by_row = RowModels({"only": model})
    assert [by_row.margins(row)[0] for row in X[:20]] == model.margin(X[:20]).tolist()
    assert by_row.predict(X[0])[0, 0] == model.predict(X[:1]).p[0]


@pytest.mark.parametrize(
    "fault",
    [
        (r"leaf_count=\S+", "leaf_count=0"),
        (r"left_child=\S+", "left_child=0"),
        (r"is_linear=0", "is_linear=1"),
        (r"num_tree_per_iteration=1", "num_tree_per_iteration=3"),
    ],
)
def test_text_that_says_what_no_walk_could_do_is_not_read(fault: tuple[str, str]) -> None:
    text = booster(300, 4, trees=2).model_to_string()
    assert flat_trees(text) is not None
    assert flat_trees(re.sub(*fault, text, count=1)) is None
