"""Whether the portfolio's intervals hold what they promise, and the alarms their budget.

Coverage: on worlds that stand still, how often the 95 % interval of each KPI holds what is true of
them, with journeys in flight and several journeys a customer; and on simulated banks, how often it
holds what the same log says of the period's journeys 60 days later, beside counting naively.
Alarms: how many a month where nothing changes, and on `clean` worlds, in which a campaign, holidays
and a step change for everybody are real changes of a KPI; and how soon the bug is noticed.
"""

import argparse
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from benchmarks.portfolio_world import DEFINITION, StillWorld, still_world, true_values
from benchmarks.record import goal, limit, record
from benchmarks.sentinel import _poisson_interval, simulated
from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from journeys.simulate import MAIN_JOURNEY
from rootcause.band import watched
from rootcause.band_cells import steps_of
from rootcause.band_expected import GAP_DAYS, LEARN_FROM
from rootcause.intervals import rate_interval
from rootcause.kpi import JourneyKpis
from rootcause.kpi_seen import MICROS_A_DAY, seen_by
from rootcause.portfolio import kpis_of

FIRST_SEED = 7_000  # developed on seeds below 100
BUDGET = 0.5
DAYS, PERIOD = 150, 28
HINDSIGHT = pd.Timestamp("2026-02-25", tz="UTC")
ONSET = "2026-03-03"
STEP = "document_upload"
# what does change in `clean`: the step change, the holidays, the campaign's beginning and end
REAL = ("2025-12-08", "2025-12-24", "2026-01-12", "2026-02-09")
NEAR_DAYS = 10

