"""Pictures are text: the same for the same data, with words for those who cannot see them."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from rootcause.figures import png_bytes, svg_text
from rootcause.plots import (
    drivers_figure,
    onset_figure,
    precision_recall_figure,
    reliability_figure,
)

BINS = pd.DataFrame(
    {
        "predicted": [0.05, 0.2, 0.6],
        "observed": [0.04, 0.25, 0.55],
        "low": [0.02, 0.2, 0.5],
        "high": [0.06, 0.3, 0.6],
    }
)


def weeks() -> pd.DataFrame:
    rate = np.array([np.nan, 0.1, 0.1, 0.4, 0.4])
    columns = {"rate": rate, "low": rate - 0.05, "high": rate + 0.05}
    others = {f"others_{name}": np.full(5, 0.1) for name in ("rate", "low", "high")}
    begins = pd.date_range("2026-01-05", periods=5, freq="7D", tz="UTC")
    return pd.DataFrame({"begins": begins, **columns, **others})


def drivers(words: str = "os") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "words": [words, "silent for …"],
            "tier": ["technical", "behaviour"],
            "importance": [0.2, 0.1],
            "low": [0.1, 0.05],
            "high": [0.3, 0.12],
        }
    )


FIGURES = {
    "reliability": lambda: reliability_figure(BINS, words="leaving"),
    "onset": lambda: onset_figure(
        weeks(), onset="2026-01-26", release=pd.Timestamp("2026-01-20", tz="UTC"), outcome="leaving"
    ),
    "drivers": lambda: drivers_figure(drivers()),
    "precision_recall": lambda: precision_recall_figure(
        pd.DataFrame({"recall": [0.1, 0.9], "precision": [0.9, 0.3]}), base_rate=0.2
    ),
}


@pytest.fixture(params=FIGURES)
def figure(request: pytest.FixtureRequest) -> Figure:
    made: Figure = FIGURES[request.param]()
    return made


def test_a_picture_is_well_formed_and_says_what_it_shows(figure: Figure) -> None:
    svg = svg_text(figure, 'more than "half" & <less>')
    root = ET.fromstring(svg)
    assert root.get("aria-label") == 'more than "half" & <less>'
    assert root[0].text == 'more than "half" & <less>'
    assert ET.fromstring(svg).tag.endswith("svg")


def test_a_picture_asks_for_nothing_and_follows_the_page(figure: Figure) -> None:
    svg = svg_text(figure, "a picture")
    addresses = svg.replace("http://www.w3.org/", "")
    assert "http" not in addresses
    assert "currentColor" in svg
    assert "<text" in svg
    assert len(svg) < 60_000


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_data_give_the_same_bytes(name: str) -> None:
    assert svg_text(FIGURES[name](), "it") == svg_text(FIGURES[name](), "it")
    assert png_bytes(FIGURES[name]()) == png_bytes(FIGURES[name]())
    assert png_bytes(FIGURES[name]()).startswith(b"\x89PNG")


def test_onset_and_release_are_marked() -> None:
    svg = svg_text(FIGURES["onset"](), "it")
    assert ">onset<" in svg
    assert ">first seen<" in svg
    assert "first seen, onset" in svg_text(
        onset_figure(weeks(), onset="2026-01-26", release=pd.Timestamp("2026-01-26", tz="UTC")),
        "it",
    )


@pytest.mark.parametrize("name", ["$\\frac$", "<script>alert(1)</script>", '"; drop table'])
def test_a_hostile_name_is_only_a_label(name: str) -> None:
    svg = svg_text(drivers_figure(drivers(name)), name)
    assert "<script" not in svg
    assert name[:20] in "".join(ET.fromstring(svg).itertext())


def test_settings_do_not_leak() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    svg_text(FIGURES["onset"](), "it")
    assert dict(mpl.rcParams) == before


def test_a_cause_of_so_few_that_every_week_is_hidden_is_still_drawn() -> None:
    """A finding of 32 journeys, all its weeks under the smallest cell, once ended the report."""
    hidden = weeks().assign(rate=np.nan, low=np.nan, high=np.nan)
    assert "<svg" in svg_text(onset_figure(hidden, onset="2026-01-26"), "others alone")
