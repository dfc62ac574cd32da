"""The search space: which settings of a member may be tried, and which of two are simpler."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from models.linear import LinearSettings
from models.recipe import Settings
from models.trees import TreeSettings

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class _Range:
    low: float
    high: float
    kind: Literal["int", "log_int", "float", "log_float"] = "float"

    def nearest(self, value: float) -> float | int:
        inside = min(max(value, self.low), self.high)
        return int(inside) if "int" in self.kind else float(inside)

    def suggested(self, trial: "optuna.Trial", name: str) -> float | int:
        log = self.kind.startswith("log")
        if "int" in self.kind:
            return int(trial.suggest_int(name, int(self.low), int(self.high), log=log))
        return float(trial.suggest_float(name, self.low, self.high, log=log))


_BOOSTED = {
    "leaves": _Range(2, 32, "log_int"),
    "min_leaf": _Range(5, 200, "log_int"),
    "l2": _Range(1.0, 100.0, "log_float"),
    "feature_share": _Range(0.05, 0.6),
    "row_share": _Range(0.4, 0.9),
}
_FEW_BOOSTED = {
    "leaves": _Range(2, 10, "log_int"),
    "trees": _Range(15, 250, "log_int"),
    "l2": _Range(3.0, 300.0, "log_float"),
    "feature_share": _Range(0.05, 0.5),
}
_FOREST = {
    "leaves": _Range(8, 128, "log_int"),
    "min_leaf": _Range(5, 200, "log_int"),
    "feature_share": _Range(0.2, 0.8),
    "node_share": _Range(0.1, 1.0),
}
_LINEAR = {"strength": _Range(10.0, 3_000.0, "log_float"), "ramps": _Range(1, 8, "log_int")}
_FEW_LINEAR = {"strength": _Range(30.0, 10_000.0, "log_float"), "ramps": _Range(1, 3, "int")}


def suggested(trial: "optuna.Trial", settings: Settings, *, few: bool) -> Settings:
    """Return settings with those that are searched drawn by a trial; the others stay."""
    drawn = {name: at.suggested(trial, name) for name, at in _space(settings, few=few).items()}
    return replace(settings, **drawn)  # type: ignore[arg-type]  # the names are its own


def defaults_of(settings: Settings, *, few: bool) -> dict[str, float | int]:
    """Return the searched settings as they stand, moved into the space if they are outside."""
    space = _space(settings, few=few)
    return {name: at.nearest(getattr(settings, name)) for name, at in space.items()}


def complexity(settings: Settings) -> float:
    """Return how freely a member may bend: to compare settings of one kind only."""
    if isinstance(settings, LinearSettings):
        return settings.ramps / settings.strength
    return settings.trees * settings.learning_rate * settings.leaves / settings.l2


def _space(settings: Settings, *, few: bool) -> dict[str, _Range]:
    if isinstance(settings, LinearSettings):
        return _FEW_LINEAR if few else _LINEAR
    if isinstance(settings, TreeSettings) and settings.boosting == "forest":
        return _FOREST
    return _FEW_BOOSTED if few else _BOOSTED
