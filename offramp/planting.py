"""What `offramp inject` asks of the rooms: which causes to plant, and one trial after the other."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from journeys.definition import Definition, Outcome
from journeys.errors import RequestError
from journeys.find import find_journeys
from journeys.log import EventLog
from journeys.writing import whole_file
from models.threads import one_thread
from offramp.console import Tell, working
from rootcause.figures import png_bytes
from rootcause.inject import Planted, check, check_conditions
from rootcause.inject_summary import AtEffect, by_effect, detection_figure
from rootcause.inject_trials import (
    Ground,
    Trial,
    draw_causes,
    draw_onset,
    ground_of,
    searched_as_it_is,
    try_out,
    with_effects,
)

_NEXT_CONDITION = re.compile(r",\s*(?=[^\s,=<>][^,=<>]*=)")


@dataclass(frozen=True)
class Wish:
    """What is to be planted, as asked for on the command line; empty: random."""

    conditions: dict[str, str]
    onset: str
    effects: tuple[float, ...]
    trials: int


@dataclass(frozen=True)
class Tried:
    """All trials, the lines of the table, and what is found where nothing was planted."""

    journey: str
    outcome: Outcome
    trials: list[Trial]
    lines: list[AtEffect]
    already_found: int

    def as_dict(self) -> dict[str, object]:
        """Return what `--json` writes."""
        return {
            "journey": self.journey,
            "outcome": self.outcome,
            "already_found": self.already_found,
            "by_effect": [line.as_dict() for line in self.lines],
            "trials": [trial.as_dict() for trial in self.trials],
        }


def wish_of(where: Sequence[str], onset: str, effects: Sequence[str], trials: int) -> Wish:
    """Return what was asked for.

    Raises
    ------
    RequestError
        If a condition is not NAME=VALUE, an effect is no number, or an onset has no conditions.
    """
    conditions = conditions_of(where)
    if onset and not conditions:
        raise RequestError("An onset alone is no cause; say with --where what is to begin then.")
    return Wish(conditions, onset, tuple(_number(one) for one in _parts(effects)), trials)


def conditions_of(where: Sequence[str]) -> dict[str, str]:
    """Return the conditions NAME=VALUE that stand one by one, or several separated by ; or ,.

    A comma inside a value stays, as in ``amount=> 25,000``.

    Raises
    ------
    RequestError
        If one is not NAME=VALUE.
    """
    parts = [part for one in _parts(where) for part in _NEXT_CONDITION.split(one)]
    return dict(_pair(one) for one in parts)


def tried(log: EventLog, definition: Definition, outcome: Outcome, wish: Wish, seed: int) -> Tried:
    """Plant and search, trial by trial, and return what was found."""
    ground = ground_of(log, find_journeys(log, definition), definition, outcome)
    largest = max(wish.effects)
    if wish.conditions:
        check_conditions(ground.exposures, wish.conditions)
        for cause in _asked(ground, wish, seed):
            for effect in wish.effects:
                check(ground.exposures, Planted(cause.conditions, cause.onset, effect))
    with working("Planting") as tell, one_thread():
        tell("searching the log as it is", 0.0)
        ground = searched_as_it_is(ground, seed=seed)
        if wish.conditions:
            causes = _asked(ground, wish, seed)
        else:
            causes = draw_causes(ground, trials=wish.trials, largest_effect=largest, seed=seed)
        trials = _tried(ground, with_effects(causes, wish.effects), seed=seed, tell=tell)
    return Tried(definition.name, outcome, trials, by_effect(trials), len(ground.already))


def require_png(path: str) -> None:
    """Raise a RequestError if a picture is asked for that is no PNG."""
    if path and Path(path).suffix != ".png":
        raise RequestError(f"The picture is a PNG; give --plot a name in .png, not {path!r}.")


def write_picture(path: str, lines: Sequence[AtEffect]) -> None:
    """Write the picture of the trials as a PNG, whole or not at all; nothing without a path."""
    if not path:
        return
    require_png(path)
    with whole_file(path) as beside:
        beside.write_bytes(png_bytes(detection_figure(lines)))


def _asked(ground: Ground, wish: Wish, seed: int) -> list[Planted]:
    """Return the cause that was asked for, once per trial; without an onset, at random ones."""
    rng = np.random.default_rng([seed, 2])
    return [
        Planted(wish.conditions, wish.onset or draw_onset(ground.exposures, rng), 0.0)
        for _ in range(wish.trials)
    ]


def _tried(ground: Ground, causes: Sequence[Planted], *, seed: int, tell: Tell) -> list[Trial]:
    trials: list[Trial] = []
    for place, cause in enumerate(causes):
        tell(f"trial {place + 1} of {len(causes)}", 0.05 + 0.95 * place / len(causes))
        trials.append(try_out(ground, cause, seed=seed + place))
    return trials


def _parts(given: Iterable[str]) -> list[str]:
    return [part.strip() for one in given for part in one.split(";") if part.strip()]


def _pair(condition: str) -> tuple[str, str]:
    name, equals, value = condition.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise RequestError(
            f"{condition!r} is no condition; write --where NAME=VALUE, as in --where os=iOS."
        )
    return name.strip(), value.strip()


def _number(effect: str) -> float:
    try:
        return float(effect)
    except ValueError:
        raise RequestError(
            f"{effect!r} is no effect; write a probability, as in --effect 0.1 for ten points."
        ) from None
