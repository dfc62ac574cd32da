"""Scoring a whole log: where every open journey stands at its end, or stood at every event."""

from pathlib import Path

import numpy as np
import pandas as pd

from features.plan import Plan
from features.table import tables
from journeys.definition import Definition
from journeys.errors import BundleError, OfframpError
from journeys.find import find_journeys, journey_ids
from journeys.labels import at_risk_of
from journeys.log import EventLog
from journeys.samples import samples_at_end, samples_of
from journeys.writing import whole_file
from models.bundle import Bundle

SUFFIXES = (".parquet", ".csv", ".jsonl")


def definition_for(bundle: Bundle, given: Definition) -> Definition:
    """Return the definition that the models learnt with, for a file with its own column names.

    Raises
    ------
    BundleError
        If the given definition is of another journey.
    """
    if given.name != bundle.journey:
        raise BundleError(
            f"The model predicts the journey {bundle.journey!r}, the definition describes "
            f"{given.name!r}; give the two that belong together."
        )
    return bundle.plan.definition.model_copy(update=given.of_the_file)


def score_open(log: EventLog, bundle: Bundle) -> pd.DataFrame:
    """Return a prediction for every journey that is open at the end of the log.

    Returns
    -------
    DataFrame, one row per journey
        ``customer_id``, ``journey_id``, ``as_of`` (UTC cutoff), ``step`` (last activity),
        ``age_hours``, ``happened`` (outcomes that are past, such as leakage after a call: their p
        says nothing), and for each outcome ``p_OUTCOME`` with its 90 % interval ``_low`` and
        ``_high``.
    """
    journeys = find_journeys(log, bundle.plan.definition)
    plan = bundle.plan.current(log, journeys)
    return scored(log, journeys, samples_at_end(log, journeys), bundle, plan)


def score_every_event(log: EventLog, bundle: Bundle) -> pd.DataFrame:
    """Return a prediction for every sample of every journey; columns as in `score_open`."""
    journeys = find_journeys(log, bundle.plan.definition)
    samples = samples_of(log, journeys, bundle.plan.definition)
    return scored(log, journeys, samples, bundle, bundle.plan.current(log, journeys))


def write_scores(scores: pd.DataFrame, path: str | Path) -> None:
    """Write scores as Parquet, CSV or JSON Lines, by the suffix; beside its place, then moved.

    Raises
    ------
    OfframpError
        If the suffix is none of these, or the place cannot be written to.
    """
    path = Path(path)
    require_suffix(path)
    with whole_file(path) as beside:
        _write(scores, beside, path.suffix)


def require_suffix(path: Path) -> None:
    """Raise an `OfframpError` unless the path ends in one of `SUFFIXES`."""
    if path.suffix not in SUFFIXES:
        raise OfframpError(
            f"Cannot write {str(path)!r}: the name must end in {', '.join(SUFFIXES)}; "
            f"for instance {str(path.with_suffix('.parquet'))!r}."
        )


def _write(scores: pd.DataFrame, place: Path, suffix: str) -> None:
    if suffix == ".parquet":
        scores.to_parquet(place, index=False)
    else:
        place.write_text(scores_text(scores, suffix), encoding="utf-8", newline="")


def scores_text(scores: pd.DataFrame, suffix: str, *, header: bool = True) -> str:
    """Return scores as CSV or JSON Lines; ``header``: whether a CSV begins with the names."""
    if suffix == ".csv":
        return str(scores.to_csv(index=False, header=header))
    if scores.empty:  # pandas would write a line without an object
        return ""
    text = scores.to_json(
        orient="records", lines=True, date_format="iso", date_unit="us", double_precision=15
    )
    return str(text)


def scored(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, bundle: Bundle, plan: Plan
) -> pd.DataFrame:
    """Return the prediction at each sample, columns as in `score_open`.

    Parameters
    ----------
    plan : the bundle's own, or as `features.plan.Plan.current` renews it for the log
    """
    journey, seen = samples["journey"].to_numpy(), samples["seen"].to_numpy()
    start = journeys["start"].take(journey).reset_index(drop=True)
    scores = pd.DataFrame(
        {
            "customer_id": log.events["customer_id"].take(seen).astype(str).to_numpy(),
            "journey_id": journey_ids(log, journeys, bundle.plan.definition)[journey],
            "as_of": samples["cutoff"],
            "step": log.events["activity"].take(seen).astype(str).to_numpy(),
            "age_hours": (samples["cutoff"] - start).dt.total_seconds() / 3600,
            "happened": _happened(log, journeys, samples, bundle),
        }
    )
    return pd.concat([scores, _predicted(log, journeys, samples, bundle, plan)], axis=1)


def _happened(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, bundle: Bundle
) -> list[str]:
    """Return for each sample the outcomes that are no longer asked, separated by spaces."""
    at_risk = at_risk_of(log, journeys, samples, bundle.plan.definition)
    past = {outcome: ~at_risk[outcome] for outcome in at_risk if outcome in bundle.outcomes}
    names = [np.where(flags, outcome, "") for outcome, flags in past.items()]
    return [" ".join(filter(None, row)) for row in zip(*names, strict=True)]


def _predicted(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, bundle: Bundle, plan: Plan
) -> pd.DataFrame:
    """Return p with its interval per outcome, chunk by chunk: the table never stands whole."""
    columns = [f"p_{o}{end}" for o in bundle.outcomes for end in ("", "_low", "_high")]
    found = np.empty((len(samples), len(columns)))
    for rows, X in tables(log, journeys, samples, plan):
        for place, model in enumerate(bundle.outcomes.values()):
            prediction = model.predict(X)
            three = (prediction.p, prediction.low, prediction.high)
            found[rows, 3 * place : 3 * place + 3] = np.column_stack(three)
    return pd.DataFrame(found, columns=columns)
