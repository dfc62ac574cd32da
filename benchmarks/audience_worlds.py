"""Simulated worlds cut at a day, what followed, and what would have if messages had helped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.definition_file import parse_definition
from journeys.find import find_journeys, journey_ids
from journeys.log import EventLog, event_log, microseconds
from journeys.simulate import MAIN_JOURNEY, Simulation, simulate
from rootcause.changes import rows_of
from rootcause.exposure import exposed_to
from rootcause.findings import Finding, finding_id
from rootcause.grade import Grade, grade_of
from rootcause.reach import MICROS_A_DAY, next_row

OUTCOME: Outcome = "leakage"
DAYS = 7.0
IOS = {"activity": "document_upload", "os": "iOS", "app_version": "8.2.0"}
SOUTH = {"activity": "appraisal_scheduled", "region": "south", "os": "Android"}
CAUSES = (("ios_upload_bug", IOS, "2026-03-03", 0.15), ("two_causes", SOUTH, "2026-01-27", 0.12))

Cause = tuple[str, Mapping[str, str], str, float]
"""A scenario, the conditions planted in it, the onset and the effect."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A world as it stood on a day, and as it turned out."""

    definition: Definition
    log: EventLog
    journeys: pd.DataFrame
    later: EventLog
    later_journeys: pd.DataFrame

    @property
    def ends(self) -> int:
        """When the log was cut, in microseconds."""
        return int(self.log.times.max())


def cuts(scenario: str, customers: int, seeds: Sequence[int], days: Sequence[str]) -> Iterator[Cut]:
    """Yield worlds as they stood on some days."""
    for seed in seeds:
        later, definition = whole(scenario, customers, seed)
        journeys = find_journeys(later, definition)
        for day in days:
            then = later.events[later.events["time"] <= pd.Timestamp(day, tz="UTC")]
            log = event_log(then, definition)
            yield Cut(definition, log, find_journeys(log, definition), later, journeys)


@cache
def whole(scenario: str, customers: int, seed: int) -> tuple[EventLog, Definition]:
    """Return the whole log of a world and the definition of its main journey."""
    made: Simulation = simulate(scenario, customers=customers, seed=seed)
    definition = parse_definition(made.definitions[MAIN_JOURNEY], source="a benchmark")
    return event_log(made.events, definition), definition


def finding_of(cause: Cause) -> Finding:
    """Return the finding that is true of a world."""
    _, conditions, onset, effect = cause
    return Finding(
        id=finding_id(MAIN_JOURNEY, OUTCOME, conditions),
        conditions=dict(conditions),
        onset=onset,
        onset_interval=(onset, onset),
        effect=effect,
        effect_interval=(effect - 0.04, effect + 0.04),
        q_value=1e-6,
        rate=0.15 + effect,
        expected_rate=0.15,
        exposed_journeys=0,
        harmed_journeys=0,
    )


def came(cut: Cut, samples: pd.DataFrame, step: str, days: float) -> np.ndarray:
    """Return 1.0 for whom came to a step in time, as the whole log tells."""
    rows = _later_rows(cut, samples["journey"].to_numpy())
    seen = samples["seen"].to_numpy() - cut.log.offsets[cut.log.customers[samples["seen"]]]
    first = cut.later.offsets[cut.later.customers[cut.later_journeys["first"].to_numpy()[rows]]]
    now = pd.DataFrame({"journey": rows, "seen": first + seen})
    row = next_row(cut.later, cut.later_journeys, now, step)
    horizon = cut.ends + round(days * MICROS_A_DAY)
    return ((row >= 0) & (cut.later.times[row] <= horizon)).astype(np.float64)


def _later_rows(cut: Cut, journeys: np.ndarray) -> np.ndarray:
    """Return where the whole log holds the journeys of the cut one."""
    theirs = cut.journeys.iloc[journeys]
    keys = cut.log.events["customer_id"].cat.categories[theirs["customer"].to_numpy()]
    people = pd.DataFrame(
        {"customer_id": keys, "journey": journey_ids(cut.log, theirs, cut.definition)}
    )
    return rows_of(cut.later, cut.later_journeys, cut.definition, people)


def hit(cut: Cut, finding: Finding, people: pd.DataFrame) -> np.ndarray:
    """Return 1.0 for whom met the conditions in time, as the whole log tells."""
    found = exposed_to(cut.later, cut.later_journeys, cut.definition, finding)
    time = microseconds(found["time"])
    horizon = cut.ends + round(DAYS * MICROS_A_DAY)
    met = found["journey"].to_numpy()[(time > cut.ends) & (time <= horizon)]
    rows = rows_of(cut.later, cut.later_journeys, cut.definition, people)
    return np.isin(rows, met).astype(np.float64)


def graded_as(later: EventLog, cut: Cut, finding: Finding, people: pd.DataFrame) -> Grade | None:
    """Return the grade of a list as the later log tells it."""
    return grade_of(
        later,
        find_journeys(later, cut.definition),
        cut.definition,
        finding,
        outcome=OUTCOME,
        previous=people,
    )


def helped(cut: Cut, people: pd.DataFrame, helps: float, *, seed: int) -> tuple[EventLog, float]:
    """Return the later log of the listed customers without the calls avoided, and how many.

    A call is avoided for whom is not held out and lucky: none in the days after the list.
    """
    events = cut.later.events[cut.later.events["customer_id"].isin(people["customer_id"])]
    names = people.loc[~people["held_out"], "customer_id"].unique()
    lucky = names[np.random.default_rng(seed).random(len(names)) < helps]
    assert cut.definition.leakage is not None
    calls = cut.definition.leakage.holds(events) & events["customer_id"].isin(lucky)
    time = microseconds(events["time"])
    calls &= (time > cut.ends) & (time <= cut.ends + round(DAYS * MICROS_A_DAY))
    log = event_log(events[~calls], cut.definition)
    before = graded_as(event_log(events, cut.definition), cut, finding_of(CAUSES[0]), people)
    after = graded_as(log, cut, finding_of(CAUSES[0]), people)
    return log, _called(before) - _called(after)


def _called(grade: Grade | None) -> float:
    """Return how many of the approached ended badly."""
    if grade is None or grade.rate_approached is None:
        return 0.0
    return grade.rate_approached[0] * grade.approached
