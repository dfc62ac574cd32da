"""Symptoms: the behaviours through which a finding acts, such as failed uploads and retries.

Of the journeys exposed to a finding, what do customers do more often *after* the exposure than
matched journeys at the same step in the same weeks? A symptom is a consequence, never a condition.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from journeys.definition import Definition, Outcome
from journeys.find import last_row_until
from journeys.log import ACTIVITY, CHANNEL, EventLog
from models.draws import of_some_customers
from rootcause.exposure import (
    MICROS_A_DAY,
    STEP,
    Conditioned,
    Exposures,
    Flags,
    Floats,
    Ints,
    exposures_of,
)
from rootcause.findings import Findings
from rootcause.intervals import Z_95, customer_weights
from rootcause.matching import matched_weights
from rootcause.mediation import Followed, Share, bad_outcome_at, mediated, residual_of
from rootcause.wording import plain

_DRAWS = 200
_FEWEST_JOURNEYS = 20
_SMALLEST_SURPLUS = 0.02
_SMALLEST_RATIO = 1.2
_LARGEST_RATIO = 100.0
_MOST = 5
_FALSE_ALARM = 0.01
_WINDOW_DAYS = 7.0
_MOST_ACTIVITIES = 60
_MOST_COMPARED = 20_000


@dataclass(frozen=True)
class _Behaviour:
    """A kind of event by name and words, and which events of the log are of it."""

    name: str
    words: str
    events: Flags


@dataclass(frozen=True)
class _Compared:
    """Means per exposed and per matched journey, and draws of both: (draws, n_features)."""

    exposed: Floats
    matched: Floats
    exposed_draws: Floats
    matched_draws: Floats


def symptoms_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    finding: Conditioned,
    *,
    outcome: Outcome,
    exposures: Exposures | None = None,
) -> list[dict[str, object]]:
    """Return the behaviours raised after an exposure to a finding, the most raised first.

    Parameters
    ----------
    exposures : from `exposures_of` for this outcome; computed where not given

    Returns
    -------
    list of ``{"feature", "words", "ratio", "low", "high", "share", "share_low", "share_high"}``
        ``ratio``: mean count after the exposure (within a week, or the horizon of leakage) over
        that of matched journeys, with its 95 % interval over customers; at most five, each beyond
        chance although many were looked at. The outcome's own events are not among them.
        At most 20,000 of either are compared, of customers drawn evenly.
        ``share``: of the effect, what passes through this symptom (`rootcause.mediation`), None
        where there is no effect to share out. Symptoms overlap: shares do not add up.
    """
    if exposures is None:
        exposures = exposures_of(log, journeys, definition, outcome)
    window = _window(definition)
    exposed, pool = compared_in(exposures, finding, definition, ends=log.ended)
    if min(int(exposed.sum()), int(pool.sum())) < _FEWEST_JOURNEYS:
        return []
    weights = matched_weights(exposures, definition, finding.conditions, exposed=exposed, pool=pool)
    rows = np.flatnonzero(weights > 0)
    draws = customer_weights(exposures.lot[rows], draws=_DRAWS, seed=0)
    within = exposures.time[rows] + window
    behaviours = list(_behaviours(log, journeys, definition, outcome))
    after = _rows_after(log, exposures, rows, within)
    counts = np.column_stack([_count(one.events, after) for one in behaviours])
    raised = _raised(behaviours, _compare(counts, weights[rows], exposed[rows], draws))
    if not raised:
        return []
    known = ~np.isnan(exposures.bad[rows])
    followed = Followed(
        exposed[rows][known],
        weights[rows][known],
        residual_of(exposures, definition, finding.conditions, rows[known], exposed[rows][known]),
        np.vstack([np.ones(known.sum()), draws[:, known]]),
    )
    came = bad_outcome_at(log, journeys, definition, outcome, exposures, rows[known])
    before = _rows_after(log, exposures, rows[known], np.minimum(came - 1, within[known]))
    shares = [mediated(_count(one.events, before).astype(np.int64), followed) for one, _ in raised]
    return [said | _shared(share) for (_, said), share in zip(raised, shares, strict=True)]


def _shared(share: Share | None) -> dict[str, object]:
    if share is None:
        return {"share": None, "share_low": None, "share_high": None}
    return {"share": share.share, "share_low": share.low, "share_high": share.high}


def with_symptoms(
    findings: Findings, log: EventLog, journeys: pd.DataFrame, definition: Definition
) -> Findings:
    """Return the findings with the symptoms of each."""
    if not findings.findings:
        return findings
    outcome = findings.outcome
    exposures = exposures_of(log, journeys, definition, outcome)
    found = tuple(
        replace(
            one,
            symptoms=tuple(
                symptoms_of(log, journeys, definition, one, outcome=outcome, exposures=exposures)
            ),
        )
        for one in findings.findings
    )
    return replace(findings, findings=found)


def compared_in(
    exposures: Exposures, finding: Conditioned, definition: Definition, *, ends: int
) -> tuple[Flags, Flags]:
    """Return who was exposed and who is compared: of some customers, each of shape (n,).

    ``ends``: of the log, in microseconds since the epoch.
    """
    both = _compared_rows(exposures, finding, closed_by=ends - _window(definition))
    drawn = [
        of_some_customers(exposures.lot, rows, most_rows=_MOST_COMPARED, seed=0) for rows in both
    ]
    return drawn[0], drawn[1]


def _window(definition: Definition) -> int:
    """Return for how long behaviour is counted, in microseconds."""
    rule = definition.leakage
    within = rule.within if rule is not None else None
    days = within.total_seconds() / 86_400 if within is not None else _WINDOW_DAYS
    return round(days * MICROS_A_DAY)


def _compared_rows(
    exposures: Exposures, finding: Conditioned, *, closed_by: int
) -> tuple[Flags, Flags]:
    """Return who was exposed and who may be compared: at the step, since the onset, followed."""
    since = int(np.datetime64(finding.onset, "D").astype(np.int64))
    step = {name: value for name, value in finding.conditions.items() if name == STEP}
    here = exposures.meets(step) & (exposures.day >= since) & (exposures.time <= closed_by)
    met = exposures.meets(finding.conditions)
    return here & met, here & ~met


def _rows_after(log: EventLog, exposures: Exposures, rows: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return the customer's log rows [first, beyond) after each exposure, up to an instant."""
    row = exposures.row[rows]
    last = log.offsets[1:][exposures.customer[rows]] - 1
    until = last_row_until(log.times, row, last, np.maximum(end, exposures.time[rows]))
    return row + 1, until + 1


