"""The command that says why."""

from typing import Annotated

import typer

from offramp.console import out
from offramp.options import Events, Journey, Json, Outcome, Seed
from offramp.reading import outcome_of, read_log


def findings(
    events: Events,
    journey: Journey,
    outcome: Outcome,
    json: Json = "",
    seed: Seed = 0,
    placebo: Annotated[
        int,
        typer.Option(
            min=0,
            help="So many more searches, of the same log with its attributes dealt anew: "
            "what would be found in noise. Each takes as long as the search itself.",
        ),
    ] = 0,
) -> None:
    """Search for what causes an outcome to go wrong: where, for whom, since when, by how much."""
    from offramp.causes import searched
    from offramp.show import found_causes
    from offramp.show_warnings import early
    from rootcause.findings import write_findings

    log, definition = read_log(events, journey)
    found = searched(log, definition, outcome_of(definition, outcome), seed=seed, placebo=placebo)
    out().print(found_causes(found))
    if found.warnings:
        out().print(early(found.warnings))
    if json:
        write_findings(found, json)
