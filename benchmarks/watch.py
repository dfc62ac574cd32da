"""Whether the watch notices a planted fault, judges its fix, and is quiet where nothing is wrong.

The story: iOS 8.2.0 fails to upload documents from 3 March 2026 on. Worlds in which a fix on 31
March mends it, and the same worlds in which it is only said to, are looked at every fourth day
until the fix, then at stated days after it. The quiet: worlds in which nothing is planted, thirty
weeks in all (a log has 194 days; its first two months are what is usual), KPI alarms asked for
every day and everything else once a week; and larger worlds for the alarms alone.  Developed on
seeds below 100, reported on those from 1,000 (from 900 before there was a calendar).
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import pandas as pd
from scipy.stats import chi2

from benchmarks.record import goal, limit, record
from journeys.definition import Definition, Outcome
from journeys.definition_file import parse_definition
from journeys.find import find_journeys
from journeys.log import EventLog, event_log, log_until
from journeys.simulate import MAIN_JOURNEY, simulate
from rootcause.band import Alarm, alarms_of
from rootcause.intervals import rate_interval
from rootcause.life import Case, fix_released
from rootcause.register import Register
from rootcause.watch import Asked, watch_day
from rootcause.watch_changes import Changes

OUTCOME: Outcome = "leakage"
FIRST_SEED = 1_000
ONSET, FIXED = (pd.Timestamp(date, tz="UTC") for date in ("2026-03-03", "2026-03-31"))
QUIET_FROM, QUIET_UNTIL = (pd.Timestamp(date, tz="UTC") for date in ("2025-12-14", "2026-04-26"))
PLANTED = {"activity": "document_upload", "os": "iOS", "app_version": "8.2.0"}
LOOK_EVERY_DAYS = 4
JUDGED_AFTER_DAYS = (3, 10, 17, 24)
SELDOM_DAYS = 90
VERDICTS = ("fixed", "not fixed", "cannot tell yet")
BUDGET_A_MONTH = 0.5

Row = dict[str, object]


@dataclass(frozen=True)
class Told:
    """What the watch has told of one world until the fix, as days after the onset (None: never)."""

    alarm: float | None
    step_named: bool
    warning: float | None
    opened: float | None
    exact: bool
    others: int
    register: Register


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--worlds", type=int, default=2, help="worlds of the story")
    asked.add_argument("--customers", type=int, default=30_000)
    asked.add_argument("--weeks", type=int, default=30, help="quiet weeks, over several worlds")
    asked.add_argument("--quiet", type=int, default=3_000, help="customers of the quiet worlds")
    asked.add_argument("--large", type=int, default=15_000, help="customers for the alarms alone")
    asked.add_argument("--seed", type=int, default=FIRST_SEED, help="the first of the seeds")
    chosen = asked.parse_args()
    rows = [
        *story(range(chosen.seed, chosen.seed + chosen.worlds), chosen.customers),
        quiet(chosen.seed, chosen.quiet, chosen.weeks, also_look=True),
        quiet(chosen.seed, chosen.large, chosen.weeks, also_look=False),
    ]
    path = record("watch", rows, goals(rows), libraries=["lightgbm", "scipy"])
    print(path.with_suffix(".md").read_text())


def story(seeds: Sequence[int], customers: int) -> Iterator[Row]:
    """Yield what was noticed and when, then how the fix was judged."""
    told, fixed, broken = [], [], []
    for seed in seeds:
        mended, definition = world("ios_upload_bug_fixed", customers, seed)
        one = noticed(mended, definition)
        told.append(one)
        fixed.append(judged(one.register, mended, definition))
        broken.append(judged(one.register, *world("ios_upload_bug", customers, seed)))
        print(seed, replace(one, register=Register()), fixed[-1], broken[-1], flush=True)
    yield {
        "what": "the fault is noticed",
        "worlds": len(told),
        "customers": customers,
        **share("alarm", [one.alarm is not None for one in told]),
        **share("step_named", [one.step_named for one in told]),
        **share("opened", [one.opened is not None for one in told]),
        **share("exact", [one.exact for one in told]),
        "days_to_warning": days([one.warning for one in told]),
        "days_to_alarm": days([one.alarm for one in told]),
        "days_to_finding": days([one.opened for one in told]),
        "other_cases": sum(one.others for one in told),
    }
    for what, lives in (("a fix that works", fixed), ("no fix, though one was told", broken)):
        for after in JUDGED_AFTER_DAYS:
            states = [states[after] for states in lives if states]
            yield {
                "what": f"{what}: {after} days later",
                "worlds": len(states),
                **{state: states.count(state) for state in VERDICTS},
            }


def noticed(log: EventLog, definition: Definition) -> Told:
    """Return what looks every fourth day have told of the planted fault until its fix.

    Every step is searched at the first look and when an alarm begins, not also once a week.
    """
    register, changes, asked = Register(), [], Asked((OUTCOME,), every=SELDOM_DAYS)
    for at in pd.date_range(ONSET, FIXED, freq=f"{LOOK_EVERY_DAYS}D")[1:]:
        register, changed = watch_day(register, log, definition, asked, until=at)
        changes.append(changed)
    raised = [alarm for one in changes for alarm in one.alarms if alarm["kpi"] != "volume"]
    alarms = [alarm for alarm in raised if alarm["noticed"] >= f"{ONSET:%Y-%m-%d}"]
    ours = [case for case in register.cases if is_planted(case)]
    return Told(
        alarm=after_onset(alarms[0]["noticed"]) if alarms else None,
        step_named=any(alarm["step"] == PLANTED["activity"] for alarm in alarms),
        warning=first_warning(changes),
        opened=after_onset(ours[0].history[0].at) if ours else None,
        exact=any(case.finding.conditions == PLANTED for case in ours),
        others=len(register.cases) - len(ours),
        register=register,
    )


def judged(register: Register, log: EventLog, definition: Definition) -> dict[int, str]:
    """Return the state of the planted fault's case on days after a fix was told; empty: no case."""
    told = f"{FIXED:%Y-%m-%dT%H:%M:%SZ}"
    ours = [case for case in register.cases if is_planted(case) and not case.is_done]
    if not ours:
        return {}
    register = register.with_cases([fix_released(ours[0], at=told, fixed_at=told)])
    asked, states = Asked((OUTCOME,), every=SELDOM_DAYS), {}
    for after in JUDGED_AFTER_DAYS:
        for day in (after - 2, after):  # a verdict counts once it has been the same for two days
            at = FIXED + pd.Timedelta(days=day)
            register, _ = watch_day(register, log, definition, asked, until=at)
        states[after] = str(register.case(ours[0].id).state).replace("closed", "fixed")
    return states


