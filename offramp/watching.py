"""The commands of the daily watch, and of what people do with what it finds."""

from typing import Annotated, Literal

import typer

from offramp.console import out, write_json
from offramp.engine import Where
from offramp.options import Engine, Events, Json, Kept, Seed, SparkMaster

State = Annotated[
    str,
    typer.Option("--state", help="The folder that remembers; made by the first `offramp watch`."),
]


def watch(  # noqa: PLR0913, PLR0917 - one option, one parameter
    events: Events,
    journey: Annotated[
        list[str],
        typer.Option(help="A journey definition, a YAML file; repeat it, or separate by ;."),
    ],
    state: State,
    outcome: Annotated[
        list[str],
        typer.Option(
            help="success, leakage or churn; repeat it, or separate by ;. Without it: all."
        ),
    ] = [],  # noqa: B006 - typer takes a list and never changes it
    until: Annotated[
        str,
        typer.Option(
            help="Look as of this time (UTC); nothing later is seen. Else: the log's end."
        ),
    ] = "",
    catch_up: Annotated[
        int,
        typer.Option(min=0, help="Make up for at most so many days on which nobody watched."),
    ] = 14,
    everything: Annotated[
        bool, typer.Option("--everything", help="Search every step, whether or not it is due.")
    ] = False,
    everything_every: Annotated[
        int, typer.Option(min=1, help="Search every step after so many days.")
    ] = 7,
    new_definition: Annotated[
        bool,
        typer.Option("--new-definition", help="The definition has changed, and that is meant."),
    ] = False,
    seed: Seed = 0,
    kept: Kept = "",
    engine: Engine = "local",
    spark_master: SparkMaster = "local[*]",
    json: Json = "",
) -> None:
    """Look at the journeys, once a day, and say what has changed since yesterday.

    It notices when a KPI leaves its expected band, warns early of new releases, searches for
    causes where something is wrong (and everywhere once a week), opens, follows and closes
    findings, and asks whether released fixes work. All it knows is in the state folder; twice on
    one day changes nothing, and what was killed is finished by the next run.

    - Every morning, after the nightly load:
      `offramp watch --events events.parquet --journey journey.yaml --state watch`

    - Replay a day of the past, in a folder of its own: `--until 2026-03-10 --state replay`

    Of a log too large for memory, or on Spark, causes and KPIs are watched among all customers,
    early warnings and fixes among at most 200,000 (docs/scale.md).

    docs/watch.md says what each line means, and what the watch will not tell you.
    """
    from offramp.show_watch import changes_shown
    from offramp.watched import watched

    changes = watched(
        events,
        _each(journey),
        state,
        _each(outcome),
        until=until,
        catch_up=catch_up,
        everything=everything,
        every=everything_every,
        new_definition=new_definition,
        seed=seed,
        where=Where(engine, spark_master, kept),
    )
    for one in changes:
        out().print(changes_shown(one))
    write_json(json, {"days": [one.as_dict() for one in changes]})


def finding(  # noqa: PLR0913, PLR0917 - one option, one parameter
    act: Annotated[
        Literal["show", "acknowledge", "fix", "close", "reopen"],
        typer.Argument(help="What to do with it."),
    ],
    state: State,
    finding: Annotated[
        str, typer.Option(help="Its id, or the beginning of it; `show` without it lists all.")
    ] = "",
    owner: Annotated[str, typer.Option(help="acknowledge: who takes it over.")] = "",
    ticket: Annotated[str, typer.Option(help="acknowledge: under which ticket.")] = "",
    fixed_at: Annotated[
        str, typer.Option(help="fix: when the fix reached customers, e.g. 2026-03-20.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why; close and reopen need it.")] = "",
    by: Annotated[str, typer.Option(help="Who says so; without it: the owner.")] = "",
    at: Annotated[str, typer.Option(help="When it was so; without it: now.")] = "",
    json: Json = "",
) -> None:
    """Show the life of a finding, or move it on: acknowledge, fix, close, reopen.

    - `offramp finding show --state watch` lists them, with `--finding ID` its whole life.

    - `offramp finding acknowledge --state watch --finding ID --owner "App team" --ticket APP-812`

    - `offramp finding fix --state watch --finding ID --fixed-at 2026-03-24`: from the next
      `offramp watch` on it says whether the fix works, closes the finding once that is proven, and
      opens it again should it return.
    """
    from offramp.show_watch import cases_shown, life_shown
    from offramp.watched import acted, case_in, cases_in
    from rootcause.acts import Said

    if act == "show" and not finding:
        cases = cases_in(state)
        out().print(cases_shown(cases))
        write_json(json, {"cases": [case.as_dict() for case in cases]})
        return
    said = Said(owner=owner, ticket=ticket, fixed_at=fixed_at, reason=reason, by=by)
    shown = act == "show"
    case = case_in(state, finding) if shown else acted(state, finding, act, said, at=at)
    out().print(life_shown(case))
    write_json(json, case.as_dict())


def _each(given: list[str]) -> list[str]:
    """Return what was repeated or separated by semicolons, without what is empty."""
    return [part.strip() for one in given for part in one.split(";") if part.strip()]
