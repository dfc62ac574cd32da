"""Verdicts and savings for the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from offramp.show import plain_table
from rootcause.whatif import Saving
from rootcause.wording import condition_words, count

_LAST_WEEKS = 12


def verdict_shown(sentence: str, by_week: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Show a verdict, then the effect in the last twelve weeks, counted from the fix or change."""
    if not by_week:
        return Text(sentence)
    table = plain_table("seven days from", "effect, points (95 %)", "journeys")
    for week in by_week[-_LAST_WEEKS:]:
        effect, low, high = (100 * week[name] for name in ("effect", "low", "high"))
        between = f"{effect:+.1f} ({low:.1f} to {high:.1f})"
        table.add_row(str(week["from"]), between, count(week["exposed"]))
    return Group(Text(sentence), table)


def savings_shown(savings: Iterable[tuple[Mapping[str, str], Saving]]) -> RenderableType:
    """Show what each fix would save, and what that assumes."""
    parts: list[RenderableType] = []
    for conditions, saving in savings:
        parts.append(Text(f"{saving.finding}  {condition_words(conditions)}"))
        parts.append(Text(f"  {saving.sentence}"))
        parts += [Text(f"  - {line}", style="dim") for line in saving.assumptions]
    return Group(*parts)
