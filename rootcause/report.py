"""The report: one self-contained HTML file for those who must act, and a JSON of all it shows.

No request leaves the file, no script is needed, and every name from the log is escaped. Numbers
come from the sections (`overview`, `cards`, `trust`), pictures from `plots`; the page itself is
`templates/report.html`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from journeys.definition import Definition
from journeys.errors import OfframpError
from journeys.log import EventLog
from journeys.writing import whole_file
from models.bundle import Bundle
from rootcause.cards import Asked, card, checked, grouped, headline
from rootcause.exposure import Exposures, exposures_of
from rootcause.figures import svg_text
from rootcause.findings import Findings
from rootcause.glossary import GLOSSARY
from rootcause.overview import overview_of
from rootcause.plots import TIERS, drivers_figure, onset_figure, reliability_figure
from rootcause.standing import standing_section
from rootcause.trust import (
    calibration_words,
    drivers_by_outcome,
    drivers_section,
    predictions_section,
    rows_for_drivers,
    shown_bins,
)
from rootcause.weeks import first_seen, weeks_of
from rootcause.wording import bad_noun, condition_words, day, percent, plain

Progress = Callable[[str, float], None]

_OUTCOME_WORDS = {
    "success": "reaching the goal",
    "leakage": "reaching the contact centre",
    "churn": "leaving",
}


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything that a report is made from.

    Attributes
    ----------
    findings : one `Findings` per outcome searched, with symptoms where wanted
    bundle : the fitted models, for drivers and for the quality of predictions; None leaves both out
    health : what `offramp check` has to say of the log, a sentence each
    model : the name under which the bundle is known, such as ``models:/offramp-NAME@champion``
    """

    log: EventLog
    journeys: pd.DataFrame
    definition: Definition
    findings: Sequence[Findings]
    bundle: Bundle | None = None
    health: Sequence[str] = ()
    model: str = ""


def write_report(
    path: str | Path, data: ReportData, *, progress: Progress | None = None
) -> tuple[Path, Path]:
    """Write the report and, beside it under the same stem, the JSON of everything shown.

    Each is written whole or not at all.

    Raises
    ------
    OfframpError
        If the page is to be the JSON's own place, or the folder may not be written to.
    """
    target = Path(path)
    beside = target.with_suffix(".json")
    if beside == target:
        raise OfframpError(
            f"The report is a page, and its data stand beside it in {str(path)!r}; "
            f"give another name, such as {str(target.with_suffix('.html'))!r}."
        )
    tell = progress or (lambda _label, _share: None)
    content, pictures = report_content(data, progress=tell)
    tell("report", 1.0)
    page, text = render(content, pictures), json.dumps(content, indent=1, ensure_ascii=False)
    with whole_file(target) as whole, whole_file(beside) as data_file:
        whole.write_text(page, encoding="utf-8")
        data_file.write_text(f"{text}\n", encoding="utf-8")
    return target, beside


def report_content(
    data: ReportData, *, progress: Progress | None = None
) -> tuple[dict[str, object], dict[str, str]]:
    """Return all that the report shows as plain data, and its pictures as SVG by name."""
    tell = progress or (lambda _label, _share: None)
    groups = grouped(data.findings)
    pictures: dict[str, str] = {}
    tell("report: findings", 0.1)
    _draw_onsets(data, groups, pictures)
    tell("report: drivers", 0.5)
    drivers = _drivers(data, pictures)
    predictions = _predictions(data, pictures)
    content: dict[str, object] = {
        "journey": data.definition.name,
        "title": plain(data.definition.name).capitalize(),
        "headline": headline(data.findings),
        "overview": overview_of(data.log, data.journeys, data.definition),
        "cards": [card(group, data.definition) for group in groups],
        "standing": standing_section(data.findings),
        "checked": [checked(about) for about in data.findings],
        "drivers": drivers,
        "predictions": predictions,
        "model": _model(data),
        "health": list(data.health),
        "privacy": _privacy(data.definition),
        "glossary": [{"word": word, "meaning": meaning} for word, meaning in GLOSSARY],
    }
    return content, pictures


