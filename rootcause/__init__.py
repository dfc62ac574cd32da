"""Root causes: why.

Exposures are journeys that reached a step, watched from then on; the search compares them with an
adjusted expectation and names the conjunction of step, context and technical conditions after which
the bad outcome follows more often, since when and by how much.  A **finding** has earned the word
cause; a **driver** is an association, a **symptom** is how a cause acts.  The report, the audience
and the verdict on a fix are made from findings.
"""

from rootcause.audience import audience_of
from rootcause.dated_change import ChangeEffect, effect_of_change
from rootcause.drivers import drivers_of
from rootcause.early import EarlyWarning
from rootcause.exposure import Exposures, exposed_to, exposures_of
from rootcause.findings import Finding, Findings, read_findings, write_findings
from rootcause.report import ReportData, write_report
from rootcause.search import find_causes
from rootcause.sentinel import early_warnings
from rootcause.symptoms import symptoms_of, with_symptoms
from rootcause.verify import Verdict, was_it_fixed
from rootcause.whatif import Saving, saving_of

__all__ = [
    "ChangeEffect",
    "EarlyWarning",
    "Exposures",
    "Finding",
    "Findings",
    "ReportData",
    "Saving",
    "Verdict",
    "audience_of",
    "drivers_of",
    "early_warnings",
    "effect_of_change",
    "exposed_to",
    "exposures_of",
    "find_causes",
    "read_findings",
    "saving_of",
    "symptoms_of",
    "was_it_fixed",
    "with_symptoms",
    "write_findings",
    "write_report",
]
