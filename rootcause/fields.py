"""Fields: what a segment may ask of every journey in flight, at the end of the log.

Where the journey stands, the customer's last known attributes, what the model expects, and in which
findings' audiences it is. Sensitive attributes are no fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.find import journey_ids
from journeys.log import ACTIVITY, CHANNEL, EventLog
from journeys.samples import samples_at_end
from rootcause.last_known import MISSING, Ints, last_known_codes, last_known_numbers
from rootcause.listing import LEFT
from rootcause.position import positions_of
from rootcause.where import Field, Fields

_STATES = ("affected", "at_risk")


@dataclass(frozen=True, eq=False)
class InFlight:
    """The journeys in flight and their fields; one in several audiences has a row in each.

    ``row``: in journeys; ``seen``: row in the log of the last event; both of shape (n,).
    """

    row: Ints
    seen: Ints
    fields: Fields


def in_flight(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    *,
    scores: pd.DataFrame | None = None,
    members: pd.DataFrame | None = None,
) -> InFlight:
    """Return the journeys in flight at the end of the log with all that may be asked of them.

    Parameters
    ----------
    scores : with ``journey_id`` and ``p_success``, ``p_leakage``, ``p_churn`` or some of them; NaN
        where the question no longer arises
    members : lists of findings (`rootcause.audience`); a journey in several stands once for each
    """
    samples = samples_at_end(log, journeys)
    ids = journey_ids(log, journeys.iloc[samples["journey"].to_numpy()], definition)
    place, finding, state = _memberships(ids, members)
    samples = samples.take(place).reset_index(drop=True)
    fields = {
        **_attributes(log, definition, samples),
        **_position(log, journeys, definition, samples),
        **_scores(ids[place], scores),
    }
    if members is not None:
        known = tuple(map(str, members["audience"].unique()))
        fields["finding"] = Field(finding, "text", known)
        fields["state"] = Field(state, "text", _STATES)
    return InFlight(
        row=samples["journey"].to_numpy(),
        seen=samples["seen"].to_numpy(),
        fields=Fields(len(samples), fields, _refused(definition, fields)),
    )


def _memberships(
    ids: np.ndarray, members: pd.DataFrame | None
) -> tuple[Ints, np.ndarray, np.ndarray]:
    """Return for each journey and audience its place among the ids, the finding and the state."""
    alone = pd.DataFrame({"journey": ids, "place": np.arange(len(ids))})
    if members is None:
        return alone["place"].to_numpy(), np.array([]), np.array([])
    there = members.loc[members["state"] != LEFT, ["journey", "audience", "state"]]
    both = alone.merge(there, how="left", on="journey", sort=False)
    named = both[["audience", "state"]].astype(object)
    told = named.where(named.notna(), None)
    return both["place"].to_numpy(), told["audience"].to_numpy(), told["state"].to_numpy()


def _attributes(log: EventLog, definition: Definition, samples: pd.DataFrame) -> dict[str, Field]:
    seen = samples["seen"].to_numpy()
    found = {}
    for name in definition.attributes.categorical:
        codes, names = last_known_codes(log, name)
        found[name] = _named(codes[seen], [None if one == MISSING else one for one in names])
    for name in definition.attributes.numeric:
        found[name] = Field(last_known_numbers(log, name)[seen], "number")
    return found


def _position(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, samples: pd.DataFrame
) -> dict[str, Field]:
    here = positions_of(log, journeys, definition, samples)
    activities, channels = (
        [*map(str, log.events[name].cat.categories)] for name in (ACTIVITY, CHANNEL)
    )
    return {
        "stage": _named(here.stage, [*definition.milestones, None], definition.milestones),
        "activity": _named(here.activity, activities),
        "channel": _named(here.channel, [*channels, None]),
        "age_hours": Field(here.age, "number"),
        "silence_hours": Field(here.silence, "number"),
        "events": Field(here.events.astype(np.float64), "number"),
        "contacts": Field(here.contacts.astype(np.float64), "number"),
    }


def _named(codes: np.ndarray, names: Sequence[str | None], known: tuple[str, ...] = ()) -> Field:
    """Return the names of codes; code -1 is the last name."""
    return Field(np.array([*names], dtype=object)[codes], "text", known)


def _scores(ids: np.ndarray, scores: pd.DataFrame | None) -> dict[str, Field]:
    if scores is None:
        return {}
    by_id = scores.set_index("journey_id").reindex(ids)
    names = [name for name in by_id.columns if name in ("p_success", "p_leakage", "p_churn")]
    return {name: Field(by_id[name].to_numpy(dtype=np.float64), "number") for name in names}


def _refused(definition: Definition, fields: dict[str, Field]) -> dict[str, str]:
    """Return why a name that could be meant cannot be asked for."""
    why = {
        name: f"{name!r} is sensitive: it is never used to choose customers. Take it out of the "
        "condition."
        for name in definition.attributes.sensitive
    }
    for name in ("p_success", "p_leakage", "p_churn"):
        why[name] = f"{name!r} is a prediction: give the model that makes it with --model."
        if name[2:] not in definition.outcomes:
            why[name] = f"{name!r} is not predicted: the definition has no rule for {name[2:]}."
    for name in ("finding", "state"):
        why[name] = f"{name!r} is about findings: give their file with --findings."
    return {name: said for name, said in why.items() if name not in fields}
