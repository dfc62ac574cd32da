"""A small world with one planted cause, for the tests of findings, audiences and the report.

Customers start, upload a document and finish; from day 40 on uploads fail on iOS 8.2, which leads
to retries and calls. A fix may end it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from rootcause.exposure import exposed_to
from rootcause.findings import Finding, Findings, Searched

START = pd.Timestamp("2026-01-01", tz="UTC")
ONSET_DAY, DAYS = 40, 110
ONSET = str((START + pd.Timedelta(days=ONSET_DAY)).date())
CONDITIONS = {"activity": "upload", "os": "iOS", "version": "8.2"}
HARM, USUAL = 0.45, 0.1

DEFINITION = Definition.from_dict(
    {
        "name": "loan",
        "start": {"activity": "started"},
        "success": {"activity": "done", "within": "20d"},
        "abandoned_after": "5d",
        "leakage": {"activity": "call", "within": "4d"},
        "milestones": ["started", "upload", "done"],
        "attributes": {"context": ["region"], "technical": ["os", "version"]},
        "values": {"contact": 7.5, "currency": "EUR"},
    }
)


@dataclass(frozen=True)
class SmallWorld:
    """A log, its journeys, and the finding that is true of it."""

    log: EventLog
    journeys: pd.DataFrame
    finding: Finding

    @property
    def findings(self) -> Findings:
        return findings_of(self.finding)


def small_world(
    customers: int = 3000,
    *,
    fixed_day: int = DAYS,
    upload: str = "upload",
    os: str = "iOS",
    seed: int = 0,
) -> SmallWorld:
    """Simulate the world; the step and the operating system may have hostile names."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0, DAYS, customers))
    rows = [
        event
        for customer, day in enumerate(days)
        for event in _journey(f"secret-{customer}", day, rng, fixed_day, (upload, os))
    ]
    names = ["customer_id", "time", "activity", "channel", "region", "os", "version"]
    log = event_log(pd.DataFrame(rows, columns=names), DEFINITION)
    journeys = find_journeys(log, DEFINITION)
    return SmallWorld(log, journeys, _finding(log, journeys, (upload, os)))


def findings_of(*findings: Finding) -> Findings:
    """Return findings about leakage."""
    return Findings(
        journey="loan",
        outcome="leakage",
        log_ends="2026-04-20T00:00:00Z",
        searched=Searched(3, 3, 1234, 0.05),
        smallest_detectable_effect=0.043,
        findings=findings,
        smallest_by_step={"upload": 0.043},
    )


def _journey(
    key: str, day: float, rng: np.random.Generator, fixed_day: int, names: tuple[str, str]
) -> list[tuple[object, ...]]:
    upload, os = names
    region = str(rng.choice(["north", "south"]))
    mine = os if rng.random() < 0.5 else "Android"
    version = "8.2" if day >= ONSET_DAY - 2 and rng.random() < 0.6 else "8.1"
    events = [(day, "started"), (day + rng.uniform(0.1, 1.5), upload)]
    at = events[-1][0]
    broken = mine == os and version == "8.2" and ONSET_DAY <= at < fixed_day
    if broken:
        for _ in range(rng.integers(1, 4)):
            at += rng.uniform(0.01, 0.1)
            events += [(at, "upload_failed"), (at + 0.005, upload)]
    if rng.random() < USUAL + HARM * broken:
        at += rng.uniform(0.2, 2.0)
        events.append((at, "call"))
    if rng.random() < 0.8 - 0.3 * broken:
        events.append((at + rng.uniform(0.5, 3.0), "done"))
    where = {"call": "phone"}
    return [
        (key, START + pd.Timedelta(days=when), what, where.get(what, "app"), region, mine, version)
        for when, what in events
        if when < DAYS
    ]


def _finding(log: EventLog, journeys: pd.DataFrame, names: tuple[str, str]) -> Finding:
    conditions = {"activity": names[0], "os": names[1], "version": "8.2"}
    finding = Finding(
        id="f_5c1e00000000",
        conditions=conditions,
        onset=ONSET,
        onset_interval=(ONSET, ONSET),
        effect=HARM,
        effect_interval=(HARM - 0.06, HARM + 0.06),
        q_value=1e-9,
        rate=USUAL + HARM,
        expected_rate=USUAL,
        exposed_journeys=0,
        exposed_with_known_outcome=0,
        harmed_journeys=0,
        evidence=("j_0123456789ab",),
    )
    exposed = len(exposed_to(log, journeys, DEFINITION, finding))
    known = {"exposed_journeys": exposed, "exposed_with_known_outcome": exposed}
    return Finding(**{**vars(finding), **known, "harmed_journeys": round(HARM * exposed)})
