"""How often `offramp evaluate --since` raises a false alarm, and how often it sees what changed.

A model is trained on simulated customers; the later log is of other customers of the same world,
all times moved on by 28 weeks, as it is or with one thing changed. One row per kind of change: how
often each verdict was said. Run with ``python -m benchmarks.drift [customers] [trainings]
[laters]``.
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import pandas as pd

from benchmarks.record import goal, record
from journeys.definition_file import parse_definition
from journeys.log import event_log
from journeys.simulate import MAIN_JOURNEY, simulate
from models.bundle import Bundle
from training.drift import BROKEN, NOTHING, RETRAIN, WAIT
from training.later import examined
from training.train import train

CUSTOMERS, TRAININGS, LATERS = 6_000, 3, 10
MOVED_ON = pd.Timedelta(weeks=28)
SINCE = pd.Timestamp("2026-01-26", tz="UTC") + MOVED_ON
CHANGED_AT = pd.Timestamp("2026-03-03", tz="UTC") + MOVED_ON

Change = Callable[[pd.DataFrame, int], pd.DataFrame]


def main() -> None:
    """Train a few times, ask each model about many later logs, and record what was said."""
    given = [int(one) for one in sys.argv[1:]]
    customers, trainings, laters = (*given, *(CUSTOMERS, TRAININGS, LATERS)[len(given) :])
    said: dict[str, Counter[str]] = {name: Counter() for name in CHANGES}
    for training in range(trainings):
        bundle = trained_on(customers, seed=training)
        for later, (name, change) in product(range(laters), CHANGES.items()):
            drift = drift_after(bundle, change, customers, seed=1_000 * (training + 1) + later)
            said[name][str(drift["verdict"])] += 1
            print(training, later, name, drift["verdict"], drift["reasons"], flush=True)
    rows = [
        {"change": name, **{one: counts[one] for one in (NOTHING, WAIT, RETRAIN, BROKEN)}}
        for name, counts in said.items()
    ]
    asked = trainings * laters
    alarms = sum(said[name][verdict] for name in UNCHANGED for verdict in (RETRAIN, BROKEN))
    goals = [
        goal("unchanged worlds without an alarm, share", 0.9, 1 - alarms / (asked * 2)),
        goal("stopped channel seen, share", 1.0, said["a channel stops"][BROKEN] / asked),
        goal("changed rate seen, share", 0.9, said["more calls"][RETRAIN] / asked),
    ]
    print(record("drift", rows, goals, libraries=("numpy", "pandas", "lightgbm")))


def trained_on(customers: int, *, seed: int) -> Bundle:
    """Return a model of the world in which nothing is planted."""
    made = simulate("clean", customers=customers, seed=seed)
    definition = parse_definition(made.definitions[MAIN_JOURNEY], source="a benchmark")
    return train(event_log(made.events, definition), definition, seed=seed).bundle


def drift_after(
    bundle: Bundle, change: Change, customers: int, *, seed: int
) -> Mapping[str, object]:
    """Return the drift on other customers of the same world, moved on and then changed."""
    events = change(moved_on(simulate("clean", customers=customers, seed=seed).events), seed)
    found = examined(event_log(events, bundle.plan.definition), bundle, since=SINCE).drift
    return found or {"verdict": WAIT, "reasons": []}


def moved_on(events: pd.DataFrame) -> pd.DataFrame:
    """Return events half a year later, of customers who have other names."""
    return events.assign(
        time=events["time"] + MOVED_ON, customer_id="N" + events["customer_id"].astype(str)
    )


def nothing(events: pd.DataFrame, _seed: int) -> pd.DataFrame:
    """Change nothing."""
    return events


def new_version(events: pd.DataFrame, _seed: int) -> pd.DataFrame:
    """Give the last release a name that nobody has seen."""
    late = events["time"] >= CHANGED_AT
    versions = events["app_version"].astype(object)
    return events.assign(app_version=versions.where(~late | (versions != "8.2.0"), "9.0.0"))


def channel_stops(events: pd.DataFrame, _seed: int) -> pd.DataFrame:
    """Lose every event of the telephone menu from a day on."""
    lost = (events["channel"] == "ivr") & (events["time"] >= CHANGED_AT)
    kept: pd.DataFrame = events.loc[~lost].reset_index(drop=True)
    return kept


def more_calls(events: pd.DataFrame, seed: int, *, share: float = 0.2) -> pd.DataFrame:
    """Let one customer in five call within two days of an event of theirs since then."""
    rng = np.random.default_rng(seed)
    recent = events[(events["time"] >= SINCE)]
    chosen = recent.sample(frac=1.0, random_state=seed).drop_duplicates("customer_id")
    chosen = chosen.sample(frac=share, random_state=seed)
    delay = pd.to_timedelta(rng.uniform(0.5, 48.0, len(chosen)), unit="h")
    calls = chosen.assign(time=chosen["time"] + delay, activity="agent_call", channel="call_centre")
    calls = calls[calls["time"] <= events["time"].max()]
    both: pd.DataFrame = pd.concat([events, calls], ignore_index=True)
    return both


CHANGES: Mapping[str, Change] = {
    "nothing": nothing,
    "a version never seen": new_version,
    "a channel stops": channel_stops,
    "more calls": more_calls,
}
UNCHANGED = ("nothing", "a version never seen")

if __name__ == "__main__":
    main()
