"""How soon the sentinel warns of a bad release, and how often it warns of nothing.

False alarms are counted over the whole history of simulated logs in which nothing is wrong, as if
one had looked at the end of every block of every day while each new version was young, and once
more by really cutting logs at many days of a month. Time to detection is that of the bug in iOS
8.2.0, of a fault of all of iOS that begins on the day of its release, and of one of everybody.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from statistics import median

import numpy as np
import pandas as pd
from scipy.stats import chi2

from benchmarks.record import goal, limit, record
from journeys.definition import Definition, Outcome
from journeys.definition_file import parse_definition
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from journeys.simulate import MAIN_JOURNEY, Simulation, simulate
from models.threads import one_thread
from rootcause.early import EarlyWarning
from rootcause.exposure import exposures_of
from rootcause.intervals import rate_interval
from rootcause.sentinel import alarms, early_warnings, watch_length, widest
from rootcause.sentinel_values import young_values

OUTCOME: Outcome = "leakage"
FIRST_SEED = 500
RELEASE = pd.Timestamp("2026-03-03", tz="UTC")
HISTORY_DAYS = 14
CUTS_AFTER_DAYS = (1, 2, 3, 4, 5, 7, 10)
VERSION = {"activity": "document_upload", "os": "iOS", "app_version": "8.2.0"}
OS = {"activity": "document_upload", "os": "iOS"}
EVERYBODY = {"activity": "document_upload"}

Row = dict[str, object]


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--worlds", type=int, default=8, help="worlds of each kind")
    asked.add_argument("--customers", type=int, default=10_000)
    asked.add_argument("--large", type=int, default=40_000, help="customers of the larger worlds")
    chosen = asked.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + chosen.worlds)
    with one_thread():
        rows = [
            *(false_alarms(name, chosen.customers, seeds) for name in ("clean", "confounded")),
            false_alarms("clean", chosen.large, seeds[: max(1, len(seeds) // 4)]),
            as_of_many_days(chosen.customers, seeds[: max(1, len(seeds) // 4)]),
            detected("iOS 8.2.0", chosen.customers, seeds, bad_release, VERSION),
            detected("iOS 8.2.0", chosen.large, seeds[: len(seeds) // 2], bad_release, VERSION),
            detected("all of iOS", chosen.customers, seeds[: len(seeds) // 2], bad_os, OS),
            detected("everybody", chosen.customers, seeds[: len(seeds) // 2], bad_all, EVERYBODY),
        ]
    path = record("sentinel", rows, goals(rows), libraries=["lightgbm", "numpy", "scipy"])
    print(path.with_suffix(".md").read_text())


def false_alarms(scenario: str, customers: int, seeds: Sequence[int]) -> Row:
    """Return how many warnings there were in months in which nothing was wrong."""
    warned, months, watched, spent = 0, 0.0, 0, 0.0
    for seed in seeds:
        log, definition = read(simulated(scenario, customers, seed).events)
        exposures = exposures_of(log, find_journeys(log, definition), definition, OUTCOME)
        values = young_values(exposures, definition)
        window = watch_length(definition, OUTCOME)
        raised = widest(alarms(log, exposures, definition, values, window=window))
        about = {tuple(alarm.conditions(exposures).items())[1:] for alarm in raised}
        warned += len(about)
        watched += len(values)
        spent += sum(value.share for value in values)
        months += (np.ptp(log.times) / 86_400e6 - HISTORY_DAYS) / 30
    low, high = _poisson_interval(warned)
    return {
        "what": f"false alarms, {scenario}",
        "customers": customers,
        "worlds": len(seeds),
        "new_values": watched,
        "months": round(months, 1),
        "false_alarms": warned,
        "a_month": warned / months,
        "a_month_low": low / months,
        "a_month_high": high / months,
        "budget_a_month": 1.0,
        "budget_spent_a_month": spent / months,
    }


def as_of_many_days(customers: int, seeds: Sequence[int]) -> Row:
    """Return in how many clean logs, cut at every other day after a release, there is a warning."""
    asked = warned = 0
    for seed in seeds:
        events = simulated("clean", customers, seed).events
        for days in range(1, 31, 2):
            asked += 1
            warned += bool(warnings_as_of(events, RELEASE + pd.Timedelta(days=days)))
    return {
        "what": "cut at 15 days of a month, clean",
        "customers": customers,
        "worlds": len(seeds),
        "logs": asked,
        "with_a_warning": warned,
    }


def detected(
    what: str,
    customers: int,
    seeds: Sequence[int],
    planted: Callable[[int, int], pd.DataFrame],
    conditions: Mapping[str, str],
) -> Row:
    """Return when a fault is noticed in logs that are really cut, and what is then warned of."""
    hours, exact, other = [], 0, 0
    by_day = dict.fromkeys(CUTS_AFTER_DAYS, 0)
    for seed in seeds:
        events = planted(customers, seed)
        found: list[EarlyWarning] = []
        for days in CUTS_AFTER_DAYS:
            told = warnings_as_of(events, RELEASE + pd.Timedelta(days=days))
            found = [one for one in told if one.conditions == conditions]
            by_day[days] += bool(found)
        hours += [found[0].hours_to_notice] if found else []
        exact += bool(found)
        other += sum(one.conditions != conditions for one in told)
    share, low, high = (float(each) for each in rate_interval(exact, len(seeds)))
    return {
        "what": f"detected, {what}",
        "customers": customers,
        "worlds": len(seeds),
        "named_exactly": share,
        "named_low": low,
        "named_high": high,
        "other_warnings": other,
        "hours_to_notice": median(hours) if hours else None,
        "hours_least": min(hours, default=None),
        "hours_most": max(hours, default=None),
        **{f"after_{days}_days": by_day[days] / len(seeds) for days in CUTS_AFTER_DAYS},
    }


def warnings_as_of(events: pd.DataFrame, at: pd.Timestamp) -> tuple[EarlyWarning, ...]:
    """Return what `offramp findings` would warn of in a log that ends at an instant."""
    log, definition = read(events[events["time"] <= at])
    return early_warnings(log, find_journeys(log, definition), definition, OUTCOME)


def bad_release(customers: int, seed: int) -> pd.DataFrame:
    """Return the events of a world in which uploads on iOS 8.2.0 often fail."""
    return simulated("ios_upload_bug", customers, seed).events


def bad_os(customers: int, seed: int) -> pd.DataFrame:
    """Return the events of a clean world in which uploads on all of iOS begin to fail."""
    events = simulated("clean", customers, seed).events
    return with_failures(events, events["os"] == "iOS", seed=seed)


def bad_all(customers: int, seed: int) -> pd.DataFrame:
    """Return the events of a clean world in which everybody's uploads begin to fail."""
    events = simulated("clean", customers, seed).events
    return with_failures(events, events["os"].notna(), seed=seed)


