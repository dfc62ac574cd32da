"""The search: it names what was planted, dates it, measures it, and is silent when nothing was."""

import numpy as np
import pandas as pd
import pytest

from journeys.definition import Definition
from journeys.find import find_journeys, journey_ids
from journeys.log import event_log
from rootcause.exposure import exposed_to
from rootcause.findings import Findings
from rootcause.search import find_causes

DEFINITION = Definition.from_dict(
    {
        "name": "loan",
        "start": {"activity": "begun"},
        "success": {"activity": "paid", "within": "10d"},
        "abandoned_after": "4d",
        "leakage": {"channel": "call_centre", "within": "3d"},
        "attributes": {"context": ["region", "partner"], "technical": ["os", "app_version"]},
    }
)
START, RELEASE, FAULT = pd.Timestamp("2026-01-01", tz="UTC"), 50, "2026-02-20"
BUG = {"activity": "upload", "os": "iOS", "app_version": "8.2"}


def world(seed: int, n: int = 5000, *, bug: float = 0.0, region_bug: float = 0.0) -> pd.DataFrame:
    """Applications of 80 days: begun, upload an hour later, then a call, a payment or silence.

    Version 8.2 comes on day 50 on both systems; ``bug`` is the chance that an upload with it on iOS
    ends in a call; ``region_bug`` the same for uploads of partner p1 in the south from day 30 on.
    Old people call more and use iOS less; the south calls more, always.
    """
    rng = np.random.default_rng(seed)
    day = np.sort(rng.uniform(0, 80, n))
    ios = rng.random(n) < 0.55
    south = rng.random(n) < 0.4
    p1 = rng.random(n) < 0.5
    new = (day > RELEASE) & (rng.random(n) < 0.7)
    chance = 0.08 + 0.05 * south + 0.03 * ~ios + 0.02 * np.sin(day)
    chance = 1 - (1 - chance) * (1 - bug * (ios & new))
    chance = 1 - (1 - chance) * (1 - region_bug * (south & p1 & (day > 30)))
    calls = rng.random(n) < chance
    pays = ~calls & (rng.random(n) < 0.8)
    shared = {
        "customer_id": [f"c{i:05d}" for i in range(n)],
        "region": np.where(south, "south", "north"),
        "partner": np.where(p1, "p1", "p2"),
        "os": np.where(ios, "iOS", "Android"),
        "app_version": np.where(new, "8.2", "8.1"),
    }
    moments = [
        ("begun", "app", day, np.ones(n, dtype=bool)),
        ("upload", "app", day + 1 / 24, rng.random(n) < 0.9),
        ("call", "call_centre", day + 0.1 + rng.exponential(0.3, n), calls),
        ("paid", "email", day + 1.5 + rng.random(n), pays),
    ]
    pieces = [
        pd.DataFrame(shared | {"activity": activity, "channel": channel, "day": at})[happens]
        for activity, channel, at, happens in moments
    ]
    events = pd.concat(pieces, ignore_index=True)
    events["time"] = START + pd.to_timedelta(events.pop("day"), unit="D").dt.round("s")
    return events


def causes_in(events: pd.DataFrame, definition: Definition = DEFINITION, **how: object) -> Findings:
    log = event_log(events, definition)
    return find_causes(log, find_journeys(log, definition), definition, "leakage", **how)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def planted() -> tuple[pd.DataFrame, Findings]:
    events = world(1, bug=0.4)
    return events, causes_in(events)


def test_a_planted_cause_is_named_dated_and_measured(
    planted: tuple[pd.DataFrame, Findings],
) -> None:
    (finding,) = planted[1].findings
    assert finding.conditions == BUG
    assert abs(pd.Timestamp(finding.onset) - pd.Timestamp(FAULT)) <= pd.Timedelta(days=1)
    assert finding.onset_interval[0] <= FAULT <= finding.onset_interval[1]
    assert finding.effect_interval[0] < 0.4 * 0.88 < finding.effect_interval[1]
    assert finding.q_value < 1e-6


