"""What happened in a world, as a table of events with the columns of a real log."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from benchmarks.cause_people import TECHNICAL, VALUES, Dice, Floats, Ints, People
from benchmarks.cause_plan import CASE, Plan
from benchmarks.cause_rates import Course

Flags = NDArray[np.bool_]

LOG_STARTS = np.datetime64("2026-01-05", "us")
_DAY = 86_400_000_000
_SYMPTOM = {"case": "manual_review", "event": "error_shown"}
_DONE = "completed"
_ENDS = {"success": "withdrawn", "leakage": "call", "churn": "account_closed"}
_WITHDRAWS = 0.4
_CALLS_AND_GOES_ON = 0.5
_USUAL, _EXPOSED, _HARMED = 0.02, 0.25, 0.95  # chance of an error


@dataclass(frozen=True)
class Happened:
    """What the dice said.

    ``bad``: whether the bad outcome follows each step; ``moments``: activity, whether it is one of
    the plan's steps (its number, else -1), the journeys it happened to, and the days.
    """

    bad: Flags
    moments: tuple[tuple[str, int, Ints, Floats], ...]
    errors: Flags


def happenings(plan: Plan, course: Course, hazard: Floats, at_work: Flags) -> Happened:
    """Roll the dice of every journey at every step."""
    dice = plan.dice("events")
    n, n_steps = hazard.shape
    draw = dice.random((n, n_steps))
    harm = draw < hazard
    stops = harm | (dice.random((n, n_steps)) >= course.goes_on)
    last = np.where(stops.any(axis=1), stops.argmax(axis=1), n_steps)
    ends_badly = harm[np.arange(n), np.minimum(last, n_steps - 1)] & (last < n_steps)
    steps = np.arange(n_steps)
    reaches = np.greater_equal.outer(last, steps)
    bad = ends_badly[:, None] & reaches
    errors: Flags = np.zeros((n, n_steps), dtype=np.bool_)
    if plan.kind == "symptoms":
        due = harm & (draw >= course.hazard)
        chance = np.where(at_work, np.where(due, _HARMED, _EXPOSED), _USUAL)
        errors = np.asarray(reaches & (dice.random((n, n_steps)) < chance))
    goes_on = np.zeros(n, dtype=np.bool_)
    if plan.outcome == "leakage":
        goes_on = ends_badly & (dice.random(n) < _CALLS_AND_GOES_ON)
    shown = reaches | goes_on[:, None]
    moments = [
        (name, step, np.flatnonzero(shown[:, step]), course.times[shown[:, step], step])
        for step, name in enumerate(plan.steps)
    ]
    moments += _consequences(plan, course, errors, dice)
    arrives = (last == n_steps) | goes_on
    moments.append((_DONE, -1, np.flatnonzero(arrives), course.times[arrives, -1]))
    moments.append(_end(plan, course, np.where(ends_badly, last, -1), dice))
    return Happened(bad, tuple(moments), np.asarray(errors.any(axis=1)))


def _consequences(
    plan: Plan, course: Course, errors: Flags, dice: Dice
) -> Iterator[tuple[str, int, Ints, Floats]]:
    """Yield the errors and the second tries that follow on a step before anything else does."""
    for step, name in enumerate(plan.steps):
        who = np.flatnonzero(errors[:, step])
        soon = course.times[who, step] + 0.02 * _gap(course, who, step)
        yield _SYMPTOM[plan.level], -1, who, soon
        again = who[dice.random(len(who)) < 0.6]
        yield name, -1, again, course.times[again, step] + 0.05 * _gap(course, again, step)


def _end(plan: Plan, course: Course, at: Ints, dice: Dice) -> tuple[str, int, Ints, Floats]:
    """Return the bad end as an event: of a drop-out not always, many just fall silent."""
    who = np.flatnonzero(at >= 0)
    if plan.outcome == "success":
        who = who[dice.random(len(who)) < _WITHDRAWS]
    step = at[who]
    wait = dice.uniform(0.1, 0.9, len(who)) * (
        course.times[who, step + 1] - course.times[who, step]
    )
    if plan.outcome == "churn":
        wait = dice.uniform(0.5, 14.0, len(who))
    return _ENDS[plan.outcome], -1, who, course.times[who, step] + wait


def _gap(course: Course, who: Ints, step: int) -> Floats:
    return np.asarray(course.times[who, step + 1] - course.times[who, step])


def table_of(plan: Plan, people: People, happened: Happened) -> tuple[pd.DataFrame, Ints, Ints]:
    """Return events in the order of (customer, time), and the journey and step of each."""
    journey = np.concatenate([who for _, _, who, _ in happened.moments])
    days = np.concatenate([days for *_, days in happened.moments])
    sizes = [len(who) for _, _, who, _ in happened.moments]
    activities = sorted({name for name, *_ in happened.moments})
    activity = np.repeat([activities.index(name) for name, *_ in happened.moments], sizes)
    step = np.repeat([number for _, number, *_ in happened.moments], sizes)
    time = np.floor(days * _DAY).astype(np.int64)
    kept = np.flatnonzero(days < plan.days)
    # In a log of cases nobody can see that two cases are one customer's.
    key = np.arange(len(people)) if plan.level == CASE else people.customer
    order = kept[np.lexsort((time[kept], key[journey[kept]]))]
    journey, step, activity = journey[order], step[order], activity[order]
    columns = {
        "customer_id": _keys(key[journey]),
        "time": pd.Series(LOG_STARTS + time[order].astype("timedelta64[us]")).dt.tz_localize("UTC"),
        "activity": pd.Categorical.from_codes(activity, categories=pd.Index(activities)),
        "channel": _channel(activity == _place("call", activities)),
    }
    columns |= {
        name: pd.Categorical.from_codes(codes[journey], categories=pd.Index(VALUES[name]))
        for name, codes in people.codes.items()
    }
    columns["amount"] = people.amount[journey]
    if plan.kind == "symptoms":  # what the fault did, in columns that the definition leaves alone
        failed = happened.errors[journey]
        columns |= {"error_code": np.where(failed, "E42", "none"), "retries": failed.astype(int)}
    return pd.DataFrame(columns), journey, step


def _place(name: str, activities: list[str]) -> int:
    return activities.index(name) if name in activities else -1


def _keys(customer: Ints) -> "pd.Categorical[str]":
    present, codes = np.unique(customer, return_inverse=True)
    return pd.Categorical.from_codes(codes, categories=pd.Index([f"c{one:07d}" for one in present]))


def _channel(calls: Flags) -> "pd.Categorical[str]":
    return pd.Categorical.from_codes(
        calls.astype(np.int8), categories=pd.Index(["digital", "call_centre"])
    )


def definition_of(plan: Plan, people: People) -> str:
    """Return the definition as YAML: a log of cases has no start rule."""
    technical = [name for name in people.codes if name in TECHNICAL]
    attributes: dict[str, list[str]] = {
        "context": [name for name in people.codes if name not in TECHNICAL],
        "technical": technical,
    }
    if plan.kind == "numeric" or plan.dice("amount").random() < 0.3:
        attributes["numeric"] = ["amount"]
    rules: dict[str, object] = {"success": {"activity": _DONE, "within": "10d"}}
    if plan.outcome == "success":
        rules["failure"] = {"activity": "withdrawn"}
    if plan.outcome == "leakage":
        rules["leakage"] = {"channel": "call_centre", "within": "7d"}
    if plan.outcome == "churn":
        rules["churn"] = {"activity": "account_closed", "within": "30d"}
    start = {} if plan.level == CASE else {"start": {"activity": plan.steps[0]}}
    name = {"name": f"world_{plan.seed}"}
    written = {**name, **start, **rules, "abandoned_after": "6d", "attributes": attributes}
    return str(yaml.safe_dump(written, sort_keys=False))
