"""What a search for causes takes: time and memory, by the number of journeys.

Exposures of eight steps with twelve categorical attributes of 2 to 40 values, drawn at random, and
one planted cause.  ``make benchmark-search`` goes to 100,000 journeys; ``--journeys 1000000`` adds
a million.  Only the pursuit is timed: what a finding says of itself costs seconds for each finding.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from benchmarks.measure import Taken, taken
from benchmarks.record import limit, record
from rootcause.exposure import MICROS_A_DAY, Exposures
from rootcause.pursuit import Pursued, causes_in

SEED = 7
SIZES = (12_500, 25_000, 50_000, 100_000)
STEPS = 8
ATTRIBUTES = 12
DAYS = 120

_GO_ON = 0.93
_CAUSE = ((0, 1), (1, 1))
_STEP, _ONSET, _ADDED = 3, 80, 0.15
_GOALS = {100_000: (20.0, None), 1_000_000: (120.0, 4096.0)}


def main() -> None:
    """Measure, print and record."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--journeys", type=int, nargs="*", default=[], help="further sizes")
    sizes = sorted({*SIZES, *asked.parse_args().journeys})
    rows = [row_of(size) for size in (SIZES[0], *sizes)][1:]  # the first run compiles
    path = record("search", rows, goals_of(rows), libraries=["lightgbm", "numba", "numpy"])
    print(path.with_suffix(".md").read_text())


def row_of(journeys: int) -> dict[str, object]:
    """Return what one search took, and whether it named what was planted."""
    exposures = exposures_with_a_cause(journeys)
    found: list[Pursued] = []
    spent: Taken = taken(lambda: found.append(causes_in(exposures, within=MICROS_A_DAY, seed=0)))
    named = [(s.lead.step, s.lead.conditions) for s, _ in found[0].causes]
    return {
        "journeys": journeys,
        "exposures": len(exposures),
        "steps": STEPS,
        "attributes": ATTRIBUTES,
        "conjunctions": sum(sum(look.scanned.slices) for look in found[0].first_looks),
        "core_seconds": spent.core_seconds,
        "wall_seconds": spent.wall_seconds,
        "peak_mib": spent.peak_mib,
        "named_exactly": (_STEP, _CAUSE) in named,
        "others_named": len(named) - ((_STEP, _CAUSE) in named),
        "seed": SEED,
    }


def goals_of(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Return the goals of the sizes that were run, and of how the time grows."""
    found = []
    for row in rows:
        seconds, mib = _GOALS.get(int(str(row["journeys"])), (None, None))
        if seconds is not None:
            what = f"seconds on the wall, {row['journeys']:,} journeys"
            found.append(limit(what, seconds, float(str(row["wall_seconds"]))))
        if mib is not None:
            what = f"MiB, {row['journeys']:,} journeys"
            found.append(limit(what, mib, float(str(row["peak_mib"]))))
    size = np.log([float(str(row["journeys"])) for row in rows])
    core = np.log([float(str(row["core_seconds"])) for row in rows])
    found.append(limit("growth exponent of core seconds", 1.1, float(np.polyfit(size, core, 1)[0])))
    return found


def exposures_with_a_cause(journeys: int) -> Exposures:
    """Return exposures at random, in which one conjunction does harm from a day on."""
    dice = np.random.default_rng([SEED, journeys])
    reached = np.minimum(dice.geometric(1 - _GO_ON, journeys), STEPS)
    journey = np.repeat(np.arange(journeys), reached)
    step = np.arange(len(journey)) - np.repeat(np.cumsum(reached) - reached, reached)
    began = np.sort(dice.integers(0, DAYS * MICROS_A_DAY, journeys))
    time = began[journey] + step * MICROS_A_DAY // 24
    sizes = np.linspace(2, 40, ATTRIBUTES).astype(int)
    drawn = [np.minimum(dice.geometric(1.4 / size, journeys) - 1, size - 1) for size in sizes]
    codes = np.asfortranarray(np.column_stack(drawn)[journey].astype(np.int32))
    day = time // MICROS_A_DAY
    broken = (step == _STEP) & (day >= _ONSET)
    for attribute, code in _CAUSE:
        broken &= codes[:, attribute] == code
    rate = 0.05 + 0.005 * codes[:, 2] + _ADDED * broken
    return Exposures(
        steps=tuple(f"step {number}" for number in range(STEPS)),
        attributes=tuple(f"attribute {number}" for number in range(ATTRIBUTES)),
        numeric=(),
        names=tuple(tuple(map(str, range(size))) for size in sizes),
        step=step,
        journey=journey,
        row=np.arange(len(journey)),
        customer=journey,
        lot=journey,
        time=time,
        day=day,
        codes=codes,
        numbers=np.empty((len(journey), 0)),
        bad=(dice.random(len(journey)) < rate).astype(np.float64),
        at_risk=np.ones(len(journey), dtype=np.bool_),
    )


if __name__ == "__main__":
    main()
