"""What the model in MLflow answers: a frame of events as `offramp score` does, to the bit."""

import base64
import hashlib
import logging
import tomllib
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from journeys.errors import EventLogError, OfframpError, RequestError, TooLittleDataError
from tests.trained_model import simulated
from training.predicted import Asked, Predictor
from training.score import score_every_event, score_open
from training.signature import example_of, requirements, signature_of
from training.train import Trained
from training.wheel import ROOMS, wheel_of_offramp

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    """Return the events that the small model has learnt from, as a file of them is read."""
    found, _ = simulated(2000, seed=3)
    return found


@pytest.fixture(scope="module")
def predictor(trained: Trained) -> Predictor:
    return Predictor(trained.bundle)


@pytest.fixture(scope="module")
def scores(trained: Trained) -> pd.DataFrame:
    return score_open(trained.data.log, trained.bundle)


def few(events: pd.DataFrame, customers: int) -> list[str]:
    """Return the first customers of the events."""
    return list(events["customer_id"].unique()[:customers])


def histories_of(events: pd.DataFrame) -> pd.DataFrame:
    """Return a row per customer with lists, times as text with their zone."""
    written = events.assign(time=events["time"].map(pd.Timestamp.isoformat))
    return written.groupby("customer_id", sort=False).agg(list).reset_index()


def test_events_are_answered_as_the_command_scores_them(
    predictor: Predictor, events: pd.DataFrame, scores: pd.DataFrame
) -> None:
    found = predictor.predict(events, Asked())
    pd.testing.assert_frame_equal(found, scores, check_exact=True)
    assert list(found) == predictor.columns()


def test_every_event_is_answered_where_that_is_asked(
    predictor: Predictor, events: pd.DataFrame, trained: Trained
) -> None:
    found = predictor.predict(events, Asked(every_event=True))
    wanted = score_every_event(trained.data.log, trained.bundle)
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_texts_objects_and_zones_make_no_difference(
    predictor: Predictor, events: pd.DataFrame, scores: pd.DataFrame
) -> None:
    plain = events.astype({name: object for name in events if name != "time"})
    elsewhere = plain.assign(time=plain["time"].dt.tz_convert("Asia/Kathmandu"))
    written = plain.assign(time=events["time"].map(pd.Timestamp.isoformat))
    for form in (plain, elsewhere, written):
        found = predictor.predict(form, Asked())
        pd.testing.assert_frame_equal(found, scores, check_exact=True)


def test_a_file_of_other_columns_is_read_by_its_names_and_by_ours(
    trained: Trained, events: pd.DataFrame, scores: pd.DataFrame
) -> None:
    plan = trained.bundle.plan
    theirs = {"customer_id": "Kunde", "activity": "Schritt", "os": "System"}
    said = plan.definition.model_copy(update={"columns": theirs})
    bundle = replace(trained.bundle, plan=replace(plan, definition=said))
    for form in (events, events.rename(columns=theirs)):
        found = Predictor(bundle).predict(form, Asked())
        pd.testing.assert_frame_equal(found, scores, check_exact=True)
    columns = {one.name: one.required for one in signature_of(bundle).inputs}
    assert columns["time"]
    assert not columns["Kunde"]
    assert not columns["customer_id"]


def test_a_history_is_answered_as_its_customer_is_in_the_log(
    predictor: Predictor, events: pd.DataFrame, scores: pd.DataFrame
) -> None:
    asked = Asked(as_of=scores["as_of"].iloc[0].isoformat())
    some = events[events["customer_id"].isin(few(events, 250))]
    found = predictor.predict(histories_of(some), asked)
    assert len(found) == 250
    still_open = found.dropna(subset="journey_id")
    by_customer = scores.set_index("customer_id")
    assert set(still_open["customer_id"]) == set(by_customer.index) & set(few(events, 250))
    assert 3 < len(still_open) < 200
    for name in by_customer:
        assert list(still_open[name]) == list(by_customer[name].loc[still_open["customer_id"]])


