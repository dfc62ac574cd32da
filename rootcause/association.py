"""Associations: where the bad outcome has always followed more often, after adjustment.

No onset says that something broke, so nothing says that it is a cause: those who chose a broker may
differ in what nobody wrote down. `rootcause.chronic` finds them; they are never among the findings.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from journeys.errors import FindingsError


@dataclass(frozen=True)
class Association:
    """A chronic excess: conditions after which the bad outcome has always followed more often.

    ``effect``: additional probability over what the other attributes and the date let expect, with
    its 95 % interval; ``rate`` = ``expected_rate`` + ``effect``, over ``exposed_journeys`` with a
    known outcome; ``q_value``: the false-discovery rate at which it stands.
    """

    id: str
    conditions: dict[str, str]
    effect: float
    effect_interval: tuple[float, float]
    q_value: float
    rate: float
    expected_rate: float
    exposed_journeys: int
    kind: str = "chronic"

    def as_dict(self) -> dict[str, object]:
        """Return the association as it stands in findings.json."""
        return asdict(self) | {"effect_interval": list(self.effect_interval)}

    @classmethod
    def from_dict(cls, written: object) -> "Association":
        """Return what `as_dict` gave.

        Raises
        ------
        FindingsError
            If a key is missing.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(written, Mapping) or names - {"kind"} - set(written):
            raise FindingsError(
                f"Under `chronic` stands {str(written)[:60]!r}, which is no association. "
                "Write the file anew with `offramp findings --json FILE`."
            )
        given = {name: written[name] for name in names & set(written)}
        return cls(**given | {"effect_interval": tuple(given["effect_interval"])})
