"""Causes in a table of counts are those of the exposures that were counted."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from journeys.errors import TooLittleDataError
from journeys.find import find_journeys
from journeys.log import EventLog, event_log
from rootcause.counted_search import find_causes_in_counts
from rootcause.counted_tables import CountedTable, counts_in
from rootcause.exposure import exposures_of
from rootcause.search import find_causes
from rootcause.step_rows import customer_fold
from tests.test_rootcause_search import BUG, DEFINITION, world


@pytest.fixture(scope="module")
def log() -> EventLog:
    return event_log(world(1, n=3000, bug=0.4), DEFINITION)


@pytest.fixture(scope="module")
def counted(log: EventLog) -> pd.DataFrame:
    """A table such as a database would make, by other means than the search's."""
    exposures = exposures_of(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")
    columns = {
        name: np.array([*exposures.names[place][:-1], None], dtype=object)[
            exposures.codes[:, place]
        ]
        for place, name in enumerate(exposures.attributes)
    }
    told = pd.DataFrame(
        {
            "activity": np.array(exposures.steps)[exposures.step],
            "day": exposures.day.astype("datetime64[D]").astype(str),
            "fold": customer_fold(exposures.turn, 4, 0),
            "n": 1,
            "bad": exposures.bad,
            "to upload": exposures.journey,
            **columns,
        }
    )
    uploads = told[(told["activity"] == "upload") & exposures.at_risk]["to upload"]
    told["to upload"] = told["to upload"].isin(uploads) & (told["activity"] == "begun")
    told["bad to upload"] = told["bad"] * told["to upload"]
    sums = ["n", "bad", "to upload", "bad to upload"]
    by = [str(name) for name in told if name not in sums]
    known = told.dropna(subset="bad")
    return known.groupby(by, dropna=False, observed=True)[sums].sum().reset_index()


ATTRIBUTES = ["region", "partner", "os", "app_version"]


def test_counts_say_what_the_exposures_say(log: EventLog, counted: pd.DataFrame) -> None:
    whole = find_causes(log, find_journeys(log, DEFINITION), DEFINITION, "leakage")
    (known,), (found,) = (
        one.findings
        for one in (whole, find_causes_in_counts(counted, attributes=ATTRIBUTES, journey="loan"))
    )
    assert found.conditions == known.conditions == BUG
    same = ("id", "onset", "onset_interval", "exposed_with_known_outcome", "rate", "expected_rate")
    for name in (*same, "effect", "effect_interval", "effect_by_week", "q_value"):
        assert getattr(found, name) == getattr(known, name), name
    assert found.exposed_journeys == known.exposed_with_known_outcome


def test_how_the_counts_were_split_and_ordered_makes_no_difference(counted: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    n = rng.integers(0, counted["n"].to_numpy() + 1)
    bad = np.minimum(rng.integers(0, counted["bad"].to_numpy() + 1), n)
    rest = counted["n"] - n
    fits = counted["bad"] - bad <= rest
    alone = counted[["activity", "day", "fold", "n", "bad", *ATTRIBUTES]]
    parts = [alone.assign(n=n, bad=bad)[fits], alone.assign(n=rest, bad=alone["bad"] - bad)[fits]]
    split = pd.concat([*parts, alone[~fits]]).sample(frac=1.0, random_state=0)
    assert len(split) > 1.5 * len(alone)
    one, other = (
        CountedTable(counts, np.zeros(len(counts.day), dtype=np.bool_))
        for counts in (counts_in(rows, ATTRIBUTES) for rows in (alone, split))
    )
    assert one.steps == other.steps == ("begun", "upload")
    for step in range(2):
        for name in ("codes", "day", "fold", "n", "bad"):
            whole, parts_of_it = (getattr(each.rows_at(step), name) for each in (one, other))
            assert np.array_equal(whole, parts_of_it), name


def test_it_is_said_where_nobody_counted_who_went_on(counted: pd.DataFrame) -> None:
    few = counted.groupby("activity").head(100)
    alone = few[["activity", "day", "n", "bad", *ATTRIBUTES]]
    assert "was not counted" in find_causes_in_counts(alone, attributes=["os"]).note
    assert "was not counted" not in find_causes_in_counts(few, attributes=["os"]).note


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows.drop(columns="activity"), "lack the column 'activity'"),
        (lambda rows: rows.assign(day="soon"), "no date"),
        (lambda rows: rows.assign(day=None), "is empty in"),
        (lambda rows: rows.assign(activity=None), "is empty in"),
        (lambda rows: rows.assign(bad=rows["n"] + 1), "can't be counts"),
        (lambda rows: rows.assign(fold=0.5), "whole numbers from 0 on"),
        (lambda rows: rows.rename(columns={"os": "system"}), "lack the column 'os'"),
        (lambda rows: rows.drop(columns="bad to upload"), "lack the column 'bad to upload'"),
        (lambda rows: rows.assign(**{"to upload": rows["n"] + 1}), "more go on to 'upload'"),
    ],
)
def test_what_is_no_count_is_refused(
    counted: pd.DataFrame, spoil: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    with pytest.raises(TooLittleDataError, match=said):
        find_causes_in_counts(spoil(counted), attributes=ATTRIBUTES)


@pytest.mark.parametrize(
    ("named", "said"), [([], "No attributes are named"), (["os", "n"], "cannot be an attribute")]
)
def test_attributes_that_cannot_be_searched_are_refused(
    counted: pd.DataFrame, named: list[str], said: str
) -> None:
    with pytest.raises(TooLittleDataError, match=said):
        find_causes_in_counts(counted, attributes=named)
