"""Root causes: why.

Exposures are journeys that reached a step, watched from then on; the search compares them with an
adjusted expectation and names the conjunction of step, context and technical conditions after which
the bad outcome follows more often, since when and by how much.  A **finding** has earned the word
cause; a **driver** is an association, a **symptom** is how a cause acts.  The report, the audience,
what a fix would save and the verdict on it are made from findings; the watch follows them from day
to day, each a **case** in its register.  Before all that, KPIs say how a journey does, and an alarm
that one of them has left its band.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rootcause.audience import audience_of, gathered
    from rootcause.audience_summary import AudienceSummary
    from rootcause.band import Alarm, alarms_of
    from rootcause.counted import CountedCause, CountedCauses, causes_in_counts
    from rootcause.counted_search import find_causes_in_counts
    from rootcause.dated_change import ChangeEffect, effect_of_change
    from rootcause.drivers import drivers_of
    from rootcause.early import EarlyWarning
    from rootcause.exposure import Exposures, exposed_to, exposures_of
    from rootcause.findings import Finding, Findings, read_findings, write_findings
    from rootcause.kpi import JourneyKpis, Kpi, Loss, Measured
    from rootcause.life import Case
    from rootcause.loss import loss_of
    from rootcause.portfolio import Portfolio, kpis_of, portfolio_of
    from rootcause.register import Register, read_register
    from rootcause.report import ReportData, write_report
    from rootcause.search import find_causes
    from rootcause.search_over import causes_over
    from rootcause.sentinel import early_warnings
    from rootcause.symptoms import symptoms_of, with_symptoms
    from rootcause.verify import Verdict, was_it_fixed
    from rootcause.watch import Asked, watch_day
    from rootcause.watch_changes import Changes
    from rootcause.whatif import Saving, saving_of, savings_of
else:
    from journeys.front import on_demand

    __getattr__, __dir__ = on_demand(__name__)

__all__ = [
    "Alarm",
    "Asked",
    "AudienceSummary",
    "Case",
    "ChangeEffect",
    "Changes",
    "CountedCause",
    "CountedCauses",
    "EarlyWarning",
    "Exposures",
    "Finding",
    "Findings",
    "JourneyKpis",
    "Kpi",
    "Loss",
    "Measured",
    "Portfolio",
    "Register",
    "ReportData",
    "Saving",
    "Verdict",
    "alarms_of",
    "audience_of",
    "causes_in_counts",
    "causes_over",
    "drivers_of",
    "early_warnings",
    "effect_of_change",
    "exposed_to",
    "exposures_of",
    "find_causes",
    "find_causes_in_counts",
    "gathered",
    "kpis_of",
    "loss_of",
    "portfolio_of",
    "read_findings",
    "read_register",
    "saving_of",
    "savings_of",
    "symptoms_of",
    "was_it_fixed",
    "watch_day",
    "with_symptoms",
    "write_findings",
    "write_report",
]
