"""What customers say of a journey, and what weighs how much in its score."""

from math import isfinite
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_serializer, model_validator

from journeys.rule import Frozen, Names, Rule, plain_text

Part = Literal["completion", "leakage", "time", "satisfaction"]

DEFAULT_WEIGHTS: dict[Part, float] = {
    "completion": 0.4,
    "leakage": 0.3,
    "time": 0.1,
    "satisfaction": 0.2,
}


class Survey(Frozen):
    """Answers to a survey: which events they are, and which column holds the number given.

    The number lies between ``lowest`` and ``highest`` (``from`` and ``to`` in the YAML) and stands
    in a column of its own, which is read as a number and is no attribute: what a customer says
    afterwards is neither a feature nor a condition.
    """

    activity: Names
    score: str
    lowest: float = Field(alias="from")
    highest: float = Field(alias="to")
    kind: Literal["satisfaction", "effort"] = "satisfaction"

    @field_validator("activity")
    @classmethod
    def _names_an_activity(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError("name the activity of an answer, as in survey_answered")
        return names

    @model_validator(mode="after")
    def _has_a_scale(self) -> "Survey":
        if not (isfinite(self.lowest) and isfinite(self.highest) and self.lowest < self.highest):
            raise ValueError(
                f"it goes from {plain_text(self.lowest)} to {plain_text(self.highest)}, which "
                "is no scale; write the lowest answer under from and the highest under to, and for "
                "a scale on which less is better kind: effort"
            )
        return self

    @property
    def rule(self) -> Rule:
        """The answers, as a rule that events are held against."""
        return Rule.model_validate({"activity": list(self.activity)})

    @model_serializer(mode="plain")
    def _as_written(self) -> dict[str, object]:
        scale = {"from": self.lowest, "to": self.highest}
        return {"activity": list(self.activity), "score": self.score, **scale, "kind": self.kind}


Weight = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class ScoreWeights(Frozen):
    """How much each part weighs in the journey score; what is left out weighs nothing."""

    completion: Weight = 0.0
    leakage: Weight = 0.0
    time: Weight = 0.0
    satisfaction: Weight = 0.0

    @model_validator(mode="after")
    def _weighs_something(self) -> "ScoreWeights":
        if not any(self.given.values()):
            raise ValueError("no part has a weight; give at least one more than 0")
        return self

    @property
    def given(self) -> dict[Part, float]:
        """The weight of each part."""
        return {part: getattr(self, part) for part in DEFAULT_WEIGHTS}

    @model_serializer(mode="plain")
    def _as_written(self) -> dict[str, object]:
        return {part: weight for part, weight in self.given.items() if weight}
