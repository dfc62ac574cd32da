"""Trust on the page: per outcome what moves the predictions and whether they come true."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from journeys.definition import Definition
from journeys.log import EventLog
from models.bundle import Bundle
from rootcause.trust import (
    TIERS,
    calibration_words,
    drivers_by_outcome,
    drivers_section,
    predictions_section,
    rows_for_drivers,
    shown_bins,
)
from rootcause.trust_pictures import (
    calibration_picture,
    drivers_picture,
    earliness_picture,
    earliness_words,
)

_OUTCOME_WORDS = {
    "success": "reaching the goal",
    "leakage": "reaching the contact centre",
    "churn": "leaving",
}


def trust_of(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, bundle: Bundle | None
) -> tuple[dict[str, object], dict[str, str]]:
    """Return ``drivers`` and ``predictions``, a section per outcome, and their pictures."""
    pictures: dict[str, str] = {}
    if bundle is None:
        return {"drivers": [], "predictions": []}, pictures
    evaluation = bundle.manifest.get("evaluation")
    known = evaluation if isinstance(evaluation, dict) else {}
    order = [outcome for outcome in definition.outcomes if outcome in known]
    told: dict[str, object] = {
        "drivers": _drivers(log, journeys, definition, bundle, pictures),
        "predictions": [_prediction(one, known[one], pictures) for one in order],
    }
    return told, pictures


def _drivers(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    bundle: Bundle,
    pictures: dict[str, str],
) -> list[dict[str, object]]:
    rows = rows_for_drivers(log, journeys, definition, bundle)
    sections = []
    for outcome, drivers in drivers_by_outcome(bundle, rows).items():
        words = _OUTCOME_WORDS.get(outcome, outcome)
        strongest = "; ".join(
            f"{tier_words}: {', '.join(drivers[drivers['tier'] == tier]['words'].head(2))}"
            for tier, tier_words in TIERS.items()
            if (drivers["tier"] == tier).any()
        )
        said = f"The strongest drivers of {words}, by mean influence with intervals: {strongest}."
        pictures[f"drivers_{outcome}"] = drivers_picture(drivers, said)
        sections.append({"outcome": outcome, "words": words} | drivers_section(drivers))
    return sections


def _prediction(
    outcome: str, evaluation: Mapping[str, Any], pictures: dict[str, str]
) -> dict[str, object]:
    words = _OUTCOME_WORDS.get(outcome, outcome)
    bins, early = shown_bins(evaluation), evaluation.get("earliness") or {}
    if bins:
        said = " ".join(calibration_words(outcome, bins))
        pictures[f"reliability_{outcome}"] = calibration_picture(bins, words, said)
    picture = earliness_picture(early, outcome)
    if picture:
        pictures[f"earliness_{outcome}"] = picture
    section = predictions_section(outcome, evaluation)
    early_words = earliness_words(early, outcome) if early else ""
    return {"outcome": outcome, "words": words, "earliness": early_words} | section
