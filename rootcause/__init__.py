"""Root causes: why.

Exposures are journeys that reached a step, watched from then on; the search compares them with an
adjusted expectation and names the conjunction of step, context and technical conditions after which
the bad outcome follows more often, since when and by how much.  A **finding** has earned the word
cause; a **driver** is an association, a **symptom** is how a cause acts.  The report, the audience
and the verdict on a fix are made from findings.  Before all that, KPIs say how a journey does, and
an alarm that one of them has left its band.
"""

from rootcause.audience import audience_of
from rootcause.band import Alarm, alarms_of
from rootcause.drivers import drivers_of
from rootcause.early import EarlyWarning
from rootcause.exposure import Exposures, exposed_to, exposures_of
from rootcause.findings import Finding, Findings, read_findings, write_findings
from rootcause.kpi import JourneyKpis, Kpi, Loss, Measured
from rootcause.loss import loss_of
from rootcause.portfolio import Portfolio, kpis_of, portfolio_of
from rootcause.report import ReportData, write_report
from rootcause.search import find_causes
from rootcause.sentinel import early_warnings
from rootcause.symptoms import symptoms_of, with_symptoms
from rootcause.verify import Verdict, was_it_fixed

__all__ = [
    "Alarm",
    "EarlyWarning",
    "Exposures",
    "Finding",
    "Findings",
    "JourneyKpis",
    "Kpi",
    "Loss",
    "Measured",
    "Portfolio",
    "ReportData",
    "Verdict",
    "alarms_of",
    "audience_of",
    "drivers_of",
    "early_warnings",
    "exposed_to",
    "exposures_of",
    "find_causes",
    "kpis_of",
    "loss_of",
    "portfolio_of",
    "read_findings",
    "symptoms_of",
    "was_it_fixed",
    "with_symptoms",
    "write_findings",
    "write_report",
]