def test_numbers_of_a_finding_agree_with_each_other(
    planted: tuple[pd.DataFrame, Findings],
) -> None:
    events, findings = planted
    (finding,) = findings.findings
    log = event_log(events, DEFINITION)
    journeys = find_journeys(log, DEFINITION)
    exposed = exposed_to(log, journeys, DEFINITION, finding)
    ids = set(journey_ids(log, journeys.iloc[exposed["journey"]], DEFINITION))
    assert finding.exposed_journeys == len(exposed) >= finding.exposed_with_known_outcome
    assert finding.exposed_at_risk == len(exposed)
    assert finding.harmed_journeys == pytest.approx(finding.effect * len(exposed), abs=0.6)
    assert finding.effect == pytest.approx(finding.rate - finding.expected_rate, abs=2e-4)
    assert len(finding.evidence) == 20
    assert set(finding.evidence) <= ids


def test_the_order_of_the_file_changes_nothing(planted: tuple[pd.DataFrame, Findings]) -> None:
    events, findings = planted
    shuffled = events.sample(frac=1.0, random_state=0)
    assert causes_in(shuffled).as_dict() == findings.as_dict()


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_where_nothing_was_planted(seed: int) -> None:
    findings = causes_in(world(seed, n=3000))
    assert findings.findings == ()
    assert findings.smallest_detectable_effect is not None
    assert 0.03 <= findings.smallest_detectable_effect <= 0.5
    assert set(findings.smallest_by_step) == {"begun", "upload"}


def test_two_causes_are_both_named() -> None:
    findings = causes_in(world(3, n=8000, bug=0.4, region_bug=0.3))
    named = [
        {key: finding.conditions[key] for key in finding.conditions if key != "activity"}
        for finding in findings.findings
    ]
    assert {"os": "iOS", "app_version": "8.2"} in named
    assert {"region": "south", "partner": "p1"} in named
    assert len(named) == 2


def test_values_that_cover_the_same_rows_are_one_condition() -> None:
    events = world(1, bug=0.4).assign(build=lambda e: e["app_version"].map({"8.2": "b9"}))
    definition = DEFINITION.model_copy(
        update={
            "attributes": DEFINITION.attributes.model_copy(
                update={"technical": ("os", "app_version", "build")}
            )
        }
    )
    (finding,) = causes_in(events, definition).findings
    named = {"app_version": "8.2"}.items() <= finding.conditions.items()
    assert named or {"build": "b9"}.items() <= finding.conditions.items()
    other = {"build": "b9"} if named else {"app_version": "8.2"}
    assert other in finding.also_indistinguishable


def test_progress_ends_at_one() -> None:
    told: list[tuple[str, float]] = []
    causes_in(world(1, n=400), progress=lambda label, share: told.append((label, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_log_without_attributes_says_why_nothing_was_searched() -> None:
    definition = replace_attributes(context=(), technical=())
    findings = causes_in(world(1, n=300), definition)
    assert findings.findings == ()
    assert findings.smallest_detectable_effect is None
    assert "attributes" in findings.note


@pytest.mark.parametrize("rows", [1, 5, 60, 400])
def test_few_events_end_in_an_empty_list(rows: int) -> None:
    findings = causes_in(world(1, n=300).head(rows))
    assert findings.findings == ()
    assert (findings.smallest_detectable_effect is None) == bool(findings.note)


@pytest.mark.parametrize("always", ["calls", "never calls"])
def test_a_constant_outcome_has_no_cause(always: str) -> None:
    events = world(1, n=400)
    events = events[events["activity"] != "call"]
    if always == "calls":
        calls = events[events["activity"] == "begun"].assign(activity="call", channel="call_centre")
        events = pd.concat([events, calls.assign(time=calls["time"] + pd.Timedelta(hours=5))])
    assert causes_in(events).findings == ()


def test_null_and_very_many_values_are_no_hindrance() -> None:
    events = world(1, n=2000, bug=0.6)
    rng = np.random.default_rng(0)
    events["region"] = np.nan
    events["partner"] = rng.integers(0, 5000, len(events)).astype(str)
    (finding, *_) = causes_in(events).findings
    assert finding.conditions == BUG


def replace_attributes(**update: tuple[str, ...]) -> Definition:
    attributes = DEFINITION.attributes.model_copy(update=update)
    return DEFINITION.model_copy(update={"attributes": attributes})
