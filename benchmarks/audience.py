"""Whether audiences keep what they promise, on simulated worlds cut at many days.

Each log is really cut, forecast, and then compared with the days that followed: who came to a step
in time, who met a finding's conditions there, and how often the counts lay in their intervals. The
hold-out is tried both ways: nobody is helped by a message, and half of the calls are avoided by it.
"""

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.audience_worlds import (
    CAUSES,
    DAYS,
    OUTCOME,
    Cause,
    came,
    cuts,
    finding_of,
    graded_as,
    helped,
    hit,
)
from benchmarks.record import goal, limit, record
from journeys.samples import samples_at_end
from models.threads import one_thread
from rootcause.audience import gathered
from rootcause.forecast import expected_count
from rootcause.hold_out import held_out_of
from rootcause.intervals import rate_interval
from rootcause.listing import Terms
from rootcause.reach import chance_to_reach, check_of, past_of, standing_of, still_ahead

FIRST_SEED = 900
CUTS = ("2026-01-20", "2026-02-10", "2026-03-06", "2026-03-10", "2026-03-17", "2026-04-07")
STEPS = (("document_upload", 7.0), ("appraisal_scheduled", 7.0), ("offer_signed", 3.0))
HELD_OUT, KEYS, HELPS = 0.3, 40, 0.5

Row = dict[str, object]


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--worlds", type=int, default=4, help="worlds of each kind")
    asked.add_argument("--customers", type=int, default=10_000)
    asked.add_argument("--first-seed", type=int, default=FIRST_SEED)
    chosen = asked.parse_args()
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.worlds)
    with one_thread():
        rows = [
            *(reached(step, days, chosen.customers, seeds) for step, days in STEPS),
            *(exposed(cause, chosen.customers, seeds) for cause in CAUSES),
            *(graded(helps, chosen.customers, seeds[:3]) for helps in (0.0, HELPS)),
        ]
    path = record("audience", rows, goals(rows), libraries=["lightgbm", "numpy", "scikit-learn"])
    print(path.with_suffix(".md").read_text())


def reached(step: str, days: float, customers: int, seeds: Sequence[int]) -> Row:
    """Return how well it is forecast who comes to a step in time, over worlds and days."""
    forecasts, arrived, days_of, inside = [], [], [], []
    for number, cut in enumerate(cuts("ios_upload_bug", customers, seeds, CUTS)):
        samples = samples_at_end(cut.log, cut.journeys)
        ahead = still_ahead(cut.log, cut.journeys, samples, step)
        samples = samples[ahead].reset_index(drop=True)
        past = past_of(cut.log, cut.journeys, cut.definition, step, days=days)
        X = standing_of(cut.log, cut.journeys, cut.definition, samples, step)
        chance = chance_to_reach(past, X, days=days)
        truth = came(cut, samples, step, days)
        three = {"reach": chance.rate, "reach_low": chance.low, "reach_high": chance.high}
        _, low, high = expected_count(pd.DataFrame(three), ["reach"])
        inside.append(low <= truth.sum() <= high)
        forecasts.append(chance.rate)
        arrived.append(truth)
        days_of.append(np.full(len(truth), number))
    return {
        "what": f"come to {step} within {days:g} days",
        "customers": customers,
        **_judged(*(np.concatenate(each) for each in (forecasts, arrived, days_of))),
        **_coverage(inside),
    }


def exposed(cause: Cause, customers: int, seeds: Sequence[int]) -> Row:
    """Return how well it is forecast who of those at risk meets a finding's conditions."""
    scenario, _, onset, _ = cause
    forecasts, met, days_of, inside, missed = [], [], [], [], 0
    since = [day for day in CUTS if pd.Timestamp(day) > pd.Timestamp(onset)]
    for number, cut in enumerate(cuts(scenario, customers, seeds, since)):
        people, told = gathered(
            cut.log,
            cut.journeys,
            cut.definition,
            finding_of(cause),
            outcome=OUTCOME,
            terms=Terms(days=DAYS),
        )
        at_risk = people[people["state"] == "at_risk"]
        grade = graded_as(cut.later, cut, finding_of(cause), at_risk)
        truth = hit(cut, finding_of(cause), at_risk)
        inside.append(told.expected_reached[1] <= truth.sum() <= told.expected_reached[2])
        forecasts.append((at_risk["reach"] * at_risk["exposed"]).to_numpy())
        met.append(truth)
        days_of.append(np.full(len(truth), number))
        missed += 0 if grade is None else grade.missed
    many = int(np.concatenate(met).sum())
    return {
        "what": f"at risk meet {scenario}",
        "customers": customers,
        **_judged(*(np.concatenate(each) for each in (forecasts, met, days_of))),
        **_coverage(inside),
        "precision": many / max(sum(map(len, met)), 1),
        "recall": many / max(many + missed, 1),
    }


