"""One small trained model that the tests of models and training share."""

import pandas as pd

from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.log import EventLog, event_log
from journeys.simulate import MAIN_JOURNEY, simulate
from training.train import Trained, train

CUSTOMERS, SEED = 2_000, 3


def simulated(customers: int, *, seed: int) -> tuple[pd.DataFrame, Definition]:
    """Return the events of customers on the road with the planted bug, and the main journey."""
    made = simulate("ios_upload_bug", customers=customers, seed=seed)
    return made.events, parse_definition(made.definitions[MAIN_JOURNEY], source="a test")


def small_model() -> Trained:
    """Return what training makes of two thousand customers: all three outcomes, in seconds."""
    events, definition = simulated(CUSTOMERS, seed=SEED)
    return train(event_log(events, definition), definition, seed=1)


def customers_of(log: EventLog) -> list[str]:
    """Return the customers' keys, which must stand nowhere but in scores and audiences."""
    return [str(key) for key in log.events["customer_id"].cat.categories]
