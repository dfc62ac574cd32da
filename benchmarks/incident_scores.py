"""How well ranked answers name the causes of incidents, with intervals over incidents."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.incident_data import Answer, Incident

Floats = NDArray[np.float64]

FIRST = (1, 3, 5)
_DRAWS = 2_000


def recalls(incidents: Sequence[Incident], answers: Sequence[Sequence[Answer]]) -> Floats:
    """Return which share of its causes is among the first 1, 3, 5, shape (incidents, 3)."""
    return np.array(
        [
            [np.mean([cause in ranked[:first] for cause in incident.causes]) for first in FIRST]
            for incident, ranked in zip(incidents, answers, strict=True)
        ]
    )


def scored(recall: Floats, *, seed: int = 0) -> dict[str, object]:
    """Return exact at 1, 3, 5, each with a 95 % interval by drawing incidents with return."""
    rng = np.random.default_rng(seed)
    drawn = recall[rng.integers(len(recall), size=(_DRAWS, len(recall)))].mean(axis=1)
    row: dict[str, object] = {}
    for first, values, draws in zip(FIRST, recall.T, drawn.T, strict=True):
        row[f"exact_at_{first}"] = round(float(values.mean()), 4)
        row[f"exact_at_{first}_interval"] = [
            round(float(end), 3) for end in np.quantile(draws, (0.025, 0.975))
        ]
    return row
