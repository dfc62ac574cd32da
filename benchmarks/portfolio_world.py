"""A hand-made world that stands still: customers alike in themselves, several journeys each.

Each customer has a temper that makes all their journeys slower, more likely to fail and to call.
Nothing changes over time but weekdays and the luck of the day, so what is true of the journeys that
begin in one month is true of those of any other, and whoever waits knows it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import EventLog, event_log

Floats = NDArray[np.float64]

START = pd.Timestamp("2025-01-06", tz="UTC")
MOST_JOURNEYS = 6
_WEEKDAYS = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.7, 0.6])

DEFINITION = Definition.from_dict(
    {
        "name": "order",
        "start": {"activity": "started"},
        "success": {"activity": "done", "within": "30d"},
        "failure": {"activity": "withdrawn"},
        "abandoned_after": "10d",
        "leakage": {"channel": "call_centre", "within": "7d"},
        "milestones": ["started", "uploaded", "done"],
        "attributes": {"context": ["region"]},
    }
)


@dataclass(frozen=True)
class StillWorld:
    """The log as it would be once everything is known."""

    frame: pd.DataFrame

    def until(self, day: float) -> tuple[EventLog, pd.DataFrame]:
        """Return the log and its journeys as known so many days after the start."""
        known = self.frame[self.frame["time"] < START + pd.Timedelta(days=day)]
        log = event_log(known, DEFINITION)
        return log, find_journeys(log, DEFINITION)


def still_world(customers: int, *, days: int, seed: int, mood: float = 0.0) -> StillWorld:
    """Return a world of so many days; ``mood``: how much days differ, in logits."""
    rng = np.random.default_rng(seed)
    temper = rng.normal(size=customers)
    region = np.where(rng.random(customers) < 0.4 + 0.2 * (temper > 0), "north", "south")
    moods = mood * rng.normal(size=2 * days + 200)
    now = rng.exponential(40.0, customers)
    parts: list[tuple[str, str, NDArray[np.int64], Floats]] = []
    for _ in range(MOST_JOURNEYS):
        now = _onto_weekdays(now, rng)
        who = np.flatnonzero(now < days)
        ends, lived = _journey(who, now[who], temper[who], moods, rng)
        parts += lived
        now[who] = ends + 11.0 + rng.exponential(50.0, len(who))
    return StillWorld(_frame(parts, region))


def _journey(
    who: NDArray[np.int64], start: Floats, temper: Floats, moods: Floats, rng: np.random.Generator
) -> tuple[Floats, list[tuple[str, str, NDArray[np.int64], Floats]]]:
    """Return when each journey ends, and what happened: activity, channel, who and when."""
    n = len(who)
    mood = moods[start.astype(np.int64)]
    upload = start + 2.0 * np.exp(0.5 * rng.normal(size=n))
    goes_on = rng.random(n) < _chance(1.6 - 0.7 * temper)
    done = upload + 9.0 * np.exp(0.3 * temper + 0.35 * rng.normal(size=n))
    wins = goes_on & (done - upload < 10.0) & (rng.random(n) < 0.9)
    withdraws = ~wins & (rng.random(n) < 0.3)
    gone = upload + rng.uniform(0.1, 6.0, n)
    calls = rng.random(n) < _chance(-1.8 + 0.8 * temper + mood)
    call = start + rng.exponential(3.0, n)
    calls &= call < np.where(wins, done, np.where(withdraws, gone, upload + 10.0))
    again = calls & (rng.random(n) < 0.35)
    second = call + rng.exponential(4.0, n)
    switches = rng.random(n) < 0.3
    lived = [
        ("started", "app", who, start),
        ("uploaded", "web", who[switches], upload[switches]),
        ("uploaded", "app", who[~switches], upload[~switches]),
        ("done", "email", who[wins], done[wins]),
        ("withdrawn", "app", who[withdraws], gone[withdraws]),
        ("agent_call", "call_centre", who[calls], call[calls]),
        ("agent_call", "call_centre", who[again], second[again]),
    ]
    last = np.maximum(np.where(calls, call, 0.0), np.where(again, second, 0.0))
    return np.maximum(last, np.where(wins, done, upload + 10.0)), lived


def _onto_weekdays(times: Floats, rng: np.random.Generator) -> Floats:
    """Move some starts to the next day, so that weekdays differ."""
    weekday = np.floor(times).astype(np.int64) % 7
    moved = rng.random(len(times)) > _WEEKDAYS[weekday] / _WEEKDAYS.max()
    return np.asarray(times + moved, dtype=np.float64)


def _chance(logit: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)


def _frame(
    parts: list[tuple[str, str, NDArray[np.int64], Floats]], region: NDArray[np.str_]
) -> pd.DataFrame:
    who = np.concatenate([part[2] for part in parts])
    days = np.concatenate([part[3] for part in parts])
    sizes = [len(part[2]) for part in parts]
    return pd.DataFrame(
        {
            "customer_id": who,
            "time": START + pd.to_timedelta((days * 86_400e6).astype(np.int64), unit="us"),
            "activity": np.repeat([part[0] for part in parts], sizes),
            "channel": np.repeat([part[1] for part in parts], sizes),
            "region": region[who],
        }
    )


def true_values(*, customers: int, days: int, period: int) -> dict[str, float]:
    """Return the KPIs of a very large world by plain counting, long after all has ended.

    Of the journeys that began in the last two periods before ``days``.
    """
    log, found = still_world(customers, days=days + 80, seed=1).until(days + 80)
    ends = START + pd.Timedelta(days=days)
    begun = found["start"].between(ends - pd.Timedelta(days=2 * period), ends, inclusive="left")
    journeys = found[begun].reset_index(drop=True)
    events = log.events.assign(customer=log.customers)
    calls = events.loc[events["activity"] == "agent_call", ["customer", "time"]]
    starts = events.loc[events["activity"] == "started", ["customer", "time"]]
    week = pd.Timedelta(days=7)
    won = journeys["state"] == "success"
    called = _next(calls, journeys["customer"], journeys["start"])
    called_inside = called <= journeys["end"]
    first = called[called_inside]
    second = _next(calls, journeys["customer"][called_inside], first + pd.Timedelta(hours=1))
    again = _next(pd.concat([calls, starts]), journeys["customer"], journeys["end"])
    lasted = (journeys["end"] - journeys["start"]).dt.total_seconds() / 86_400
    parts = {
        "completion": float(won.mean()),
        "leakage": float((called - journeys["start"] <= week).mean()),
        "elapsed_days": float(lasted[won].median()),
    }
    return parts | {
        "abandonment": float((journeys["state"] == "abandoned").mean()),
        "containment": float(1.0 - called_inside.mean()),
        "repeats": float((again - journeys["end"] <= week).mean()),
        "first_contact_resolution": float(1.0 - (second - first <= week).mean()),
        "channel_switches": _switches(events, journeys),
        "score": 100 * (0.5 * parts["completion"] + 0.375 * (1 - parts["leakage"]))
        + 12.5 * (1 - parts["elapsed_days"] / 30),
    }


def _next(events: pd.DataFrame, customer: pd.Series, after: pd.Series) -> pd.Series:
    """Return the time of each customer's next event after an instant, NaT for none."""
    asked = pd.DataFrame({"customer": customer, "time": after}).sort_values("time")
    told = events.sort_values("time").assign(found=lambda one: one["time"])
    joined = pd.merge_asof(
        asked.reset_index(), told, on="time", by="customer", direction="forward",
        allow_exact_matches=False,
    )  # fmt: skip
    return joined.set_index("index")["found"].reindex(customer.index)


def _switches(events: pd.DataFrame, journeys: pd.DataFrame) -> float:
    own = events[
        events["channel"].isin(["app", "call_centre"])
    ]  # where journeys begin, or contacts
    inside = [own.loc[first:last, "channel"] for first, last in _spans(journeys)]
    changes = [int((one.astype(str).shift() != one.astype(str)).sum()) - 1 for one in inside]
    return float(np.mean(changes))


def _spans(journeys: pd.DataFrame) -> list[tuple[int, int]]:
    some = journeys.iloc[:8_000]
    return list(zip(some["first"], some["last"], strict=True))
