"""The commands about causes: what they ask of the rooms, in order."""

from pathlib import Path

import pandas as pd

from journeys.check import check_log
from journeys.definition import Definition, Outcome
from journeys.errors import FindingsError
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.read import read_events, read_frame
from offramp.console import working
from rootcause.audience import audience_of
from rootcause.findings import Findings, read_findings
from rootcause.report import ReportData, write_report
from rootcause.search import find_causes
from rootcause.symptoms import with_symptoms
from rootcause.verify import Verdict, was_it_fixed
from serving.registry import fetch_bundle
from training.score import score_open


def searched(log: EventLog, definition: Definition, outcome: Outcome, *, seed: int) -> Findings:
    """Return the findings about one outcome, with their symptoms."""
    journeys = find_journeys(log, definition)
    with working(f"Searching for causes ({outcome})") as tell:
        found = find_causes(log, journeys, definition, outcome, seed=seed, progress=tell)
        return with_symptoms(found, log, journeys, definition)


def health_of(events: str, definition: Definition) -> list[str]:
    """Return what `offramp check` has to say of a log, a sentence each."""
    found = check_log(read_frame(events), definition, now=pd.Timestamp.now(tz="UTC"))
    return [problem.sentence for problem in found.problems]


def reported(
    events: str, definition: Definition, model: str, file: str, *, seed: int
) -> tuple[Path, Path]:
    """Search every outcome and write the report; without a model it says nothing of predictions."""
    log = read_events(events, definition)
    bundle = fetch_bundle(model) if model else None
    findings = [searched(log, definition, outcome, seed=seed) for outcome in definition.outcomes]
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    data = ReportData(
        log=log,
        journeys=find_journeys(log, definition),
        definition=definition,
        findings=findings,
        bundle=bundle,
        health=health_of(events, definition),
        model=model,
    )
    with working("Writing the report") as tell:
        return write_report(file, data, progress=tell)


def audience_in(
    log: EventLog, definition: Definition, model: str, findings: str, finding: str
) -> pd.DataFrame:
    """Return the audience of one or all findings of a file, with the model's view of each."""
    found = _findings_about(definition, findings)
    chosen = [found.finding(finding)] if finding else list(found.findings)
    if not chosen:
        raise FindingsError(
            f"{findings!r} holds no finding, so there is nobody to list. "
            "That is an answer: nothing was found."
        )
    bundle = fetch_bundle(model)
    journeys = find_journeys(log, definition)
    parts = [audience_of(log, journeys, definition, one).assign(finding=one.id) for one in chosen]
    column = f"p_{found.outcome}"
    scores = score_open(log, bundle).reindex(columns=["journey_id", column])
    people = pd.concat(parts, ignore_index=True)
    return people.merge(scores, how="left", left_on="journey", right_on="journey_id").drop(
        columns="journey_id"
    )


def verdict_on(
    log: EventLog, definition: Definition, findings: str, finding: str, fixed_at: str
) -> Verdict:
    """Return whether a finding's effect is gone since an instant."""
    found = _findings_about(definition, findings)
    try:
        at = pd.Timestamp(fixed_at)
    except ValueError:
        raise FindingsError(
            f"{fixed_at!r} is not a time; write --fixed-at 2026-03-20 or 2026-03-20T08:00:00Z."
        ) from None
    at = at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")
    journeys = find_journeys(log, definition)
    return was_it_fixed(
        log, journeys, definition, found.finding(finding), outcome=found.outcome, fixed_at=at
    )


def _findings_about(definition: Definition, file: str) -> Findings:
    """Read findings and make sure that they are about this journey."""
    found = read_findings(file)
    if found.journey != definition.name:
        raise FindingsError(
            f"{file!r} is about the journey {found.journey!r}, the definition about "
            f"{definition.name!r}; give the two that belong together."
        )
    return found
