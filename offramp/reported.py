"""What the report asks of the rooms, in order: search, price, list, compare, write."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.definition_file import load_definition
from journeys.errors import OfframpError
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.shards import HeldShards
from models.bundle import Bundle
from models.threads import one_thread
from offramp.causes import bundle_for, health_of, searched_for_all
from offramp.compared import require_each_once
from offramp.console import Tell, working
from offramp.reading import shards_of
from rootcause.acting import case_of
from rootcause.audience import gathered
from rootcause.audience_summary import AudienceSummary
from rootcause.cards import grouped
from rootcause.findings import Finding, Findings
from rootcause.kpi import JourneyKpis, Loss
from rootcause.life import Case
from rootcause.listing import Terms
from rootcause.loss import loss_of
from rootcause.portfolio import Portfolio, kpis_of, portfolio_of
from rootcause.register import Register, read_register
from rootcause.report import ReportData, write_report
from rootcause.whatif import Saving, savings_of

DAYS_AHEAD = 14
SHOWN = 200_000
"""Customers whom a report is about, of a log that does not fit in memory."""

_MOST_LISTED = 3

Asked = tuple[EventLog, pd.DataFrame, Definition]


@dataclass(frozen=True, eq=False)
class Sources:
    """What a report is made from.

    ``definitions``: the first is what the report is about, all are ranked; ``state``: the folder of
    a watch, or empty; ``model``: the name of ``bundle``.
    """

    events: str
    definitions: Sequence[Definition]
    bundle: Bundle | None = None
    model: str = ""
    state: str = ""


def sources_of(events: str, journeys: Sequence[str], model: str, state: str) -> Sources:
    """Read the definitions and the model; nothing long is begun before all of them stand.

    Raises
    ------
    DefinitionError
        If two definitions are of the same journey.
    OfframpError
        If the state folder is not there.
    """
    definitions = [load_definition(file) for file in journeys]
    require_each_once(definitions)
    if state and not Path(state).is_dir():
        raise OfframpError(
            f"There is no state folder {state!r}. Give the one that `offramp watch --state` wrote, "
            "or leave --state out."
        )
    bundle = bundle_for(definitions[0], model) if model else None
    return Sources(events, definitions, bundle, model, state)


def reported(sources: Sources, file: str, *, seed: int) -> tuple[Path, Path]:
    """Search every outcome of the first journey, and write the report and its data."""
    if Path(file).suffix not in (".html", ".htm"):
        raise OfframpError(
            f"The report is a page: give --out a name that ends in .html, not {file!r}."
        )
    definition = sources.definitions[0]
    log, shown = _shown(sources.events, definition)
    with working("Searching for causes") as tell:
        findings = searched_for_all(log, definition, seed=seed, tell=tell)
    with working("Writing the report") as tell:
        data = replace(data_of(sources, log, findings, tell=tell), shown=shown)
        return write_report(file, data, progress=tell)


def _shown(events: str, definition: Definition) -> tuple[EventLog, str]:
    """Return a log that fits in memory: all of it, or a sample, and then what to say of that."""
    shards = shards_of(events, definition)
    if isinstance(shards, HeldShards):
        return shards.log, ""
    log, whole = shards.some(SHOWN), shards.whole
    return log, (
        f"The log has {whole.events:,} events of {whole.customers:,} customers. This page is about "
        f"{len(log.offsets) - 1:,} of them, chosen by a hash of their keys: all that is counted, "
        "searched and summed up here is theirs alone; only what is said of the data concerns "
        "everybody. “offramp findings” searches everybody for causes."
    )


def data_of(
    sources: Sources, log: EventLog, findings: Sequence[Findings], *, tell: Tell
) -> ReportData:
    """Return all that the report shows: findings with their price, lists, the other journeys."""
    definition, journeys = sources.definitions[0], find_journeys(log, sources.definitions[0])
    asked = (log, journeys, definition)
    register = read_register(sources.state) if sources.state else Register()
    names = {one.name for one in sources.definitions}
    cases = tuple(case for case in register.cases if case.journey in names)
    tell("what a fix saves", 0.0)
    savings = _savings(
        asked, [(one, about.outcome) for about in findings for one in about.findings]
    )
    tell("who is next", 0.02)
    audiences = _audiences(asked, findings, cases)
    tell("journeys", 0.05)
    return ReportData(
        log=log,
        journeys=journeys,
        definition=definition,
        findings=findings,
        bundle=sources.bundle,
        health=health_of(sources.events, definition),
        model=sources.model,
        portfolio=_portfolio(sources, asked, savings, cases),
        savings=savings,
        audiences=audiences,
        cases=cases,
        alarms=tuple(alarm for alarm in register.alarms if alarm["journey"] in names),
    )


def _savings(asked: Asked, found: Sequence[tuple[Finding, Outcome]]) -> list[Saving]:
    log, journeys, definition = asked
    return savings_of(log, journeys, definition, found, days=DAYS_AHEAD)


def _audiences(
    asked: Asked, findings: Sequence[Findings], cases: Sequence[Case]
) -> list[AudienceSummary]:
    """Return whom the most harmful findings concern: each list takes seconds to forecast."""
    log, journeys, definition = asked
    terms = Terms(days=DAYS_AHEAD)
    with one_thread():
        return [
            gathered(log, journeys, definition, one, outcome=outcome, terms=terms)[1]
            for (outcome, one), *_ in grouped(findings, cases)[:_MOST_LISTED]
        ]


def _portfolio(
    sources: Sources, asked: Asked, savings: Sequence[Saving], cases: Sequence[Case]
) -> Portfolio:
    """Return all journeys, ranked; the others' losses are those of the findings under watch."""
    log, journeys, definition = asked
    done = [case for case in cases if case.is_done]
    still = [saving for saving in savings if case_of(done, saving.finding) is None]
    measured = [(kpis_of(log, journeys, definition), _loss(still, definition))]
    measured += [_measured(sources.events, one, cases) for one in sources.definitions[1:]]
    return portfolio_of(measured)


def _measured(
    events: str, definition: Definition, cases: Sequence[Case]
) -> tuple[JourneyKpis, Loss | None]:
    log, _ = _shown(events, definition)
    journeys = find_journeys(log, definition)
    known = [case for case in cases if case.journey == definition.name]
    open_ = [(case.finding, case.outcome) for case in known if not case.is_done]
    savings = _savings((log, journeys, definition), open_)
    return kpis_of(log, journeys, definition), _loss(savings, definition) if known else None


def _loss(savings: Sequence[Saving], definition: Definition) -> Loss | None:
    """Return what can be won back: nothing where nothing was found, None where it has no price."""
    if not savings:
        return Loss(0.0, 0.0, 0.0, definition.values.currency)  # noqa: PD011 - no Series
    return loss_of(savings)
