"""Writing the features that look at other customers, beside a journey's own."""

from collections.abc import Mapping, Sequence

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


def coded_events(events: Sequence[Mapping[str, object]], plan: Plan) -> Coded | None:
    """Return typed events (see `features.typed`) in the same codes."""
    known = plan.surroundings
    if known is None:
        return None
    codes = [
        [_code(event[name], places) for event in events]
        for name, places in zip(known.attributes, known.places, strict=True)
    ]
    steps = [known.step_places.get(event[ACTIVITY], -1) for event in events]
    return np.array(codes, dtype=np.int32), np.array(steps, dtype=np.int32)


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


def _code(value: object, places: Mapping[str, int]) -> int:
    if value is None or value != value:  # noqa: PLR0124 - NaN is not itself
        return -1
    return places.get(str(value), len(places))
