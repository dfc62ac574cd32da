"""The command `offramp audience`: what it asks of the rooms, in order."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pandas as pd

from journeys.definition import Definition
from journeys.errors import FindingsError, SegmentError
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.segment_file import Segment, load_segment, segment_from
from models.threads import one_thread
from offramp.causes import bundle_for, findings_about
from rootcause.audience import gathered
from rootcause.audience_file import read_audience
from rootcause.audience_summary import AudienceSummary
from rootcause.changes import Leaving, left_since
from rootcause.fields import in_flight
from rootcause.findings import Finding, Findings
from rootcause.listing import Terms
from rootcause.segment import Sought, segment_of
from rootcause.where import read_condition
from training.score import score_open

Sources = tuple[str, str, str]
"""The model's URI, the findings file, and the id of one finding; each may be empty."""

People = tuple[pd.DataFrame, list[AudienceSummary]]


def asked_segment(file: str, *, where: str, before: str, within: str, save: str) -> Segment | None:
    """Return the segment that is asked for, from its file or from the words; None for findings."""
    said = {"where": where, "before": before, "within": within}
    given = {name: value for name, value in said.items() if value}
    if file:
        if given:
            raise SegmentError(
                f"The segment {file!r} says whom to list; take --{', --'.join(given)} away, or "
                "change the file."
            )
        return _readable(load_segment(file))
    if not given:
        if save:
            raise SegmentError("There is no condition to save; give it with --where or --before.")
        return None
    name = Path(save).stem if save else f"before_{before}" if before else "segment"
    return _readable(segment_from({"name": name, **given}, source="the command line"))


def _readable(segment: Segment) -> Segment:
    """Return the segment if its condition can be read, before anything long is done."""
    if segment.where:
        read_condition(segment.where)
    return segment


def terms_of(segment: Segment | None, *, days: float, hold_out: float, previous: str) -> Terms:
    """Return the terms of the list; the horizon of a segment is its own."""
    within = segment.within if segment is not None else None
    horizon = days if within is None else within / timedelta(days=1)
    return Terms(horizon, hold_out, read_audience(previous) if previous else None)


def gathered_all(
    log: EventLog,
    definition: Definition,
    sources: Sources,
    *,
    segment: Segment | None,
    terms: Terms,
) -> People:
    """Return the list that is asked for, with the model's view of each, and its summaries."""
    model, file, id_ = sources
    journeys = find_journeys(log, definition)
    scores = _scores(log, definition, model) if model else None
    found = findings_about(definition, file) if file else None
    with one_thread():
        if segment is not None:
            return _of_segment(log, journeys, definition, (scores, found), (segment, terms))
        if found is None:
            raise FindingsError(
                "Nobody is asked for: give --findings FILE for the customers of findings, --where "
                "for a condition, or --before for an event."
            )
        people, told = _of_findings(log, journeys, definition, (found, id_), terms)
    return _with_scores(people, scores, [f"p_{found.outcome}"]), told


def _of_findings(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    asked: tuple[Findings, str],
    terms: Terms,
) -> People:
    """Return the audiences of one or all findings, one after the other, and who left for good."""
    found, id_ = asked
    chosen = [found.finding(id_)] if id_ else list(found.findings)
    gone = [] if id_ else _no_longer_found(chosen, terms)
    if not chosen and not gone:
        raise FindingsError(
            "The file of findings holds none, so there is nobody to list. "
            "That is an answer: nothing was found."
        )
    parts, told = [], []
    for finding in chosen:
        people, summary = gathered(
            log, journeys, definition, finding, outcome=found.outcome, terms=terms
        )
        parts.append(people)
        told.append(summary)
    why = Leaving(closed="the finding is closed, or was not found again")
    for theirs in gone:
        parts.append(
            left_since(log, journeys, definition, theirs[:0], previous=theirs, leaving=why)
        )
        told.append(_ended(str(theirs["audience"].iloc[0]), len(theirs), why.closed, log))
    return _joined(parts), told


def _no_longer_found(chosen: Iterable[Finding], terms: Terms) -> list[pd.DataFrame]:
    """Return the earlier lists of findings that are not in the file any more."""
    if terms.previous is None:
        return []
    known = {finding.id for finding in chosen}
    there = terms.previous[terms.previous["state"].isin(["affected", "at_risk"])]
    names = [name for name in there["audience"].unique() if name not in known]
    return [there[there["audience"] == name].reset_index(drop=True) for name in names]


def _ended(name: str, left: int, why: str, log: EventLog) -> AudienceSummary:
    nobody = (0.0, 0.0, 0.0)
    return AudienceSummary(
        finding=name,
        affected=0,
        at_risk=0,
        expected_reached=nobody,
        expected_harmed=nobody,
        held_out=0,
        entered=0,
        left=left,
        grade=None,
        as_of=log.ends.isoformat(),
        left_because={why: left},
        state="closed",
        sentence=f"{name} is closed, or was not found again: all {left:,} left its audience.",
    )


def _of_segment(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    known: tuple[pd.DataFrame | None, Findings | None],
    asked: tuple[Segment, Terms],
) -> People:
    """Return the journeys in flight that a segment chooses."""
    (scores, found), (segment, terms) = known, asked
    where = read_condition(segment.where) if segment.where else None
    members = None
    if found is not None and where is not None and {"finding", "state"} & set(where.names):
        members, _ = _of_findings(log, journeys, definition, (found, ""), Terms(days=terms.days))
    flying = in_flight(log, journeys, definition, scores=scores, members=members)
    sought = Sought(segment.name, where, segment.before)
    people, told = segment_of(log, journeys, definition, flying, sought=sought, terms=terms)
    names = [] if scores is None else [name for name in scores.columns if name != "journey_id"]
    return _with_scores(people, scores, names), [told]


def _scores(log: EventLog, definition: Definition, model: str) -> pd.DataFrame:
    """Return the model's view of every journey in flight; NaN of what is past."""
    bundle = bundle_for(definition, model)
    scores = score_open(log, bundle)
    told = {"journey_id": scores["journey_id"]}
    for outcome in bundle.outcomes:
        past = scores["happened"].map(lambda happened, one=outcome: one in happened.split())
        told[f"p_{outcome}"] = scores[f"p_{outcome}"].mask(past.astype(bool))
    return pd.DataFrame(told)


def _with_scores(
    people: pd.DataFrame, scores: pd.DataFrame | None, names: list[str]
) -> pd.DataFrame:
    if scores is None:
        return people
    view = scores[["journey_id", *names]].rename(columns={"journey_id": "journey"})
    return people.merge(view, how="left", on="journey")


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return lists one after the other; an empty one would blur the kinds of the columns."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]
