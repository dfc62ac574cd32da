"""One world put to the search, and what it said held against the truth."""

import time
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.cause_match import is_exact, meets, what_instead
from benchmarks.cause_oracle import Seen, effect_among, seen_by_oracle
from benchmarks.cause_worlds import Truth, World
from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.exposure import Exposures, exposures_of
from rootcause.findings import Finding, Findings
from rootcause.search import find_causes

Row = dict[str, object]


@dataclass(frozen=True)
class Asked:
    """What was said of a world, and what it took (seconds of one core, and on the wall)."""

    world: World
    definition: Definition
    exposures: Exposures
    findings: Findings
    core_seconds: float
    wall_seconds: float


def asked(world: World) -> Asked:
    """Send a world's events down the public road; the search is timed from log to findings."""
    plan = world.plan
    definition = parse_definition(world.definition, source=f"world {plan.seed}")
    log = event_log(world.events, definition)
    journeys = find_journeys(log, definition)
    wall, core = time.perf_counter(), time.process_time()
    findings = find_causes(log, journeys, definition, plan.outcome, seed=0)
    wall, core = time.perf_counter() - wall, time.process_time() - core
    exposures = exposures_of(log, journeys, definition, plan.outcome)
    return Asked(world, definition, exposures, findings, core, wall)


def world_row(said: Asked, causes: list[Row]) -> Row:
    """Return one row about a world: how many findings, how many of them false, how long."""
    world, found = said.world, said.findings.findings
    false = [finding for finding in found if not _is_any(finding, said)]
    plan = world.plan
    return {
        "seed": plan.seed,
        "kind": plan.kind,
        "level": plan.level,
        "outcome": plan.outcome,
        "journeys": len(world.people),
        "exposures": len(said.exposures),
        "steps": len(said.exposures.steps),
        "causes": len(world.truths),
        "findings": len(found),
        "false_findings": len(false),
        "identifiable": sum(bool(cause["identifiable"]) for cause in causes),
        "identifiable_found": sum(
            bool(cause["identifiable"]) and cause["rank"] != 0 for cause in causes
        ),
        "found": sum(cause["rank"] != 0 for cause in causes),
        "false_alarm": bool(found) if not world.truths else None,
        "chronic_named": _chronic_named(said),
        "smallest_detectable_effect": said.findings.smallest_detectable_effect,
        "core_seconds": round(said.core_seconds, 2),
        "wall_seconds": round(said.wall_seconds, 2),
        "said": " / ".join(told(finding) for finding in found),
    }


def cause_rows(said: Asked) -> list[Row]:
    """Return one row per planted cause: how visible it was, and what was made of it."""
    return [_cause_row(said, truth) for truth in said.world.truths]


def told(finding: Finding) -> str:
    """Return a finding in a line."""
    named = " & ".join(f"{name}={value}" for name, value in finding.conditions.items())
    return f"{named} since {finding.onset} {finding.effect:+.3f} q={finding.q_value:.1e}"


def _cause_row(said: Asked, truth: Truth) -> Row:
    world, found = said.world, said.findings.findings
    seen = seen_by_oracle(world, said.exposures, truth)
    exact = [is_exact(finding, truth, world, said.exposures) for finding in found]
    rank = _rank(exact, [_is_any(finding, said) for finding in found])
    row: Row = {
        "seed": world.plan.seed,
        "kind": world.plan.kind,
        "level": world.plan.level,
        "cause": " & ".join(f"{name}={value}" for name, value in truth.conditions.items()),
        "onset": _date(seen.onset),
        "effect": seen.effect,
        "exposed": seen.exposed,
        "share": seen.share,
        "z": seen.z,
        "needed_z": seen.needed_z,
        "identifiable": seen.identifiable,
        "rank": rank,
        "oracle_onset_error": seen.oracle_onset - seen.onset,
    }
    if rank:
        finding = found[exact.index(True)]
        if truth.cause.above is not None:
            since = np.datetime64(finding.onset, "D").astype(np.int64)
            met = meets(said.exposures, finding.conditions) & (said.exposures.day >= since)
            seen = replace(seen, effect=effect_among(world, said.exposures, truth, met))
        return row | _measured(finding, seen)
    return row | {"missed": what_instead(found, truth, world, said.exposures)}


def _rank(exact: list[bool], right: list[bool]) -> int:
    """Return 1 + the number of wrong findings before the exact one, 0 if there is none."""
    if True not in exact:
        return 0
    return 1 + right[: exact.index(True)].count(False)


def _is_any(finding: Finding, said: Asked) -> bool:
    world = said.world
    return any(is_exact(finding, truth, world, said.exposures) for truth in world.truths)


def _measured(finding: Finding, seen: Seen) -> Row:
    """Return how well a cause that was named was dated and measured."""
    days = np.array([finding.onset, *finding.onset_interval], dtype="datetime64[D]")
    day, earliest, latest = (int(one) for one in days.astype(np.int64))
    low, high = finding.effect_interval
    return {
        "onset_error": day - seen.onset,
        "onset_covered": earliest <= seen.onset <= latest,
        "onset_interval_days": latest - earliest,
        "effect_error": finding.effect - seen.effect,
        "effect_covered": low <= seen.effect <= high,
        "effect_interval_width": high - low,
        "exposed_said": finding.exposed_with_known_outcome,
    }


def _chronic_named(said: Asked) -> int | None:
    """Return how many of the two planted standing associations are listed as such."""
    listed = getattr(said.findings, "chronic", None)
    if said.world.plan.kind != "chronic_only" or listed is None:
        return None
    named = [
        {key: value for key, value in one.conditions.items() if key != "activity"} for one in listed
    ]
    return sum(dict(conditions) in named for conditions in said.world.chronic[:2])


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))
