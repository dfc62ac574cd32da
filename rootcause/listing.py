"""Listing: the rows of an audience as they are handed over, with keys, hold-out and suppression."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.errors import OfframpError
from journeys.find import journey_ids
from journeys.log import CUSTOMER, EventLog, instants
from rootcause.forecast import NUMBERS, product_of
from rootcause.hold_out import held_out_of
from rootcause.reach import MICROS_A_DAY
from rootcause.suppression import suppressed_in

COLUMNS = (
    *("customer_id", "journey", "audience", "state", "probability", "low", "high"),
    *NUMBERS,
    *("since", "reason", "change", "held_out"),
    *("suppress", "suppress_reason", "suppress_until", "as_of", "until"),
)
LEFT = "left"

_LONGEST_DAYS = 90


@dataclass(frozen=True)
class Terms:
    """On what terms a list is made.

    ``days``: the horizon of its forecasts; ``hold_out``: the share not to be approached;
    ``previous``: an earlier list (`rootcause.audience_file`), to say who came and went.
    """

    days: float = 7.0
    hold_out: float = 0.0
    previous: pd.DataFrame | None = None

    def before(self, audience: str) -> pd.DataFrame | None:
        """Return the rows of the earlier list of one audience, without those that left it."""
        if self.previous is None:
            return None
        theirs = (self.previous["audience"] == audience) & (self.previous["state"] != LEFT)
        return self.previous[theirs].reset_index(drop=True)

    def __post_init__(self) -> None:
        if not 0 < self.days <= _LONGEST_DAYS:
            raise OfframpError(
                f"A forecast over {self.days:g} days cannot be made; ask for more than 0 and at "
                f"most {_LONGEST_DAYS}, for instance --days 7."
            )


def listed(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    people: pd.DataFrame,
    *,
    audience: str,
    terms: Terms,
) -> pd.DataFrame:
    """Return people as a list with the columns `COLUMNS`, by state, the likeliest first.

    Parameters
    ----------
    people : a row per journey: ``row`` (in journeys), ``state``, ``since``, ``reason``, and of
        `NUMBERS` those that are known; a factor that is absent is certain (1)
    """
    people = people.assign(**{name: 1.0 for name in NUMBERS if name not in people.columns})
    rows = people["row"].to_numpy(dtype=np.int64)
    theirs = journeys.iloc[rows]
    keys = log.events[CUSTOMER].cat.categories.to_numpy()[theirs["customer"].to_numpy()]
    probability, low, high = product_of(people)
    ends = log.ended
    found = people.reset_index(drop=True).assign(
        customer_id=keys,
        journey=journey_ids(log, theirs, definition),
        audience=audience,
        probability=probability,
        low=low,
        high=high,
        change="",
        held_out=held_out_of(keys, audience, terms.hold_out),
        as_of=instants(np.full(len(rows), ends)),
        until=instants(np.full(len(rows), ends + round(terms.days * MICROS_A_DAY))),
    )
    told = pd.concat([found, suppressed_in(log, journeys, definition, rows)], axis=1)
    order = told.sort_values(
        ["state", "probability", "journey"], ascending=[True, False, True], kind="stable"
    )
    return order[list(COLUMNS)].reset_index(drop=True)
