"""The command that lists customers: of a finding, of a condition, or before an event."""

from typing import Annotated

import typer

from offramp.console import out, working, write_json
from offramp.options import Events, Findings, Journey, Json, Model
from offramp.reading import read_log

File = Annotated[str, typer.Option("--out", help="A .parquet, .csv or .jsonl file to write.")]
One = Annotated[str, typer.Option(help="One finding's id; without it, all of them.")]
Days = Annotated[float, typer.Option(help="How far ahead to forecast who will be hit.")]
Previous = Annotated[
    str, typer.Option(help="The list of an earlier run: who entered, who left, was it right?")
]
HoldOut = Annotated[
    float, typer.Option(help="The share not to approach, to measure what approaching does: 0.1.")
]
Where = Annotated[
    str,
    typer.Option(
        help='List the journeys in flight that meet a condition instead, as in "stage == '
        "'documents_requested' and p_leakage > 0.4 and value_tier == 'gold'\"."
    ),
]
SegmentFile = Annotated[str, typer.Option("--segment", help="A condition that was saved (YAML).")]
Save = Annotated[str, typer.Option(help="Save the condition as this YAML file, for --segment.")]
Before = Annotated[
    str, typer.Option(help="List who will probably come to this activity, whatever the findings.")
]
Within = Annotated[str, typer.Option(help="By when they come to it: 3d, 12h; else --days.")]


def audience(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    events: Events,
    journey: Journey,
    file: File,
    model: Model = "",
    findings: Findings = "",
    finding: One = "",
    days: Days = 7.0,
    previous: Previous = "",
    hold_out: HoldOut = 0.0,
    where: Where = "",
    segment: SegmentFile = "",
    before: Before = "",
    within: Within = "",
    save: Save = "",
    json: Json = "",
) -> None:
    """List customers: affected by a finding and at risk, of a condition, or before an event."""
    from pathlib import Path

    from journeys.segment_file import save_segment
    from offramp.audiences import asked_segment, gathered_all, terms_of
    from offramp.show_audience import shown
    from training.score import require_suffix, write_scores

    require_suffix(Path(file))
    chosen = asked_segment(segment, where=where, before=before, within=within, save=save)
    terms = terms_of(chosen, days=days, hold_out=hold_out, previous=previous)
    log, definition = read_log(events, journey)
    with working("Looking who is where"):
        people, told = gathered_all(
            log, definition, (model, findings, finding), segment=chosen, terms=terms
        )
    write_scores(people, file)
    if save and chosen is not None:
        save_segment(chosen, save)
    for line in shown(told, file, len(people)):
        out().print(line, markup=False)
    write_json(json, {"audiences": [one.as_dict() for one in told]})
