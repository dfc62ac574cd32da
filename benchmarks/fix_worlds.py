"""Worlds with a fault that is fixed, or not: small event logs that are quick to draw.

Journeys start, upload a document and are done; some call. Days differ in how many come and how
readily they call, weekdays too; both grow. OS, region, product and partner move the rate and are
correlated; a customer comes back now and then, and calls alike. A fault adds calls for those who
meet its conditions. Every draw but the fault's own is the same with it and without it, so that it
is known of every journey whether the fault made it call.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition, Outcome

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.str_]
Kind = Literal["release", "superseded", "partner", "region"]

START = pd.Timestamp("2026-01-05", tz="UTC")
STEP = "upload"
OUTCOME: Outcome = "leakage"
HORIZON = 7.0

_WEEK = np.array([1.15, 1.1, 1.0, 1.0, 0.95, 0.7, 0.6])
_BUSY_SPREAD, _MOOD_SPREAD, _CALLER_SPREAD = 0.16, 0.14, 0.5
_OLD, _NEW, _NEXT = "8.1.0", "8.2.0", "8.2.1"

DEFINITION = Definition.from_dict(
    {
        "name": "loan",
        "start": {"activity": "started"},
        "success": {"activity": "done", "within": "30d"},
        "abandoned_after": "14d",
        "leakage": {"activity": "call", "within": "7d"},
        "milestones": ["started", STEP, "done"],
        "attributes": {
            "context": ["region", "product", "partner"],
            "technical": ["os", "app_version"],
        },
        "values": {"success": 900, "contact": 7.5, "currency": "EUR"},
    }
)


@dataclass(frozen=True)
class FixPlan:
    """A world to be drawn; days are counted from `START`.

    ``kind``: *release*, a fault of iOS 8.2.0 from its birth on; *superseded*, the same, and with
    the fix comes iOS 8.2.1; *partner*, *region*: a fault in what was there before. ``left``: the
    share of the fault that is left after ``fixed``, 1 where nothing was fixed. ``harm``: the
    probability that the fault makes an exposed journey call that would not have.
    """

    kind: Kind
    a_day: float
    harm: float
    onset: int
    fixed: int
    days: int
    left: float
    seed: int

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions of the fault, with its step."""
        if self.kind == "partner":
            return {"activity": STEP, "partner": "broker"}
        if self.kind == "region":
            return {"activity": STEP, "region": "south", "os": "Android"}
        return {"activity": STEP, "os": "iOS", "app_version": _NEW}


@dataclass(frozen=True)
class FixWorld:
    """Events, and what only the world knows, one entry per journey.

    ``uploaded``: day of the upload; ``meets``: the fault, or after a newer version took over that
    one; ``effect``: additional probability of a call because of the fault, whether or not it came;
    ``harmed``: the fault made it call.
    """

    plan: FixPlan
    events: pd.DataFrame
    uploaded: Floats
    meets: Flags
    effect: Floats
    harmed: Flags

    def until(self, day: float) -> pd.DataFrame:
        """Return the events that were known on a day."""
        return self.events[self.events["time"] < date(day)]


def date(day: float) -> pd.Timestamp:
    """Return a day of the world as an instant."""
    return START + pd.Timedelta(days=day)


def fix_world(plan: FixPlan) -> FixWorld:
    """Draw a world; the same plan gives the same one."""
    rng = np.random.default_rng([plan.seed, 29])
    started = _starts(plan, rng)
    size = len(started)
    customer = _customers(started, rng)
    uploaded = started + rng.gamma(2.0, 0.5, size)
    people = _people(plan, customer, uploaded, rng)
    usual = _usual(plan, people, customer, uploaded, rng)
    meets, at_work = _fault(plan, people, uploaded)
    draws, fault_draws = rng.random(size), rng.random(size)
    calls = draws < usual
    harmed = ~calls & (fault_draws < at_work)
    called = uploaded + np.minimum(rng.exponential(1.3, size), HORIZON - 0.01)
    finishes = rng.random(size) < 0.8 - 0.25 * (calls | harmed)
    done = np.maximum(uploaded, called) + rng.exponential(2.0, size)
    moments = [
        (np.ones(size, dtype=np.bool_), started, "started", "app"),
        (np.ones(size, dtype=np.bool_), uploaded, STEP, "app"),
        (calls | harmed, called, "call", "call_centre"),
        (finishes, done, "done", "app"),
    ]
    events = _events(plan, moments, people, customer)
    return FixWorld(plan, events, uploaded, meets, (1.0 - usual) * at_work, harmed)


