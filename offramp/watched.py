"""What the commands of the watch ask of the rooms, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.definition_file import load_definition
from journeys.errors import DefinitionError, FindingsError, RequestError, listed
from journeys.log import EventLog
from journeys.read import read_events
from offramp.console import working
from offramp.reading import outcome_of
from rootcause.life import Case, acknowledged, closed, fix_released, reopened
from rootcause.register import locked, read_register, write_register
from rootcause.watch import Asked, watch_days
from rootcause.watch_changes import Changes

ACTS = ("show", "acknowledge", "fix", "close", "reopen")


@dataclass(frozen=True)
class Said:
    """What a person says about a case: every text may be empty."""

    owner: str = ""
    ticket: str = ""
    fixed_at: str = ""
    reason: str = ""
    by: str = ""


def watched(  # noqa: PLR0913 - what is watched, where it is kept, and how
    events: str,
    journeys: Sequence[str],
    state: str,
    outcomes: Sequence[str],
    *,
    until: str = "",
    catch_up: int,
    everything: bool = False,
    every: int,
    new_definition: bool = False,
    seed: int = 0,
) -> list[Changes]:
    """Look at every journey on every day that is due; the state is written after each look."""
    definitions = _definitions(journeys)
    changes = []
    with locked(state):
        register = read_register(state)
        for definition in definitions:
            asked = Asked(
                _outcomes(definition, outcomes),
                everything=everything,
                every=every,
                new_definition=new_definition,
                seed=seed,
            )
            with working("Reading events"):
                log = read_events(events, definition)
            with working(f"Watching {definition.name}") as tell:
                at, known = _until(until, log), register
                for register, changed in watch_days(
                    known, log, definition, asked, until=at, most=catch_up, progress=tell
                ):
                    write_register(register, state)
                    changes.append(changed)
    return changes


def cases_in(state: str) -> tuple[Case, ...]:
    """Return every case of a state folder, the first opened first."""
    return read_register(_folder(state)).cases


def case_in(state: str, finding: str) -> Case:
    """Return one case of a state folder."""
    return read_register(_folder(state)).case(finding)


def acted(state: str, finding: str, act: str, said: Said, *, at: str = "") -> Case:
    """Return a case after somebody has done something with it, and write it."""
    instant = _instant(at, "--at") if at else pd.Timestamp.now(tz="UTC")
    with locked(_folder(state)):
        register = read_register(state)
        case = _after(register.case(finding), act, said, f"{instant:%Y-%m-%dT%H:%M:%SZ}")
        write_register(register.with_cases([case]), state)
    return case


def _after(case: Case, act: str, said: Said, at: str) -> Case:
    by = said.by or said.owner or "a person"
    if act == "acknowledge":
        taken = {"owner": said.owner, "ticket": said.ticket, "reason": said.reason}
        return acknowledged(case, at=at, by=by, **taken)
    if act == "fix":
        if not said.fixed_at:
            raise FindingsError(
                f"When did the fix of {case.id} reach customers? Give --fixed-at 2026-03-20, or "
                "2026-03-20T08:00:00Z."
            )
        fixed_at = f"{_instant(said.fixed_at, '--fixed-at'):%Y-%m-%dT%H:%M:%SZ}"
        return fix_released(case, at=at, fixed_at=fixed_at, reason=said.reason, by=by)
    if act == "close":
        return closed(case, at=at, reason=said.reason, by=by)
    if act == "reopen":
        return reopened(case, at=at, reason=said.reason, by=by)
    raise RequestError(f"A finding cannot be {act!r}; choose one of {listed(ACTS)}.")


def _definitions(files: Sequence[str]) -> list[Definition]:
    definitions = [load_definition(file) for file in files]
    if not definitions:
        raise DefinitionError("No journey is given; give --journey a definition, a YAML file.")
    names = [definition.name for definition in definitions]
    if len(set(names)) < len(names):
        raise DefinitionError(
            f"Two of the definitions have the same name, of {listed(names)}; their findings could "
            "not be told apart. Give each journey once, under a name of its own."
        )
    return definitions


def _outcomes(definition: Definition, asked: Sequence[str]) -> tuple[Outcome, ...]:
    return tuple(outcome_of(definition, one) for one in asked) or definition.outcomes


def _until(until: str, log: EventLog) -> pd.Timestamp:
    """Return the instant to look at: what was asked for, but never beyond the log."""
    return min(_instant(until, "--until"), log.ends) if until else log.ends


def _instant(written: str, option: str) -> pd.Timestamp:
    at = pd.to_datetime(written, utc=True, errors="coerce")
    if pd.isna(at):
        raise RequestError(
            f"{written!r} is not a time; write {option} 2026-03-20 or 2026-03-20T08:00:00Z."
        )
    return pd.Timestamp(at)


def _folder(state: str) -> str:
    if not Path(state).is_dir():
        raise FindingsError(
            f"There is no state folder {state!r}. Give the one that `offramp watch --state` wrote."
        )
    return state
