"""Where a model stands, and why: what the terminal says after a training."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from training.tracking import Tracked


def placed(tracked: Tracked) -> RenderableType:
    """Say whether the model is champion now, what decided it, and what to do if it is not."""
    return Group(*(Text(line, style=style) for line, style in _lines(tracked)))


def placed_briefly(tracked: Tracked) -> RenderableType:
    """Say in one line whether the model is champion now, and on what grounds."""
    words, style = _headline(tracked)
    return Text(words, style=style)


def _lines(tracked: Tracked) -> Iterator[tuple[str, str]]:
    verdict = tracked.verdict
    yield f"Model: {tracked.uri} (version {tracked.version}, run {tracked.run_id})", ""
    yield _headline(tracked)
    for reason in verdict.reasons:
        yield f"  {reason}", ""
    for warning in verdict.warnings:
        yield f"  Note: {warning}", "yellow"
    if not tracked.promoted:
        yield _what_to_do(tracked), ""


def _headline(tracked: Tracked) -> tuple[str, str]:
    verdict, where = tracked.verdict, f"Version {tracked.version} of {tracked.name}"
    if tracked.promoted and verdict.promote:
        return f"Promoted: {where} is champion ({verdict.state}; {verdict.basis}).", "green"
    if tracked.promoted:
        return f"Promoted on your word: {where} is champion, though the gate says no.", "yellow"
    return f"Not promoted: {where} is challenger ({verdict.state}; {verdict.basis}).", "yellow"


def _what_to_do(tracked: Tracked) -> str:
    journey = tracked.name.removeprefix("offramp-")
    by_hand = f"offramp rollback --journey {journey} --to {tracked.version}"
    if tracked.verdict.promote:
        return f"  Nothing speaks against it; to make it champion: {by_hand}"
    return f"  To use it all the same: {tracked.uri}; to make it champion: {by_hand}"
