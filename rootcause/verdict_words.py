"""A verdict in words: what was measured before and after, what is missing, and why."""

from collections.abc import Sequence

from rootcause.difference import Change
from rootcause.findings import Finding
from rootcause.gap import FEWEST
from rootcause.wording import condition_words, count, points, points_between

_HEADS = {"fixed": "Fixed", "not fixed": "Not fixed", "cannot tell yet": "Cannot tell yet"}


def sentence_of(
    finding: Finding,
    verdict: str,
    compared: tuple[Change | None, Change | None],
    missing: int | None,
    asked_of: Sequence[dict[str, str]],
) -> str:
    """Say a verdict: the answer first, then what it rests on, then what is missing."""
    before, after = compared
    said = [f"{_HEADS[verdict]}: {condition_words(finding.conditions)}."]
    if asked_of:
        said.append(f"After the fix asked of those who have {_newer(finding, asked_of)} instead.")
    if before is not None:
        measured = f"Before the fix {measured_words(before)}"
        later = f", after it {measured_words(after)}" if after is not None else ""
        said.append(f"{measured}{later}.")
    if verdict == "not fixed" and before is not None and after is not None:
        said += _partly(before, after)
    if verdict == "cannot tell yet":
        said += _not_yet(compared, missing)
    return " ".join(said)


def measured_words(change: Change) -> str:
    """Say an effect with its interval and how many it was measured on."""
    return (
        f"{points(change.value)} ({points_between(*change.interval)}; "
        f"{count(change.exposed)} journeys)"
    )


def days_words(missing: int) -> str:
    """Say how many more days of events are needed."""
    return f"About {missing:,} more day{'s' if missing != 1 else ''} of events are needed."


def _newer(finding: Finding, asked_of: Sequence[dict[str, str]]) -> str:
    changed = [
        f"{name.replace('_', ' ')} {value}"
        for one in asked_of
        for name, value in one.items()
        if finding.conditions.get(name) != value
    ]
    return " or ".join([", ".join(changed[:-1]), changed[-1]] if len(changed) > 1 else changed)


def _partly(before: Change, after: Change) -> list[str]:
    """Say that something has changed, where it certainly has, though not enough."""
    error = (before.variance + after.variance) ** 0.5
    if before.value - after.value <= 1.96 * error:
        return []
    return [f"It has become smaller: {after.value / before.value:.0%} of it is left."]


def _not_yet(compared: tuple[Change | None, Change | None], missing: int | None) -> list[str]:
    before, after = compared
    said = []
    if before is None:
        said.append(f"Before the fix fewer than {FEWEST} comparable journeys have a known outcome.")
    if after is None:
        said.append(f"After it fewer than {FEWEST} journeys with a known outcome can be compared.")
    if missing is not None:
        return [*said, days_words(missing)]
    return [*said, f"More days alone will not tell: {_why_not(before, after)}."]


def _why_not(before: Change | None, after: Change | None) -> str:
    if before is not None and before.interval[0] <= 0:
        return "the effect before the fix is itself too uncertain"
    if after is not None:
        return "about as much of it is left as may be, and a part of that is uncertain for good"
    return "too few customers meet the conditions now"
