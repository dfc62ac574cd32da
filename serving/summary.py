"""The agent's summary: the story so far in at most five lines of plain words."""

from collections.abc import Sequence
from datetime import datetime

from rootcause.wording import bad_words, percent, plain
from serving.advice import KnownIssue
from serving.context_messages import OpenJourney, Touch
from serving.messages import JourneyPrediction

_MOST_LINES = 5


def summary_of(
    journeys: Sequence[OpenJourney],
    touches: Sequence[Touch],
    known: Sequence[KnownIssue],
    *,
    as_of: int,
) -> list[str]:
    """Return what an agent should know before the first word, the journey at stake first.

    ``touches``: the newest first; ``as_of``: microseconds since the epoch, UTC.
    """
    if not journeys:
        return [f"No journey is open. Last seen: {_touch(touches[0], as_of)}."]
    first, *others = journeys
    lines = [_where(first.prediction), f"Last: {_story(touches, as_of)}."]
    if first.in_trouble:
        lines.append(f"Trouble: {'; '.join(first.in_trouble)}.")
    lines += [_issue(issue) for issue in known[:1]]
    lines.append(_ahead(first, others))
    return [line for line in lines if line][:_MOST_LINES]


def _where(prediction: JourneyPrediction) -> str:
    reached = "" if prediction.stage == prediction.step else f", reached {plain(prediction.stage)}"
    return (
        f"In {plain(prediction.journey)} for {_long(prediction.age_hours)}{reached}; "
        f"now at {plain(prediction.step)}."
    )


def _story(touches: Sequence[Touch], as_of: int) -> str:
    return ", then ".join(_touch(touch, as_of) for touch in reversed(touches[:3]))


def _touch(touch: Touch, as_of: int) -> str:
    where = f" ({plain(touch.channel)})" if touch.channel is not None else ""
    at = datetime.fromisoformat(touch.time).timestamp()
    return f"{plain(touch.activity)}{where} {_long((as_of / 1e6 - at) / 3600)} ago"


def _issue(issue: KnownIssue) -> str:
    hit = "Known issue" if issue.state == "affected" else "May soon meet a known issue"
    return f"{hit}: {issue.text}"


def _ahead(first: OpenJourney, others: Sequence[OpenJourney]) -> str:
    """Say what is likely and what to do, and which other journeys are open."""
    prediction, parts = first.prediction, []
    bad = {
        outcome: 1.0 - p if outcome == "success" else p
        for outcome, p in prediction.p.items()
        if outcome not in prediction.happened
    }
    said = [f"{percent(p)} {bad_words(outcome)}" for outcome, p in bad.items()]
    if said:
        parts.append(f"Of customers like this {', '.join(said)}.")
    if prediction.action is not None:
        parts.append(f"Best: {plain(prediction.action.name)}.")
    if others:
        names = " and ".join(plain(one.prediction.journey) for one in others)
        parts.append(f"Also in {names}.")
    return " ".join(parts)


def _long(hours: float) -> str:
    """Say how long something took or ago it was.

    >>> _long(0.2), _long(1.0), _long(30), _long(100)
    ('12 minutes', '1 hour', '30 hours', '4 days')
    """
    if hours < 1:
        return _many(round(hours * 60), "minute")
    return _many(round(hours), "hour") if hours < 48 else _many(round(hours / 24), "day")


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
