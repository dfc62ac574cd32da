"""The stub of a definition: what was guessed, as YAML that loads, with the evidence as comments."""

import math
from collections.abc import Iterator, Sequence

import yaml

from journeys.guess import MOST_EVENTS, Guessed
from journeys.guess_attributes import TIERS, Kind
from journeys.guess_columns import Guess
from journeys.guess_journey import Said
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, TIME

_WIDTH = 98
_DAY, _HOUR = 1.0, 1 / 24
_KINDS_WITHOUT_USE = 30


def stub_of(guessed: Guessed, *, query: str = "") -> str:
    """Return the YAML of a definition; every guess has its evidence above it or beside it."""
    lines = [*_head(guessed, query), *_columns(guessed), *_journey(guessed)]
    lines += [*_attributes(guessed), *_left_out(guessed)]
    return "\n".join(lines) + "\n"


def _head(guessed: Guessed, query: str) -> Iterator[str]:
    seen = min(guessed.events, MOST_EVENTS)
    of = (
        f"the first {seen:,} of {guessed.events:,} events"
        if seen < guessed.events
        else (f"{guessed.events:,} events")
    )
    yield from _comment(
        f"Guessed by `offramp check` from {of}: a beginning, not an answer. Look at every line, "
        "then run `offramp check` with this file. docs/definition.md explains every key."
    )
    yield f"name: {_plain(guessed.name)}"
    if guessed.form is not None:
        yield from _comment(f"The columns are those of {guessed.form.title}.")
        yield f"form: {guessed.form.name}"
    if query:
        yield f"query: {_plain(query)}"


def _columns(guessed: Guessed) -> Iterator[str]:
    columns = guessed.columns
    if guessed.form is not None:
        return
    yield "columns:"
    named = ((CUSTOMER, columns.customer), (TIME, columns.time), (ACTIVITY, columns.activity))
    for ours, guess in (*named, (CHANNEL, columns.channel)):
        yield from _comment(f"{ours}: {guess.why}{_or_else(guess)}", "  ")
        if guess.column is not None:
            yield f"  {ours}: {_plain(guess.column)}"
    if columns.time_unit is not None:
        yield f"time_unit: {columns.time_unit}"


def _or_else(guess: Guess) -> str:
    return f". AMBIGUOUS: it might as well be {_listed(guess.others)}" if guess.others else ""


def _journey(guessed: Guessed) -> Iterator[str]:
    story = guessed.story
    yield ""
    if story.start is None:
        yield from _comment(
            "Nearly all customers begin with the same: each is one journey, so there is no start."
        )
    else:
        yield from _rule("start", story.start)
    within = _length(story.within, 1.2)
    if story.always:
        within = _length(story.typical, 1.0)
        yield from _comment(
            "Nearly every journey comes to it, so the question is how soon: half of them need no "
            "longer than this. AMBIGUOUS: choose what is soon enough, or another success."
        )
    yield from _rule("success", story.success, within=within)
    if story.failure is not None:
        yield from _rule("failure", story.failure)
    yield from _comment(
        "So long a silence ends a journey: longer than 99 % of the silences before a success."
    )
    yield f"abandoned_after: {_length(story.silence, 1.2)}"
    yield from _contact(guessed)
    if story.churn is not None:
        yield from _rule("churn", story.churn, within=_length(min(30.0, story.covers / 4), 1.0))
    yield from _comment(f"Milestones: {story.milestones.why}.")
    yield f"milestones: {_list(story.milestones.names)}"


def _contact(guessed: Guessed) -> Iterator[str]:
    story = guessed.story
    within = _length(min(7.0, story.covers / 4), 1.0)
    taken = {*story.success.names, *(story.failure.names if story.failure else ())}
    if story.contact_channel is not None:
        names = story.contact_channel.names
        yield from _comment(f"A contact with people: {story.contact_channel.why}.")
        yield f"leakage: {{channel: {_list(names)}, within: {within}}}"
    elif story.contact is not None:
        names = tuple(name for name in story.contact.names if name not in taken)
        yield from _comment(
            f"A contact with people: {story.contact.why}. AMBIGUOUS: which of them count?"
        )
        yield f"leakage: {{activity: {_list(names)}, within: {within}}}"
    else:
        yield from _comment(
            "No channel or activity looks like a contact: add `leakage:` if there is one."
        )


def _rule(key: str, said: Said, within: str = "") -> Iterator[str]:
    others = f". AMBIGUOUS: it might as well be {_listed(said.others)}" if said.others else ""
    yield from _comment(f"{key}: {said.why}{others}")
    names = _list(said.names) if len(said.names) > 1 else _plain(said.names[0])
    yield f"{key}: {{activity: {names}{f', within: {within}' if within else ''}}}"


def _attributes(guessed: Guessed) -> Iterator[str]:
    if not any(guessed.of(tier) for tier in TIERS[:-1]):
        return
    yield ""
    yield from _comment(
        "Keep what was known when the event happened; an attribute that is filled in afterwards "
        "lets the future in."
    )
    yield "attributes:"
    for tier in TIERS[:-1]:
        kinds = guessed.of(tier)
        if kinds:
            yield f"  {tier}:"
            yield from (line for kind in kinds for line in _attribute(kind))


def _attribute(kind: Kind) -> Iterator[str]:
    yield from _comment(kind.why, "    ")
    yield f"    - {_plain(kind.column)}"


def _left_out(guessed: Guessed) -> Iterator[str]:
    kinds = guessed.of("nothing")
    if kinds:
        yield ""
        yield "# Not used:"
        for kind in kinds[:_KINDS_WITHOUT_USE]:
            yield from _comment(f"{kind.column}: {kind.why}", "", "#   ")
        if len(kinds) > _KINDS_WITHOUT_USE:
            yield f"#   and {len(kinds) - _KINDS_WITHOUT_USE} more"


def _comment(text: str, indent: str = "", mark: str = "# ") -> Iterator[str]:
    """Yield a text as lines of a comment; a line break in a name would end it."""
    line = ""
    for word in " ".join(text.split()).split(" "):
        if line and len(indent) + len(mark) + len(line) + len(word) >= _WIDTH:
            yield f"{indent}{mark}{line}"
            line = ""
        line = f"{line} {word}" if line else word
    yield f"{indent}{mark}{line}"


def _length(days: float, factor: float) -> str:
    """Return a duration a little longer (or shorter) than so many days, in a round unit."""
    length = max(days * factor, 1 / 24 / 60)
    if length >= 2 * _DAY:
        return f"{math.ceil(length)}d"
    if length >= 2 * _HOUR:
        return f"{math.ceil(length * 24)}h"
    return f"{math.ceil(length * 24 * 60)}m"


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(_plain(name) for name in names)}]"


def _plain(value: str) -> str:
    """Return a text as YAML reads it back, also inside braces."""
    written = yaml.safe_dump([value], default_flow_style=True, width=math.inf, allow_unicode=True)
    return written.strip()[1:-1]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