def _behaviours(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, outcome: Outcome
) -> Iterator[_Behaviour]:
    activity = log.events[ACTIVITY].cat.codes.to_numpy().astype(np.int64)
    names = log.events[ACTIVITY].cat.categories
    total = np.bincount(activity, minlength=len(names))
    theirs = np.bincount(activity, _own_events(log, definition, outcome), minlength=len(names))
    for code in np.argsort(-total, kind="stable")[:_MOST_ACTIVITIES]:
        if theirs[code] < total[code] / 2:
            name = str(names[code])
            yield _Behaviour(f"{name}_count", f"“{plain(name)}”", activity == code)
    repeated = _repeated(log, journeys, activity)
    yield _Behaviour("activity_repeat_count", "doing the same thing again", repeated)
    yield _Behaviour("channel_switch_count", "changing the channel", _switched(log))


def _own_events(log: EventLog, definition: Definition, outcome: Outcome) -> Flags:
    """Return which events are the outcome itself, or end the journey or the relationship.

    A contact is a symptom of churn and of failure, but is leakage itself.
    """
    keys = ["success", "failure", "churn", *(["leakage"] if outcome == "leakage" else [])]
    own = np.zeros(len(log), dtype=np.bool_)
    for key in keys:
        rule = definition.rules.get(key)
        if rule is not None:
            own |= rule.holds(log.events)
    return own


def _repeated(log: EventLog, journeys: pd.DataFrame, activity: Ints) -> Flags:
    """Return which events repeat an activity that their journey had seen."""
    first, last = journeys["first"].to_numpy(), journeys["last"].to_numpy()
    rows = np.arange(len(log))
    journey = np.searchsorted(first, rows, side="right") - 1
    inside = (journey >= 0) & (rows <= last[np.maximum(journey, 0)])
    key = journey * (int(activity.max()) + 1) + activity
    return np.asarray(inside & pd.Series(key).duplicated().to_numpy(), dtype=np.bool_)


def _switched(log: EventLog) -> Flags:
    channel = log.events[CHANNEL].cat.codes.to_numpy()
    switched = np.zeros(len(log), dtype=np.bool_)
    switched[1:] = (channel[1:] != channel[:-1]) & (channel[1:] >= 0) & (channel[:-1] >= 0)
    switched[1:] &= log.customers[1:] == log.customers[:-1]
    return switched


def _count(flags: Flags, after: tuple[Ints, Ints]) -> Floats:
    running = np.concatenate([[0], np.cumsum(flags)])
    return np.asarray(running[after[1]] - running[after[0]], dtype=np.float64)


def _compare(counts: Floats, weights: Floats, exposed: Flags, draws: Floats) -> _Compared:
    means = []
    for part in (exposed, ~exposed):
        some = 0.5 / int(part.sum())  # half a count, so that never is not nothing
        own, drawn = weights[part], draws[:, part] * weights[part]
        means.append((own @ counts[part]) / own.sum() + some)
        means.append((drawn @ counts[part]) / drawn.sum(axis=1)[:, None] + some)
    return _Compared(means[0], means[2], means[1], means[3])


def _raised(
    behaviours: list[_Behaviour], compared: _Compared
) -> list[tuple[_Behaviour, dict[str, object]]]:
    """Return the behaviours that are raised beyond chance, with their ratios."""
    log_ratio = np.log(compared.exposed / compared.matched)
    error = np.log(compared.exposed_draws / compared.matched_draws).std(axis=0)
    strict = float(-ndtri(_FALSE_ALARM / len(behaviours)))
    beyond = log_ratio - strict * error > 0
    beyond &= log_ratio > np.log(_SMALLEST_RATIO)
    beyond &= compared.exposed - compared.matched > _SMALLEST_SURPLUS
    order = np.argsort(-(log_ratio - Z_95 * error), kind="stable")
    return [
        (
            behaviours[place],
            {
                "feature": behaviours[place].name,
                "words": behaviours[place].words,
                "ratio": _shown(log_ratio[place]),
                "low": _shown(log_ratio[place] - Z_95 * error[place]),
                "high": _shown(log_ratio[place] + Z_95 * error[place]),
            },
        )
        for place in order
        if beyond[place]
    ][:_MOST]


def _shown(log_ratio: float) -> float:
    """Return a ratio of at most 100: where hardly anybody else shows it, more says nothing."""
    return round(min(float(np.exp(log_ratio)), _LARGEST_RATIO), 2)
