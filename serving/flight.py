"""A journey in flight: where in a customer's history it stands, column by column."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from features.columns import says_error
from journeys.actions import Routing
from journeys.definition import Definition
from journeys.log import ACTIVITY, CHANNEL
from journeys.rule import Rule
from models.ahead import Ahead, Standing
from serving.histories import Timed
from serving.messages import JourneyPrediction

_USUAL = Routing()


@dataclass(frozen=True)
class Flight:
    """An open journey of a customer: the events of the history from ``begins`` on.

    ``ahead``: the typical paths of the model that answers, None where it has none.
    """

    history: Timed
    begins: int
    definition: Definition
    prediction: JourneyPrediction
    ahead: Ahead | None = None
    _read: dict[str, list[str | None]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rows(self) -> range:
        """The journey's events."""
        return range(self.begins, len(self.history))

    @property
    def standing(self) -> Standing:
        """Where the journey stands, as `models.ahead` names it."""
        silence = self.history.as_of - self.history.times[-1]
        passed = sum(silence >= round(t.total_seconds() * 1e6) for t in self.definition.ticks)
        channel = self.texts(CHANNEL)[-1]
        return self.prediction.step, passed, channel, self.prediction.stage

    @property
    def routing(self) -> Routing:
        """The definition's routing, or the usual one."""
        return self.definition.routing or _USUAL

    @property
    def people(self) -> tuple[str, ...]:
        """The channels in which a person or a menu answers."""
        rule = self.definition.leakage
        of_rule = rule.where.get(CHANNEL, ()) if rule is not None else ()
        return self.routing.people or of_rule

    def texts(self, name: str) -> list[str | None]:
        """Return a text column of the whole history, as an event log writes it."""
        if name not in self._read:
            self._read[name] = self.history.texts(name, self.definition)
        return self._read[name]

    def last_text(self, name: str, row: int | None = None) -> str | None:
        """Return the last known text up to an event (the last one); None: nothing was known."""
        found = _last(self.texts(name), row)
        return None if found is None else str(found)

    def last_number(self, name: str, row: int | None = None) -> float | None:
        """Return the last known number up to an event (the last one); None: nothing was known."""
        found = _last(self.history.values(name, self.definition), row)
        return None if found is None else float(found)

    def contacts(self) -> list[int]:
        """Return the events of the journey that are contacts by the leakage rule."""
        rule = self.definition.leakage
        return [] if rule is None else [row for row in self.rows if self._holds(rule, row)]

    def just_now(self) -> list[int]:
        """Return the events of the journey within the routing's time before the question."""
        since = self.history.as_of - round(self.routing.within.total_seconds() * 1e6)
        return [row for row in self.rows if self.history.times[row] >= since]

    def failed(self, row: int) -> bool:
        """Return whether an event is a failed attempt."""
        if self.definition.errors is not None:
            return self._holds(self.definition.errors, row)
        return says_error(str(self.texts(ACTIVITY)[row]))

    def _holds(self, rule: Rule, row: int) -> bool:
        return bool(rule.where) and all(
            self._has(name, values, row) for name, values in rule.where.items()
        )

    def _has(self, name: str, values: tuple[str, ...], row: int) -> bool:
        if name in self.definition.attributes.numeric:
            number = self.history.values(name, self.definition)[row]
            return number in [float(value) for value in values if _is_number(value)]
        return self.texts(name)[row] in values


def _last(values: Sequence[str | float | None], row: int | None) -> str | float | None:
    until = len(values) if row is None else row + 1
    return next((values[at] for at in range(until - 1, -1, -1) if values[at] is not None), None)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