def _starts(plan: FixPlan, rng: np.random.Generator) -> Floats:
    days = np.arange(plan.days)
    busy = plan.a_day * _WEEK[days % 7] * (1.0 + 0.3 * days / plan.days)
    busy *= np.exp(_BUSY_SPREAD * rng.standard_normal(plan.days))
    counts = rng.poisson(busy)
    return np.sort(np.repeat(days, counts) + rng.random(counts.sum()))


def _customers(started: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return whose each journey is: one in ten comes back after thirty days or more."""
    customer = np.arange(len(started))
    earlier = np.searchsorted(started, started - 30.0)
    back = (rng.random(len(started)) < 0.1) & (earlier > 0)
    customer[back] = (rng.random(int(back.sum())) * earlier[back]).astype(np.int64)
    return customer


def _people(
    plan: FixPlan, customer: NDArray[np.int64], at: Floats, rng: np.random.Generator
) -> dict[str, Texts]:
    size = len(at)
    traits = rng.random((4, size))[:, customer]
    ios = traits[0] < 0.55
    partner = np.where(rng.random(size) < np.where(ios, 0.15, 0.3), "broker", "direct")
    region = np.array(["north", "south", "west"])[
        np.searchsorted([0.35, 0.7], np.clip(traits[1] + 0.1 * ios, 0.0, 0.999), side="right")
    ]
    product = np.array(["fixed", "variable", "bridge"])[
        np.searchsorted([0.5, 0.85], rng.random(size), side="right")
    ]
    version = np.full(size, _OLD)
    version[at >= plan.onset + _lag(traits[2], 2.5)] = _NEW
    if plan.kind == "superseded":
        version[ios & (at >= plan.fixed + _lag(traits[3], 2.5))] = _NEXT
    return {
        "region": region,
        "product": product,
        "partner": partner,
        "os": np.where(ios, "iOS", "Android"),
        "app_version": version,
    }


def _lag(draws: Floats, mean: float) -> Floats:
    """Return after how many days each has a release: most within days, one in eight never."""
    return np.where(draws < 0.12, np.inf, -mean * np.log1p(-np.clip(draws - 0.12, 0, 0.87) / 0.88))


def _usual(
    plan: FixPlan,
    people: dict[str, Texts],
    customer: NDArray[np.int64],
    at: Floats,
    rng: np.random.Generator,
) -> Floats:
    mood = _MOOD_SPREAD * rng.standard_normal(plan.days + 60) + 0.1 * np.sin(
        2 * np.pi * np.arange(plan.days + 60) / 7
    )
    caller = _CALLER_SPREAD * rng.standard_normal(len(at))[customer]
    logit = -2.2 + mood[np.floor(at).astype(np.int64)] + caller + 0.2 * at / plan.days
    logit += 0.35 * (people["os"] == "iOS") + 0.3 * (people["region"] == "south")
    logit += 0.5 * (people["product"] == "bridge") + 0.25 * (people["partner"] == "broker")
    return np.asarray(1.0 / (1.0 + np.exp(-logit)))


def _fault(plan: FixPlan, people: dict[str, Texts], at: Floats) -> tuple[Flags, Floats]:
    """Return who meets the fault, and the probability that it makes each of them call."""
    meets = at >= plan.onset
    for name, value in plan.conditions.items():
        if name != "activity":
            meets = meets & (people[name] == value)
    share = np.where(at >= plan.fixed, plan.left, 1.0)
    if plan.kind == "superseded":
        newer = (people["os"] == "iOS") & (people["app_version"] == _NEXT)
        share = np.where(newer, plan.left, 1.0)
        meets = np.where(at >= plan.fixed, newer, meets)
        old = (people["os"] == "iOS") & (people["app_version"] == _NEW) & (at >= plan.onset)
        return meets, plan.harm * share * (meets | old)
    return meets, plan.harm * share * meets


def _events(
    plan: FixPlan,
    moments: list[tuple[Flags, Floats, str, str]],
    people: dict[str, Texts],
    customer: NDArray[np.int64],
) -> pd.DataFrame:
    rows = np.concatenate([np.flatnonzero(here) for here, *_ in moments])
    times = np.concatenate([when[here] for here, when, *_ in moments])
    counts = [int(here.sum()) for here, *_ in moments]
    frame = pd.DataFrame(
        {
            "customer_id": customer[rows],
            "time": START + pd.to_timedelta(np.floor(times * 86_400_000), unit="ms"),
            "activity": np.repeat([name for *_, name, _ in moments], counts),
            "channel": np.repeat([channel for *_, channel in moments], counts),
            **{name: pd.Categorical(values[rows]) for name, values in people.items()},
        }
    )
    return frame[times < plan.days].reset_index(drop=True)
