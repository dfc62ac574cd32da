"""Early warnings for the terminal, apart from findings: nothing is known of outcomes yet."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from rootcause.early import EarlyWarning
from rootcause.wording import condition_words, plain


def early(warnings: Sequence[EarlyWarning]) -> RenderableType:
    """Show each warning in a sentence, and what else the same customers show."""
    head = Text("\nEarly warnings, not findings: outcomes are not in yet.", style="yellow")
    return Group(head, *(Text(line) for one in warnings for line in _lines(one)))


def _lines(one: EarlyWarning) -> Iterator[str]:
    yield one.sentence
    for other in one.also_indistinguishable:
        yield f"  cannot be told apart from {condition_words(other)}"
    if one.beside:
        also = (f"{other['symptom']} at “{plain(other['activity'])}”" for other in one.beside)
        yield f"  also: {', '.join(also)}"
