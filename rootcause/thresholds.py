"""Thresholds: numbers as conditions that a reader can understand, such as ``amount > 25,000``.

A number is cut at its deciles, each rounded as a person would say it; on which side of a cut an
exposure lies is an attribute of two values, and of a third where the number is not known.
"""

import numpy as np

from rootcause.last_known import MISSING, Codes, Flags, Floats

_SHARES = tuple(tenth / 10 for tenth in range(1, 10))
_NEAR = 0.03
_ABOVE, _UP_TO = "> ", "≤ "


def cuts_of(numbers: Floats) -> list[float]:
    """Return readable cuts near the deciles of the known numbers, ascending, at most nine.

    Rounded to two significant digits, or as many more as keep it among the numbers it should part.
    """
    known = np.sort(numbers[np.isfinite(numbers)])
    if not len(known):
        return []
    exact = known[(np.array(_SHARES) * (len(known) - 1)).astype(np.int64)]
    readable = {_readable(float(cut), known) for cut in exact}
    return sorted(cut for cut in readable if known[0] <= cut < known[-1])


def names_of(cut: float) -> tuple[str, str, str]:
    """Return what the codes of a cut stand for: up to it, above it, not known."""
    return f"{_UP_TO}{_said(cut)}", f"{_ABOVE}{_said(cut)}", MISSING


def codes_of(numbers: Floats, cut: float) -> Codes:
    """Return per number 0 up to the cut, 1 above it, 2 where it is NaN, shape (n,)."""
    return np.where(np.isnan(numbers), 2, numbers > cut).astype(np.int32)


def lies(numbers: Floats, value: str) -> Flags:
    """Return which numbers meet a condition such as ``> 25,000``, shape (n,).

    Anything else than a condition of `names_of` is met by none.
    """
    if value == MISSING:
        return np.isnan(numbers)
    side, said = value[:2], value[2:].replace(",", "")
    try:
        cut = float(said)
    except ValueError:
        return np.zeros(len(numbers), dtype=np.bool_)
    if side == _ABOVE:
        return numbers > cut
    return numbers <= cut if side == _UP_TO else np.zeros(len(numbers), dtype=np.bool_)


def _readable(cut: float, known: Floats) -> float:
    place = np.searchsorted(known, cut, side="right") / len(known)
    for digits in range(2, 17):
        rounded = float(f"{cut:.{digits - 1}e}")
        if abs(np.searchsorted(known, rounded, side="right") / len(known) - place) <= _NEAR:
            return rounded
    return cut


def _said(cut: float) -> str:
    return f"{cut:,.0f}" if float(cut).is_integer() else f"{cut:,.16g}"