def quiet(first_seed: int, customers: int, weeks: int, *, also_look: bool) -> Row:
    """Return how often the watch raised its voice in weeks in which nothing was wrong.

    KPI alarms are asked for every day; ``also_look``: look for everything else once a week.
    """
    kpis, looks, seed, left = list[str](), list[Changes](), first_seed, weeks
    while left > 0:
        log, definition = world("clean", customers, seed)
        until = min(QUIET_UNTIL, QUIET_FROM + pd.Timedelta(weeks=left))
        kpis += raised_daily(log, definition, until)
        looks += weekly(log, definition, until) if also_look else ()
        left -= (until - QUIET_FROM).days // 7
        seed += 1
    alarms, months = len(kpis), weeks * 7 / 30
    low, high = poisson_interval(alarms)
    row: Row = {
        "what": f"nothing is wrong, {customers:,} customers",
        "worlds": seed - first_seed,
        "customers": customers,
        "weeks": weeks,
        "alarms": alarms,
        "of_volume": kpis.count("volume"),
        "alarms_a_month": alarms / months,
        "a_month_low": low / months,
        "a_month_high": high / months,
        "alarms_budgeted": BUDGET_A_MONTH * months,
    }
    print(row, flush=True)
    if not also_look:
        return row
    opened = sum(len(one.opened) for one in looks)
    return {**row, "cases": opened, "warnings": sum(len(one.warnings) for one in looks)}


def weekly(log: EventLog, definition: Definition, until: pd.Timestamp) -> Iterator[Changes]:
    """Yield what a look a week, each at every step, has changed."""
    register = Register()
    for at in pd.date_range(QUIET_FROM, until, freq="7D"):
        register, changed = watch_day(register, log, definition, Asked((OUTCOME,)), until=at)
        yield changed


def raised_daily(log: EventLog, definition: Definition, until: pd.Timestamp) -> list[str]:
    """Return the KPI of each alarm that began on any day; one that stands at first counts."""
    began, stood = list[str](), set[str]()
    for at in pd.date_range(QUIET_FROM, until, freq="D"):
        stands = {alarm.kpi for alarm in alarms_as_of(log, definition, at)}
        began += sorted(stands - stood)
        stood = stands
    return began


