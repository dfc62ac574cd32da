"""A change in the measuring on the day of the onset is said; on other days there is silence."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from rootcause.contrast import Contrast
from rootcause.exposure import exposures_of
from rootcause.instrumentation import instrumentation_of
from tests.test_rootcause_search import BUG, DEFINITION, START, world

ONSET = 50
AT = START + pd.Timedelta(days=ONSET)
WHERE_IT_WAS_BEFORE = {"activity": "upload", "os": "iOS"}


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return world(1, n=5000, bug=0.4)


def log_of(events: pd.DataFrame) -> EventLog:
    return event_log(events, DEFINITION)


def warned(events: pd.DataFrame, conditions: dict[str, str], onset: int = ONSET) -> str:
    log = log_of(events)
    exposures = exposures_of(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")
    n = len(exposures)
    contrast = Contrast(
        exposures=exposures,
        conditions=conditions,
        since=int(np.datetime64((START + pd.Timedelta(days=onset)).date(), "D").astype(np.int64)),
        here=np.ones(n, dtype=np.bool_),
        met=exposures.meets(conditions),
        expected=np.full(n, 0.1),
        scatter=1.0,
    )
    return instrumentation_of(log, contrast)


@pytest.mark.parametrize("conditions", [BUG, WHERE_IT_WAS_BEFORE])
@pytest.mark.parametrize("onset", [30, 40, 50, 60])
def test_a_fault_without_a_change_of_the_measuring_is_not_doubted(
    events: pd.DataFrame, conditions: dict[str, str], onset: int
) -> None:
    assert warned(events, conditions, onset) == ""


def test_a_gap_that_ends_at_the_onset_is_said(events: pd.DataFrame) -> None:
    lost = events["time"].between(AT - pd.Timedelta(days=3), AT) & (events["channel"] == "app")
    found = warned(events[~lost], BUG)
    assert found.startswith("may be a tracking artefact: ")
    assert "the channel 'app' is silent" in found
    assert "silent" not in warned(events[~lost], BUG, onset=ONSET + 12)


def test_a_name_that_is_new_on_that_day_is_said(events: pd.DataFrame) -> None:
    ios = (events["activity"] == "paid") & (events["os"] == "iOS")
    renamed = events.assign(
        activity=events["activity"].where(~(ios & (events["time"] >= AT)), "paid_v2")
    )
    found = warned(renamed, WHERE_IT_WAS_BEFORE)
    assert "the activity “paid v2” is first recorded on 20 February 2026" in found
    assert "the activity “paid” is last recorded on 19 February 2026" in found
    assert warned(renamed, WHERE_IT_WAS_BEFORE, onset=ONSET - 10) == ""


def test_a_name_that_stops_on_that_day_is_said(events: pd.DataFrame) -> None:
    late_pays = (events["activity"] == "paid") & (events["time"] >= AT)
    found = warned(events[~late_pays], WHERE_IT_WAS_BEFORE)
    assert "the activity “paid” is last recorded on 19 February 2026" in found


def test_a_volume_that_doubles_elsewhere_is_said(events: pd.DataFrame) -> None:
    twice = events[(events["activity"] == "begun") & (events["os"] == "Android")]
    twice = twice[twice["time"] >= AT]
    late = [twice.assign(time=twice["time"] + pd.Timedelta(minutes=k)) for k in (1, 2)]
    found = warned(pd.concat([events, *late]), WHERE_IT_WAS_BEFORE)
    assert "“begun” is recorded 2.7 times as often since then elsewhere" in found


def test_an_attribute_recorded_only_since_is_said(events: pd.DataFrame) -> None:
    unknown = events.assign(os=events["os"].where(events["time"] >= AT))
    assert "os is missing in 100 %" in warned(unknown, WHERE_IT_WAS_BEFORE)


def test_what_has_always_been_so_has_no_day_to_ask_about(events: pd.DataFrame) -> None:
    log = log_of(events)
    exposures = exposures_of(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")
    some = np.ones(len(exposures), dtype=np.bool_)
    contrast = Contrast(exposures, BUG, 0, some, some, np.full(len(some), 0.1), 1.0)
    assert instrumentation_of(log, replace(contrast, since=None)) == ""
