"""Grades: what became of the customers whom an earlier list named, and of those it held out."""

from dataclasses import asdict, dataclass
from typing import Literal

Interval = tuple[float, float, float]
"""A value between its lower and its upper end, 95 %."""

Answer = Literal["helped", "no difference shown", "made it worse", "cannot tell yet"]


@dataclass(frozen=True)
class Grade:
    """An earlier list of one audience, held against what happened since.

    Attributes
    ----------
    as_of, until : ISO instants (UTC), when the list was made and up to when it forecast
    listed : journeys the list had at risk
    expected, hit : of these, how many it expected to meet the conditions by ``until``, and how many
        did
    missed : journeys in flight at ``as_of`` that met the conditions by then and were not listed
    precision, recall : ``hit`` of ``listed`` and of ``hit + missed``, with 95 % intervals (Wilson);
        None while ``until`` lies ahead, or where nobody was counted
    approached, held_out : journeys of the list with a known outcome, by whether they were held out
    rate_approached, rate_held_out : the share of these that ended badly, with 95 % intervals
    avoided : bad outcomes fewer among the approached than the hold-out lets expect, with a 95 %
        interval; negative where there were more; None where it cannot be told
    answer : whether approaching them helped
    tellable_from : ISO date from which the outcomes will be known, while they are not
    sentence : all of it in words
    """

    audience: str
    as_of: str
    until: str
    listed: int
    expected: Interval
    hit: int
    missed: int
    precision: Interval | None
    recall: Interval | None
    approached: int
    held_out: int
    rate_approached: Interval | None
    rate_held_out: Interval | None
    avoided: Interval | None
    answer: Answer
    tellable_from: str | None
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Return the grade as plain data, without customer keys."""
        return asdict(self)
