"""One row of features, three outcomes: what a prediction and its reasons take, in microseconds."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.record import Row
from models import Bundle, RowModels, reasons_of_row

ROWS = 200
REPEATS = 5


def one_row(bundle: Bundle, what: str, seed: int) -> list[Row]:
    """Return rows of the record: the compiled road and LightGBM's, in turn on the same features."""
    rows = features_of(bundle, seed)
    own, others = (RowModels(bundle.outcomes, shapley=one) for one in ("compiled", "lightgbm"))
    models = bundle.outcomes.values()
    works: dict[str, Callable[[NDArray[np.float32]], object]] = {
        "predict, compiled": own.predict,
        "predict, LightGBM": lambda row: [model.predict(row[None]) for model in models],
        "Shapley values, compiled": own.contributions,
        "Shapley values, LightGBM": others.contributions,
        "five reasons in words": lambda row: reasons_of_row(own, row, bundle.plan, most=5),
    }
    differs = max(np.abs(own.contributions(r) - others.contributions(r)).max() for r in rows)
    return [
        {"what": f"{name}, {what}", **microseconds(work, rows)}
        | (
            {"differs_from_lightgbm_by": float(differs)}
            if name.endswith("values, compiled")
            else {}
        )
        for name, work in works.items()
    ]


def microseconds(work: Callable[[NDArray[np.float32]], object], rows: NDArray[np.float32]) -> Row:
    """Return the median over rows of what each took at its fastest, and of all that was timed."""
    work(rows[0])
    took = np.empty((REPEATS, len(rows)))
    for repeat in range(REPEATS):
        for place, row in enumerate(rows):
            begun = time.perf_counter()
            work(row)
            took[repeat, place] = time.perf_counter() - begun
    return {
        "us_fastest": float(np.median(took.min(axis=0)) * 1e6),
        "us_median": float(np.median(took) * 1e6),
    }


def features_of(bundle: Bundle, seed: int) -> NDArray[np.float32]:
    """Return rows drawn by chance: some missing, codes among the known ones."""
    draw = np.random.default_rng(seed)
    X = draw.exponential(20.0, (ROWS, len(bundle.plan.features)))
    X[draw.random(X.shape) < 0.2] = np.nan
    for place, feature in enumerate(bundle.plan.features):
        if feature.labels:
            X[:, place] = draw.integers(0, len(feature.labels), ROWS)
    return X.astype(np.float32)
