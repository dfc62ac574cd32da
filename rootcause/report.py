"""The report: one self-contained HTML file for those who must act, and a JSON of all it shows.

No request leaves the file, no script is needed, and every name from the log is escaped. Numbers
come from the sections, pictures are SVG drawn here; the page itself is `templates/report.html`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from journeys.definition import Definition
from journeys.errors import OfframpError
from journeys.log import EventLog
from journeys.writing import whole_file
from models.bundle import Bundle
from rootcause.acting import fixes_section, money_section, others_section, people_section
from rootcause.audience_summary import AudienceSummary
from rootcause.cards import Asked, card, checked, grouped
from rootcause.early_section import early_section
from rootcause.finding_pictures import Drawn, drawn_for
from rootcause.findings import Findings
from rootcause.glossary import GLOSSARY
from rootcause.headline import headline
from rootcause.life import Case
from rootcause.next_days import by_finding
from rootcause.overview import Tallied, breaks_of, overview_of, tallied_of
from rootcause.portfolio import Portfolio
from rootcause.ranking import ranking_section, trend_pictures
from rootcause.standing import standing_section
from rootcause.trust_section import trust_of
from rootcause.whatif import Saving
from rootcause.wording import condition_words, day, plain

Progress = Callable[[str, float], None]

_ABSENT = {
    "portfolio": "The journeys were not compared. “offramp report” does so for each --journey.",
    "money": "What a fix would save was not computed. “offramp whatif” does so for one finding.",
    "people": "No list of customers was made. “offramp audience” makes one for each finding.",
    "fixes": "No fix has been recorded. “offramp watch --state DIR” keeps the findings, "
    "“offramp finding fix” records a fix, and “offramp report --state DIR” shows its verdict here.",
    "predictions": "No model was given, so nothing is said of predictions. "
    "“offramp train” makes one, and “offramp report --model” shows how far to trust it.",
    "breaks": "There is too little to show: fewer than 10 journeys, or the definition names no two "
    "milestones that occur in this log. List them under “milestones:”.",
}


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything that a report is made from; what is absent is said on the page.

    Attributes
    ----------
    findings : one `Findings` per outcome searched, with symptoms where wanted
    bundle : the fitted models, for drivers and for the quality of predictions; None leaves both out
    health : what `offramp check` has to say of the log, a sentence each
    model : the name under which the bundle is known, such as ``models:/offramp-NAME@champion``
    portfolio : the KPIs of this journey and of others
    savings, audiences : of the findings, by their ids; others are not shown
    cases : the findings of a watch and their lives: owners, fixes, verdicts
    alarms : KPIs outside their expected band, as `rootcause.band.Alarm.as_dict` gives them
    tallied : how large the log is and how its journeys ended, where ``log`` is not all of it
    examples : the log of the customers whom findings name, where these may not be in ``log``
    shown, some : where ``log`` is not all of it: what the page is of; whose ``log`` is, in words
    """

    log: EventLog
    journeys: pd.DataFrame
    definition: Definition
    findings: Sequence[Findings]
    bundle: Bundle | None = None
    health: Sequence[str] = ()
    model: str = ""
    portfolio: Portfolio | None = None
    savings: Sequence[Saving] = ()
    audiences: Sequence[AudienceSummary] = ()
    cases: Sequence[Case] = ()
    alarms: Sequence[Mapping[str, object]] = ()
    tallied: Tallied | None = None
    examples: EventLog | None = None
    shown: str = ""
    some: str = ""


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
    groups = grouped(data.findings, data.cases)
    tell("report: findings", 0.1)
    drawn = drawn_for(
        data.log,
        data.journeys,
        data.definition,
        groups,
        () if data.some else data.savings,  # what has been met so far would be of some only
        examples=data.examples,
    )
    tell("report: journeys", 0.3)
    breaks, pictures = breaks_of(data.log, data.journeys, data.definition)
    tell("report: predictions", 0.5)
    trust, believed = trust_of(data.log, data.journeys, data.definition, data.bundle)
    pictures |= drawn.pictures | believed
    content: dict[str, object] = {
        "journey": data.definition.name,
        "title": plain(data.definition.name).capitalize(),
        "headline": headline(
            data.findings, data.definition, savings=by_finding(data.savings), cases=data.cases
        ),
        "overview": overview_of(data.tallied or tallied_of(data.log, data.journeys)),
        "shown": data.shown,
        "some": data.some,
        **_journeys(data, pictures),
        "breaks": breaks,
        "cards": [_card(group, data, drawn) for group in groups],
        "early": early_section(data.findings),
        "standing": standing_section(data.findings),
        "checked": [checked(about) for about in data.findings],
        **_acting(data, groups),
        **trust,
        "model": _model(data),
        "health": list(data.health),
        "privacy": _privacy(data.definition),
        "glossary": [{"word": word, "meaning": meaning} for word, meaning in GLOSSARY],
        "absent": _ABSENT,
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


def _journeys(data: ReportData, pictures: dict[str, str]) -> dict[str, object]:
    """Return the ranking and what is outside its band; its trends go to the pictures."""
    if data.portfolio is not None:
        pictures |= trend_pictures(data.portfolio)
    return {
        "ranking": []
        if data.portfolio is None
        else ranking_section(data.portfolio, data.definition.name),
        "alarms": [str(alarm["words"]) for alarm in data.alarms],
    }


def _card(group: Sequence[Asked], data: ReportData, drawn: Drawn) -> dict[str, object]:
    id_ = group[0][1].id
    return card(group, data.definition, data.cases) | {
        "timelines": drawn.examples.get(id_, []),
        "ahead": drawn.ahead.get(id_, ""),
    }


def _acting(data: ReportData, groups: Sequence[Sequence[Asked]]) -> dict[str, object]:
    names = {one.id: condition_words(one.conditions) for group in groups for _, one in group}
    return {
        "people": people_section(data.audiences, names),
        "money": money_section(data.savings, names),
        "fixes": fixes_section(data.cases),
        "watched": others_section(data.cases, list(names)),
    }


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