def graded(helps: float, customers: int, seeds: Sequence[int]) -> Row:
    """Return what the hold-out says of lists whose approach avoids a share of the calls."""
    cause, day = CAUSES[0], "2026-03-17"
    answers, inside, told, truths = [], [], [], []
    for seed in seeds:
        (cut,) = cuts(cause[0], customers, [seed], [day])
        people, _ = gathered(
            cut.log,
            cut.journeys,
            cut.definition,
            finding_of(cause),
            outcome=OUTCOME,
            terms=Terms(days=DAYS),
        )
        for key in range(KEYS):
            held = held_out_of(people["customer_id"], f"{seed}-{key}", HELD_OUT)
            later, avoided = helped(cut, people.assign(held_out=held), helps, seed=key)
            grade = graded_as(later, cut, finding_of(cause), people.assign(held_out=held))
            if grade is not None and grade.avoided is not None:
                answers.append(grade.answer)
                inside.append(grade.avoided[1] <= avoided <= grade.avoided[2])
                told.append(grade.avoided[0])
                truths.append(avoided)
    share = {
        f"share_{name.replace(' ', '_')}": answers.count(name) / len(answers)
        for name in ("helped", "no difference shown", "made it worse")
    }
    return {
        "what": f"hold-out of {HELD_OUT:.0%}, {helps:.0%} of calls avoided",
        "customers": customers,
        "lists": len(answers),
        "avoided_told": float(np.mean(told)),
        "avoided_true": float(np.mean(truths)),
        **_coverage(inside),
        **share,
    }


def goals(rows: Sequence[Row]) -> list[Row]:
    """Return what was hoped for, and whether it came true."""
    forecasts = [row for row in rows if "calibration_error" in row]
    useless, useful = rows[-2:]
    worst = max(
        _of(row, "calibration_error") - _of(row, "calibration_error_by_chance") for row in forecasts
    )
    inside = sum(int(str(row["intervals_right"])) for row in forecasts)
    of = sum(int(str(row["intervals"])) for row in forecasts)
    return [
        limit("calibration error beyond chance, the worst", 0.03, worst),
        goal("counts inside their 95 % intervals", 0.9, inside / of),
        goal("recall of those at risk", 0.9, min(_of(row, "recall") for row in forecasts)),
        limit("useless approach said to help", 0.05, _of(useless, "share_helped")),
        goal("avoided calls inside their interval", 0.9, _of(useful, "coverage")),
    ]


def _of(row: Row, name: str) -> float:
    return float(str(row.get(name, 1.0)))


def _judged(forecast: np.ndarray, came: np.ndarray, day: np.ndarray) -> Row:
    """Return Brier, calibration error, AUC and counts; beside them the Brier of knowing nothing."""
    check = check_of(forecast, came, day)
    share, low, high = (float(each) for each in rate_interval(came.sum(), len(came)))
    return {
        "forecasts": check.forecasts,
        "expected": check.expected,
        "observed": check.reached,
        "observed_low": low * len(came),
        "observed_high": high * len(came),
        "brier": check.brier,
        "brier_of_the_share": share * (1 - share),
        "calibration_error": check.calibration_error,
        "calibration_error_by_chance": _by_chance(forecast),
        "auc": check.auc,
    }


def _by_chance(forecast: np.ndarray) -> float:
    """Return the calibration error that perfect forecasts would have, for so few are counted."""
    rng = np.random.default_rng(0)
    draws = [(rng.random(len(forecast)) < forecast).astype(np.float64) for _ in range(200)]
    day = np.zeros(len(forecast), dtype=np.int64)
    return float(np.mean([check_of(forecast, one, day).calibration_error for one in draws]))


def _coverage(inside: Sequence[bool]) -> Row:
    share, low, high = (float(each) for each in rate_interval(sum(inside), len(inside)))
    return {
        "intervals": len(inside),
        "intervals_right": int(sum(inside)),
        "coverage": share,
        "coverage_low": low,
        "coverage_high": high,
    }


if __name__ == "__main__":
    main()
