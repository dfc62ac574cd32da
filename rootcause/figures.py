"""Figures: matplotlib's object API drawn to PNG, the same bytes for the same data.

No pyplot and no global state: settings hold inside `_settings` only. Colours are Okabe and Ito's,
which the colour-blind can tell apart. The report draws by itself (`rootcause.svg`).
"""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

Picture = Figure
"""What is drawn here, by a name for rooms that do not know matplotlib."""

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#6b6b6c"
_INK, _GRID = "#010203", "#c9cacb"
_WIDTH_INCHES = 4.2


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


def pixels(figure: Figure) -> NDArray[np.uint8]:
    """Return a figure as its pixels, shape (height, width, 3)."""
    with _settings():
        canvas = _canvas(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        return np.array(canvas.buffer_rgba())[:, :, :3]  # type: ignore[no-untyped-call]


def png_bytes(figure: Figure) -> bytes:
    """Return a figure as a PNG."""
    drawn = io.BytesIO()
    with _settings():
        canvas = _canvas(figure)
        canvas.print_png(drawn, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return drawn.getvalue()


def _canvas(figure: Figure) -> FigureCanvasAgg:
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(160)
    figure.patch.set_facecolor("white")
    return canvas


def _settings() -> AbstractContextManager[None]:
    return mpl.rc_context(
        {
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
