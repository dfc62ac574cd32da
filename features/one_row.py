"""One customer's events to the row of their journey, in one compiled call.

It asks the same compiled functions, in the same order, as a whole log does; what is between them
is nothing but these calls.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import SOURCES, compiled

# Under other names in their own file the fingerprint of every plan would move.
from features.encode import _look_back as look_back
from features.encode import _look_up as look_up_codes
from features.find_one import N_TOLD, walk
from features.kernel import fold
from features.values import translate

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
TOTAL = N_TOLD


def _compiled_from(sources: int) -> tuple[Any, Any]:
    @compiled
    def write_row(events: Any, journeys: Ints, asked: Ints, known: Any, out: Any) -> None:
        """Write the fold's features of a customer's last journey, (1, n_features).

        Parameters
        ----------
        events : times, places, numbers of the events, and room for their codes
        journeys : first row, end time and state of each, the open one last, (3, n_journeys)
        asked : 0, the number of events, the row of the last one, the cutoff
        known : how codes are looked up, how they look back, the plan
        """
        _ = sources  # numba's cache looks at it, see `features.compiled`
        times, places, numbers, codes = events
        columns, back, plan = known
        look_up_codes(places, columns[0], columns[1], codes)
        look_back(times, asked[:2], back[0], back[1], back[2], codes)
        lived = (journeys[0], journeys[1], journeys[2])
        fold(plan, (times, codes[:-1], numbers, asked[:2]), lived, (asked[2:3], asked[3:]), out)

    @compiled
    def live(events: Any, asked: Ints, known: Any, room: Any, out: Any) -> None:
        """Write what a customer has lived through, what their values are, and the row.

        Parameters
        ----------
        events, asked : as in `write_row`
        known : the rules' steps, their lengths; what is said of places; as in `write_row`
        room : for what holds of each event; journeys and what is told of them (and, at `TOTAL`, the
            sum of what is said of values); what is said of each event
        """
        times, places, _, _ = events
        rules, said, of_row = known
        holds, journeys, told, around = room
        look_up_codes(places, rules[0], rules[1], holds)
        walk(times, holds, rules[2], asked[3], (journeys, told))
        told[TOTAL] = translate(places, said[0], said[1], said[2], around)
        if told[1] >= 0:
            n_journeys = told[0] + 1
            lived = journeys[:, :n_journeys]
            write_row(events, lived, asked, of_row, out)

    return write_row, live


write_row, live = _compiled_from(SOURCES)
