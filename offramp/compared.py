"""What the portfolio asks of the rooms, in order."""

from collections.abc import Sequence

import pandas as pd

from journeys.definition import Definition
from journeys.definition_file import load_definition
from journeys.errors import DefinitionError, FindingsError, listed
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.read import read_events
from offramp.console import Tell
from rootcause.findings import Findings, read_findings
from rootcause.kpi import JourneyKpis, Loss
from rootcause.life import DONE
from rootcause.loss import loss_of
from rootcause.portfolio import Portfolio, kpis_of, portfolio_of
from rootcause.whatif import savings_of


def compared(
    events: str, journeys: Sequence[str], findings: Sequence[str], *, days: int, tell: Tell
) -> Portfolio:
    """Return the portfolio of some definitions on one log.

    Raises
    ------
    DefinitionError
        If two definitions are of the same journey.
    FindingsError
        If findings are of no journey that was given.
    """
    definitions = [load_definition(file) for file in journeys]
    require_each_once(definitions)
    found = [read_findings(file) for file in findings if file]
    _require_a_journey(found, definitions)
    measured = []
    for place, definition in enumerate(definitions):
        tell(definition.name, place / len(definitions))
        measured.append(_measured(read_events(events, definition), definition, found, days))
    return portfolio_of(measured)


def loss_in(
    log: EventLog, journeys: pd.DataFrame, definition: Definition, found: Sequence[Findings]
) -> Loss | None:
    """Return what the findings cost that are not known to be fixed; None where nobody can say."""
    about = [one for one in found if one.journey == definition.name]
    if not about:
        return None
    open_ = [
        (finding, one.outcome)
        for one in about
        for finding in one.findings
        if finding.state not in (*DONE, "fixed")
    ]
    if not open_:
        return Loss(0.0, 0.0, 0.0, currency=definition.values.currency)  # noqa: PD011 - no Series
    return loss_of(savings_of(log, journeys, definition, open_))


def _measured(
    log: EventLog, definition: Definition, found: Sequence[Findings], days: int
) -> tuple[JourneyKpis, Loss | None]:
    journeys = find_journeys(log, definition)
    kpis = kpis_of(log, journeys, definition, days=days)
    return kpis, loss_in(log, journeys, definition, found)


def require_each_once(definitions: Sequence[Definition]) -> None:
    """Refuse two definitions of the same journey."""
    names = [definition.name for definition in definitions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DefinitionError(
            f"The journey {listed(twice)} is given more than once; a portfolio holds each journey "
            "once. Rename one of the definitions, or leave it out."
        )


def _require_a_journey(found: Sequence[Findings], definitions: Sequence[Definition]) -> None:
    names = {definition.name for definition in definitions}
    strange = sorted({one.journey for one in found} - names)
    if strange:
        raise FindingsError(
            f"The findings are about {listed(strange)}, which is none of the journeys given "
            f"({listed(sorted(names))}). Give its definition too, or leave the file out."
        )
