"""What an audience came to, for the terminal: counts and intervals, nobody by name."""

from collections.abc import Iterator, Sequence

from rootcause.audience_summary import AudienceSummary


def shown(told: Sequence[AudienceSummary], file: str, rows: int) -> Iterator[str]:
    """Yield what is said of each audience, a sentence a line, and where the list is."""
    for one in told:
        yield f"{one.finding}: {one.sentence}"
        yield from (f"  {line}" for line in _more(one))
    yield f"{rows:,} rows: {file}"


def _more(one: AudienceSummary) -> Iterator[str]:
    if one.entered or one.left:
        why = "; ".join(f"{number:,} {reason}" for reason, number in one.left_because.items())
        yield f"Since the earlier list {one.entered:,} entered and {one.left:,} left" + (
            f" ({why})." if why else "."
        )
    if one.held_out:
        yield f"{one.held_out:,} are held out: do not approach them (column held_out)."
    if one.grade is not None:
        yield f"The earlier list: {one.grade.sentence}"
    if one.checked is not None:
        yield (
            f"Looking back: on {one.checked['days']} past days {one.checked['expected']:,.0f} of "
            f"{one.checked['forecasts']:,} were expected to come within {one.days:g} days, "
            f"{one.checked['reached']:,} did."
        )
