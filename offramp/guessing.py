"""What `offramp check` does with a log that nobody has defined: read it, guess, write the stub."""

from pathlib import Path

import pandas as pd

from journeys.definition_file import parse_definition
from journeys.formed import NOTES
from journeys.forms import Form, form_named, recognised
from journeys.guess import guess
from journeys.guess_stub import stub_of
from journeys.query import is_address, query_text
from journeys.read import read_frame
from journeys.writing import whole_file
from offramp.console import out, working
from offramp.reading import journey_name


def guessed_stub(events: str, *, form: str = "", query: str = "", name: str = "") -> str:
    """Return the YAML of a definition guessed from a log; it loads.

    ``name`` is a definition, or a journey's name; without it, the file's name.
    """
    asked = query_text(query)
    with working("Reading events"):
        frame, found = _read(events, form, asked)
    with working("Guessing"):
        called = journey_name(name) if name else _name_of(events)
        text = stub_of(guess(frame, name=called, form=found), query=asked)
    for what, detail, do in frame.attrs.get(NOTES, ()):
        out().print(f"{what} ({detail}); {do}.", style="yellow", markup=False)
    parse_definition(text, source="the guessed definition")
    return text


def say_stub(text: str, file: str) -> None:
    """Print the definition, or write it where that is asked."""
    if not file:
        out().print(text, markup=False, end="")
        return
    with whole_file(file) as beside:
        beside.write_text(text, encoding="utf-8")
    count = text.count("AMBIGUOUS")
    doubts = f"{count} {'guess' if count == 1 else 'guesses'}"
    out().print(
        f"A definition was guessed: {file}, with {doubts} marked AMBIGUOUS. Look at every line, "
        f"then run: offramp check --events … --journey {file}",
        markup=False,
    )


def _read(events: str, form: str, query: str) -> tuple[pd.DataFrame, Form | None]:
    """Return the log with nested values as columns, in the form that is named or recognised."""
    if form:
        return read_frame(events, form=form, query=query), form_named(form)
    frame = read_frame(events, nested=None, query=query)
    plain = {name.partition(".")[0] for name in map(str, frame.columns)}
    found = recognised(plain)
    if found is None:
        return frame, None
    out().print(f"These are {found.title}: read as `form: {found.name}`.", markup=False)
    return read_frame(events, form=found.name, query=query), found


def _name_of(events: str) -> str:
    """Return a journey's name from that of a file or database."""
    text = events.partition("?")[0].rstrip("/").rpartition("/")[2] if is_address(events) else events
    stem = Path(text).name.split(".")[0]
    name = "".join(one if one.isascii() and one.isalnum() else "_" for one in stem).strip("_")
    return name or "journey"
