"""Writing the features that look at other customers, beside a journey's own."""

import numpy as np
from numpy.typing import NDArray

from features.look_up import look_up
from features.plan import Plan
from features.surroundings import step_codes
from journeys.log import ACTIVITY, EventLog

Ints = NDArray[np.int64]
Coded = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Values of the surroundings' attributes (n_attributes, n_events), and steps (n_events,)."""


def coded_log(log: EventLog, plan: Plan) -> Coded | None:
    """Return the events of a log in the codes of the plan's surroundings; None without any."""
    known = plan.surroundings
    if known is None:
        return None
    return known.codes(log), step_codes(log.events[ACTIVITY], known.steps)


def write_others(
    plan: Plan,
    coded: Coded | None,
    begins: tuple[Ints, Ints],
    asked: tuple[Ints, Ints],
    out: NDArray[np.float32],
) -> None:
    """Write the columns after the fold's; NaN where the plan has no surroundings.

    Parameters
    ----------
    begins : the first rows of the customers and of the journeys, ascending
    asked : row of the last event seen and cutoff of each sample, ascending by both
    """
    known = plan.surroundings
    if known is None or coded is None or plan.fold_width == len(plan.features):
        out[:, plan.fold_width :] = np.nan
    else:
        look_up((*coded, *begins), asked, known.known, plan.fold_width, out)
