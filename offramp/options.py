"""The options that several commands share, each said once."""

from typing import Annotated, Literal

from typer import Option

Events = Annotated[
    str,
    Option(
        "--events",
        help="The event log, one row per event: Parquet, CSV, JSON Lines or XES (.gz); a folder of "
        "Parquet files; or the address of a database. Which form the events have, and which SELECT "
        "a database is asked, `form:` and `query:` of the definition say (docs/data.md).",
    ),
]
Journey = Annotated[
    str, Option("--journey", help="The journey definition, a YAML file (docs/definition.md).")
]
Form = Annotated[
    str,
    Option(
        "--form",
        help="The form of the events: cloudevents, ga4, segment or snowplow; else the definition's "
        "`form:`, else rows as they stand.",
    ),
]
Query = Annotated[
    str,
    Option(
        "--query",
        help="The SELECT, or a file with it, where --events is the address of a database; else the "
        "definition's `query:`.",
    ),
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
Customers = Annotated[
    str,
    Option(
        "--customers",
        help="Learn from a sample of so many, or from `all`. Without it: all where they fit in "
        "memory, else a sample if that loses little, else all from disk.",
    ),
]
Memory = Annotated[
    float, Option("--memory", help="GiB that may be used; 0: 60 % of what is free.", min=0)
]
Work = Annotated[
    str, Option("--work", help="A folder on a disk with room for samples; else a temporary one.")
]
Engine = Annotated[
    Literal["local", "spark"],
    Option(
        "--engine",
        help="spark: the work is done on Spark, the numbers are the same; --events is a folder of "
        "Parquet, flat or by day, or a table's name. Needs offramp[spark] and Java 17 or later "
        "(docs/spark.md).",
    ),
]
SparkMaster = Annotated[
    str,
    Option(
        "--spark-master",
        help="Where Spark is, as spark-submit takes it: spark://HOST:7077, yarn; without it, all "
        "cores of this machine.",
    ),
]
Dask = Annotated[
    str,
    Option(
        "--dask",
        help="Grow the trees of all customers on this Dask cluster, as in tcp://10.0.0.5:8786; its "
        "workers must read the --work folder.",
    ),
]
Promote = Annotated[
    Literal["never", "gate", "always"],
    Option(
        "--promote",
        help="gate: champion only if no worse; never: register as challenger; always: champion "
        "whatever the comparison says.",
    ),
]
