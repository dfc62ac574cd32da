"""Audiences: the customers of a finding, those already hit and those who may be hit next."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.errors import FindingsError, with_closest
from journeys.find import journey_ids
from journeys.log import ACTIVITY, CUSTOMER, EventLog, instants, microseconds
from journeys.samples import samples_at_end, samples_of
from rootcause.exposure import STEP, Flags, Floats, Ints, exposed_to
from rootcause.findings import Finding
from rootcause.intervals import rate_interval
from rootcause.last_known import last_known_codes, last_known_numbers
from rootcause.thresholds import lies

COLUMNS = ("customer_id", "journey", "state", "probability", "low", "high", "since")

_PRIOR_JOURNEYS = 10.0


@dataclass(frozen=True)
class _Reach:
    """The chance to reach the step from where each open journey stands; shape (n,)."""

    rate: Floats
    low: Floats
    high: Floats


def audience_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, finding: Finding
) -> pd.DataFrame:
    """Return the customers of a finding, the affected first, then those at risk.

    Returns
    -------
    DataFrame with the columns `COLUMNS`, one row per journey
        ``customer_id`` as in the log; ``journey``: its pseudonym; ``state``: ``affected`` (met the
        conditions on or after the onset; as many as the finding's exposed journeys) or ``at_risk``
        (open at the end of the log, the step still ahead, the last known attributes meet the other
        conditions); ``probability``: of a bad outcome *because of* the finding, which is the effect
        for the affected and P(reaches the step) times the effect for those at risk, between ``low``
        and ``high``; ``since``: UTC, the exposure, or the later of onset and journey start.

    Notes
    -----
    P(reaches the step) is the share among ended journeys that stood where this one stands: the same
    last activity after a silence of the same length. Both ends of its interval are multiplied with
    those of the effect, which is wider than need be.
    """
    affected = exposed_to(log, journeys, definition, finding)
    at_risk = _open_before_step(log, journeys, finding.conditions)
    at_risk = at_risk[~at_risk["journey"].isin(affected["journey"])].reset_index(drop=True)
    reach = _chance_to_reach(log, journeys, definition, finding.conditions.get(STEP), at_risk)
    low, high = finding.effect_interval
    onset = pd.Timestamp(finding.onset, tz="UTC")
    began = journeys["start"].iloc[at_risk["journey"].to_numpy()].reset_index(drop=True)
    parts = [
        _part("affected", affected["journey"], affected["time"], (finding.effect, low, high)),
        _part(
            "at_risk",
            at_risk["journey"],
            began.where(began > onset, onset),
            (reach.rate * finding.effect, reach.low * max(low, 0.0), reach.high * high),
        ),
    ]
    found = pd.concat(parts, ignore_index=True)
    return _named(log, journeys, definition, found)


def _open_before_step(
    log: EventLog, journeys: pd.DataFrame, conditions: Mapping[str, str]
) -> pd.DataFrame:
    """Return a sample at the end of the log per open journey that may still be exposed."""
    samples = samples_at_end(log, journeys)
    if STEP in conditions:
        ahead = _first_at_step(log, journeys, conditions[STEP]) == len(log)
        samples = samples[ahead[samples["journey"].to_numpy()]]
    customers = journeys["customer"].to_numpy()[samples["journey"].to_numpy()]
    meets = _customers_meeting(log, conditions)
    found: pd.DataFrame = samples[meets[customers]].reset_index(drop=True)
    return found


def _first_at_step(log: EventLog, journeys: pd.DataFrame, step: str) -> Ints:
    """Return the first row of the step in each journey, shape (n_journeys,); len(log) if none."""
    rows = np.flatnonzero((log.events[ACTIVITY] == step).to_numpy())
    nearest = np.append(rows, len(log))[np.searchsorted(rows, journeys["first"].to_numpy())]
    return np.where(nearest <= journeys["last"].to_numpy(), nearest, len(log))


def _customers_meeting(log: EventLog, conditions: Mapping[str, str]) -> Flags:
    """Return which customers' last known attributes meet the conditions besides the step."""
    meets = np.ones(len(log.offsets) - 1, dtype=np.bool_)
    for name, value in conditions.items():
        if name == STEP:
            continue
        if name not in log.events.columns:
            raise FindingsError(
                f"The finding names {with_closest(name, log.events.columns)}, which this log or "
                "definition lacks; give those that the finding was made from."
            )
        meets &= _last_meets(log, name, value)
    return meets


def _last_meets(log: EventLog, name: str, value: str) -> Flags:
    """Return which customers' last known value of an attribute is the one asked for."""
    last = log.offsets[1:] - 1
    if not isinstance(log.events[name].dtype, pd.CategoricalDtype):
        return lies(last_known_numbers(log, name)[last], value)
    codes, names = last_known_codes(log, name)
    return np.asarray(np.array(names) == value)[codes[last]]


def _chance_to_reach(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    step: str | None,
    at_risk: pd.DataFrame,
) -> _Reach:
    """Return P(reaches the step) from where each open journey stands."""
    if step is None:
        ones = np.ones(len(at_risk))
        return _Reach(ones, ones, ones)
    past = _past_positions(log, journeys, definition, step)
    overall = past["reached"].mean() if len(past) else 0.5
    groups = past.groupby("position")["reached"].agg(["sum", "size"])
    here = groups.reindex(_position(log, definition, at_risk)).fillna(0.0)
    happened = here["sum"].to_numpy() + _PRIOR_JOURNEYS * overall
    return _Reach(*rate_interval(happened, here["size"].to_numpy() + _PRIOR_JOURNEYS))


def _past_positions(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, step: str
) -> pd.DataFrame:
    """Return where ended journeys once stood before the step, once each, and who reached it."""
    samples = samples_of(log, journeys, definition)
    journey = samples["journey"].to_numpy()
    at_step = _first_at_step(log, journeys, step)
    ended = (journeys["state"] != "open").to_numpy()
    before = ended[journey] & (samples["seen"].to_numpy() < at_step[journey])
    samples, journey = samples[before], journey[before]
    past = pd.DataFrame(
        {
            "journey": journey,
            "position": _position(log, definition, samples),
            "reached": (at_step[journey] < len(log)).astype(np.float64),
        }
    )
    return past.drop_duplicates(["journey", "position"])


def _position(log: EventLog, definition: Definition, samples: pd.DataFrame) -> Ints:
    """Return a code per sample for its last activity and how long it has been silent."""
    seen = samples["seen"].to_numpy()
    silence = microseconds(samples["cutoff"]) - log.times[seen]
    ticks = np.array([round(tick.total_seconds() * 1_000_000) for tick in definition.ticks])
    activity = log.events[ACTIVITY].cat.codes.to_numpy().astype(np.int64)[seen]
    quiet = np.searchsorted(ticks, silence, side="right").astype(np.int64)
    return np.asarray(activity * (len(ticks) + 1) + quiet)


def _part(
    state: str,
    journey: pd.Series,
    since: pd.Series,
    chance: tuple[float | Floats, float | Floats, float | Floats],
) -> pd.DataFrame:
    size = len(journey)
    numbers = {
        name: np.clip(np.broadcast_to(values, size), 0.0, 1.0)
        for name, values in zip(("probability", "low", "high"), chance, strict=True)
    }
    at = instants(microseconds(since)) if size else instants(np.empty(0, dtype=np.int64))
    return pd.DataFrame({"row": journey.to_numpy(), "state": state, **numbers, "since": at})


def _named(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, found: pd.DataFrame
) -> pd.DataFrame:
    theirs = journeys.iloc[found["row"].to_numpy()]
    keys = log.events[CUSTOMER].cat.categories.to_numpy()[theirs["customer"].to_numpy()]
    ids = journey_ids(log, theirs, definition)
    found = found.assign(customer_id=keys, journey=ids)
    order = found.sort_values(
        ["state", "probability", "journey"], ascending=[True, False, True], kind="stable"
    )
    return order[list(COLUMNS)].reset_index(drop=True)
