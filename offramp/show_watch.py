"""What a look has changed, and the life of a finding, for the terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from offramp.show import plain_table
from rootcause.life import Case
from rootcause.watch_changes import Changes
from rootcause.wording import condition_list, count, points, points_between

_HEADS = {
    "opened": "Opened",
    "reopened": "Opened again",
    "updated": "Moved",
    "verdicts": "Verdicts",
    "closed": "Closed",
    "expired": "Expired",
}
_SIGNS = {
    "alarms": "KPI alarms that began",
    "alarms_over": "KPI alarms that are over",
    "warnings": "Early warnings that began",
    "warnings_over": "Early warnings that are over, or findings by now",
}


def changes_shown(changes: Changes) -> RenderableType:
    """Show what is news, counted; that nothing is; and what stands now."""
    lines = [Text(f"{changes.journey}, {changes.day}", style="bold")]
    lines += [Text(line) for line in _missed(changes)]
    lines += [Text(line) for line in _of_cases(changes)]
    lines += [Text(line) for line in _of_signs(changes)]
    if not changes.count:
        lines.append(Text("Nothing changed."))
    return Group(*lines, Text(_standing(changes), style="dim"))


def cases_shown(cases: Sequence[Case]) -> RenderableType:
    """Show every case in a line."""
    if not cases:
        return Text("No finding was ever opened here. That is an answer: nothing was found.")
    table = plain_table("finding", "state", "since", "effect", "exposed", "owner")
    for case in cases:
        one = case.finding
        named = f"{one.id}  {', '.join(condition_list(one.conditions))} ({case.outcome})"
        effect = f"{points(one.effect)} ({points_between(*one.effect_interval)})"
        exposed = count(one.exposed_journeys)
        table.add_row(
            escape(named), case.state, case.since[:10], effect, exposed, escape(case.owner)
        )
    return table


def life_shown(case: Case) -> RenderableType:
    """Show a case and every line of its history."""
    one = case.finding
    table = plain_table("when")
    table.add_column("state", no_wrap=True)
    table.add_column("why", overflow="fold")
    table.add_column("who", overflow="fold")
    for entry in case.history:
        at = entry.at.replace("T", " ").removesuffix(":00Z").removesuffix("Z")
        table.add_row(at, entry.state, escape(entry.reason), escape(entry.by or "the watch"))
    head = [
        f"{one.id}  {', '.join(condition_list(one.conditions))} ({case.journey}, {case.outcome})",
        f"  {case.state} since {case.since[:10]}; began {one.onset}, last found {case.last_found}",
        f"  {points(one.effect)} ({points_between(*one.effect_interval)}), "
        f"{count(one.exposed_journeys)} journeys exposed, {count(one.harmed_journeys)} harmed",
    ]
    if case.owner:
        head.append(f"  owner {case.owner}{f', ticket {case.ticket}' if case.ticket else ''}")
    return Group(*(Text(line) for line in head), table)


def _missed(changes: Changes) -> Iterator[str]:
    if changes.missed:
        days = changes.missed
        when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
        yield (
            f"  Nobody watched {when} ({len(days)} day{'s' * (len(days) > 1)}); not made up for: "
            "what began and ended then stays unsaid."
        )


def _of_cases(changes: Changes) -> Iterator[str]:
    for name, head in _HEADS.items():
        news = getattr(changes, name)
        if news:
            yield f"  {head} ({len(news)})"
        for one in news:
            yield f"    {one.finding}  {one.sentence} ({one.outcome})"


def _of_signs(changes: Changes) -> Iterator[str]:
    for name, head in _SIGNS.items():
        signs = getattr(changes, name)
        if signs:
            yield f"  {head} ({len(signs)})"
        for one in signs:
            yield f"    {one.get('words') or one.get('sentence')}"


def _standing(changes: Changes) -> str:
    standing = changes.standing or {}
    stands = ", ".join(
        f"{number:,} {name if number != 1 else name.removesuffix('s')}"
        for name, number in standing.items()
    )
    searched = "; ".join(f"{outcome}: {why}" for outcome, why in (changes.searched or {}).items())
    return f"  Standing: {stands}. Searched: {searched}."
