"""Training: how it is made.

One straight line from an event log to a bundle, its evaluation on later journeys, and its place in
the MLflow registry; and the same bundle at work on a whole log.
"""

from training.evaluate import doubts, evaluate_outcome
from training.train import Trained, train

__all__ = ["Trained", "doubts", "evaluate_outcome", "train"]
