"""Pictures of training are PNG, the same for the same data, and change no setting of anybody."""

import matplotlib as mpl
import pandas as pd
import pytest

from rootcause.figures import png_bytes
from rootcause.plots import precision_recall_figure, reliability_figure

BINS = pd.DataFrame(
    {
        "predicted": [0.05, 0.2, 0.6],
        "observed": [0.04, 0.25, 0.55],
        "low": [0.02, 0.2, 0.5],
        "high": [0.06, 0.3, 0.6],
    }
)
FIGURES = {
    "reliability": lambda: reliability_figure(BINS, words="leaving $\\frac$"),
    "precision_recall": lambda: precision_recall_figure(
        pd.DataFrame({"recall": [0.1, 0.9], "precision": [0.9, 0.3]}), base_rate=0.2
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_data_give_the_same_bytes(name: str) -> None:
    assert png_bytes(FIGURES[name]()) == png_bytes(FIGURES[name]())
    assert png_bytes(FIGURES[name]()).startswith(b"\x89PNG")


def test_settings_do_not_leak() -> None:
    before = dict(mpl.rcParams)
    png_bytes(FIGURES["reliability"]())
    assert dict(mpl.rcParams) == before
