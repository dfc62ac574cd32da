"""The summary of an audience: how many, how many more, who came and went; nobody by name."""

from dataclasses import asdict, dataclass, field

from rootcause.forecast import Interval
from rootcause.grade import Grade


@dataclass(frozen=True)
class AudienceSummary:
    """What the report and the watch print of the audience of one finding.

    Attributes
    ----------
    finding : the finding's id, or the name of a segment
    affected : journeys that met the conditions since the onset; as many as the finding's
        ``exposed_journeys``
    at_risk : journeys in flight, the step still ahead, of whom the outcome is still asked
    expected_reached : of those at risk, how many will meet the conditions within ``days``; a 95 %
        prediction interval, so that the count seen then should lie in it
    expected_harmed : of those at risk, how many will end badly because of it; likewise
    held_out : journeys of the list that are not to be approached
    entered, left : since the previous list; 0 where none was given
    grade : the previous list held against what happened; None where none was given
    days : the horizon of the forecast
    as_of : ISO instant (UTC), the end of the log
    undecided : of the affected, those whose outcome is not known yet: whom a message can still help
    left_because : how many left for which reason, in words
    state : the finding's state; an audience of a closed one is empty
    checked : how past forecasts of the reach compare with what happened (`rootcause.reach.Check`)
    """

    finding: str
    affected: int
    at_risk: int
    expected_reached: Interval
    expected_harmed: Interval
    held_out: int
    entered: int
    left: int
    grade: Grade | None
    days: float = 7.0
    as_of: str = ""
    undecided: int = 0
    left_because: dict[str, int] = field(default_factory=dict)
    state: str = "open"
    checked: dict[str, object] | None = None
    sentence: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the summary as plain data, without customer keys."""
        return asdict(self)
