"""The command that writes a log in another format."""

from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from offramp.console import out, working
from offramp.options import Events, Form, Query

if TYPE_CHECKING:
    import pandas as pd


def convert(
    events: Events,
    file: Annotated[
        str, Option("--out", help="A .parquet, .csv, .jsonl or .xes file; the last three also .gz.")
    ],
    journey: Annotated[
        str,
        Option("--journey", help="The definition: write what it reads of the log, and no more."),
    ] = "",
    traces: Annotated[
        Literal["customers", "journeys"],
        Option("--traces", help="What a trace of XES is; journeys needs --journey."),
    ] = "customers",
    form: Form = "",
    query: Query = "",
) -> None:
    """Write a log in another format, from any form that is read: XES for process mining, Parquet.

    Without --journey every column is written, nested ones with their dotted names. With it, the
    columns that it names, under our names, and none that it calls sensitive.
    """
    from journeys.write_log import require_ending, write_log
    from rootcause.wording import things

    require_ending(file)
    with working("Reading events"):
        frame = _events(events, file, (journey, traces), form, query)
    with working("Writing"):
        write_log(frame, file)
    out().print(f"{things(len(frame), 'event')}: {file}", markup=False)


def _events(events: str, file: str, by: tuple[str, str], form: str, query: str) -> "pd.DataFrame":
    """Return what is to be written; ``by``: the definition, and what a trace is."""
    journey, traces = by
    from journeys.errors import OfframpError
    from journeys.read import read_events, read_frame
    from journeys.write_log import events_by_journey, in_names_of_xes, is_xes
    from offramp.reading import defined

    if journey:
        definition = defined(journey, form=form, query=query)
        log = read_events(events, definition)
        chosen = events_by_journey(log, definition) if traces == "journeys" else log.events
        return in_names_of_xes(chosen, definition) if is_xes(file) else chosen
    if traces == "journeys":
        raise OfframpError(
            "Only a definition says what a journey is; give --journey, or --traces customers."
        )
    from journeys.query import query_text

    return read_frame(events, nested=None, form=form or None, query=query_text(query))
