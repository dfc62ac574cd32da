"""What was known of others: counted as by hand, never from the future, for values new to all."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import (
    Plan,
    Surroundings,
    Vocabulary,
    learn_surroundings,
    plan_of,
    table,
    tables,
)
from features.surrounding_features import attributes_around, kinds_of, surrounding_features
from journeys import find_journeys, parse_definition, samples_of
from journeys.log import event_log
from tests.features_logs import DEFINITION, PLAN, Asked, asked, frame_of, frames, random_frame
from tests.surroundings_oracle import arrivals_of, others_at, workload_at
from tests.surroundings_world import START, UPLOADS, at, journey, release, released


def renewed(sampled: Asked, plan: Plan = PLAN) -> Plan:
    return plan.renewed(sampled.log, sampled.journeys)


@pytest.mark.parametrize("seed", [1, 2, None])
def test_rates_and_ratios_are_those_counted_by_hand(seed: int | None) -> None:
    """On random events, in which nothing differs, and where a release does."""
    if seed is None:
        log, journeys, plan = released(days=14, new_on=7)
        sampled = Asked(log, journeys, samples_of(log, journeys, UPLOADS))
    else:
        sampled = asked(random_frame(250, seed=seed))
        log, journeys, plan = sampled.log, sampled.journeys, renewed(sampled)
    rows = pd.DataFrame(sampled.features(plan), columns=[one.name for one in plan.features])
    everybody = arrivals_of(log, journeys, plan)
    told = 0
    for place in range(len(rows) // 5, len(rows), len(rows) // 20):
        sample, features = sampled.samples.iloc[place], rows.iloc[place]
        expected = others_at(log, journeys, plan, everybody, sample)
        written = {name: value for name, value in expected.items() if name in features}
        assert len(written) == 9 * len(plan.surroundings.attributes)  # type: ignore[union-attr]
        for name, value in written.items():
            if not np.isnan(features[name]):
                assert features[name] == pytest.approx(value, rel=1e-5), name
                told += value != 1 and "ratio" in name
        workload = workload_at(log, journeys, sample["cutoff"])
        found = features[["open_journeys_ratio", "started_journeys_ratio"]].to_numpy(float)
        np.testing.assert_allclose(found, workload, atol=0.1001)  # a tie may round either way
    assert seed is not None or told > 5


@settings(max_examples=20)
@given(frames())
def test_events_after_the_cutoff_change_nothing(frame: pd.DataFrame) -> None:
    everything = asked(frame)
    plan = renewed(everything)
    until = frame["time"].median()
    past = asked(frame[frame["time"] <= until])
    keyed = past.keyed(renewed(past, plan))
    known = everything.keyed(plan)
    known = known[known.index.get_level_values("cutoff") <= past.log.ends]
    assert keyed.index.equals(known.index)
    np.testing.assert_array_equal(keyed.to_numpy(), known.to_numpy())


@settings(max_examples=10)
@given(frames(), st.integers(1, 20))
def test_the_size_of_the_parts_changes_nothing(frame: pd.DataFrame, part: int) -> None:
    sampled = asked(frame)
    plan = renewed(sampled)
    together = np.full((len(sampled.samples), len(plan.features)), -1, dtype=np.float32)
    for rows, written in tables(sampled.log, sampled.journeys, sampled.samples, plan, part=part):
        together[rows] = written
    np.testing.assert_array_equal(together, sampled.features(plan))


def test_a_customer_alone_sees_the_same_others() -> None:
    sampled = asked(random_frame(300, seed=3))
    plan = renewed(sampled)
    together = sampled.keyed(plan)
    customers = sampled.log.events["customer_id"].astype(str)
    for customer in customers.unique()[:5]:
        theirs = sampled.log.events[customers == customer].astype({"customer_id": str})
        alone = asked(theirs).keyed(plan)
        same = together[together.index.isin(alone.index)]
        np.testing.assert_array_equal(alone.to_numpy(), same.to_numpy())


def test_a_release_that_training_never_saw_has_an_experience_of_its_own() -> None:
    log, journeys, plan = released()
    assert plan.vocabulary.labels("version") == ("(never seen)", "0.2", "0.0", "0.1")
    on_ios, on_android, old = (at(log, journeys, plan, f"c{n:05}") for n in (1181, 1180, 1183))
    name = "others_version_contact_ratio_28d"
    assert on_ios[name] > 2.5
    assert on_android[name] < on_ios[name] / 1.5
    assert old[name] < on_ios[name] / 1.5
    assert on_ios["others_version_contact_rate_28d"] > 0.2
    assert 200 < on_ios["others_version_since_hours"] < 240
    assert old["others_version_since_hours"] == 28 * 24


def test_it_is_known_within_days_and_not_before() -> None:
    log, journeys, plan = released()
    name = "others_version_contact_ratio_28d"
    first, third_day = (at(log, journeys, plan, f"c{n:05}") for n in (1001, 1065))
    assert first[name] == first["others_os_contact_ratio_28d"]  # nobody has had it: as on iOS
    assert first["others_version_since_hours"] < 3
    assert third_day[name] > 1.5 * first[name]


def test_a_version_is_told_apart_by_its_os() -> None:
    _, _, plan = released()
    assert plan.surroundings is not None
    assert plan.surroundings.attributes == ("os", "version")
    assert plan.surroundings.parents == (-1, 0)
    versions = ("0.0", "0.1", "0.2", "2")
    expected = {(os, version) for os in ("iOS", "Android") for version in versions}
    assert set(plan.surroundings.pairs[1]) == expected


def test_an_attribute_hangs_from_the_finest_one_that_it_is_nested_in() -> None:
    maker = {"x1": "x", "x2": "x", "y1": "y", "y2": "y"}
    models = ["x1", "x2", "y1", "y2"] * 30
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{n}" for n in range(120)],
            "time": [START + pd.Timedelta(hours=n) for n in range(120)],
            "activity": "begin",
            "channel": "app",
            "part": [f"{model}/{n % 3}" for n, model in enumerate(models)],
            "model": models,
            "maker": [maker[model] for model in models],
        }
    )
    technical = {"technical": ("part", "model", "maker")}
    attributes = UPLOADS.attributes.model_copy(update=technical)
    said = UPLOADS.model_copy(update={"attributes": attributes})
    log = event_log(frame, said)
    found = learn_surroundings(log, find_journeys(log, said), said)
    assert found.parents == (1, 2, -1)


def test_a_request_after_the_last_known_instant_gets_the_latest() -> None:
    log, journeys, plan = released()
    row = int(np.flatnonzero(log.events["customer_id"] == "c01199")[1])
    cutoffs = [log.ends, log.ends + pd.Timedelta(days=400)]
    request = pd.DataFrame({"seen": [row, row], "cutoff": cutoffs})
    rows = pd.DataFrame(
        table(log, journeys, request, plan), columns=[one.name for one in plan.features]
    )
    rates = [name for name in rows if name.startswith("others_") and "_since_" not in name]
    assert len(rates) > 10
    np.testing.assert_array_equal(rows.loc[0, rates], rows.loc[1, rates])
    assert rows["others_version_since_hours"].tolist()[1] == 28 * 24


def test_only_the_first_bin_and_no_surroundings_know_nothing() -> None:
    sampled = asked(random_frame(200, seed=7))
    plan = renewed(sampled)
    without = sampled.features()[:, plan.fold_width :]
    assert np.isnan(without).all()
    ratios = [n for n, one in enumerate(plan.features) if "contact_rate" in one.name]
    known = sampled.features(plan)[:, ratios]
    first = sampled.log.events["time"].min().floor("6h") + pd.Timedelta(hours=6)
    nothing = (sampled.samples["cutoff"] < first).to_numpy()
    assert np.isnan(known[nothing]).all()
    assert not np.isnan(known[~nothing]).any()


def test_the_own_features_are_the_same_with_and_without() -> None:
    sampled = asked(random_frame(200, seed=8))
    plan = renewed(sampled)
    own = slice(0, plan.fold_width)
    np.testing.assert_array_equal(sampled.features()[:, own], sampled.features(plan)[:, own])


def test_the_bytes_are_the_record_and_hold_no_customer() -> None:
    log, journeys, plan = released()
    known = plan.surroundings
    assert known is not None
    content = known.to_bytes()
    again = Surroundings.from_bytes(content)
    assert again.to_bytes() == content
    sampled = Asked(log, journeys, pd.DataFrame({"seen": [9], "cutoff": [log.ends]}))
    same = plan.with_surroundings(again)
    np.testing.assert_array_equal(sampled.features(plan), sampled.features(same))
    said = json.dumps([known.pairs, known.steps, known.attributes])
    assert not any(str(key) in said for key in log.events["customer_id"].cat.categories)
    assert all(getattr(known, name).dtype.kind in "if" for name in ("arrivals", "outcomes"))


def test_what_a_model_learnt_with_stays_when_the_plan_is_renewed() -> None:
    _, _, plan = released()
    later = event_log(pd.DataFrame(journey("z", 90, "9") + journey("y", 91, "9", "Web")), UPLOADS)
    again = plan.renewed(later, find_journeys(later, UPLOADS))
    assert again.spec_hash == plan.spec_hash
    assert again.surroundings is not None
    assert plan.surroundings is not None
    assert again.surroundings.parents == plan.surroundings.parents
    np.testing.assert_array_equal(again.surroundings.curves, plan.surroundings.curves)
    assert again.surroundings.until == later.times.max()


@pytest.mark.parametrize("day", [-1, 0, 20, 52.3, 99])
def test_cut_at_an_instant_it_is_what_was_known_then(day: float) -> None:
    """A cutoff until then sees the same, a later one the latest that the record still has."""
    log, journeys, plan = released()
    assert plan.surroundings is not None
    until = START + pd.Timedelta(days=day)
    known = plan.surroundings.known_by(int(until.value // 1_000))
    samples = samples_of(log, journeys, UPLOADS)
    before = samples[samples["cutoff"] <= until].reset_index(drop=True)
    now, then = (table(log, journeys, before, one) for one in (plan, plan.with_surroundings(known)))
    np.testing.assert_array_equal(then, now)
    over = known.first_bin + max(known.complete, 0)
    assert known.until <= plan.surroundings.until
    assert (known.first_bin + known.outcomes[:, 2] < over).all()
    assert Surroundings.from_bytes(known.to_bytes()).to_bytes() == known.to_bytes()


def test_a_slice_of_customers_or_an_old_log_is_seen_with_the_plans_own() -> None:
    log, journeys, plan = released()
    assert plan.current(log, journeys) is plan
    longer, more = release(days=75)
    assert plan.current(longer, more).surroundings.until == longer.times.max()  # type: ignore[union-attr]
    events = longer.events.astype({"customer_id": str})
    few = event_log(events[events["customer_id"].str.endswith("7")], UPLOADS)
    assert plan.current(few, find_journeys(few, UPLOADS)) is plan
    late = event_log(events[events["time"] > START + pd.Timedelta(days=62)], UPLOADS)
    assert plan.current(late, find_journeys(late, UPLOADS)) is plan
    assert PLAN.current(log, journeys) is PLAN


def test_without_technical_attributes_or_contacts_others_share_what_there_is() -> None:
    bare = parse_definition(
        "{name: bare, success: {activity: paid}, attributes: {context: [region]}}", source="x"
    )
    assert attributes_around(bare) == ("region",)
    assert kinds_of(bare) == ("failure", "repeat")
    assert {one.tier for one in surrounding_features(bare)} == {"context", "behaviour"}
    frame = frame_of([("a", 0, "look", "app", None, None), ("a", 30, "paid", "app", None, None)])
    sampled = asked(frame, bare)
    vocabulary = Vocabulary({"activity": ("look",), "channel": (), "region": ()})
    plan = renewed(sampled, plan_of(bare, vocabulary))
    assert plan.surroundings is not None
    assert plan.surroundings.steps == ("look", "paid")
    assert np.isfinite(sampled.features(plan)[-1, plan.fold_width]).all()


def test_the_names_are_unique_and_the_words_say_the_value() -> None:
    several = DEFINITION.model_copy(
        update={
            "attributes": DEFINITION.attributes.model_copy(update={"technical": tuple("abcdef")})
        }
    )
    features = list(surrounding_features(several))
    assert len({one.name for one in features}) == len(features) <= 46
    assert all("{value}" in one.words for one in features)
    width = len(PLAN.features) - PLAN.fold_width
    assert width == len(list(surrounding_features(DEFINITION)))
    assert replace(PLAN).surroundings is None
