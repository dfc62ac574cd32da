"""Next steps: what customers who stood here did next, from the typical paths of training."""

from models.ahead import likely
from serving.advice import NextStep
from serving.flight import Flight

_MOST = 3


def next_steps(flight: Flight | None, *, most: int = _MOST) -> list[NextStep]:
    """Return the likeliest next steps with their channel, the likeliest first.

    Empty where the model has no typical paths, or nobody ever stood at such a step.
    """
    stood = None if flight is None or flight.ahead is None else flight.ahead.at(flight.standing)
    if stood is None:
        return []
    found = []
    for step, channel, count in stood.next[:most]:
        share, low, high, journeys = likely(count, stood.journeys)
        found.append(NextStep(step, channel, share, (low, high), journeys))
    return found
