"""The watch: look at a journey as of an instant, and say what has changed since the last look.

A look sees no event later than its instant and knows of earlier looks only what the register holds.
So days can be replayed: the same log, register and instant give the same register, to the bit.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import find_journeys
from journeys.log import EventLog, log_until
from journeys.shards import Shards
from rootcause.life import Case
from rootcause.register import Day, Register
from rootcause.scene import Scene
from rootcause.scene_over import scene_over
from rootcause.watch_cases import Now
from rootcause.watch_changes import OF_CASES, OF_SIGNS, Changes
from rootcause.watch_days import (
    days_missed,
    definition_hash,
    instants_due,
    refuse_what_cannot_follow,
)
from rootcause.watch_news import news_of
from rootcause.watch_plan import EVERYTHING_EVERY_DAYS, Plan, plan_of
from rootcause.watch_search import sought
from rootcause.watch_signs import Signs, signs_at

CATCH_UP_DAYS = 14

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Asked:
    """What is watched, and how.

    ``everything``: search every step of every outcome, as else after ``every`` days; ``missed``:
    days that were not watched and will not be; ``new_definition``: a definition that has changed is
    meant.
    """

    outcomes: tuple[Outcome, ...]
    everything: bool = False
    every: int = EVERYTHING_EVERY_DAYS
    missed: tuple[str, ...] = ()
    new_definition: bool = False
    seed: int = 0


def watch_days(  # noqa: PLR0913 - what `watch_day` takes, and how far back
    register: Register,
    log: EventLog | Shards,
    definition: Definition,
    asked: Asked,
    *,
    until: pd.Timestamp,
    most: int = CATCH_UP_DAYS,
    progress: Progress | None = None,
) -> Iterator[tuple[Register, Changes]]:
    """Yield what `watch_day` returns for each day that is due, up to ``until`` (UTC).

    Those are the days since the last look, each as it was at the time of day of ``until``, and of a
    longer gap the last ``most``; what they leave out is `Changes.missed`.
    """
    last = register.day_of(definition.name)
    due = instants_due(last, until, most=most)
    missed = days_missed(last, due[0])
    tell = progress or (lambda _label, _share: None)
    for number, instant in enumerate(due):
        told = partial(_within, tell, number, len(due))
        register, changes = watch_day(
            register,
            log,
            definition,
            replace(asked, missed=missed if number == 0 else ()),
            until=instant,
            progress=told,
        )
        yield register, changes


def watch_day(
    register: Register,
    log: EventLog | Shards,
    definition: Definition,
    asked: Asked,
    *,
    until: pd.Timestamp,
    progress: Progress | None = None,
) -> tuple[Register, Changes]:
    """Return the register after a look at one journey as of ``until`` (UTC), and what has changed.

    ``log``: in shards of the definition where it is not held (`rootcause.scene_over`).

    A journey that was looked at on that day already is left alone and its changes are told again;
    only outcomes that were not watched yet are.

    Raises
    ------
    FindingsError
        If the register knows a later day, or another definition of the journey.
    TooLittleDataError
        If the log holds no event until then.
    """
    last = register.day_of(definition.name)
    at = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    if last is not None:
        refuse_what_cannot_follow(last, definition, day=at[:10], meant=asked.new_definition)
    if last is not None and last.day == at[:10]:
        asked = replace(asked, outcomes=tuple(set(asked.outcomes) - set(last.outcomes)))
        if not asked.outcomes:
            return register, last.changes
    scene = _scene_of(log, definition, until)
    return _looked(register, scene, asked, at, progress or (lambda _label, _share: None))


def _scene_of(log: EventLog | Shards, definition: Definition, until: pd.Timestamp) -> Scene:
    if not isinstance(log, EventLog):
        return scene_over(log, until)
    seen = log_until(log, until)
    return Scene(seen, find_journeys(seen, definition), definition)


def _looked(
    register: Register, scene: Scene, asked: Asked, at: str, tell: Progress
) -> tuple[Register, Changes]:
    journey = scene.definition.name
    last, before = register.day_of(journey), _cases(register, journey)
    everything = dict(last.everything) if last else {}
    outcomes = [one for one in scene.definition.outcomes if one in asked.outcomes]
    signs = signs_at(pd.Timestamp(at), scene, register, before, outcomes)
    searched: dict[str, str] = {}
    for number, outcome in enumerate(outcomes):
        now, known = Now(at, scene, outcome), register.cases_of(journey, outcome)
        plan = _plan(known, signs, now, since=everything.get(outcome), asked=asked)
        told = partial(_within, tell, number, len(outcomes))
        found = sought(known, plan, now, seed=asked.seed, tell=told)
        register, searched[outcome] = register.with_cases(found.cases), found.why
        if found.everything is not None:
            everything[outcome] = now.day
            register = register.with_search(found.everything)
    after = _cases(register, journey)
    changes = Changes(
        journey=journey,
        day=at[:10],
        until=at,
        **news_of(before, after),
        alarms=tuple(signs.alarms_began),
        alarms_over=tuple(signs.alarms_over),
        warnings=tuple(signs.warnings_began),
        warnings_over=tuple(signs.warnings_over),
        standing=_standing(after, signs),
        searched=searched,
        missed=asked.missed,
    )
    watched = set(outcomes)
    if last is not None:
        watched |= set(last.outcomes)
        changes = _joined(last.changes, changes) if last.day == changes.day else changes
    day = Day(
        journey=journey,
        definition=definition_hash(scene.definition),
        until=at,
        outcomes=tuple(one for one in scene.definition.outcomes if one in watched),
        everything=everything,
        changes=changes,
    )
    return register.with_day(day, signs.alarms, signs.warnings), changes


def _plan(
    cases: Sequence[Case], signs: Signs, now: Now, *, since: str | None, asked: Asked
) -> Plan:
    if asked.everything:
        return Plan(None, "every step: asked for")
    return plan_of(
        now.outcome,
        cases,
        signs,
        days_since_everything=None if since is None else now.days_since(since),
        every=asked.every,
    )


def _cases(register: Register, journey: str) -> tuple[Case, ...]:
    return tuple(case for case in register.cases if case.journey == journey)


def _standing(cases: Sequence[Case], signs: Signs) -> dict[str, int]:
    return {
        "cases": sum(not case.is_done for case in cases),
        "alarms": len(signs.alarms),
        "warnings": len(signs.warnings),
    }


def _joined(first: Changes, more: Changes) -> Changes:
    """Return the changes of one day of which some outcomes were looked at later than others."""
    both: dict[str, Any] = {
        name: (*getattr(first, name), *getattr(more, name)) for name in (*OF_CASES, *OF_SIGNS)
    }
    return replace(more, searched={**(first.searched or {}), **(more.searched or {})}, **both)


def _within(tell: Progress, number: int, of: int, label: str, share: float) -> None:
    tell(label, (number + share) / of)
