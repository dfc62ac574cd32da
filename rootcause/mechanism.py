"""The mechanism: from the cause by its strongest symptom to the outcome, in one sentence."""

from rootcause.findings import Finding
from rootcause.wording import bad_noun, condition_words, percent, percent_between

_WORTH_NAMING = 0.25


def mechanism_of(one: Finding, outcome: str) -> str:
    """Say how a finding acts; empty where no symptom carries a quarter of the effect."""
    main = main_symptom(one)
    if main is None:
        return ""
    between = percent_between(_number(main, "share_low"), _number(main, "share_high"))
    return (
        f"{condition_words(one.conditions)} → {main['words']} "
        f"({_number(main, 'ratio'):.1f} times as often) → {bad_noun(outcome)}: "
        f"{percent(_number(main, 'share'))} of the effect ({between}) passes through it."
    )


def main_symptom(one: Finding) -> dict[str, object] | None:
    """Return the symptom through which most of the effect passes, and surely some of it."""
    carrying = [
        symptom
        for symptom in one.symptoms
        if _number(symptom, "share") >= _WORTH_NAMING and _number(symptom, "share_low") > 0
    ]
    return max(carrying, key=lambda symptom: _number(symptom, "share"), default=None)


def _number(symptom: dict[str, object], name: str) -> float:
    value = symptom.get(name)
    return 0.0 if value is None else float(str(value))
