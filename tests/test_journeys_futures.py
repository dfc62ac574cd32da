"""The futures of simulated journeys: the past is kept, and what they say comes true."""

import numpy as np
import pandas as pd
import pytest

from journeys import (
    Definition,
    event_log,
    find_journeys,
    labels_of,
    parse_definition,
    samples_of,
)
from journeys.dice import Dice, Floats
from journeys.futures import Instants, closing_elsewhere, futures_of, instants_in
from journeys.log import microseconds
from journeys.simulate import Lives, lives_of, simulate
from journeys.truth import first_time
from journeys.walk import CENTRE, Walk

SEED, CUSTOMERS = 11, 1_200
MAIN = "mortgage_refinance"
A_WEEK, A_MONTH = 7 * 86_400.0, 30 * 86_400.0


@pytest.fixture(scope="module")
def definition() -> Definition:
    text = simulate("clean", customers=1, seed=1).definitions[MAIN]
    return parse_definition(text, source="mortgage_refinance.yaml")


@pytest.fixture(scope="module")
def lives() -> Lives:
    return lives_of("ios_upload_bug", customers=CUSTOMERS, seed=SEED)


@pytest.fixture(scope="module")
def samples(lives: Lives, definition: Definition) -> pd.DataFrame:
    """Some samples, with their labels and what says where they stand in the walk.

    Drawn without regard to the journey: one of each would take the early ones of those who gave up
    more often, and so choose by what came.
    """
    simulation = simulate("ios_upload_bug", customers=CUSTOMERS, seed=SEED)
    log = event_log(simulation.events, definition)
    journeys = find_journeys(log, definition)
    every = samples_of(log, journeys, definition)
    labels = labels_of(log, journeys, every, definition)
    for outcome, found in labels.items():
        every[outcome] = found["y"].where(found["closed_at"].notna())
    keys = log.events["customer_id"].cat.categories.str[1:].astype(int).to_numpy()
    every["number"] = keys[journeys["customer"].to_numpy()][every["journey"]]
    every["start"] = microseconds(journeys["start"])[every["journey"]]
    every["at"] = microseconds(every["cutoff"])
    every["last"] = log.times[every["seen"].to_numpy()]
    return every.sample(frac=0.1, random_state=3).reset_index(drop=True)


def instants(samples: pd.DataFrame, walk: Walk) -> Instants:
    columns = {"customers": "number", "starts": "start", "cutoffs": "at", "seen": "last"}
    return instants_in(walk, **{ours: samples[name].to_numpy() for ours, name in columns.items()})


def test_at_the_first_step_the_futures_are_those_of_direct_replays(
    lives: Lives, definition: Definition
) -> None:
    walk, rows = lives.walks[MAIN], np.arange(200)
    times, _ = first_time(walk, "refinance_started")
    at = Instants(rows, times[rows], times[rows])
    found = futures_of(walk, at, definition, wanted=40, most=40)
    replayed = np.array([directly(walk, rows, replay) for replay in range(1, 41)]).mean(axis=0)
    for place, outcome in enumerate(("leakage", "churn")):
        apart = found.probability(outcome) - replayed[place]
        assert abs(apart.mean()) < 4 * apart.std() / np.sqrt(len(rows))
        assert np.corrcoef(found.probability(outcome), replayed[place])[0, 1] > 0.7


def directly(walk: Walk, rows: np.ndarray, replay: int) -> list[Floats]:
    """Walk again after the first step, as `journeys.truth` does; leakage and churn of each."""
    dice = Dice(SEED, len(walk.journeys), rows=rows, replay=replay, after="refinance_started")
    again = Walk(
        walk.script, walk.journeys.take(rows), walk.world, causes=walk.causes, dice=dice
    ).finish()
    start = again.journeys.start
    until = np.minimum(start + A_WEEK, again.closes)
    calls = [one.rows & (one.times <= until) for one in again.moments if one.channel in CENTRE]
    return [np.any(calls, axis=0).astype(float), (again.closes <= start + A_MONTH).astype(float)]


def test_what_has_shown_is_kept(lives: Lives, definition: Definition) -> None:
    walk = lives.walks[MAIN]
    rows = np.flatnonzero(np.isinf(walk.closes))[:100]
    end_of_time = np.full(len(rows), 1e9)
    at = Instants(rows, end_of_time, end_of_time)
    found = futures_of(walk, at, definition, wanted=20, most=60)
    won = walk.succeeded[rows] & (walk.now - walk.journeys.start <= A_MONTH)[rows]
    allowed = found.allowed.sum(axis=0) > 0
    assert allowed.mean() > 0.9
    np.testing.assert_array_equal(found.probability("success")[allowed], won[allowed])
    assert not found.leakage.any()


def test_what_the_futures_say_comes_true(
    lives: Lives, definition: Definition, samples: pd.DataFrame
) -> None:
    at = instants(samples, lives.walks[MAIN])
    found = futures_of(lives.walks[MAIN], at, definition, wanted=40, most=200)
    elsewhere = closing_elsewhere(lives, lives.walks[MAIN], at, definition, wanted=20)
    assert (found.allowed.sum(axis=0) == 0).mean() < 0.02
    for outcome in definition.outcomes:
        said, came = found.probability(outcome), samples[outcome].to_numpy()
        if outcome == "churn":
            said = 1.0 - (1.0 - said) * (1.0 - elsewhere)
        known = ~np.isnan(said) & ~np.isnan(came)
        off, who = (came - said)[known], samples["number"].to_numpy()[known]
        for some in np.array_split(np.argsort(said[known]), 3):
            of_customer = np.bincount(who[some], off[some])
            assert abs(of_customer.sum()) < 4 * np.sqrt((of_customer**2).sum()), outcome


def test_a_call_that_nobody_can_see_coming_is_not_known(
    lives: Lives, definition: Definition
) -> None:
    walk = lives.walks[MAIN]
    times, _ = first_time(walk, "document_uploaded")
    calls = np.minimum.reduce(
        [when for reason, when in walk.turned.items() if reason.startswith("document_upload")]
    )
    coming = np.flatnonzero((calls > times + 60.0) & (calls < times + 86_400.0))
    at = Instants(coming, times[coming], times[coming])
    assert len(coming) > 20
    found = futures_of(walk, at, definition, wanted=40, most=80)
    assert np.nanmean(found.probability("leakage")) < 0.5


def test_a_start_that_is_none_is_refused(lives: Lives) -> None:
    walk, one = lives.walks[MAIN], np.array([0])
    with pytest.raises(ValueError, match="no mortgage_refinance"):
        instants_in(walk, customers=one, starts=one, cutoffs=one, seen=one)
