"""The options that several commands share, each said once."""

from typing import Annotated

from typer import Option

Events = Annotated[
    str,
    Option(
        "--events", help="The event log: Parquet, CSV, JSON Lines or XES (.gz), one row per event."
    ),
]
Journey = Annotated[
    str, Option("--journey", help="The journey definition, a YAML file (docs/definition.md).")
]
Model = Annotated[
    str,
    Option(
        "--model", help="models:/offramp-NAME@champion, models:/NAME/VERSION, or a bundle folder."
    ),
]
Json = Annotated[str, Option("--json", help="Write what is printed to this JSON file as well.")]
Outcome = Annotated[str, Option("--outcome", help="success, leakage or churn.")]
Findings = Annotated[str, Option("--findings", help="The JSON file that `offramp findings` wrote.")]
Seed = Annotated[int, Option("--seed", help="The same seed gives the same result.")]
