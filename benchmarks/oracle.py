"""How far are the models from the truth: simulated customers, whose probabilities are known.

The **oracle** knows every hazard of the simulation and every hidden trait of a customer, and counts
what comes in replayed futures of each sample (`journeys.futures`).  Nobody who reads a log can know
that much, so it is an upper bound.  **Careful** is LightGBM alone, of many small trees, on the
model's features; **told** the same with the hidden traits beside them: the step from one to the
other is what is hidden from everybody, as far as the same number of customers can teach it.

On samples of a release that was not seen in training, the model meets **plain** LightGBM, with its
own settings and without the experience of others.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from benchmarks.oracle_plain import Table, careful, plain
from benchmarks.oracle_scores import (
    Scored,
    auc_of,
    auc_without_noise,
    calibration_error_of,
    difference,
    with_interval,
)
from benchmarks.oracle_world import OUTCOMES, Truth, World, hidden_traits, truth_at, world_of
from benchmarks.record import goal, limit, record
from journeys.definition import Outcome
from journeys.dice import Codes
from models.threads import one_thread
from training.calibration_error import calibration_error
from training.held_out import held_out
from training.metrics import TestPart
from training.stages import STAGES, stage_of

SEED = 7
SCENARIOS = ("ios_upload_bug", "two_causes")
LARGEST_GAP = 0.01
LARGEST_ERROR = 0.02
ENOUGH = 2_000

Row = dict[str, object]
_ENDS = ("value", "low", "high")


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--customers", type=int, default=100_000)
    asked.add_argument("--asked", type=int, default=4_000, help="test customers put to the oracle")
    asked.add_argument("--wanted", type=int, default=100, help="replays of each sample")
    asked.add_argument("--scenarios", nargs="+", default=SCENARIOS)
    chosen = asked.parse_args()
    rows: list[Row] = []
    for scenario in chosen.scenarios:
        with one_thread():
            world = world_of(scenario, customers=chosen.customers, seed=SEED)
            rows += rows_of(world, asked=chosen.asked, wanted=chosen.wanted)
    path = record("oracle", rows, goals(rows), libraries=["lightgbm", "numpy"])
    print(path.with_suffix(".md").read_text())


def rows_of(world: World, *, asked: int, wanted: int) -> list[Row]:
    """Return all that is said of one world: the truth, the stages, and the unseen release."""
    put = put_to_the_oracle(world, asked)
    truth = truth_at(world, put, wanted=wanted)
    traits = hidden_traits(world, np.arange(len(world.numbers)))
    rows: list[Row] = []
    for outcome in OUTCOMES:
        rows.append(against_the_truth(world, outcome, put, truth[outcome], traits))
        rows += by_stage(world, outcome)
        rows += unseen_release(world, outcome)
    shared = {"scenario": world.scenario, "customers": len(np.unique(world.numbers)), "seed": SEED}
    return [shared | row for row in rows]


def put_to_the_oracle(world: World, asked: int) -> Codes:
    """Return the test samples, of any outcome, of some customers drawn at random."""
    tested = np.any([world.tested(outcome) for outcome in OUTCOMES], axis=0)
    drawn = np.random.default_rng(SEED).permutation(np.unique(world.numbers[tested]))[:asked]
    return np.flatnonzero(tested & np.isin(world.numbers, drawn))


def against_the_truth(
    world: World, outcome: Outcome, put: Codes, truth: Truth, traits: Table
) -> Row:
    """Return the AUC of the model, careful, told and the oracle on the same samples."""
    here = world.tested(outcome)[put] & truth.known
    rows, y, who = put[here], world.y(outcome)[put[here]], world.numbers[put[here]]
    first, second = truth.halves
    oracle = auc_without_noise(y, truth.whole[here], (first[here], second[here]))
    model = auc_of(y, world.p[outcome][rows])
    alone = auc_of(y, careful(world, outcome, rows))
    told = auc_of(y, careful(world, outcome, rows, beside=traits))
    return (
        {"what": "against the truth", "outcome": outcome, "samples": len(rows)}
        | {"without_a_future": float((~truth.known & world.tested(outcome)[put]).mean())}
        | _scored("oracle_auc", oracle, who)
        | _scored("model_auc", model, who)
        | _scored("gap", difference(oracle, model), who)
        | _scored("careful_auc", alone, who)
        | _scored("told_auc", told, who)
        | _scored("hidden", difference(told, alone), who)
        | {"oracle_calibration_error": calibration_error_of(y, truth.whole[here])(np.ones(len(y)))}
    )


def by_stage(world: World, outcome: Outcome) -> list[Row]:
    """Return AUC and calibration error of the model in each stage of the journey."""
    test = np.flatnonzero(world.tested(outcome))
    part = held_out(world.trained.data, outcome, world.p[outcome][test])
    stage = stage_of(part.elapsed)
    return [
        {"what": "stage", "stage": name} | _of_model(world, outcome, test[stage == place])
        for place, name in enumerate(STAGES)
        if (stage == place).any()
    ]


def unseen_release(world: World, outcome: Outcome) -> list[Row]:
    """Return the model beside plain LightGBM on samples of a release that training never saw."""
    data = world.trained.data
    release = [feature.name for feature in data.plan.features].index("app_version")
    rows = np.flatnonzero(world.tested(outcome) & (data.X[:, release] == 0))
    if len(rows) == 0:
        return []
    p = plain(world, outcome, rows, width=data.plan.fold_width)
    y, who = world.y(outcome)[rows], world.numbers[rows]
    ours, theirs = (auc_of(y, one) for one in (world.p[outcome][rows], p))
    return [
        _of_model(world, outcome, rows)
        | {"what": "unseen release"}
        | _scored("plain_auc", theirs, who)
        | _scored("above_plain", difference(ours, theirs), who)
        | {"plain_calibration_error": calibration_error_of(y, p)(np.ones(len(y)))}
    ]


def goals(rows: Sequence[Row]) -> list[Row]:
    """Return what was asked for and what came out."""
    found: list[Row] = []
    for row in rows:
        name = f"{row['scenario']}, {row['outcome']}"
        if row["what"] == "against the truth":
            found.append(
                goal(f"{name}: AUC above the oracle's", -LARGEST_GAP, -_number(row, "gap"))
            )
        if row["what"] == "stage" and _number(row, "samples") >= ENOUGH:
            error = _number(row, "calibration_error")
            found.append(limit(f"{name}: calibration error, {row['stage']}", LARGEST_ERROR, error))
        if row["what"] == "unseen release":
            what = f"{name}: AUC above plain LightGBM on an unseen release"
            found.append(goal(what, 0.0, _number(row, "above_plain")))
    return found


def _of_model(world: World, outcome: Outcome, rows: Codes) -> Row:
    y, p, who = world.y(outcome)[rows], world.p[outcome][rows], world.numbers[rows]
    debiased = calibration_error(TestPart(y, p, who, np.zeros(len(y))), SEED)
    return (
        {"outcome": outcome, "samples": len(rows), "rate": float(y.mean())}
        | _scored("model_auc", auc_of(y, p), who)
        | {"calibration_error": calibration_error_of(y, p)(np.ones(len(y)))}
        | _interval("calibration_error_beyond_chance", *(debiased[k] for k in _ENDS))
    )


def _scored(name: str, scored: Scored, who: Codes) -> Row:
    return _interval(name, *with_interval(scored, who, seed=SEED))


def _interval(name: str, value: float | None, low: float | None, high: float | None) -> Row:
    return {name: value, f"{name}_interval": f"{low:.3f} to {high:.3f}"}


def _number(row: Row, name: str) -> float:
    value = row[name]
    return float(value) if isinstance(value, int | float) else float("nan")


if __name__ == "__main__":
    main()
