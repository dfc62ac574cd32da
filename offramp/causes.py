"""The commands about causes: what they ask of the rooms, in order."""

from dataclasses import replace

import pandas as pd

from journeys.check_shards import check_shards
from journeys.definition import Definition, Outcome
from journeys.errors import BundleError, FindingsError, listed
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.shards import HeldShards, Shards
from models.bundle import Bundle
from models.threads import one_thread
from offramp.checked import looked_at
from offramp.console import Tell, working
from rootcause.findings import Findings, read_findings
from rootcause.search import find_causes
from rootcause.search_over import causes_over
from rootcause.sentinel import early_warnings
from serving.registry import fetch_bundle
from training.score import definition_for

WATCHED = 200_000
"""Customers in whom early warnings are looked for, of a log that is not held."""


def searched(
    log: EventLog, definition: Definition, outcome: Outcome, *, seed: int, placebo: int = 0
) -> Findings:
    """Return the findings about one outcome, and warnings of what is too new to be one."""
    with working(f"Searching for causes ({outcome})") as tell:
        return _searched(log, definition, outcome, tell, seed=seed, placebo=placebo)


def searched_over(
    shards: Shards, outcome: Outcome, *, seed: int, placebo: int = 0
) -> tuple[Findings, int]:
    """Return the findings of a log in shards, as `searched` does, and how many were watched.

    Causes are searched among all customers; what is too new to be one is watched for in at most
    `WATCHED` of them, by a hash of their keys, because it needs their events side by side.
    """
    if isinstance(shards, HeldShards):
        found = searched(shards.log, shards.definition, outcome, seed=seed, placebo=placebo)
        return found, shards.whole.customers
    with working(f"Searching for causes ({outcome})") as tell:
        found = causes_over(shards, outcome, seed=seed, placebo=placebo, progress=tell)
        some = shards.some(WATCHED)
        return _warned_of(found, some, shards.definition, outcome), len(some.offsets) - 1


def all_searched_over(shards: Shards, some: EventLog, *, seed: int, tell: Tell) -> list[Findings]:
    """Return the findings about every outcome, as `searched_over` does.

    ``some``: the log of the customers who are watched, all of them where the log is held.
    """
    if isinstance(shards, HeldShards):
        return searched_for_all(shards.log, shards.definition, seed=seed, tell=tell)
    definition = shards.definition
    with one_thread():
        return [
            _warned_of(causes_over(shards, one, seed=seed, progress=tell), some, definition, one)
            for one in definition.outcomes
        ]


def _warned_of(
    found: Findings, some: EventLog, definition: Definition, outcome: Outcome
) -> Findings:
    journeys = find_journeys(some, definition)
    warnings = early_warnings(some, journeys, definition, outcome, findings=found.findings)
    return replace(found, warnings=warnings)


def _searched(
    log: EventLog,
    definition: Definition,
    outcome: Outcome,
    tell: Tell,
    *,
    seed: int,
    placebo: int = 0,
) -> Findings:
    journeys = find_journeys(log, definition)
    found = find_causes(
        log, journeys, definition, outcome, seed=seed, placebo=placebo, progress=tell
    )
    warnings = early_warnings(log, journeys, definition, outcome, findings=found.findings)
    return replace(found, warnings=warnings)


def searched_for_all(
    log: EventLog, definition: Definition, *, seed: int, tell: Tell
) -> list[Findings]:
    """Return the findings about every outcome, each with the warnings of what is too new."""
    with one_thread():
        return [_searched(log, definition, one, tell, seed=seed) for one in definition.outcomes]


def health_of(events: str, shards: Shards) -> list[str]:
    """Return what `offramp check` has to say of a log, a sentence each, without customer keys."""
    if isinstance(shards, HeldShards):
        found = looked_at(events, shards.definition)
    else:
        found = check_shards(shards, now=pd.Timestamp.now(tz="UTC"))
    return [problem.sentence_without_keys for problem in found.problems]


def bundle_for(definition: Definition, model: str) -> Bundle:
    """Fetch a model and make sure that it can read a log that was read for this definition."""
    bundle = fetch_bundle(model)
    learnt = definition_for(bundle, definition)
    now, then = set(definition.attributes.numeric), set(learnt.attributes.numeric)
    other = [
        name
        for name in learnt.fields
        if name not in definition.fields or (name in now) != (name in then)
    ]
    if other:
        raise BundleError(
            f"The model {model!r} learnt from {listed(other)}, which the definition does not read "
            "as it did. Train again, or give the definition that the model was trained with."
        )
    return bundle


def findings_about(definition: Definition, file: str) -> Findings:
    """Read findings and make sure that they are about this journey."""
    found = read_findings(file)
    if found.journey != definition.name:
        raise FindingsError(
            f"{file!r} is about the journey {found.journey!r}, the definition about "
            f"{definition.name!r}; give the two that belong together."
        )
    return found
