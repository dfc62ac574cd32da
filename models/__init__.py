"""Models: what is likely.

Per outcome, boosted trees and a calibration fitted on later data give a probability with its
interval; two baselines stand beside them; reasons say in words why one prediction is what it is.
The bundle keeps all of it in a folder of data: no code, no pickle.
"""

from models.baselines import LastActivityRate, fit_last_activity_rate, fit_logistic_regression
from models.bundle import Bundle, bundle_of, load_bundle, save_bundle
from models.calibration import Calibration, fit_calibration
from models.outcome import OutcomeModel, Prediction, fit_outcome, settings_for
from models.part import Part, journey_weight, part_of
from models.reasons import Reason, reasons_of
from models.threads import one_thread
from models.trees import Trees, TreeSettings, cross_fitted_probability, fit_trees

__all__ = [
    "Bundle",
    "Calibration",
    "LastActivityRate",
    "OutcomeModel",
    "Part",
    "Prediction",
    "Reason",
    "TreeSettings",
    "Trees",
    "bundle_of",
    "cross_fitted_probability",
    "fit_calibration",
    "fit_last_activity_rate",
    "fit_logistic_regression",
    "fit_outcome",
    "fit_trees",
    "journey_weight",
    "load_bundle",
    "one_thread",
    "part_of",
    "reasons_of",
    "save_bundle",
    "settings_for",
]
