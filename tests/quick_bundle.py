"""A bundle learnt in a second: of each outcome half of the customers to fit, half to calibrate."""

import numpy as np

from features.plan import plan_of
from features.table import table
from features.vocabulary import learn_vocabulary
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.labels import labels_of
from journeys.log import EventLog
from journeys.samples import samples_of
from models import Bundle, bundle_of, fit_outcome, part_of
from training.ahead import ahead_of


def quick_bundle(log: EventLog, definition: Definition) -> Bundle:
    """Return a bundle of all outcomes of a log, without a held-out part, tuning or evaluation."""
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    plan = plan_of(definition, learn_vocabulary(log, definition)).renewed(log, journeys)
    X = table(log, journeys, samples, plan)
    customers = journeys["customer"].to_numpy()[samples["journey"].to_numpy()]
    outcomes, rates = {}, {}
    for outcome, labels in labels_of(log, journeys, samples, definition).items():
        y = labels["y"].to_numpy()
        known = np.flatnonzero(~np.isnan(y))
        parts = [known[customers[known] % 2 == half] for half in (0, 1)]
        halves = [part_of(X[rows], y[rows], customers[rows]) for rows in parts]
        outcomes[str(outcome)] = fit_outcome(*halves, categorical=plan.categorical)
        rates[str(outcome)] = float(y[known].mean())
    described = {"trained_to": log.ends.isoformat(), "label_rates": rates}
    ahead = ahead_of(log, journeys, samples, definition, until=log.ends)
    return bundle_of(plan, outcomes, described, ahead=ahead)
