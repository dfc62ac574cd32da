"""Thresholds: numbers as conditions that a reader can understand, such as ``amount > 25,000``.

A number is cut at its deciles, each rounded as a person would say it; on which side of a cut an
exposure lies is an attribute of two values, and of a third where the number is not known.
"""

import numpy as np

from rootcause.last_known import MISSING, Codes, Flags, Floats, Ints

_SHARES = tuple(tenth / 10 for tenth in range(1, 10))
_NEAR = 0.03
_ABOVE, _UP_TO = "> ", "≤ "


def cuts_of(numbers: Floats) -> list[float]:
    """Return the `cuts_among` numbers, NaN where one is not known."""
    return cuts_among(*counted_numbers(numbers))


def counted_numbers(numbers: Floats) -> tuple[Floats, Ints]:
    """Return the known numbers, ascending, each once, and how often each stands there."""
    values, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    return values, counts.astype(np.int64)


def cuts_among(values: Floats, counts: Ints) -> list[float]:
    """Return readable cuts near the deciles of counted numbers, ascending, at most nine.

    Rounded to two significant digits, or as many more as keep it among the numbers it should part.

    Parameters
    ----------
    values, counts : of `counted_numbers`; those of parts, put together by value, give what the
        whole would
    """
    if not len(values):
        return []
    up_to = np.cumsum(counts)
    places = (np.array(_SHARES) * (up_to[-1] - 1)).astype(np.int64)
    exact = values[np.searchsorted(up_to, places, side="right")]
    readable = {_readable(float(cut), values, up_to) for cut in exact}
    return sorted(cut for cut in readable if values[0] <= cut < values[-1])


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


def _readable(cut: float, values: Floats, up_to: Ints) -> float:
    place = _share_up_to(cut, values, up_to)
    for digits in range(2, 17):
        rounded = float(f"{cut:.{digits - 1}e}")
        if abs(_share_up_to(rounded, values, up_to) - place) <= _NEAR:
            return rounded
    return cut


def _share_up_to(cut: float, values: Floats, up_to: Ints) -> float:
    place = int(np.searchsorted(values, cut, side="right"))
    return float(up_to[place - 1] / up_to[-1]) if place else 0.0


def _said(cut: float) -> str:
    return f"{cut:,.0f}" if float(cut).is_integer() else f"{cut:,.16g}"
