"""Guessing a definition from a log: a stub of the YAML, with the evidence for every guess.

A guess is a beginning, not an answer: what the log cannot tell is said to be ambiguous, and what a
person must decide is left to them.  Nothing is guessed to be used that looks sensitive.
"""

from dataclasses import dataclass

import pandas as pd

from journeys.forms import Form
from journeys.guess_attributes import Kind, guess_attributes
from journeys.guess_columns import Columns, Guess, guess_columns
from journeys.guess_journey import Story, Told, guess_story
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, TIME
from journeys.rule import plain_text
from journeys.times import read_times

MOST_EVENTS = 500_000
"""Guesses are made on so many events of the beginning of a log, of whole columns."""


@dataclass(frozen=True)
class Guessed:
    """All that was guessed of a log.

    ``form``: the form it was read in; ``kinds``: what every further column seems to be.
    """

    name: str
    events: int
    form: Form | None
    columns: Columns
    story: Story
    kinds: tuple[Kind, ...]

    def of(self, tier: str) -> tuple[Kind, ...]:
        """Return the columns that seem to be of a tier."""
        return tuple(kind for kind in self.kinds if kind.tier == tier)


def guess(frame: pd.DataFrame, *, name: str, form: Form | None = None) -> Guessed:
    """Return what a log seems to hold.

    Parameters
    ----------
    frame : as `journeys.read.read_frame` returns it, nested values spread
    name : what the journey shall be called
    form : the form in which the frame was read; its columns are then known

    Raises
    ------
    EventLogError
        If the table has no event, or who, when or what cannot be found in it.
    """
    some = frame.head(MOST_EVENTS).reset_index(drop=True)
    columns = _of_form(some, form) if form is not None else guess_columns(some)
    customer, time, activity, channel = (
        guess.column
        for guess in (columns.customer, columns.time, columns.activity, columns.channel)
    )
    times = read_times(some[time], columns.time_unit)
    whole = times.notna() & some[customer].notna() & some[activity].notna()
    some, times = some[whole].reset_index(drop=True), times[whole].reset_index(drop=True)
    told = Told.of(some[customer], times, some[activity])
    channels = [] if channel is None else map(plain_text, some[channel].dropna().unique())
    story = guess_story(told, list(channels))
    kinds = guess_attributes(some, str(customer), str(activity))
    known = {time, channel, *(form.sources if form else ())}
    kept = tuple(_as_the_form_says(kind, form) for kind in kinds if kind.column not in known)
    return Guessed(name, len(frame), form, columns, story, kept)


def _of_form(frame: pd.DataFrame, form: Form) -> Columns:
    said = f"{form.title} say so"
    channel = Guess(CHANNEL if CHANNEL in frame.columns else None, said)
    return Columns(Guess(CUSTOMER, said), Guess(TIME, said), Guess(ACTIVITY, said), channel)


def _as_the_form_says(kind: Kind, form: Form | None) -> Kind:
    """Return the tier that a form's mapping gives a column, which knows more than its values."""
    if form is None or kind.tier == "nothing":
        return kind
    for tier in ("context", "technical", "numeric", "sensitive"):
        if kind.column in getattr(form.attributes, tier):
            return Kind(kind.column, tier, f"{form.title} say so; {kind.why}")
    return kind
