"""The effect of a dated change in words: what is known, or what is not known yet, never both."""

from typing import TYPE_CHECKING

from rootcause.gap import FEWEST
from rootcause.verdict_words import days_words
from rootcause.wording import (
    bad_noun,
    condition_words,
    count,
    day,
    percent,
    points,
    points_between,
)

if TYPE_CHECKING:
    from rootcause.dated_change import ChangeEffect


def change_sentence(found: "ChangeEffect") -> str:
    """Say what a change did: the answer, the effect, what it was compared with, what is missing."""
    said = [f"{_head(found)}: {condition_words(found.conditions)}, since {day(found.changed_at)}."]
    if found.effect is None or found.effect_interval is None:
        said.append(
            f"Since then fewer than {FEWEST} journeys with a known outcome can be compared with "
            "others of the same weeks."
        )
    else:
        said.append(_measured(found, found.effect, found.effect_interval))
    if found.drifting and found.drift is not None:
        said.append(
            "But before the change they were already moving apart, by "
            f"{points(abs(found.drift[0]))}: the interval is wider by that much. Look for what "
            "else was under way."
        )
    if found.verdict == "cannot tell yet":
        said.append(_missing(found))
    return " ".join(said)


def _head(found: "ChangeEffect") -> str:
    return {
        "better": "Better",
        "worse": "Worse",
        "no change": f"No change larger than {points(found.smallest)}",
        "cannot tell yet": "Cannot tell yet",
    }[found.verdict]


def _measured(found: "ChangeEffect", effect: float, interval: tuple[float, float]) -> str:
    rates = ""
    if found.rate_before is not None and found.rate_after is not None:
        rates = f"; {percent(found.rate_before)} before, {percent(found.rate_after)} after"
    return (
        f"{points(abs(effect))} {'more' if effect > 0 else 'less'} {bad_noun(found.outcome)} "
        f"({points_between(*interval)}) than by journeys of the same weeks that it did not reach; "
        f"{count(found.exposed_after)} journeys that it did{rates}."
    )


def _missing(found: "ChangeEffect") -> str:
    if found.days_missing is not None:
        return (
            f"{days_words(found.days_missing)} Then a change of {points(found.smallest)}, or that "
            "there is none, would show."
        )
    if found.exposed_after:
        return (
            f"More days alone will not show a change as small as {points(found.smallest)}: ask for "
            "a larger one that matters, or let the change reach a part of the customers first."
        )
    return "More days alone will not tell: too few customers meet the conditions now."
