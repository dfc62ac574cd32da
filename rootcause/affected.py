"""Affected: who met a finding's conditions since its onset, and what may still come of it.

The effect of a finding counts from the exposure. Of a customer who has called since, or has been
watched long enough without a call, nothing more is to come; of one who met the conditions four days
ago only the harm that comes later than four days.
"""

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import last_row_until
from journeys.labels import at_risk_of, bad_outcome, labels_of
from journeys.log import EventLog, microseconds
from rootcause.exposure import MICROS_A_DAY, exposed_to
from rootcause.findings import Finding
from rootcause.last_known import Flags, Floats, Ints
from rootcause.wording import bad_noun, day

_FEWEST_DELAYS = 20
_ALL = 0.995
_ENDED = {
    "success": ("the journey ended without success", "the journey reached its goal"),
    "leakage": ("has called since", "watched long enough, no call came"),
    "churn": ("has left since", "watched long enough, stayed"),
}


def affected_by(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    finding: Finding,
    *,
    outcome: Outcome,
) -> pd.DataFrame:
    """Return the journeys that met a finding's conditions on or after its onset.

    Returns
    -------
    DataFrame, one row per journey: ``row`` (in journeys), ``since`` (UTC, the exposure), ``effect``
        with ``effect_low`` and ``effect_high`` (what is still to come of it; 0 where the outcome is
        decided or was never asked), ``undecided`` and ``reason``
    """
    exposed = exposed_to(log, journeys, definition, finding)
    samples = _samples(log, journeys, exposed)
    asked = at_risk_of(log, journeys, samples, definition)[outcome]
    labels = labels_of(log, journeys, samples, definition)[outcome]
    bad = bad_outcome(labels["y"].to_numpy(), outcome)
    undecided = asked & np.isnan(bad)
    since = microseconds(exposed["time"])
    elapsed = (log.ended - since) / MICROS_A_DAY
    taken = (microseconds(labels["known_at"]) - since) / MICROS_A_DAY
    left = undecided * _still_to_come(elapsed, taken, asked, bad, outcome)
    low, high = finding.effect_interval
    return pd.DataFrame(
        {
            "row": exposed["journey"],
            "since": exposed["time"],
            "effect": left * max(finding.effect, 0.0),
            "effect_low": left * max(low, 0.0),
            "effect_high": left * max(high, 0.0),
            "undecided": undecided,
            "reason": _reasons(exposed, (asked, bad), left, outcome),
        }
    )


def _samples(log: EventLog, journeys: pd.DataFrame, exposed: pd.DataFrame) -> pd.DataFrame:
    """Return a sample at each exposure: all events of its instant have been seen."""
    journey = exposed["journey"].to_numpy()
    first = journeys["first"].to_numpy()[journey]
    last = log.offsets[1:][log.customers[first]] - 1
    seen = last_row_until(log.times, first, last, microseconds(exposed["time"]))
    return pd.DataFrame({"journey": journey, "cutoff": exposed["time"], "seen": seen})


def _still_to_come(
    elapsed: Floats, taken: Floats, asked: Flags, bad: Floats, outcome: Outcome
) -> Floats:
    """Return the share of the effect that comes later than so many days after the exposure.

    One less the share of the harm that has come by then (Kaplan & Meier 1958 over the exposed),
    among those whom it has spared so far. Not succeeding comes with the end of the journey, however
    late; of too few delays nothing is learnt: then all of it is still to come.

    Parameters
    ----------
    elapsed, taken : days from the exposure to the end of the log, and to the outcome
    """
    harmed = asked & (bad == 1.0)
    if outcome == "success" or harmed.sum() < _FEWEST_DELAYS:
        return np.ones(len(elapsed))
    watched = np.where(np.isnan(bad), elapsed, taken)[asked]
    at, kept = _spared(watched, harmed[asked])
    so_far = np.append(1.0, kept)[np.searchsorted(at, elapsed, side="right")]
    return np.asarray((so_far - kept[-1]) / np.maximum(so_far, 1e-9) / (1.0 - kept[-1]))


def _spared(watched: Floats, harmed: Flags) -> tuple[Floats, Floats]:
    """Return the days at which harm came, ascending, and the share spared up to each."""
    at, came = np.unique(watched[harmed], return_counts=True)
    present = len(watched) - np.searchsorted(np.sort(watched), at, side="left")
    return at, np.asarray(np.cumprod(1.0 - came / present), dtype=np.float64)


def _reasons(
    exposed: pd.DataFrame, found: tuple[Flags, Floats], left: Floats, outcome: Outcome
) -> list[str]:
    asked, bad = found
    ended_badly, ended_well = _ENDED[outcome]
    known = np.where(bad == 1.0, ended_badly, ended_well)
    open_ = [
        f"{100 * share:.0f} % of the harm comes later than this"
        if share < _ALL
        else "the outcome is still open"
        for share in left
    ]
    then = np.where(np.isnan(bad), open_, known)
    then = np.where(asked, then, f"{bad_noun(outcome)} came before it")
    days: Ints = microseconds(exposed["time"]) // MICROS_A_DAY
    said = {int(one): day(np.datetime64(int(one), "D")) for one in np.unique(days)}
    return [f"met it on {said[int(one)]}; {what}" for one, what in zip(days, then, strict=True)]
