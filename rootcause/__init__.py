"""Root causes: why.

Exposures are journeys that reached a step, watched from then on; the search compares them with an
adjusted expectation and names the conjunction of step, context and technical conditions after which
the bad outcome follows more often, since when and by how much.  A **finding** has earned the word
cause; a **driver** is an association, a **symptom** is how a cause acts.  The report, the audience
and the verdict on a fix are made from findings; the watch follows them from day to day, each a
**case** in its register.
"""

from rootcause.audience import audience_of
from rootcause.drivers import drivers_of
from rootcause.early import EarlyWarning
from rootcause.exposure import Exposures, exposed_to, exposures_of
from rootcause.findings import Finding, Findings, read_findings, write_findings
from rootcause.life import Case
from rootcause.register import Register, read_register
from rootcause.report import ReportData, write_report
from rootcause.search import find_causes
from rootcause.sentinel import early_warnings
from rootcause.symptoms import symptoms_of, with_symptoms
from rootcause.verify import Verdict, was_it_fixed
from rootcause.watch import Asked, watch_day
from rootcause.watch_changes import Changes

__all__ = [
    "Asked",
    "Case",
    "Changes",
    "EarlyWarning",
    "Exposures",
    "Finding",
    "Findings",
    "Register",
    "ReportData",
    "Verdict",
    "audience_of",
    "drivers_of",
    "early_warnings",
    "exposed_to",
    "exposures_of",
    "find_causes",
    "read_findings",
    "read_register",
    "symptoms_of",
    "was_it_fixed",
    "watch_day",
    "with_symptoms",
    "write_findings",
    "write_report",
]
