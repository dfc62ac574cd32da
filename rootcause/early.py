"""The early warning as `findings.json` holds it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from journeys.errors import FindingsError


@dataclass(frozen=True)
class EarlyWarning:
    """A warning before outcomes are known: not a finding, and it says nothing of harm.

    Attributes
    ----------
    conditions : the step and what is warned of: a young value (of its parent), its parent alone,
        or, with the step alone, everybody
    young : the value that was watched, whoever is warned of
    first_seen : UTC instant of the young value's first exposure
    since : first day of the stretch that shows the symptom, YYYY-MM-DD
    exposed_journeys : those that met the conditions at the step since the value was first seen
    symptom, hours : which symptom, and how long each journey was given to show it
    rate, expected_rate : share of journeys that show it, and of their like in the same mix
    rate_interval : 95 % confidence sequence, which holds however often one looks
    e_value, bar : the evidence; by chance it would *ever* reach the bar with chance 1 / bar
    noticed_at : UTC instant at which it did, ``hours_to_notice`` after the first journey
    beside : further steps and symptoms of the same customers, as {"activity", "symptom"}
    also_indistinguishable : conditions that hold for exactly the same journeys
    """

    conditions: dict[str, str]
    young: dict[str, str]
    first_seen: str
    since: str
    exposed_journeys: int
    symptom: str
    hours: int
    rate: float
    expected_rate: float
    rate_interval: tuple[float, float]
    e_value: float
    bar: float
    noticed_at: str
    hours_to_notice: float
    sentence: str = ""
    beside: tuple[dict[str, str], ...] = ()
    also_indistinguishable: tuple[dict[str, str], ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the warning as it stands in the file: text, numbers, lists and objects only."""
        shown = asdict(self)
        return {name: list(one) if isinstance(one, tuple) else one for name, one in shown.items()}

    @classmethod
    def from_dict(cls, written: object) -> "EarlyWarning":
        """Return the warning that `as_dict` gave.

        Raises
        ------
        FindingsError
            If it is not an object or lacks a key.
        """
        if not isinstance(written, Mapping):
            raise FindingsError(
                f"Where a warning should stand there is {str(written)[:60]!r}. "
                "Write the file anew with `offramp findings`."
            )
        given: dict[str, Any] = {
            field.name: tuple(written[field.name])
            if isinstance(written[field.name], list)
            else written[field.name]
            for field in fields(cls)
            if field.name in written
        }
        try:
            return cls(**given)
        except TypeError as fault:
            raise FindingsError(
                f"A warning lacks what it must say ({fault}). "
                "Write the file anew with `offramp findings`."
            ) from fault