def with_failures(
    events: pd.DataFrame, whose: pd.Series, *, seed: int, share: float = 0.4
) -> pd.DataFrame:
    """Return the events with a failed upload, before any answer, after some since the release."""
    uploads = (events["activity"] == "document_upload") & whose & (events["time"] >= RELEASE)
    drawn = np.random.default_rng(seed).random(len(events)) < share
    failed = events[uploads & drawn].assign(activity="upload_failed")
    failed["time"] += pd.Timedelta(seconds=1)
    both: pd.DataFrame = pd.concat([events, failed], ignore_index=True)
    return both


@cache
def simulated(scenario: str, customers: int, seed: int) -> Simulation:
    """Return a simulated world, made once."""
    return simulate(scenario, customers=customers, seed=seed)


def read(events: pd.DataFrame) -> tuple[EventLog, Definition]:
    """Return the log and the definition of its main journey."""
    text = simulate("clean", customers=1, seed=0).definitions[MAIN_JOURNEY]
    definition = parse_definition(text, source="a benchmark")
    return event_log(events, definition), definition


def goals(rows: Sequence[Row]) -> list[Row]:
    """Return what was hoped for, and whether it came true."""
    clean = [row for row in rows if "false_alarms" in row]
    months = sum(float(str(row["months"])) for row in clean)
    false = sum(int(str(row["false_alarms"])) for row in clean)
    bug = next(row for row in rows if row["what"] == "detected, iOS 8.2.0")
    wider = [row for row in rows if row["what"] in ("detected, all of iOS", "detected, everybody")]
    return [
        limit("false alarms a month", 1.0, false / months),
        limit("the same, upper end of 95 %", 1.0, _poisson_interval(false)[1] / months),
        goal("bad release named exactly within 10 days", 0.9, float(str(bug["named_exactly"]))),
        limit("hours to notice a bad release, median", 168.0, float(str(bug["hours_to_notice"]))),
        *(goal(f"{row['what']}: named so", 0.8, float(str(row["named_exactly"]))) for row in wider),
    ]


def _poisson_interval(count: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson mean (Garwood 1936)."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(0.975, 2 * count + 2) / 2)


if __name__ == "__main__":
    main()
