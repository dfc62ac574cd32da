"""Drawings: small SVG pictures that take their colours from the page and say what they show.

A shape has a class, never a colour: `templates/pictures.css` colours it for light, dark and paper.
Text stays text, escaped here and nowhere else. Units are pixels on a phone.
"""

import textwrap
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

Point = tuple[float, float]

WIDTH = 360.0
_CHARACTER = 0.58
"""How wide a character is at most on average, in font sizes."""


class Drawing:
    """A picture in the making; ``width`` and ``height`` in pixels."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    def shape(self, tag: str, words: str | None = None, **attributes: object) -> None:
        """Add an element; ``class_`` is its class, an underscore in a name a hyphen."""
        told = " ".join(
            f'{name.rstrip("_").replace("_", "-")}="{escape(_said(value), quote=True)}"'
            for name, value in attributes.items()
            if value is not None
        )
        inside = "/>" if words is None else f">{escape(words)}</{tag}>"
        self._parts.append(f"<{tag} {told}{inside}")

    def text(self, at: Point, words: str, kind: str = "", anchor: str = "start") -> None:
        """Write one line, its baseline at a point."""
        x, y = at
        self.shape("text", words, x=x, y=y, class_=kind or None, text_anchor=_unless_start(anchor))

    def lines(self, at: Point, words: Sequence[str], kind: str = "", anchor: str = "start") -> None:
        """Write several lines below each other."""
        for place, line in enumerate(words):
            self.text((at[0], at[1] + 14.0 * place), line, kind, anchor)

    def line(self, points: Iterable[Point], kind: str) -> None:
        """Draw a line through points; a single point is nothing."""
        joined = " ".join(f"{_said(x)},{_said(y)}" for x, y in points)
        if " " in joined:
            self.shape("polyline", points=joined, class_=f"{kind} open")

    def area(self, points: Iterable[Point], kind: str) -> None:
        """Fill what points surround."""
        joined = " ".join(f"{_said(x)},{_said(y)}" for x, y in points)
        self.shape("polygon", points=joined, class_=kind)

    def bar(self, at: Point, size: Point, kind: str, *, round_: float = 2.0) -> None:
        """Fill a rectangle from its upper left corner."""
        width, height = max(size[0], 0.0), max(size[1], 0.0)
        if width and height:
            self.shape("rect", x=at[0], y=at[1], width=width, height=height, rx=round_, class_=kind)

    def dot(self, at: Point, kind: str, radius: float = 4.0) -> None:
        """Draw a filled circle."""
        self.shape("circle", cx=at[0], cy=at[1], r=radius, class_=kind)

    def square(self, at: Point, kind: str, half: float = 3.4) -> None:
        """Draw a filled square about a point: a second shape for those who see no colours."""
        self.bar((at[0] - half, at[1] - half), (2 * half, 2 * half), kind, round_=0.0)

    def ribbon(self, begin: Point, end: Point, widths: Point, kind: str) -> None:
        """Draw a flow downwards, from its left upper to its left lower corner."""
        (x0, y0), (x1, y1), (w0, w1) = begin, end, widths
        middle = _said((y0 + y1) / 2)
        a, b, c, d = (_said(one) for one in (x0, x0 + w0, x1 + w1, x1))
        top, bottom = _said(y0), _said(y1)
        path = (
            f"M{a} {top}C{a} {middle} {d} {middle} {d} {bottom}L{c} {bottom}"
            f"C{c} {middle} {b} {middle} {b} {top}Z"
        )
        self.shape("path", d=path, class_=kind)

    def svg(self, alternative: str) -> str:
        """Return the picture, which says in words what it shows."""
        said = escape(alternative, quote=True)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{said}" '
            f'viewBox="0 0 {_said(self.width)} {_said(self.height)}"><title>{said}</title>'
            f"{''.join(self._parts)}</svg>"
        )


def standalone(picture: str) -> str:
    """Return a picture of the report with its light colours inside, to stand alone."""
    templates = files("rootcause") / "templates"
    page, pictures = (
        (templates / name).read_text(encoding="utf-8") for name in ("report.css", "pictures.css")
    )
    colours = page[: page.index("}") + 1]
    return picture.replace("<title>", f"<style>{colours}\n{pictures}</style><title>", 1)


def cut(words: str, width: float, size: float = 12.0) -> str:
    """Return words on one line of so many pixels, with an ellipsis where they are longer.

    >>> cut("document uploaded", 60)
    'documen…'
    """
    most = max(int(width / (_CHARACTER * size)), 2)
    one_line = " ".join(words.split())
    return one_line if len(one_line) <= most else f"{one_line[: most - 1].rstrip()}…"


def wrapped(words: str, width: float, *, lines: int = 2, size: float = 12.0) -> list[str]:
    """Return words on at most so many lines, the last with an ellipsis where there were more.

    >>> wrapped("os iOS and app version 8.2.0", 100)
    ['os iOS and app', 'version 8.2.0']
    """
    most = max(int(width / (_CHARACTER * size)), 2)
    told = textwrap.wrap(" ".join(words.split()), most, break_on_hyphens=False) or [""]
    if len(told) <= lines:
        return told
    return [*told[: lines - 1], cut(" ".join(told[lines - 1 :]), width, size)]


def _said(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _unless_start(anchor: str) -> str | None:
    return None if anchor == "start" else anchor
