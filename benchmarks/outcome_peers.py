"""What Offramp is compared with on an outcome task: others' learners on the usual encoding.

The **aggregation encoding** of Teinemaa et al. (2019): how often each activity and each text value
occurred so far, the last, mean, smallest, largest, sum and standard deviation of each number, the
attributes of the case as they are.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from benchmarks.outcome_protocol import Cases
from benchmarks.outcome_task import ACTIVITY, CASE, NOT_SAID, TIME, Task, ours

Floats = NDArray[np.float64]
Table = NDArray[np.float32]
Vocabulary = dict[str, list[str]]

XGBOOST, LOGISTIC, FOREST = "xgboost", "logistic regression", "random forest"
_MOST_VALUES = 250
_MOST_ROWS_LINEAR = 30_000


def xgboost(X: Table, y: Floats, seed: int) -> Callable[[Table], Floats]:
    """Fit XGBoost untuned: 500 trees of depth 5 at a rate of 0.02, on samples of rows and columns.

    The shares, .8 and .5, are the middle of the ranges that Teinemaa et al. (2019) search.
    """
    model = XGBClassifier(
        n_estimators=500,
        max_depth=5,
        learning_rate=0.02,
        subsample=0.8,
        colsample_bytree=0.5,
        tree_method="hist",
        n_jobs=1,
        random_state=seed,
    ).fit(X, y)
    return lambda later: np.asarray(model.predict_proba(later)[:, 1], dtype=np.float64)


def logistic_regression(X: Table, y: Floats, seed: int) -> Callable[[Table], Floats]:
    """Fit a logistic regression to standardised features, on at most 30,000 rows."""
    if len(y) > _MOST_ROWS_LINEAR:
        rows = np.random.default_rng(seed).choice(len(y), _MOST_ROWS_LINEAR, replace=False)
        rows[:2] = np.argmax(y), np.argmin(y)
        X, y = X[rows], y[rows]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    model.fit(X, y)
    return lambda later: np.asarray(model.predict_proba(later)[:, 1], dtype=np.float64)


def random_forest(X: Table, y: Floats, seed: int) -> Callable[[Table], Floats]:
    """Fit a random forest of 200 trees with leaves of at least five, 30,000 rows a tree."""
    drawn = min(1.0, 30_000 / len(y))
    model = RandomForestClassifier(
        200, min_samples_leaf=5, max_samples=drawn, n_jobs=1, random_state=seed
    ).fit(X, y)
    return lambda later: np.asarray(model.predict_proba(later)[:, 1], dtype=np.float64)


PEERS = {XGBOOST: xgboost, LOGISTIC: logistic_regression, FOREST: random_forest}


def encoded(train: Cases, test: Cases, task: Task) -> tuple[Table, Table]:
    """Return the aggregation encoding of all samples; the values are those of the training part."""
    text = [ACTIVITY, *ours(task.attributes.text)]
    vocabulary = {
        name: [str(value) for value in _said(train, name).value_counts().index[:_MOST_VALUES]]
        for name in text
    }
    return _encoded(train, task, vocabulary), _encoded(test, task, vocabulary)


def _said(cases: Cases, name: str) -> pd.Series:
    return cases.events[name].fillna(NOT_SAID)


def _encoded(cases: Cases, task: Task, vocabulary: Vocabulary) -> Table:
    case = cases.events[CASE]
    of_event = [ACTIVITY, *ours(task.attributes.event)]
    pieces = []
    for name, values in vocabulary.items():
        codes = pd.Index(values).get_indexer(pd.Index(_said(cases, name)))
        shown = pd.DataFrame(np.equal.outer(codes, np.arange(len(values))).astype(np.float32))
        counted = shown.groupby(case).cumsum() if name in of_event else shown
        pieces.append(counted.to_numpy(dtype=np.float32)[cases.asked])
    for numbers in (*_event_numbers(cases, task), *_clock(cases)):
        pieces.append(_aggregated(numbers, case)[cases.asked])
    fixed = [name for name in ours(task.attributes.numeric) if name not in _varying(task)]
    pieces.append(cases.events[fixed].to_numpy(dtype=np.float32)[cases.asked])
    pieces.append(cases.lengths[:, None].astype(np.float32))
    return np.asarray(np.nan_to_num(np.concatenate(pieces, axis=1), nan=0.0), dtype=np.float32)


def _varying(task: Task) -> list[str]:
    named = [name for name in task.attributes.event_numeric if name in task.attributes.numeric]
    return ours(named)


def _event_numbers(cases: Cases, task: Task) -> list[pd.Series]:
    return [cases.events[name] for name in _varying(task)]


def _clock(cases: Cases) -> list[pd.Series]:
    """Return hours since the start of the case and since the event before."""
    seconds = cases.events[TIME].astype("int64") / 3.6e9
    of_case = seconds.groupby(cases.events[CASE])
    return [seconds - of_case.transform("first"), of_case.diff().fillna(0.0)]


def _aggregated(numbers: pd.Series, case: pd.Series) -> Table:
    """Return last, mean, smallest, largest, sum and standard deviation so far, (n_events, 6)."""
    known = numbers.notna()
    values = numbers.fillna(0.0)
    count = known.groupby(case).cumsum().clip(lower=1)
    total = values.groupby(case).cumsum()
    mean = total / count
    centred = values - numbers.mean()
    spread = (centred**2).where(known, 0.0).groupby(case).cumsum() / count
    shift = centred.where(known, 0.0).groupby(case).cumsum() / count
    std = np.sqrt((spread - shift**2).clip(lower=0.0))
    of_case = numbers.groupby(case)
    every = [of_case.ffill(), mean, of_case.cummin(), of_case.cummax(), total, std]
    return np.column_stack([np.asarray(one, dtype=np.float32) for one in every])