def render(content: dict[str, object], pictures: dict[str, str]) -> str:
    """Return the page; the template takes only the pictures, which are ours, as they are."""
    environment = Environment(
        loader=PackageLoader("rootcause", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(**content, pictures=pictures)


def _draw_onsets(
    data: ReportData, groups: Sequence[Sequence[Asked]], pictures: dict[str, str]
) -> None:
    exposures: dict[str, Exposures] = {}
    for (outcome, one), *_ in groups:
        if outcome not in exposures:
            exposures[outcome] = exposures_of(data.log, data.journeys, data.definition, outcome)
        weeks = weeks_of(exposures[outcome], one.conditions)
        if weeks.empty:
            continue
        release = first_seen(data.log, one.conditions)
        figure = onset_figure(weeks, onset=one.onset, release=release, outcome=bad_noun(outcome))
        since = f" They were first seen on {day(release)}." if release is not None else ""
        pictures[f"onset_{one.id}"] = svg_text(
            figure,
            f"Rate of {bad_noun(outcome)} over time for {condition_words(one.conditions)} and for "
            f"others at the same step. From the onset on {day(one.onset)} it is "
            f"{percent(one.rate)} instead of {percent(one.expected_rate)}.{since}",
        )


def _drivers(data: ReportData, pictures: dict[str, str]) -> list[dict[str, object]]:
    if data.bundle is None:
        return []
    rows = rows_for_drivers(data.log, data.journeys, data.definition, data.bundle)
    sections = []
    for outcome, drivers in drivers_by_outcome(data.bundle, rows).items():
        words = _OUTCOME_WORDS.get(outcome, outcome)
        strongest = "; ".join(
            f"{tier_words}: {', '.join(drivers[drivers['tier'] == tier]['words'].head(2))}"
            for tier, tier_words in TIERS.items()
            if (drivers["tier"] == tier).any()
        )
        pictures[f"drivers_{outcome}"] = svg_text(
            drivers_figure(drivers),
            f"The strongest drivers of {words}, by mean influence with intervals: {strongest}.",
        )
        sections.append({"outcome": outcome, "words": words} | drivers_section(drivers))
    return sections


def _predictions(data: ReportData, pictures: dict[str, str]) -> list[dict[str, object]]:
    evaluation = {} if data.bundle is None else data.bundle.manifest.get("evaluation", {})
    if not isinstance(evaluation, dict):
        return []
    order = [outcome for outcome in data.definition.outcomes if outcome in evaluation]
    return [_prediction(outcome, evaluation[outcome], pictures) for outcome in order]


def _prediction(
    outcome: str, evaluation: Mapping[str, Any], pictures: dict[str, str]
) -> dict[str, object]:
    words = _OUTCOME_WORDS.get(outcome, outcome)
    bins = shown_bins(evaluation)
    if bins:
        said = " ".join(calibration_words(outcome, bins))
        pictures[f"reliability_{outcome}"] = svg_text(
            reliability_figure(pd.DataFrame(bins), words=words),
            f"Observed against predicted share for {words}. {said}",
        )
    section = predictions_section(outcome, evaluation)
    return {"outcome": outcome, "words": words} | section


def _model(data: ReportData) -> dict[str, str] | None:
    if data.bundle is None:
        return None
    manifest = data.bundle.manifest
    trained_to = manifest.get("trained_to")
    return {
        "name": data.model or str(manifest["name"]),
        "code_version": str(manifest["code_version"]),
        "features": str(manifest["spec_hash"]),
        "trained_to": day(trained_to) if trained_to is not None else "unknown",
    }


def _privacy(definition: Definition) -> list[str]:
    sensitive = definition.attributes.sensitive
    never = f"Never used: {', '.join(map(plain, sensitive))}. " if sensitive else ""
    return [
        f"{never}Causes are searched among "
        f"{', '.join(map(plain, definition.attributes.categorical)) or 'steps only'}.",
        "No customer key stands in this file or in the JSON beside it; example journeys carry "
        "pseudonyms. Groups of fewer than 10 are not shown.",
    ]
