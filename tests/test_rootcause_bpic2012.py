"""A real log: silence where nothing began, and a cause planted into it is found.

The loan applications of the BPI Challenge 2012; skipped where the log is not at hand.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.outcome import DATA, shared_data
from journeys.definition import Definition
from journeys.definition_file import load_definition
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from journeys.read import read_frame
from rootcause.findings import Findings
from rootcause.search import find_causes

ROOT = Path(__file__).resolve().parent.parent
LOG = shared_data() / "event-logs" / "bpic2012.parquet"
PLANTED_ON = pd.Timestamp("2011-12-15", tz="UTC")

pytestmark = pytest.mark.skipif(
    not LOG.exists(), reason=f"the shared data are not there; name them with {DATA}"
)


@pytest.fixture(scope="module")
def definition() -> Definition:
    return load_definition(ROOT / "journeys" / "definitions" / "bpic2012.yaml")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return read_frame(str(LOG))


def causes_in(frame: pd.DataFrame, definition: Definition) -> Findings:
    log: EventLog = event_log(frame, definition)
    return find_causes(log, find_journeys(log, definition), definition, "leakage")


def test_nothing_began_in_it(frame: pd.DataFrame, definition: Definition) -> None:
    found = causes_in(frame, definition)
    assert found.findings == ()
    assert found.smallest_detectable_effect is not None
    assert 0.05 < found.smallest_detectable_effect < 0.3


def test_calls_planted_after_large_applications_are_found(
    frame: pd.DataFrame, definition: Definition
) -> None:
    """From 15 December on, 40 % of those who apply for more than 15,000 are called a day later."""
    column = {ours: definition.column(ours) for ours in ("time", "activity", "lifecycle", "amount")}
    times = pd.to_datetime(frame[column["time"]], utc=True)
    amount = pd.to_numeric(frame[column["amount"]])
    hit = (frame[column["activity"]] == "A_SUBMITTED") & (times >= PLANTED_ON) & (amount > 15_000)
    hit &= np.random.default_rng(0).random(len(frame)) < 0.4
    call = {column["activity"]: "W_Nabellen offertes", column["lifecycle"]: "START"}
    later = frame[column["time"]] + pd.Timedelta(days=1)
    calls = frame[hit].assign(**{column["time"]: later[hit]}, **call)
    (finding, *_) = causes_in(pd.concat([frame, calls], ignore_index=True), definition).findings
    assert finding.conditions["amount"] in ("> 14,000", "> 15,000", "> 16,000")
    assert finding.conditions["activity"] in ("A_SUBMITTED", "A_PARTLYSUBMITTED")
    assert abs(pd.Timestamp(finding.onset, tz="UTC") - PLANTED_ON) <= pd.Timedelta(days=2)
    assert finding.effect_robust is not None
    assert finding.stability["holds_in"] == 2
