"""The pictures of the finding cards, by name and the finding's id, and the example journeys."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.log import EventLog
from rootcause.cards import Asked
from rootcause.exposure import Exposures, exposures_of
from rootcause.mechanism_picture import mechanism_picture
from rootcause.next_days import by_finding, next_days_picture, next_days_words, so_far
from rootcause.onset_picture import effect_picture, onset_picture, releases_of
from rootcause.timelines import timeline_picture, timelines_of
from rootcause.weeks import weeks_of
from rootcause.whatif import Saving

MOST_DRAWN = 12


@dataclass(frozen=True)
class Drawn:
    """Pictures as SVG by name; example journeys and the forecast in words, by finding."""

    pictures: dict[str, str] = field(default_factory=dict)
    examples: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    ahead: dict[str, str] = field(default_factory=dict)


def drawn_for(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    groups: Sequence[Sequence[Asked]],
    savings: Sequence[Saving] = (),
    *,
    examples: EventLog | None = None,
) -> Drawn:
    """Return the pictures of the first twelve groups; every further card has its numbers only.

    ``examples``: the log of the customers whom findings name, where these are not all in ``log``.
    """
    drawn, beside = Drawn(), (log, journeys)
    if examples is not None:
        beside = examples, find_journeys(examples, definition)
    exposures: dict[str, Exposures] = {}
    for asked, *others in groups[:MOST_DRAWN]:
        outcome, one = asked
        if outcome not in exposures:
            exposures[outcome] = exposures_of(log, journeys, definition, outcome)
        weeks = weeks_of(exposures[outcome], one.conditions)
        found = {
            "onset": "" if weeks.empty
            else onset_picture(weeks, one, outcome, releases_of(log, definition, one.conditions)),
            "effect": effect_picture(one.effect_by_week, outcome),
            "mechanism": mechanism_picture(one, outcome),
        }  # fmt: skip
        told = timelines_of(*beside, definition, asked)
        found |= {f"timeline{place}": timeline_picture(line) for place, line in enumerate(told)}
        drawn.examples[one.id] = [line.as_dict() for line in told]
        _ahead(drawn, log, journeys, definition, ([asked, *others], savings))
        drawn.pictures.update({f"{name}_{one.id}": svg for name, svg in found.items() if svg})
    return drawn


def _ahead(
    drawn: Drawn,
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    known: tuple[Sequence[Asked], Sequence[Saving]],
) -> None:
    """Draw the next days of the first finding of a group that has a saving."""
    group, savings = known
    of = by_finding(savings)
    one = next((one for _, one in group if one.id in of), None)
    if one is None:
        return
    past = so_far(log, journeys, definition, one)
    picture = next_days_picture(past, of[one.id], one)
    if picture:
        drawn.pictures[f"next_{group[0][1].id}"] = picture
        drawn.ahead[group[0][1].id] = next_days_words(past, of[one.id], one)