def alarms_as_of(log: EventLog, definition: Definition, at: pd.Timestamp) -> tuple[Alarm, ...]:
    """Return the KPI alarms that stand in a log that ends at an instant."""
    seen = log_until(log, at)
    return alarms_of(seen, find_journeys(seen, definition), definition)


def world(scenario: str, customers: int, seed: int) -> tuple[EventLog, Definition]:
    """Return a simulated log and the definition of its main journey."""
    made = simulate(scenario, customers=customers, seed=seed)
    definition = parse_definition(made.definitions[MAIN_JOURNEY], source="a benchmark")
    return event_log(made.events, definition), definition


def is_planted(case: Case) -> bool:
    """Whether a case is about the planted fault: the release, at its step."""
    named = case.finding.conditions
    return named["activity"] == PLANTED["activity"] and named.get("app_version") == "8.2.0"


def first_warning(changes: Sequence[Changes]) -> float | None:
    """Return when the planted release was first warned of, in days after the onset."""
    for changed in changes:
        for warning in changed.warnings:
            if warning["young"].get("app_version") == "8.2.0":
                return after_onset(warning["noticed_at"])
    return None


def after_onset(instant: str) -> float:
    """Return an instant or a date as days after the planted onset."""
    at = pd.Timestamp(instant)
    at = at.tz_localize("UTC") if at.tzinfo is None else at
    return float((at - ONSET) / pd.Timedelta(days=1))


def share(what: str, came_true: Sequence[bool]) -> Row:
    """Return how often something came true, with its 95 % interval."""
    value, low, high = map(float, rate_interval(sum(came_true), len(came_true)))
    return {what: value, f"{what}_low": low, f"{what}_high": high}


def days(known: Sequence[float | None]) -> str:
    """Return the median and the range of those that are known."""
    some = [one for one in known if one is not None]
    return f"{median(some):.1f} ({min(some):.1f} to {max(some):.1f})" if some else "-"


def goals(rows: Sequence[Row]) -> list[Row]:
    """Return what was hoped for, and whether it came true."""
    by_name = {str(row["what"]): row for row in rows}
    found = by_name["the fault is noticed"]
    calm = [row for row in rows if str(row["what"]).startswith("nothing is wrong")]
    first, last = JUDGED_AFTER_DAYS[0], JUDGED_AFTER_DAYS[-1]
    mended = by_name[f"a fix that works: {last} days later"]
    broken = by_name[f"no fix, though one was told: {last} days later"]
    early = [row for name, row in by_name.items() if name.endswith(f": {first} days later")]
    wrong = [
        *(row["not fixed"] for name, row in by_name.items() if name.startswith("a fix")),
        *(row["fixed"] for name, row in by_name.items() if name.startswith("no fix")),
    ]
    return [
        goal("worlds in which an alarm is raised, share", 0.9, number(found["alarm"])),
        goal("alarms that name the step, share of worlds", 0.9, number(found["step_named"])),
        goal("worlds in which the fault is found before the fix", 0.9, number(found["opened"])),
        goal("found with exactly its conditions", 0.9, number(found["exact"])),
        goal("fixed after 24 days, share", 0.8, ratio(mended, "fixed")),
        goal("not fixed after 24 days, share", 0.8, ratio(broken, "not fixed")),
        goal("too early to tell after 3 days, share", 0.8, ratio(early, "cannot tell yet")),
        limit("verdicts that were ever wrong", 0.0, sum(map(number, wrong))),
        *(
            limit(
                f"KPI alarms, {row['what']}", number(row["alarms_budgeted"]), number(row["alarms"])
            )
            for row in calm
        ),
        limit("cases opened where nothing is wrong", 1.0, number(calm[0]["cases"])),
    ]


def ratio(rows: Row | Sequence[Row], state: str) -> float:
    """Return the share of judged worlds in a state; 0 where none was judged."""
    some = [rows] if isinstance(rows, dict) else rows
    of = sum(number(row["worlds"]) for row in some)
    return sum(number(row[state]) for row in some) / of if of else 0.0


def number(value: object) -> float:
    """Return a cell of a row as a number."""
    return float(str(value))


def poisson_interval(count: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a Poisson mean (Garwood 1936)."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(0.975, 2 * count + 2) / 2)


if __name__ == "__main__":
    main()
