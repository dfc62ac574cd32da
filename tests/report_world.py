"""A report with every section filled, from real parts, for the tests of the page."""

from dataclasses import replace
from functools import cache

from journeys.find import journey_ids
from rootcause.audience import gathered
from rootcause.early import EarlyWarning
from rootcause.exposure import exposed_to
from rootcause.findings import Finding
from rootcause.life import Case, acknowledged, fix_released, moved, opened
from rootcause.listing import Terms
from rootcause.loss import loss_of
from rootcause.portfolio import kpis_of, portfolio_of
from rootcause.report import ReportData
from rootcause.symptoms import with_symptoms
from rootcause.whatif import saving_of
from tests.rootcause_world import DEFINITION, SmallWorld, findings_of, small_world


@cache
def full_report(customers: int = 1500, *, upload: str = "upload", os: str = "iOS") -> ReportData:
    """Return the data of a report with every section but those of a model."""
    world = small_world(customers, upload=upload, os=os)
    one = with_evidence(world)
    asked = (world.log, world.journeys, DEFINITION)
    found = with_symptoms(findings_of(one), *asked)
    saving = saving_of(*asked, one, outcome="leakage", days=14)
    _, summary = gathered(*asked, one, outcome="leakage", terms=Terms(days=14))
    loss = loss_of([saving])
    return ReportData(
        *asked,
        [replace(found, warnings=(warning(upload),))],
        health=["No gap was seen."],
        portfolio=portfolio_of([(kpis_of(*asked), loss)]),
        savings=[saving],
        audiences=[summary],
        cases=[mended(one)],
    )


def with_evidence(world: SmallWorld) -> Finding:
    """Return the finding with journeys of its own as evidence, and its effect by week."""
    exposed = exposed_to(world.log, world.journeys, DEFINITION, world.finding)
    rows = world.journeys.iloc[exposed["journey"].to_numpy()[:20]]
    ids = tuple(map(str, journey_ids(world.log, rows, DEFINITION)))
    weeks = tuple(
        {"week": f"2026-{month:02}-10", "effect": 0.4, "low": 0.2, "high": 0.6, "exposed": 50}
        for month in (2, 3)
    )
    return replace(world.finding, evidence=ids, effect_by_week=weeks)


def mended(one: Finding) -> Case:
    """Return the case of an earlier finding that was fixed, as the watch keeps it."""
    earlier = replace(one, id="f_earlier000000", conditions={"activity": "done", "os": "Android"})
    case = opened(earlier, journey="loan", outcome="leakage", day="2026-02-12", at="2026-02-12")
    case = acknowledged(case, at="2026-02-13T08:00:00Z", owner="App team", ticket="APP-7")
    case = fix_released(case, at="2026-03-01T08:00:00Z", fixed_at="2026-03-01T08:00:00Z")
    verdict: dict[str, object] = {
        "verdict": "fixed",
        "sentence": "Fixed: nothing of the effect is left.",
        "effect_before": 0.2,
        "effect_before_interval": [0.1, 0.3],
        "exposed_before": 120,
        "effect_after": 0.01,
        "effect_after_interval": [-0.02, 0.04],
        "exposed_after": 7,
    }
    told = moved(case, "fixed", at="2026-03-20T08:00:00Z", reason="the effect is gone")
    return replace(told, verdict=verdict)


def warning(upload: str = "upload") -> EarlyWarning:
    """Return an early warning about a release that is two days old."""
    return EarlyWarning(
        conditions={"activity": upload, "version": "8.3"},
        young={"version": "8.3"},
        first_seen="2026-04-18T00:00:00Z",
        since="2026-04-18",
        exposed_journeys=64,
        symptom="error_event",
        hours=24,
        rate=0.31,
        expected_rate=0.06,
        rate_interval=(0.18, 0.46),
        e_value=5200.0,
        bar=800.0,
        noticed_at="2026-04-19T17:00:00Z",
        hours_to_notice=41.0,
        sentence="Version 8.3: 31 % met an error within 24 hours (18 to 46 %), 6.0 % expected.",
    )
