"""Models: what is likely.

Per outcome, a blend of trees and a line, calibrated on rows that none of them saw, gives a
probability with its interval; two baselines stand beside it; reasons say in words why one
prediction is what it is.  The bundle keeps all of it in a folder of data: no code, no pickle.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.baselines import LastActivityRate, fit_last_activity_rate, fit_logistic_regression
    from models.blend import Blend, fit_blend
    from models.bundle import Bundle, bundle_of, load_bundle, save_bundle
    from models.calibration import Calibration, Stages, fit_calibration
    from models.crossfit import CrossFitted, Fold, blend_weights, cross_fit
    from models.linear import Linear, LinearSettings, fit_linear
    from models.outcome import OutcomeModel, Prediction, fit_outcome, fit_refitted
    from models.part import Part, journey_weight, part_of
    from models.reasons import Reason, reasons_of, reasons_of_row
    from models.recipe import Ingredient, Recipe, recipe_for, recipe_of
    from models.row import RowModels
    from models.threads import one_thread
    from models.trees import Trees, TreeSettings, cross_fitted_probability, fit_trees
else:
    from journeys.front import on_demand

    __getattr__, __dir__ = on_demand(__name__)

__all__ = [
    "Blend",
    "Bundle",
    "Calibration",
    "CrossFitted",
    "Fold",
    "Ingredient",
    "LastActivityRate",
    "Linear",
    "LinearSettings",
    "OutcomeModel",
    "Part",
    "Prediction",
    "Reason",
    "Recipe",
    "RowModels",
    "Stages",
    "TreeSettings",
    "Trees",
    "blend_weights",
    "bundle_of",
    "cross_fit",
    "cross_fitted_probability",
    "fit_blend",
    "fit_calibration",
    "fit_last_activity_rate",
    "fit_linear",
    "fit_logistic_regression",
    "fit_outcome",
    "fit_refitted",
    "fit_trees",
    "journey_weight",
    "load_bundle",
    "one_thread",
    "part_of",
    "reasons_of",
    "reasons_of_row",
    "recipe_for",
    "recipe_of",
    "save_bundle",
]
