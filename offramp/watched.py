"""What the commands of the watch ask of the rooms, in order."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.definition_file import load_definition
from journeys.errors import DefinitionError, FindingsError, RequestError, listed
from journeys.shards import HeldShards
from offramp.console import working
from offramp.engine import Where, shards_in
from offramp.reading import outcome_of
from rootcause.acts import ACTS as BY_HAND
from rootcause.acts import Said, act_on
from rootcause.life import Case
from rootcause.register import locked, read_register, write_register
from rootcause.watch import Asked, watch_days
from rootcause.watch_changes import Changes

ACTS = ("show", *BY_HAND)


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
    where: Where | None = None,
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
            with (
                shards_in(events, definition, where or Where()) as shards,
                working(f"Watching {definition.name}") as tell,
            ):
                log = shards.log if isinstance(shards, HeldShards) else shards
                at, known = _until(until, shards.whole.ends), register
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
    fixed_at = (
        f"{_instant(said.fixed_at, '--fixed-at'):%Y-%m-%dT%H:%M:%SZ}" if said.fixed_at else ""
    )
    told = replace(said, fixed_at=fixed_at)
    return act_on(_folder(state), finding, act, told, at=f"{instant:%Y-%m-%dT%H:%M:%SZ}")


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


def _until(until: str, ends: pd.Timestamp) -> pd.Timestamp:
    """Return the instant to look at: what was asked for, but never beyond the log."""
    return min(_instant(until, "--until"), ends) if until else ends


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
