"""Axes: a field of a drawing with scales, gridlines, lines with bands, and days below it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rootcause.svg import Drawing, Point

_MOST_DAYS = 5


@dataclass(frozen=True)
class Field:
    """A field inside a drawing: its edges in pixels, and what they stand for.

    ``x``, ``y``: the values at the left and right, at the bottom and top edge.
    """

    drawing: Drawing
    left: float
    right: float
    top: float
    bottom: float
    x: Point
    y: Point

    def at(self, x: float, y: float) -> Point:
        """Return where a pair of values lies; beyond the edges it lies on them."""
        across = _share(x, *self.x) * (self.right - self.left)
        up = _share(y, *self.y) * (self.bottom - self.top)
        return self.left + across, self.bottom - up

    def grid(self, ticks: Iterable[tuple[float, str]]) -> None:
        """Draw a line across at each value, its name at the left."""
        for value, words in ticks:
            _, y = self.at(self.x[0], value)
            self.drawing.line([(self.left, y), (self.right, y)], "grid")
            self.drawing.text((self.left - 5, y + 4), words, "soft", "end")

    def below(self, ticks: Iterable[tuple[float, str]]) -> None:
        """Write names below the field, those at its edges kept inside."""
        for value, words in ticks:
            x, _ = self.at(value, self.y[0])
            self.drawing.line([(x, self.bottom), (x, self.bottom + 4)], "axis")
            self.drawing.text((x, self.bottom + 17), words, "soft", self._anchor(x, words))

    def curve(self, points: Sequence[Point], kind: str) -> None:
        """Draw a line through pairs of values."""
        self.drawing.line([self.at(*point) for point in points], kind)

    def band(self, rows: Sequence[tuple[float, float, float]], kind: str) -> None:
        """Fill between low and high; ``rows``: x, low, high."""
        upper = [self.at(x, high) for x, _, high in rows]
        lower = [self.at(x, low) for x, low, _ in reversed(rows)]
        if len(rows) > 1:
            self.drawing.area([*upper, *lower], kind)

    def whisker(self, x: float, low: float, high: float, kind: str) -> None:
        """Draw an interval upright, with caps."""
        (at, bottom), (_, top) = self.at(x, low), self.at(x, high)
        self.drawing.line([(at, bottom), (at, top)], kind)
        for y in (bottom, top):
            self.drawing.line([(at - 3, y), (at + 3, y)], kind)

    def dot(self, x: float, y: float, kind: str, radius: float = 4.0) -> None:
        """Draw a dot at a pair of values."""
        self.drawing.dot(self.at(x, y), kind, radius)

    def _anchor(self, x: float, words: str) -> str:
        half = 3.6 * len(words)
        if x - half < 0:
            return "start"
        return "end" if x + half > self.drawing.width else "middle"


def day_ticks(first: pd.Timestamp, last: pd.Timestamp) -> list[tuple[float, str]]:
    """Return at most five days between two, evenly apart, as (days since the epoch, words)."""
    begins, ends = day_number(first), day_number(last)
    steps = max(min(_MOST_DAYS - 1, int(ends - begins)), 1)
    days = np.unique(np.round(np.linspace(math.ceil(begins), math.floor(ends), steps + 1)))
    return [(float(one), short_day(one)) for one in days]


def day_number(at: pd.Timestamp) -> float:
    """Return an instant as days since the epoch."""
    return at.timestamp() / 86_400


def short_day(number: float) -> str:
    """Say a day of `day_number` briefly.

    >>> short_day(20515.0)
    '3 Mar'
    """
    at = pd.Timestamp(int(number), unit="D")
    return f"{at.day} {at:%b}"


def even_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Return round values between two, at most about so many.

    >>> even_ticks(0.0, 0.47)
    [0.0, 0.2, 0.4]
    """
    span = max(high - low, 1e-9)
    rough = span / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * size for size in (1, 2, 2.5, 5, 10) if unit * size >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def percent_ticks(low: float, high: float, most: int = 4) -> list[tuple[float, str]]:
    """Return round shares between two, with their names."""
    return [(tick, f"{100 * tick:g} %".replace("-", "\N{MINUS SIGN}"))
            for tick in even_ticks(low, high, most)]  # fmt: skip


def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0) if high != low else 0.0
