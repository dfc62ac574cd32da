"""The options that several commands share, each said once."""

from typing import Annotated, Literal

from typer import Option

Events = Annotated[
    str,
    Option(
        "--events",
        help="The event log, one row per event: Parquet, CSV, JSON Lines or XES (.gz), a folder of "
        "Parquet files, or a database's address.",
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
Kept = Annotated[
    str,
    Option(
        "--shards",
        help="Where a log too large for memory is kept in shards, to be used again; without it a "
        "temporary folder (TMPDIR), gone at the end (docs/scale.md).",
    ),
]
Json = Annotated[str, Option("--json", help="Write what is printed to this JSON file as well.")]
Outcome = Annotated[str, Option("--outcome", help="success, leakage or churn.")]
Findings = Annotated[str, Option("--findings", help="The JSON file that `offramp findings` wrote.")]
Seed = Annotated[int, Option("--seed", help="The same seed gives the same result.")]
Trials = Annotated[
    int, Option("--trials", help="How many settings to try per outcome, on past data only.", min=0)
]
Seconds = Annotated[
    float,
    Option("--seconds", help="Stop trying after this long; 0: when the trials are done.", min=0),
]
Promote = Annotated[
    Literal["never", "gate", "always"],
    Option(
        "--promote",
        help="gate: champion only if no worse; never: register as challenger; always: champion "
        "whatever the comparison says.",
    ),
]
