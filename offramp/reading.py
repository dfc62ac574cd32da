"""What several commands read first: the log, its definition, and the outcome that is asked for."""

from typing import TYPE_CHECKING

from offramp.console import working

if TYPE_CHECKING:
    from journeys.definition import Definition
    from journeys.definition import Outcome as OutcomeName
    from journeys.log import EventLog
    from journeys.shards import Shards
    from models.bundle import Bundle


def read_log(
    events: str, journey: str, bundle: "Bundle | None" = None
) -> "tuple[EventLog, Definition]":
    """Read the log for a definition, or for the one that a bundle learnt with."""
    from journeys.read import read_events

    definition = definition_of(journey, bundle)
    with working("Reading events"):
        return read_events(events, definition), definition


def shards_of(events: str, definition: "Definition", *, kept: str = "") -> "Shards":
    """Read a log as shards: in memory if it fits, else in files in ``kept`` or a temporary folder.

    OFFRAMP_EVENTS_IN_MEMORY says how many events fit.
    """
    from pathlib import Path

    from journeys.read_shards import read_shards

    folder = Path(kept) if kept else None
    with working("Reading events") as tell:
        return read_shards(events, definition, folder=folder, fits=events_that_fit(), progress=tell)


def events_that_fit() -> int:
    """Return how many events a log may have to be held in memory."""
    import os

    from journeys.errors import OfframpError
    from journeys.read_shards import FITS

    said = os.environ.get("OFFRAMP_EVENTS_IN_MEMORY") or str(FITS)
    if not said.isdecimal():
        raise OfframpError(
            f"OFFRAMP_EVENTS_IN_MEMORY is {said!r}; give a whole number of events, or leave it out."
        )
    return int(said)


def definition_of(journey: str, bundle: "Bundle | None") -> "Definition":
    """Read a definition; with a bundle, the one that it learnt with, for this log's columns."""
    from journeys.definition_file import load_definition

    definition = load_definition(journey)
    if bundle is None:
        return definition
    from training.score import definition_for

    return definition_for(bundle, definition)


def defined(journey: str, *, form: str = "", query: str = "") -> "Definition":
    """Read a definition; what the command line says of form and query goes before it."""
    from journeys.definition_file import load_definition
    from journeys.forms import form_named
    from journeys.query import query_text

    said = {"form": form and form_named(form).name, "query": query and query_text(query)}
    given = {key: value for key, value in said.items() if value}
    return load_definition(journey).model_copy(update=given)


def outcome_of(definition: "Definition", outcome: str) -> "OutcomeName":
    """Return the outcome if the definition asks for it."""
    from journeys.errors import DefinitionError, listed, with_closest

    for known in definition.outcomes:
        if known == outcome:
            return known
    raise DefinitionError(
        f"The journey {definition.name!r} asks for {listed(definition.outcomes)}, not for "
        f"{with_closest(outcome, definition.outcomes)}. Choose one of these, or add a rule for it "
        "to the definition."
    )


def journey_name(journey: str) -> str:
    """Return a journey's name from its definition (a YAML file) or from itself."""
    from pathlib import Path

    from journeys.definition_file import load_definition

    if Path(journey).suffix in (".yaml", ".yml"):
        return load_definition(journey).name
    return journey.removeprefix("offramp-")
