"""What if it were fixed? The failures that a fix would avoid, a week, and what they cost.

The adjusted effect times the exposures expected: both with their uncertainty. Never the rate of the
exposed set to that of the rest, which would promise what mere differences between customers cost.
"""

from dataclasses import asdict, dataclass

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Saving:
    """What a fix is worth; every triple is (value, low, high), a 95 % interval of what will happen.

    Attributes
    ----------
    outcome : success, leakage or churn; what is avoided is its bad side
    exposed_per_week : journeys that will meet the conditions in the coming week
    avoidable_per_week : bad outcomes that they will come to because of the cause
    money_per_week : those times what one costs (`values` of the definition), in ``currency``; None
        where the definition does not say
    so_far : bad outcomes because of the cause from its onset to the end of the log
    next_days : a number of days from the end of the log on, and in them ``next_exposed``,
        ``next_avoidable``
    assumptions : in words, what has to hold for the numbers to hold
    sentence : the saving in words
    """

    finding: str
    outcome: str
    exposed_per_week: Triple
    avoidable_per_week: Triple
    money_per_week: Triple | None
    currency: str
    so_far: Triple
    next_days: int
    next_exposed: Triple
    next_avoidable: Triple
    assumptions: tuple[str, ...]
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Return the saving as plain data: text, numbers, lists and None only."""
        plain = asdict(self)
        return {key: list(one) if isinstance(one, tuple) else one for key, one in plain.items()}
