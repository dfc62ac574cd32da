"""What planted causes came to, for the terminal."""

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from offramp.show import plain_table
from rootcause.inject_summary import AtEffect

if TYPE_CHECKING:
    from offramp.planting import Tried


def trials_shown(tried: "Tried") -> RenderableType:
    """Show by effect size how often the planted cause was found, how exactly and how soon."""
    table = plain_table(
        "planted effect", "trials", "found (95 %)", "exact (95 %)", "days needed", "exposed"
    )
    for line in tried.lines:
        table.add_row(
            f"{100 * line.effect:g} points",
            f"{line.trials}",
            _share(line.found, line.found_interval),
            _share(line.exact, line.exact_interval),
            _days(line),
            f"{line.exposed:,.0f}",
        )
    others = sum(line.others for line in tried.lines)
    notes = [
        f"{tried.journey}, {tried.outcome}: {tried.already_found} found where nothing was planted; "
        f"{others} others named in {len(tried.trials)} trials.",
        "Found: a cause is about the same journeys. Exact: it has the same conditions. Days "
        "needed: of log after the onset, median and range of those found.",
    ]
    return Group(table, *(Text(note, style="dim") for note in notes))


def _share(share: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{share:.0%} ({low:.0%}-{high:.0%})"


def _days(line: AtEffect) -> str:
    if line.days is None or line.days_range is None:
        return "-"
    return f"{line.days:.0f} ({line.days_range[0]:.0f}-{line.days_range[1]:.0f})"
