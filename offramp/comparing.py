"""The command that compares: every journey with its KPIs, the one that costs most first."""

from typing import Annotated

import typer

from offramp.console import out, working, write_json
from offramp.options import Events, Json

Journeys = Annotated[
    list[str],
    typer.Option("--journey", help="A journey definition, a YAML file; give it once per journey."),
]
FindingsFiles = Annotated[
    list[str],
    typer.Option(
        help="A JSON file that `offramp findings` wrote, of any of the journeys; give as many as "
        "there are. Without them nothing is said of what could be won back."
    ),
]


def portfolio(
    events: Events,
    journey: Journeys,
    findings: FindingsFiles = [],  # noqa: B006 - typer's form of "none given", never changed
    days: Annotated[int, typer.Option(min=7, help="Length of a period in days.")] = 28,
    json: Json = "",
) -> None:
    """Compare journeys: score, completion, leakage and more, now and before, with intervals."""
    from offramp.compared import compared
    from offramp.show_portfolio import shown_portfolio

    with working("Measuring journeys") as tell:
        found = compared(events, journey, findings, days=days, tell=tell)
    out().print(shown_portfolio(found))
    write_json(json, found.as_dict())
