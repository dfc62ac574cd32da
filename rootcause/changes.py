"""Changes: who entered a list since the one before, who was hit meanwhile, who left and why."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.find import journey_ids
from journeys.log import ACTIVITY, CUSTOMER, EventLog, instants
from rootcause.forecast import NUMBERS
from rootcause.last_known import Ints
from rootcause.listing import COLUMNS, LEFT
from rootcause.position import contacts_in, last_flagged

ENTERED, STAYED, HIT = "entered", "stayed", "hit"

_ENDED = {
    "success": "reached the goal",
    "failure": "the journey failed",
    "abandoned": "silent for so long that the journey counts as given up",
    "expired": "the time for the goal is over",
}


@dataclass(frozen=True)
class Leaving:
    """What customers may leave a list for.

    ``closed``: the finding is closed, and everybody leaves for that; ``step``: the one that
    was ahead, and ``arrived``: what to say of those who came to it; ``called``: of those who
    had a contact since, if that ends it; ``otherwise``: where nothing else is known.
    """

    closed: str = ""
    step: str = ""
    arrived: str = "came to the step without meeting the conditions"
    called: str = ""
    otherwise: str = "no longer likely to meet the conditions"


def rows_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, people: pd.DataFrame
) -> Ints:
    """Return the row in journeys of each row of a list; -1 where the log does not hold it."""
    keys = log.events[CUSTOMER].cat.categories[journeys["customer"].to_numpy()]
    theirs = np.flatnonzero(keys.isin(people["customer_id"]))
    ids = journey_ids(log, journeys.iloc[theirs], definition)
    place = pd.Series(theirs, index=ids).reindex(people["journey"])
    return place.fillna(-1).to_numpy(dtype=np.int64)


def compared(now: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Return a list with ``change``: entered, stayed, or hit (was at risk, is affected)."""
    then = previous.drop_duplicates("journey").set_index("journey")["state"]
    before = now["journey"].map(then)
    hit = (before == "at_risk") & (now["state"] == "affected")
    change = np.where(before.isna(), ENTERED, np.where(hit, HIT, STAYED))
    return now.assign(change=change)


def left_since(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    now: pd.DataFrame,
    *,
    previous: pd.DataFrame,
    leaving: Leaving,
) -> pd.DataFrame:
    """Return the rows of an earlier list that are on the new one no more, each with its reason.

    Their numbers are NaN: nothing is forecast of them any more.
    """
    gone = previous[~previous["journey"].isin(now["journey"])].reset_index(drop=True)
    rows = rows_of(log, journeys, definition, gone)
    reasons = _reasons(log, journeys, definition, rows, leaving)
    nothing = dict.fromkeys((*NUMBERS, "probability", "low", "high"), np.nan)
    told = gone.assign(state=LEFT, change=LEFT, reason=reasons, **nothing)
    told = told.assign(
        suppress="",
        suppress_reason="",
        suppress_until=instants(np.full(len(gone), np.iinfo(np.int64).min)),
    )
    return told.reindex(columns=list(COLUMNS))


def _reasons(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, rows: Ints, leaving: Leaving
) -> list[str]:
    if leaving.closed:
        return [leaving.closed] * len(rows)
    known = np.maximum(rows, 0)
    first, last = (journeys[name].to_numpy()[known] for name in ("first", "last"))
    there = last_flagged((log.events[ACTIVITY] == leaving.step).to_numpy(), first, last) >= 0
    called = last_flagged(contacts_in(log, definition), first, last) >= 0
    said = np.where(called & bool(leaving.called), leaving.called, leaving.otherwise).astype(object)
    said[there] = leaving.arrived
    state = journeys["state"].astype(str).to_numpy()[known]
    for ended, words in _ENDED.items():
        said[state == ended] = words
    said[rows < 0] = "no longer in the log"
    return [str(words) for words in said]
