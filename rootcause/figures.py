"""Figures as text: matplotlib's object API drawn to SVG, the same bytes for the same data.

No pyplot and no global state: settings hold inside `_settings` only. Colours are Okabe and Ito's,
which the colour-blind can tell apart. Text stays text, so it can be searched, read aloud and
restyled; ink and grid follow the page (`currentColor`), so that a figure is at home in light and
dark.
"""

import io
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

Picture = Figure
"""What is drawn here, by a name for rooms that do not know matplotlib."""

BLUE, ORANGE, PURPLE = "#0072b2", "#d55e00", "#cc79a7"
GREEN, GREY = "#00694d", "#6b6b6c"
_INK, _GRID = "#010203", "#c9cacb"
_FOLLOWS_THE_PAGE = {
    _INK: "currentColor",
    _GRID: f"var(--grid, {_GRID})",
    GREEN: f"var(--mark, {GREEN})",
    GREY: f"var(--soft, {GREY})",
}
_WIDTH_INCHES = 4.2

_NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}


@contextmanager
def drawing(height_inches: float = 2.9) -> Iterator[tuple[Figure, Axes]]:
    """Give an empty figure of the house's width and its axes; draw while the context is open."""
    with _settings():
        figure = Figure(figsize=(_WIDTH_INCHES, height_inches), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(visible=True, linewidth=0.6)
        axes.set_axisbelow(True)
        yield figure, axes


def svg_text(figure: Figure, alternative: str) -> str:
    """Return a figure as an SVG element that says in words what it shows.

    Parameters
    ----------
    alternative : the text read aloud in place of the picture
    """
    drawn = io.BytesIO()
    with _settings():
        FigureCanvasSVG(figure).print_svg(drawn, metadata=_NO_METADATA)  # type: ignore[no-untyped-call]
    return _embeddable(drawn.getvalue().decode("utf-8"), alternative)


def png_bytes(figure: Figure) -> bytes:
    """Return a figure as a PNG, for places that show no SVG."""
    drawn = io.BytesIO()
    with _settings():
        canvas = FigureCanvasAgg(figure)
        figure.set_dpi(160)
        figure.patch.set_facecolor("white")
        canvas.print_png(drawn, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return drawn.getvalue()


def _settings() -> AbstractContextManager[None]:
    return mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "offramp",
            "text.parse_math": False,  # an activity may be named $x$
            "font.family": "sans-serif",
            "font.size": 10.5,
            "axes.titlesize": 10.5,
            "axes.labelsize": 10.5,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "legend.fontsize": 10,
            "legend.frameon": False,
            "text.color": _INK,
            "axes.labelcolor": _INK,
            "axes.edgecolor": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
            "grid.color": _GRID,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
        }
    )


def _embeddable(svg: str, alternative: str) -> str:
    """Strip the XML head and what matplotlib numbers; let colours follow the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", svg)
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    for colour, styled in _FOLLOWS_THE_PAGE.items():
        svg = svg.replace(colour, styled)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px sans-serif", svg)
    svg = re.sub(r'<svg xmlns:xlink="[^"]*" width="[^"]*" height="[^"]*"', "<svg", svg)
    said = escape(alternative, quote=True)
    head = f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" role="img" aria-label="{said}"'
    return svg.replace("<svg", head, 1).replace(">", f"><title>{said}</title>", 1).strip()
