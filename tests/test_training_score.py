"""Scoring a log: a row a journey, the service's numbers to the bit, and whole files or none."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.table import table
from journeys.errors import BundleError, OfframpError
from journeys.log import event_log
from tests.trained_model import simulated
from training.score import SUFFIXES, definition_for, score_every_event, score_open, write_scores
from training.train import Trained


@pytest.fixture(scope="module")
def scores(trained: Trained) -> pd.DataFrame:
    return score_open(trained.data.log, trained.bundle)


def test_every_open_journey_has_one_row(trained: Trained, scores: pd.DataFrame) -> None:
    data = trained.data
    still_open = data.journeys[data.journeys["state"] == "open"]
    keys = data.log.events["customer_id"].cat.categories[still_open["customer"]]
    assert len(scores) > 20
    assert scores["customer_id"].tolist() == list(keys)
    assert scores["journey_id"].is_unique
    assert (scores["as_of"] == data.log.ends).all()
    last = data.log.events["activity"].take(still_open["last"]).astype(str)
    assert scores["step"].tolist() == last.tolist()
    hours = (data.log.ends - still_open["start"]).dt.total_seconds() / 3600
    assert np.allclose(scores["age_hours"], hours)


def test_probabilities_stand_within_their_intervals(trained: Trained, scores: pd.DataFrame) -> None:
    for outcome in trained.bundle.outcomes:
        p, low, high = (scores[f"p_{outcome}{end}"] for end in ("", "_low", "_high"))
        assert ((low > 0) & (low <= p) & (p <= high) & (high < 1)).all()


def test_every_event_gets_what_the_table_and_the_model_say_to_the_bit(trained: Trained) -> None:
    data = trained.data
    found = score_every_event(data.log, trained.bundle)
    X = table(data.log, data.journeys, data.samples, data.plan)
    assert len(found) == len(X) == len(data.samples)
    for outcome, model in trained.bundle.outcomes.items():
        assert np.array_equal(found[f"p_{outcome}"], model.predict(X).p)
        assert np.array_equal(found[f"p_{outcome}_low"], model.predict(X).low)


def test_a_log_of_one_unknown_customer_is_scored(trained: Trained) -> None:
    said = trained.bundle.plan.definition
    events, _ = simulated(40, seed=8)
    began = events.loc[events["activity"] == "refinance_started", "customer_id"].iloc[0]
    one = events[events["customer_id"] == began].assign(region="atlantis", os=None)
    found = score_every_event(event_log(one, said), trained.bundle)
    assert len(found) > 0
    assert found.filter(like="p_").notna().all(axis=None)


def test_a_log_without_an_open_journey_gives_no_row(trained: Trained) -> None:
    said = trained.bundle.plan.definition
    events, _ = simulated(40, seed=8)
    elsewhere = events[events["activity"] != "refinance_started"]
    found = score_open(event_log(elsewhere, said), trained.bundle)
    assert len(found) == 0
    assert "p_success_high" in found.columns


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_holds_all_that_was_scored(
    suffix: str, scores: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "new folder" / f"scores{suffix}"
    write_scores(scores, path)
    readers = {
        ".parquet": pd.read_parquet,
        ".csv": pd.read_csv,
        ".jsonl": lambda file: pd.DataFrame(map(json.loads, file.read_text().splitlines())),
    }
    read = readers[suffix](path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert list(read.columns) == list(scores.columns)
    assert (pd.to_datetime(read["as_of"]) == scores["as_of"]).all()
    assert read["journey_id"].tolist() == scores["journey_id"].tolist()
    assert np.allclose(read["p_success"], scores["p_success"], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_without_rows_can_be_written(
    suffix: str, scores: pd.DataFrame, tmp_path: Path
) -> None:
    """As JSON Lines it was an empty line, also between the shards of a log: no object."""
    write_scores(scores.head(0), tmp_path / f"none{suffix}")
    assert (tmp_path / f"none{suffix}").is_file()
    assert suffix != ".jsonl" or (tmp_path / f"none{suffix}").read_text() == ""


@pytest.mark.parametrize("name", ["scores.xlsx", "scores", "scores.csv.gz"])
def test_another_suffix_is_refused_and_nothing_is_written(
    name: str, scores: pd.DataFrame, tmp_path: Path
) -> None:
    with pytest.raises(OfframpError, match=r"must end in \.parquet, \.csv, \.jsonl; for instance"):
        write_scores(scores, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_told_and_left_as_it_was(
    scores: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "file" / "scores.csv", tmp_path / "folder.csv"):
        with pytest.raises(OfframpError, match=r"cannot be written to .* Give a file in a folder"):
            write_scores(scores, path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.csv"]
    assert (tmp_path / "file").read_text() == "mine"


def test_a_model_of_another_journey_is_refused(trained: Trained) -> None:
    other = trained.bundle.plan.definition.model_copy(update={"name": "phone_activation"})
    with pytest.raises(BundleError, match=r"'mortgage_refinance'.*'phone_activation'"):
        definition_for(trained.bundle, other)


def test_a_file_may_name_its_columns_otherwise(trained: Trained, scores: pd.DataFrame) -> None:
    said = trained.bundle.plan.definition
    columns = said.columns | {"customer_id": "Kunde", "activity": "Schritt"}
    given = definition_for(trained.bundle, said.model_copy(update={"columns": columns}))
    events = trained.data.log.events.astype({"customer_id": str})
    renamed = events.rename(columns={"customer_id": "Kunde", "activity": "Schritt"})
    found = score_open(event_log(renamed, given), trained.bundle)
    pd.testing.assert_frame_equal(found, scores, check_exact=True)