Row = dict[str, object]


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--still", type=int, default=300, help="worlds that stand still")
    asked.add_argument("--worlds", type=int, default=20, help="simulated banks of each kind")
    asked.add_argument("--customers", type=int, default=5_000)
    asked.add_argument("--large", type=int, default=15_000, help="customers of the larger banks")
    chosen = asked.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + chosen.worlds)
    rows = [
        *coverage(range(FIRST_SEED, FIRST_SEED + chosen.still)),
        hindsight(chosen.customers, seeds),
        alarms_where_nothing_changes(range(FIRST_SEED, FIRST_SEED + max(1, chosen.still // 10))),
        alarms_on_clean(chosen.customers, seeds),
        delay(chosen.customers, seeds),
        delay(chosen.large, seeds[: max(1, len(seeds) // 2)]),
    ]
    path = record("portfolio", rows, goals(rows), libraries=["numpy", "pandas", "scipy"])
    print(path.with_suffix(".md").read_text())


def coverage(seeds: Sequence[int]) -> Iterator[Row]:
    """Yield per KPI how often its interval, and that of its change, holds the truth."""
    truth = true_values(customers=40_000, days=DAYS, period=PERIOD)
    hits = dict.fromkeys(truth, 0)
    still = dict.fromkeys(truth, 0)
    for seed in seeds:
        found = measured(still_world(800, days=DAYS, seed=seed), DAYS)
        for name, true in truth.items():
            kpi = found.kpi(name)
            assert kpi is not None
            assert kpi.now.low is not None
            assert kpi.now.high is not None
            assert kpi.change is not None
            hits[name] += kpi.now.low <= true <= kpi.now.high
            still[name] += kpi.change[1] <= 0.0 <= kpi.change[2]
    for name, true in truth.items():
        share, low, high = (float(one) for one in rate_interval(hits[name], len(seeds)))
        yield {
            "what": f"coverage, {name}",
            "worlds": len(seeds),
            "truth": true,
            "coverage": share,
            "low": low,
            "high": high,
            "coverage_of_the_change": still[name] / len(seeds),
        }


def measured(world: StillWorld, day: float) -> JourneyKpis:
    """Return the KPIs of a world as known on a day."""
    log, journeys = world.until(day)
    return kpis_of(log, journeys, DEFINITION, days=PERIOD)


def hindsight(customers: int, seeds: Sequence[int]) -> Row:
    """Return how often completion's interval holds what became of the period's journeys."""
    held = naive_held = 0
    off, naive_off = [], []
    for seed in seeds:
        log, definition = bank("clean", customers, seed)
        journeys = find_journeys(log, definition)
        known = kpis_of(log, journeys, definition, until=HINDSIGHT, days=PERIOD)
        kpi = known.kpi("completion")
        assert kpi is not None
        assert kpi.now.value is not None
        assert kpi.now.low is not None
        assert kpi.now.high is not None
        begun = journeys["start"].between(HINDSIGHT - pd.Timedelta(days=PERIOD), HINDSIGHT)
        later = float((journeys.loc[begun, "state"] == "success").mean())
        won = begun & (journeys["state"] == "success") & (journeys["end"] <= HINDSIGHT)
        naive, low, high = (float(one) for one in rate_interval(int(won.sum()), int(begun.sum())))
        held += kpi.now.low <= later <= kpi.now.high
        naive_held += low <= later <= high
        off.append(kpi.now.value - later)
        naive_off.append(naive - later)
    return {
        "what": "completion as seen 60 days later, clean",
        "worlds": len(seeds),
        "customers": customers,
        "coverage": held / len(seeds),
        "naive_coverage": naive_held / len(seeds),
        "mean_error": float(np.mean(off)),
        "naive_mean_error": float(np.mean(naive_off)),
    }


def alarms_where_nothing_changes(seeds: Sequence[int]) -> Row:
    """Return the alarms of long worlds that stand still but for the luck of the day."""
    raised, months = 0, 0.0
    for seed in seeds:
        log, _ = still_world(6_000, days=300, seed=seed, mood=0.2).until(300)
        alarms, watched_months = all_alarms(log, DEFINITION)
        # at first nobody is there, then everybody: growth that no real log has
        raised += sum(since >= "2025-03-20" for _, _, since, _ in alarms)
        months += watched_months - 1.3
    return false_alarms("alarms, nothing changes", raised, months, worlds=len(seeds))


def alarms_on_clean(customers: int, seeds: Sequence[int]) -> Row:
    """Return the alarms of all three journeys, with and without those near a real change."""
    raised = unexplained = 0
    months = 0.0
    by_kpi: dict[str, int] = {}
    for seed in seeds:
        for name in simulated("clean", customers, seed).definitions:
            alarms, watched_months = all_alarms(*bank("clean", customers, seed, name))
            months += watched_months
            raised += len(alarms)
            for kpi, _, since, _ in alarms:
                by_kpi[kpi] = by_kpi.get(kpi, 0) + 1
                unexplained += not near_a_change(since)
    row = false_alarms("alarms, clean, a journey", raised, months, worlds=len(seeds))
    days = pd.date_range("2025-11-19", "2026-04-26")
    far_months = months * sum(not near_a_change(str(day)) for day in days) / len(days)
    far = {"far_from_a_change": unexplained, "far_months": round(far_months, 1)}
    far |= {"a_month_far_from_a_change": unexplained / far_months}
    return row | {"customers": customers, **far, **by_kpi}


def near_a_change(day: str) -> bool:
    """Whether something did change within ten days of a day."""
    apart = [abs((pd.Timestamp(day) - pd.Timestamp(real)).days) for real in REAL]
    return min(apart) <= NEAR_DAYS


def false_alarms(what: str, raised: int, months: float, *, worlds: int) -> Row:
    """Return alarms a month with the exact interval of a Poisson count."""
    low, high = _poisson_interval(raised)
    return {
        "what": what,
        "worlds": worlds,
        "months": round(months, 1),
        "alarms": raised,
        "a_month": raised / months,
        "low": low / months,
        "high": high / months,
        "budget_a_month": BUDGET,
    }


def delay(customers: int, seeds: Sequence[int]) -> Row:
    """Return how many days after the bug's onset the journey raises its first alarm of it."""
    days, right_step = [], 0
    by_kpi: dict[str, list[int]] = {}
    for seed in seeds:
        alarms, _ = all_alarms(*bank("ios_upload_bug", customers, seed))
        after = [
            (since_onset(noticed), kpi, step)
            for kpi, step, _, noticed in alarms
            if noticed >= ONSET and kpi != "volume"
        ]
        for late, kpi, _ in sorted(after, reverse=True):
            by_kpi.setdefault(kpi, []).append(late)
        if after:
            first = min(after)
            days.append(first[0])
            right_step += first[2] == STEP
    return {
        "what": "delay, ios_upload_bug",
        "worlds": len(seeds),
        "customers": customers,
        "noticed": len(days) / len(seeds),
        "days_median": float(np.median(days)) if days else None,
        "days_most": max(days, default=None),
        "within_7_days": sum(late <= 7 for late in days) / len(seeds),
        "within_14_days": sum(late <= 14 for late in days) / len(seeds),
        "first_names_the_step": right_step / max(len(days), 1),
        **{f"{kpi}_days_median": float(np.median(late)) for kpi, late in sorted(by_kpi.items())},
    }


def since_onset(day: str) -> int:
    """Return the days from the bug's onset to a day."""
    return (pd.Timestamp(day) - pd.Timestamp(ONSET)).days


def all_alarms(
    log: EventLog, definition: Definition
) -> tuple[list[tuple[str, str | None, str, str]], float]:
    """Return every alarm ever raised (KPI, step, since, noticed), and the months watched."""
    seen = seen_by(log, find_journeys(log, definition), definition, None)
    first = int(seen.log.times.min() // MICROS_A_DAY)
    found = []
    for kpi, cells, watcher in watched(seen, steps_of(seen), BUDGET):
        for alarm in watcher.raised:
            since, noticed = (
                str(np.datetime64(first + at, "D")) for at in (alarm.onset, alarm.noticed)
            )
            found.append((kpi, cells.steps[alarm.step] if cells else None, since, noticed))
    days = seen.whole_until // MICROS_A_DAY - first - LEARN_FROM - GAP_DAYS
    return found, days / 30.0


def bank(
    scenario: str, customers: int, seed: int, name: str = MAIN_JOURNEY
) -> tuple[EventLog, Definition]:
    """Return a simulated bank's log, read for one of its journeys."""
    world = simulated(scenario, customers, seed)
    definition = parse_definition(world.definitions[name], source=name)
    return event_log(world.events, definition), definition


def goals(rows: Sequence[Row]) -> list[Row]:
    """Return what was hoped for, and whether it came true."""

    def of(what: str, key: str) -> float:
        return float(str(next(row for row in rows if row["what"] == what)[key]))

    covered = [float(str(row["coverage"])) for row in rows if "truth" in row]
    return [
        goal("coverage of 95 % intervals, least of the KPIs", 0.92, min(covered)),
        goal("the same, mean", 0.94, float(np.mean(covered))),
        goal(
            "completion held 60 days later",
            0.8,
            of("completion as seen 60 days later, clean", "coverage"),
        ),
        limit("alarms a month, nothing changes", BUDGET, of("alarms, nothing changes", "a_month")),
        limit(
            "alarms a month and journey on clean, far from a real change",
            BUDGET,
            of("alarms, clean, a journey", "a_month_far_from_a_change"),
        ),
        limit("days to notice the bug, median", 10.0, of("delay, ios_upload_bug", "days_median")),
    ]


if __name__ == "__main__":
    main()
