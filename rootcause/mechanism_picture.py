"""The picture of a mechanism: from the cause through its symptoms to the outcome, top to bottom."""

from collections.abc import Sequence
from typing import Any

from rootcause.findings import Finding
from rootcause.svg import Drawing, wrapped
from rootcause.wording import bad_noun, condition_words, percent, percent_between, points

_MOST = 3
_GAP = 8.0
_TOP, _BOX, _WAY = 44.0, 76.0, 40.0
_THINNEST, _WIDEST = 2.0, 30.0


def mechanism_picture(one: Finding, outcome: str) -> str:
    """Return cause, symptoms and outcome as boxes; arrows as wide as the share that passes through.

    At most three symptoms, those that carry most; empty where no symptom carries anything.
    """
    shown = _carrying(one)
    if not shown:
        return ""
    drawing = Drawing(_TOP + _WAY + _BOX + _WAY + _TOP)
    wide = (drawing.width - _GAP * (len(shown) - 1)) / len(shown)
    cause = wrapped(condition_words(one.conditions), 330, size=13)
    _box(drawing, (0.0, 0.0), (drawing.width, _TOP), "box cause")
    drawing.lines((drawing.width / 2, 18.0 if len(cause) > 1 else 27.0), cause, "strong", "middle")
    for place, symptom in enumerate(shown):
        left = place * (wide + _GAP)
        share = _number(symptom, "share")
        _arrow(drawing, left + wide / 2, _TOP, share)
        _arrow(drawing, left + wide / 2, _TOP + _WAY + _BOX, share)
        _symptom(drawing, symptom, (left, _TOP + _WAY), wide)
    below = _TOP + 2 * _WAY + _BOX
    _box(drawing, (0.0, below), (drawing.width, _TOP), "box")
    said = f"{bad_noun(outcome)}: {points(one.effect)} more"
    drawing.text((drawing.width / 2, below + 27), said, "strong", "middle")
    return drawing.svg(_alternative(one, outcome, shown))


def _symptom(
    drawing: Drawing, symptom: dict[str, Any], at: tuple[float, float], wide: float
) -> None:
    left, top = at
    _box(drawing, at, (wide, _BOX), "box")
    words = wrapped(str(symptom["words"]), wide - 8, lines=2)
    drawing.lines((left + wide / 2, top + 17), words, "strong-small", "middle")
    ratio = f"{_number(symptom, 'ratio'):.1f} \N{MULTIPLICATION SIGN} as often"
    drawing.text((left + wide / 2, top + 50), ratio, "small soft", "middle")
    carries = f"carries {percent(_number(symptom, 'share'))}"
    drawing.text((left + wide / 2, top + 66), carries, "small", "middle")


def _box(drawing: Drawing, at: tuple[float, float], size: tuple[float, float], kind: str) -> None:
    inset = 1.0
    drawing.bar(
        (at[0] + inset, at[1] + inset), (size[0] - 2 * inset, size[1] - 2 * inset), kind, round_=6.0
    )


def _arrow(drawing: Drawing, x: float, top: float, share: float) -> None:
    """Draw an arrow downwards, as wide as the share that passes."""
    half = max(_THINNEST, share * _WIDEST) / 2
    head, bottom = half + 5, top + _WAY - 3
    neck = bottom - 10
    drawing.area(
        [
            (x - half, top + 2), (x + half, top + 2), (x + half, neck), (x + head, neck),
            (x, bottom), (x - head, neck), (x - half, neck),
        ],
        "arrow",
    )  # fmt: skip


def _carrying(one: Finding) -> list[dict[str, Any]]:
    known = [dict(symptom) for symptom in one.symptoms if _number(symptom, "share_low") > 0]
    known.sort(key=lambda symptom: -_number(symptom, "share"))
    return known[:_MOST]


def _alternative(one: Finding, outcome: str, shown: Sequence[dict[str, Any]]) -> str:
    ways = "; ".join(
        f"{symptom['words']}, {_number(symptom, 'ratio'):.1f} times as often, carries "
        f"{percent(_number(symptom, 'share'))} of the effect "
        f"({percent_between(_number(symptom, 'share_low'), _number(symptom, 'share_high'))})"
        for symptom in shown
    )
    return (
        f"From {condition_words(one.conditions)} through {ways} to {points(one.effect)} more "
        f"{bad_noun(outcome)}."
    )


def _number(symptom: dict[str, Any], name: str) -> float:
    value = symptom.get(name)
    return 0.0 if value is None else float(value)
