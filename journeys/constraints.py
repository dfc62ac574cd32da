"""Constraints: what a model of an outcome must respect, whatever the log seems to say.

``monotone: {amount_last: down}``: more of it never makes the outcome likelier, all else the same.
``apart: [[region, product]]``: these features may act together, but not with any other.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

Direction = Literal["up", "down"]


def _groups(value: object) -> object:
    """Accept one name where a group of names may stand."""
    many = value if isinstance(value, list | tuple) else [value]
    return tuple(tuple(one) if isinstance(one, list | tuple) else (one,) for one in many)


class Constraints(BaseModel):
    """The constraints on one outcome's model; names are those of features, as in docs/features.md.

    ``monotone``: in which direction the probability may go as the feature rises; ``apart``: groups
    of features that meet nobody outside their group.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    monotone: dict[str, Direction] = {}
    apart: Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_groups)] = ()

    @model_validator(mode="after")
    def _one_group_each(self) -> "Constraints":
        seen: set[str] = set()
        for group in self.apart:
            if not group:
                raise ValueError("a group under apart has no feature; name one, or take it out")
            for name in group:
                if name in seen:
                    raise ValueError(f"{name!r} stands in two groups; a feature has one")
                seen.add(name)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every feature that is named, once."""
        return tuple(dict.fromkeys([*self.monotone, *(n for group in self.apart for n in group)]))
