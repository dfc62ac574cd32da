"""The command that asks what would have been found, had something been wrong."""

from typing import Annotated

import typer

from offramp.console import out, write_json
from offramp.options import Events, Journey, Json, Outcome, Seed
from offramp.reading import outcome_of, read_log


def inject(  # noqa: PLR0913, PLR0917 - one option, one parameter
    events: Events,
    journey: Journey,
    outcome: Outcome,
    where: Annotated[
        list[str],
        typer.Option(
            help="A condition, NAME=VALUE; repeat it, or separate by ;. One is the step: "
            "activity=STEP. Without any: random causes of one or two conditions.",
        ),
    ] = [],  # noqa: B006 - typer takes a list and never changes it
    onset: Annotated[str, typer.Option(help="The first bad day; without it: random days.")] = "",
    effect: Annotated[
        list[str],
        typer.Option(help="Additional probability of the bad outcome; repeat, or separate by ;."),
    ] = ["0.05; 0.1; 0.2"],  # noqa: B006 - as above
    trials: Annotated[int, typer.Option(help="How many trials of each effect.", min=1)] = 10,
    seed: Seed = 0,
    json: Json = "",
    plot: Annotated[str, typer.Option(help="Write the picture to this PNG file.")] = "",
) -> None:
    """Plant a cause in your own log, and say how often, and how soon, it would have been found.

    "Nothing found" is worth as much as what would have been found. Outcomes are relabelled in
    memory; your file is never written to. Each trial plants one cause, searches everything as
    `offramp findings` does, and, if it is found, again in logs that end earlier.

    - What if uploads on iOS had failed since March, for one in ten and for one in five?
      `--where activity=document_upload --where os=iOS --onset 2026-03-03 --effect 0.1 --effect 0.2`

    - What size of cause can be found in this log at all? `--trials 20`, without `--where`: each
      trial plants a random one.

    Every trial is a whole search: begin with few. docs/causes.md says what is counted.
    """
    from offramp.planting import require_png, tried, wish_of, write_picture
    from offramp.show_trials import trials_shown

    require_png(plot)
    wish = wish_of(where, onset, effect, trials)
    log, definition = read_log(events, journey)
    found = tried(log, definition, outcome_of(definition, outcome), wish, seed)
    out().print(trials_shown(found))
    write_json(json, found.as_dict())
    write_picture(plot, found.lines)
