"""What the report asks of the rooms, in order: search, price, list, compare, write."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.definition_file import load_definition
from journeys.errors import OfframpError
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.shards import HeldShards, Shards
from models.bundle import Bundle
from models.threads import one_thread
from offramp.causes import all_searched_over, bundle_for, health_of
from offramp.compared import require_each_once
from offramp.console import Tell, working
from offramp.engine import Where, shards_in
from rootcause.acting import case_of
from rootcause.audience import gathered
from rootcause.audience_summary import AudienceSummary
from rootcause.cards import grouped
from rootcause.examples import log_of_evidence
from rootcause.findings import Finding, Findings
from rootcause.kpi import JourneyKpis, Loss
from rootcause.kpis_over import kpis_over
from rootcause.life import Case
from rootcause.listing import Terms
from rootcause.loss import loss_of
from rootcause.overview import tallied_over
from rootcause.portfolio import Portfolio, kpis_of, portfolio_of
from rootcause.register import Register, read_register
from rootcause.report import ReportData, write_report
from rootcause.whatif import Saving, savings_of, savings_over
from rootcause.wording import plain

DAYS_AHEAD = 14
SHOWN = 200_000
"""Customers whose events a report looks at side by side, of a log that is not held."""

_MOST_LISTED = 3

Asked = tuple[EventLog, pd.DataFrame, Definition]


@dataclass(frozen=True, eq=False)
class Sources:
    """What a report is made from.

    ``definitions``: the first is what the report is about, all are ranked; ``state``: the folder of
    a watch, or empty; ``model``: the name of ``bundle``; ``where``: the log is worked on.
    """

    events: str
    definitions: Sequence[Definition]
    bundle: Bundle | None = None
    model: str = ""
    state: str = ""
    where: Where = field(default_factory=Where)


def sources_of(
    events: str, journeys: Sequence[str], model: str, state: str, where: Where | None = None
) -> Sources:
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
    return Sources(events, definitions, bundle, model, state, where or Where())


def reported(sources: Sources, file: str, *, seed: int) -> tuple[Path, Path]:
    """Search every outcome of the first journey, and write the report and its data."""
    if Path(file).suffix not in (".html", ".htm"):
        raise OfframpError(
            f"The report is a page: give --out a name that ends in .html, not {file!r}."
        )
    definition = sources.definitions[0]
    with shards_in(sources.events, definition, sources.where) as shards:
        some = some_of(shards)
        with working("Searching for causes") as tell:
            findings = all_searched_over(shards, some, seed=seed, tell=tell)
        with working("Writing the report") as tell:
            data = data_of(sources, shards, findings, some=some, tell=tell)
            return write_report(file, data, progress=tell)


def some_of(shards: Shards) -> EventLog:
    """Return the log whose events a report looks at: all of it, or that of `SHOWN` customers."""
    return shards.log if isinstance(shards, HeldShards) else shards.some(SHOWN)


def data_of(
    sources: Sources,
    shards: Shards,
    findings: Sequence[Findings],
    *,
    some: EventLog,
    tell: Tell,
) -> ReportData:
    """Return all that the report shows: findings with their price, lists, the other journeys.

    ``some``: of `some_of`
    """
    definition, journeys = shards.definition, find_journeys(some, shards.definition)
    register = read_register(sources.state) if sources.state else Register()
    names = {one.name for one in sources.definitions}
    cases = tuple(case for case in register.cases if case.journey in names)
    tell("what a fix saves", 0.0)
    told = [(one, about.outcome) for about in findings for one in about.findings]
    savings = _savings(shards, told)
    tell("who is next", 0.02)
    audiences = _audiences((some, journeys, definition), findings, cases)
    tell("journeys", 0.05)
    portfolio = _portfolio(sources, shards, savings, cases)
    data = ReportData(
        log=some,
        journeys=journeys,
        definition=definition,
        findings=findings,
        bundle=sources.bundle,
        health=health_of(sources.events, shards),
        model=sources.model,
        portfolio=portfolio,
        savings=savings,
        audiences=audiences,
        cases=cases,
        alarms=tuple(alarm for alarm in register.alarms if alarm["journey"] in names),
    )
    return data if len(some) == shards.whole.events else _of_some(data, shards)


def _of_some(data: ReportData, shards: Shards) -> ReportData:
    """Return what a report shows of a log of which it looks at some, saying so."""
    whole, looked_at = shards.whole, len(data.log.offsets) - 1
    some = f"{looked_at:,} of {whole.customers:,} customers, chosen by a hash of their keys"
    shown = (
        f"The log has {whole.events:,} events of {whole.customers:,} customers, more than were "
        "looked at side by side. Findings, measures, sums of money and what is said of the data "
        "are of all of them, unless it is said where they stand; pictures and lists are of "
        f"{some}, and say so."
    )
    return replace(
        data,
        tallied=tallied_over(shards),
        examples=log_of_evidence(
            shards, [one for about in data.findings for one in about.findings]
        ),
        shown=" ".join([shown, *_measured_among(data.portfolio)]),
        some=some,
    )


def _measured_among(portfolio: Portfolio | None) -> Iterator[str]:
    for one in portfolio.journeys if portfolio is not None else ():
        if one.customers is not None:
            measured, of = one.customers["measured"], one.customers["of"]
            yield (
                f"Measures of {plain(one.journey)} but the number of journeys begun are of "
                f"{measured:,} of {of:,} customers, chosen by a hash of their keys."
            )


def _savings(shards: Shards, found: Sequence[tuple[Finding, Outcome]]) -> list[Saving]:
    if not isinstance(shards, HeldShards):
        return savings_over(shards, found, days=DAYS_AHEAD)
    log, definition = shards.log, shards.definition
    return savings_of(log, find_journeys(log, definition), definition, found, days=DAYS_AHEAD)


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
    sources: Sources, shards: Shards, savings: Sequence[Saving], cases: Sequence[Case]
) -> Portfolio:
    """Return all journeys, ranked; the others' losses are those of the findings under watch."""
    done = [case for case in cases if case.is_done]
    still = [saving for saving in savings if case_of(done, saving.finding) is None]
    measured = [(_kpis(shards), _loss(still, shards.definition))]
    measured += [_measured(sources, one, cases) for one in sources.definitions[1:]]
    return portfolio_of(measured)


def _measured(
    sources: Sources, definition: Definition, cases: Sequence[Case]
) -> tuple[JourneyKpis, Loss | None]:
    known = [case for case in cases if case.journey == definition.name]
    open_ = [(case.finding, case.outcome) for case in known if not case.is_done]
    where = replace(sources.where, kept="")  # those kept are the first journey's
    with shards_in(sources.events, definition, where) as shards:
        savings = _savings(shards, open_)
        return _kpis(shards), _loss(savings, definition) if known else None


def _kpis(shards: Shards) -> JourneyKpis:
    if not isinstance(shards, HeldShards):
        return kpis_over(shards)
    log, definition = shards.log, shards.definition
    return kpis_of(log, find_journeys(log, definition), definition)


def _loss(savings: Sequence[Saving], definition: Definition) -> Loss | None:
    """Return what can be won back: nothing where nothing was found, None where it has no price."""
    if not savings:
        return Loss(0.0, 0.0, 0.0, definition.values.currency)  # noqa: PD011 - no Series
    return loss_of(savings)
