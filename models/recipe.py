"""The recipe: everything about one outcome's model that is chosen, as plain data.

It stands in the manifest, so that what was chosen on past data, and how, can be read and repeated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from models.linear import LinearSettings
from models.stored import AnyPart
from models.trees import TreeSettings

Settings = TreeSettings | LinearSettings

FEW_CUSTOMERS = 1_000
_LINEAR_STRENGTH = 100.0
_MOST_TREES = 600


@dataclass(frozen=True)
class Ingredient:
    """One member of a blend before it is fitted: its name, how it grows, what it weighs."""

    name: str
    settings: Settings
    weight: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """How one outcome's model is made.

    Attributes
    ----------
    ingredients : the members; their margins (log odds) are added by weight
    weighed : whether the weights are settled; else they are learnt from rows no member has seen
    calibration : *one* curve, one for *each* stage of the journey, or what is *better* on rows
        that were held out
    seeds : so many fits of each kind of trees, on other draws, are averaged
    chosen : how the recipe came about, in a sentence
    """

    ingredients: tuple[Ingredient, ...]
    weighed: bool = False
    calibration: Literal["one", "each", "better"] = "better"
    seeds: int = 1
    chosen: str = "given"

    def with_weights(self, weights: Iterable[float]) -> "Recipe":
        """Return the recipe with settled weights; what weighs nothing is left out."""
        pairs = zip(self.ingredients, weights, strict=True)
        kept = tuple(replace(one, weight=float(weight)) for one, weight in pairs if weight > 0)
        return replace(self, ingredients=kept, weighed=True)

    def unsettled(self) -> "Recipe":
        """Return the recipe as it was before rows said when to stop growing and what to weigh."""
        return replace(
            self,
            ingredients=tuple(map(_regrowing, self.ingredients)),
            weighed=len(self.ingredients) < 2,
        )

    def with_settings(self, **changed: object) -> "Recipe":
        """Return the recipe with some settings of every ingredient that has them changed."""
        return replace(self, ingredients=tuple(_changed(one, changed) for one in self.ingredients))

    def as_dict(self) -> dict[str, object]:
        """Return the recipe as text, lists and numbers only."""
        return asdict(self) | {"ingredients": [_written(one) for one in self.ingredients]}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Recipe":
        """Return the recipe that `as_dict` wrote."""
        ingredients = tuple(_read(one) for one in written["ingredients"])
        return cls(**{**written, "ingredients": ingredients})


def recipe_of(settings: Settings, *, name: str = "only") -> Recipe:
    """Return the recipe of a single member with these settings."""
    return Recipe((Ingredient(name, settings),), weighed=True)


def recipe_for(part: AnyPart, *, seed: int = 0, thorough: bool = False) -> Recipe:
    """Return the recipe that serves without any search; the fewer the customers, the calmer.

    Small trees and a line, and of few customers, or where time is no matter (``thorough``), a
    forest.  Their settings were chosen by time-ordered folds of the past
    parts of simulated and public logs (docs/adr/0009); weights and calibration are learnt from the
    log at hand.
    """
    customers = len(np.unique(part.customers))
    few = customers < FEW_CUSTOMERS
    trees, forest = (_few if few else _many)(part, customers)
    line = LinearSettings(strength=_LINEAR_STRENGTH, seed=seed)
    members = {"boosted": replace(trees, seed=seed), "forest": replace(forest, seed=seed)}
    if not (few or thorough):
        del members["forest"]
    ingredients = [Ingredient(name, settings) for name, settings in members.items()]
    return Recipe(
        (*ingredients, Ingredient("linear", line)), chosen=f"default for {customers:,} customers"
    )


def _many(part: AnyPart, customers: int) -> tuple[TreeSettings, TreeSettings]:
    """Return boosted trees that stop where held-out rows say, and a forest of larger ones."""
    boosted = TreeSettings(
        trees=_MOST_TREES,
        leaves=6 if customers < 50_000 else 16,
        learning_rate=0.08,
        min_leaf=_min_leaf(part),
        l2=10.0,
        feature_share=0.4,
    )
    forest = TreeSettings(
        boosting="forest",
        trees=40,
        leaves=63,
        min_leaf=max(_min_leaf(part) // 4, 5),
        l2=1.0,
        feature_share=0.5,
        node_share=0.3,
        row_share=0.25,
    )
    return boosted, forest


def _few(part: AnyPart, _customers: int) -> tuple[TreeSettings, TreeSettings]:
    """Return trees that each see few features and codes as numbers, of a number that is fixed.

    Too few rows are left to stop them by: stopping early on few rows follows their noise.
    """
    boosted = TreeSettings(
        trees=120,
        leaves=6,
        learning_rate=0.04,
        min_leaf=_min_leaf(part),
        l2=10.0,
        feature_share=0.1,
        codes="numbers",
        patience=0,
    )
    forest = TreeSettings(
        boosting="forest",
        trees=60,
        leaves=31,
        min_leaf=_min_leaf(part),
        l2=1.0,
        feature_share=0.2,
        node_share=0.5,
        row_share=0.5,
        codes="numbers",
    )
    return boosted, forest


def _min_leaf(part: AnyPart) -> int:
    return int(np.clip(len(part) // 200, 10, 200))


def _regrowing(one: Ingredient) -> Ingredient:
    settings = one.settings
    if isinstance(settings, TreeSettings) and settings.boosting == "boosted" and settings.patience:
        return replace(one, settings=replace(settings, trees=_MOST_TREES))
    return one


def _changed(one: Ingredient, changed: Mapping[str, object]) -> Ingredient:
    mine = {name: value for name, value in changed.items() if hasattr(one.settings, name)}
    return replace(one, settings=replace(one.settings, **mine))  # type: ignore[arg-type]  # by name


def _written(one: Ingredient) -> dict[str, object]:
    kind = "linear" if isinstance(one.settings, LinearSettings) else "trees"
    settings = {
        name: [list(each) if isinstance(each, tuple) else each for each in value]
        if isinstance(value, tuple)
        else value
        for name, value in one.settings.as_dict().items()
    }
    return {"name": one.name, "kind": kind, "weight": one.weight, "settings": settings}


def _read(written: Mapping[str, Any]) -> Ingredient:
    settings: dict[str, Any] = {
        name: tuple(tuple(each) if isinstance(each, list) else each for each in value)
        if isinstance(value, list)
        else value
        for name, value in written["settings"].items()
    }
    kind = LinearSettings if written["kind"] == "linear" else TreeSettings
    return Ingredient(written["name"], kind(**settings), written["weight"])