def test_who_else_is_in_a_frame_of_histories_makes_no_difference(
    predictor: Predictor, events: pd.DataFrame
) -> None:
    histories = histories_of(events[events["customer_id"].isin(few(events, 60))])
    whole = predictor.predict(histories, Asked())
    parts = [predictor.predict(histories.iloc[at : at + 13], Asked()) for at in range(0, 60, 13)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    assert whole["journey_id"].notna().any()


def test_a_history_without_an_open_journey_keeps_its_place(
    predictor: Predictor, events: pd.DataFrame
) -> None:
    histories = histories_of(events[events["customer_id"].isin(few(events, 3))])
    empty = histories.map(lambda cell: [] if isinstance(cell, list) else cell)
    found = predictor.predict(empty, Asked())
    assert found["customer_id"].tolist() == histories["customer_id"].tolist()
    assert found.drop(columns="customer_id").isna().all(axis=None)
    assert [*found] == predictor.columns()


def test_what_comes_later_is_not_seen(predictor: Predictor, events: pd.DataFrame) -> None:
    events = events[events["customer_id"].isin(few(events, 150))]
    at = events["time"].quantile(0.7).ceil("h")
    asked = Asked(as_of=at.isoformat())
    before = events[events["time"] <= at]
    for form in (lambda some: some, histories_of):
        whole, early = (predictor.predict(form(some), asked) for some in (events, before))
        kept = whole["customer_id"].isin(early["customer_id"])
        pd.testing.assert_frame_equal(whole[kept].reset_index(drop=True), early)
        assert (early["as_of"].dropna() == at).all()


def test_reasons_stand_beside_the_predictions(predictor: Predictor, events: pd.DataFrame) -> None:
    some = events[events["customer_id"].isin(few(events, 150))]
    found = predictor.predict(some, Asked(reasons=2))
    plain = predictor.predict(some, Asked())
    pd.testing.assert_frame_equal(found[plain.columns], plain, check_exact=True)
    for outcome in predictor.bundle.outcomes:
        for why in found[f"reasons_{outcome}"]:
            assert 0 < len(why) <= 2
            assert {"feature", "value", "points", "text", "tier"} == set(why[0])
    at = histories_of(some)
    asked = Asked(reasons=2, as_of=events["time"].max().isoformat())
    answered = predictor.predict(at, asked).dropna(subset="journey_id")
    assert answered["reasons_leakage"].map(len).between(1, 2).all()


def test_an_attribute_that_the_frame_lacks_is_told(
    predictor: Predictor, events: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "offramp.training"):
        found = predictor.predict(events.drop(columns=["os", "device"]), Asked())
    assert len(found)
    assert "'device', 'os'" in caplog.text


@pytest.mark.parametrize(
    ("spoil", "asked", "kind", "told"),
    [
        (lambda e: e.rename(columns={"time": "tme"}), Asked(), EventLogError, "'time' .*'tme'"),
        (lambda e: e.drop(columns="topic"), Asked(), EventLogError, "'topic'"),
        (lambda e: e.head(0), Asked(), EventLogError, "empty"),
        (lambda e: e.assign(time=7), Asked(), EventLogError, "plain numbers"),
        (lambda e: e.assign(amount="much"), Asked(), EventLogError, "'amount'.*'much'"),
        (lambda e: e, Asked(as_of="soon"), RequestError, "'soon' is no time"),
        (lambda e: e, Asked(as_of="1999-01-01"), TooLittleDataError, "1999"),
        (lambda e: e, Asked(reasons=-1), RequestError, "reasons is -1"),
        (
            lambda e: histories_of(e).map(lambda c: c[1:] if c[0] in ("app", "web") else c),
            Asked(),
            RequestError,
            "values for",
        ),
        (
            lambda e: e.groupby("customer_id").agg(list).reset_index().map(_without_zone),
            Asked(),
            RequestError,
            "no zone",
        ),
        (histories_of, Asked(every_event=True), RequestError, "every_event"),
        (
            lambda e: histories_of(e).assign(customer_id=None),
            Asked(),
            EventLogError,
            "no customer_id",
        ),
    ],
)
def test_what_cannot_be_read_is_said(
    predictor: Predictor,
    events: pd.DataFrame,
    spoil: object,
    asked: Asked,
    kind: type[OfframpError],
    told: str,
) -> None:
    frame = events.head(400).astype({name: object for name in events if name != "time"})
    with pytest.raises(kind, match=told):
        predictor.predict(spoil(frame), asked)  # type: ignore[operator]


def _without_zone(cell: object) -> object:
    if isinstance(cell, list) and isinstance(cell[0], pd.Timestamp):
        return np.array([at.tz_localize(None).to_datetime64() for at in cell])
    return cell


def test_the_example_begins_a_journey(predictor: Predictor) -> None:
    example = example_of(predictor.bundle)
    found = predictor.predict(example, Asked())
    assert found["customer_id"].tolist() == ["customer-1"]
    assert found["happened"].tolist() == [""]
    required = {one.name for one in signature_of(predictor.bundle).inputs if one.required}
    assert required <= set(example)


def test_the_wheel_holds_every_room_and_says_so(tmp_path: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert {one.rstrip("*") for one in settings["packages"]["find"]["include"]} == set(ROOMS)
    wheel = wheel_of_offramp(tmp_path)
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        record = archive.read(next(name for name in names if name.endswith("RECORD"))).decode()
        code = archive.read("training/pyfunc_model.py")
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == set(ROOMS)
    assert {"journeys/definitions/bpic2012.yaml", "rootcause/templates/report.html"} <= set(names)
    assert not any("__pycache__" in name for name in names)
    digest = base64.urlsafe_b64encode(hashlib.sha256(code).digest()).decode().rstrip("=")
    assert f"training/pyfunc_model.py,sha256={digest},{len(code)}" in record
    again = tmp_path / "again"
    again.mkdir()
    assert wheel_of_offramp(again).read_bytes() == wheel.read_bytes()


def test_every_library_is_named_with_its_version_and_offramp_only_as_the_wheel() -> None:
    said = requirements("code/offramp-0.1.0-py3-none-any.whl")
    assert said[0] == "code/offramp-0.1.0-py3-none-any.whl"
    assert all("==" in one and not one.startswith("offramp") for one in said[1:])
    assert {"lightgbm", "numba", "numpy", "pandas", "mlflow"} <= {
        one.partition("==")[0] for one in said
    }
