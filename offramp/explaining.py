"""The command that says why."""

from typing import Annotated

import typer

from offramp.console import out
from offramp.engine import Where, log_in_shards
from offramp.options import Engine, Events, Journey, Json, Kept, Outcome, Seed, SparkMaster
from offramp.reading import outcome_of


def findings(  # noqa: PLR0913 - a command has this many options
    *,
    events: Events,
    journey: Journey,
    outcome: Outcome,
    json: Json = "",
    seed: Seed = 0,
    kept: Kept = "",
    placebo: Annotated[
        int,
        typer.Option(
            min=0,
            help="So many more searches, of the same log with its attributes dealt anew: "
            "what would be found in noise. Each takes as long as the search itself.",
        ),
    ] = 0,
    engine: Engine = "local",
    spark_master: SparkMaster = "local[*]",
) -> None:
    """Search for what causes an outcome to go wrong: where, for whom, since when, by how much.

    A log too large for memory is searched in shards (docs/scale.md), all customers of it.
    """
    from offramp.causes import searched_over
    from offramp.show import found_causes
    from offramp.show_warnings import early
    from rootcause.findings import write_findings

    with log_in_shards(events, journey, Where(engine, spark_master, kept)) as shards:
        asked = outcome_of(shards.definition, outcome)
        found, watched = searched_over(shards, asked, seed=seed, placebo=placebo)
        customers = shards.whole.customers
    out().print(found_causes(found))
    if watched < customers:
        out().print(
            f"Early warnings were looked for in {watched:,} of {customers:,} "
            "customers, chosen by a hash of their keys."
        )
    if found.warnings:
        out().print(early(found.warnings))
    if json:
        write_findings(found, json)
