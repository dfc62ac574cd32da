"""Where in the journey: the metrics by share of the median journey, and by events so far."""

import numpy as np
import pandas as pd

from journeys.split import Split
from training.calibration_error import calibration_error
from training.metrics import Codes, Flags, Floats, Interval, TestPart, metric_draws, with_intervals

STAGES = (
    "first quarter of the median journey",
    "second quarter",
    "second half",
    "beyond the median journey",
)
EVENT_BANDS = ("1 event", "2 events", "3-4 events", "5-8 events", "9-16 events", "17 or more")
FEWEST_IN_STAGE = 50
STAGE_SHARES = (0.25, 0.5, 1.0)
_BAND_EDGES = (2, 3, 5, 9, 17)


def stage_of(elapsed: Floats) -> Codes:
    """Return the place in `STAGES` of each share of the median journey elapsed."""
    return np.searchsorted(STAGE_SHARES, elapsed, side="right")


def median_hours(journeys: pd.DataFrame, split: Split) -> float:
    """Return how long the journeys that had ended by the split took, the median in hours."""
    ended = journeys[journeys["end"] <= split.at]
    median = float(((ended["last_time"] - ended["start"]).dt.total_seconds() / 3600).median())
    return max(median if np.isfinite(median) else 1.0, 1e-9)


def by_stage(part: TestPart, seed: int) -> list[dict[str, object]]:
    """Return the metrics of each stage; those of fewer than fifty samples have none."""
    stage = stage_of(part.elapsed)
    return [
        {"stage": name, **_told(part, stage == place, seed)} for place, name in enumerate(STAGES)
    ]


def by_events(part: TestPart, seed: int) -> list[dict[str, object]]:
    """Return the metrics by how many events had been seen; empty where nobody counted them."""
    if part.seen is None:
        return []
    band = np.searchsorted(_BAND_EDGES, part.seen, side="right")
    return [
        {"events": name, **_told(part, band == place, seed)}
        for place, name in enumerate(EVENT_BANDS)
    ]


def measured(part: TestPart, seed: int) -> tuple[dict[str, Interval], Floats]:
    """Return the five metrics with their intervals, and the draws they come from."""
    draws = metric_draws(part, seed)
    return with_intervals(draws) | {"calibration_error": calibration_error(part, seed)}, draws


def _told(part: TestPart, chosen: Flags, seed: int) -> dict[str, object]:
    here = part.take(chosen)
    said: dict[str, object] = {"samples": len(here.y)}
    if len(here.y) >= FEWEST_IN_STAGE:
        said["customers"] = here.customer_count
        said["positives"] = int(here.y.sum())
        said["metrics"] = measured(here, seed)[0]
    return said
