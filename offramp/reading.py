"""What several commands read first: the log, its definition, and the outcome that is asked for."""

from typing import TYPE_CHECKING

from offramp.console import working

if TYPE_CHECKING:
    from journeys.definition import Definition
    from journeys.definition import Outcome as OutcomeName
    from journeys.log import EventLog
    from models.bundle import Bundle


def read_log(
    events: str, journey: str, bundle: "Bundle | None" = None
) -> "tuple[EventLog, Definition]":
    """Read the log for a definition, or for the one that a bundle learnt with."""
    from journeys.definition_file import load_definition
    from journeys.read import read_events

    definition = load_definition(journey)
    if bundle is not None:
        from training.score import definition_for

        definition = definition_for(bundle, definition)
    with working("Reading events"):
        return read_events(events, definition), definition


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
