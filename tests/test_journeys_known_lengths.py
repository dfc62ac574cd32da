"""Whatever is made of a log shard by shard is what is made of it at once: to the last bit."""

from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.definition import Definition
from journeys.find import find_journeys, journey_ids
from journeys.known_lengths import with_usual_length
from journeys.labels import at_risk_of, labels_of, usual_length_of
from journeys.log import EventLog, event_log, microseconds
from journeys.samples import samples_at_end, samples_of
from journeys.shards import HeldShards, whole_of

DAY0 = pd.Timestamp("2026-01-01", tz="UTC")
WRITTEN = {
    "name": "x",
    "start": {"activity": "start"},
    "success": {"activity": "won", "within": "30d"},
    "failure": {"activity": "lost"},
    "abandoned_after": "6d",
    "leakage": {"activity": "call", "within": "3d"},
    "churn": {"activity": "left", "within": "7d"},
    "ticks": ["1d", "3d"],
}
DEFINITIONS = [
    Definition.from_dict(WRITTEN),
    Definition.from_dict({**WRITTEN, "leakage": {"activity": "call"}}),
    Definition.from_dict({**WRITTEN, "churn": {"inactive_for": "8d"}, "start": None}),
]
ACTIVITIES = ["start", "look", "call", "won", "lost", "left"]
EVENTS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 40), st.sampled_from(ACTIVITIES)),
    min_size=1,
    max_size=60,
)


def arrow(frame: pd.DataFrame) -> pa.Table:
    """Return the frame as Arrow, its instants as microseconds."""
    times = frame.select_dtypes("datetimetz").columns
    plain = frame.assign(**{name: microseconds(frame[name]) for name in times})
    return pa.Table.from_pandas(plain, preserve_index=False)


def journeys_in(log: EventLog, definition: Definition) -> pa.Table:
    found = find_journeys(log, definition)
    before = log.offsets[found["customer"].to_numpy()]
    rows = {name: found[name] - before for name in ("first", "last")}
    found = found.assign(customer=journey_ids(log, found, definition), **rows)
    return arrow(found.assign(state=found["state"].astype("str")))


def samples_in(log: EventLog, definition: Definition) -> pa.Table:
    journeys = find_journeys(log, definition)
    both = [samples_of(log, journeys, definition), samples_at_end(log, journeys)]
    samples = pd.concat(both, keys=["every", "end"], names=["which", "place"]).reset_index()
    before = log.offsets[journeys["customer"].to_numpy()][samples["journey"]]
    ids = journey_ids(log, journeys, definition)[samples["journey"]]
    told = samples.assign(journey=ids, seen=samples["seen"] - before).drop(columns="place")
    return arrow(told.sort_values("which", kind="stable"))


def labels_in(log: EventLog, definition: Definition) -> pa.Table:
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    risks = at_risk_of(log, journeys, samples, definition)
    columns = {"journey": journey_ids(log, journeys, definition)[samples["journey"]]}
    for outcome, label in labels_of(log, journeys, samples, definition).items():
        columns |= {f"{outcome} y": label["y"].to_numpy(), f"{outcome} risk": risks[outcome]}
        for name in ("known_at", "closed_at"):
            columns[f"{outcome} {name}"] = microseconds(label[name])
    return pa.table(columns)


@settings(max_examples=30, deadline=None)
@given(events=EVENTS, size=st.integers(1, 70), definition=st.sampled_from(DEFINITIONS))
def test_journeys_samples_and_labels_of_the_shards_are_those_of_the_log(
    events: list[tuple[str, int, str]], size: int, definition: Definition
) -> None:
    frame = pd.DataFrame(events, columns=["customer_id", "day", "activity"])
    frame["time"] = DAY0 + pd.to_timedelta(frame["day"], unit="D")
    log = event_log(frame, definition)
    shards = with_usual_length(HeldShards(definition, log, size=size))
    for made_of in (journeys_in, labels_in):
        together = shards.map(partial(made_of, definition=definition)).to_pandas()
        pd.testing.assert_frame_equal(together, made_of(log, definition).to_pandas())
    together = shards.map(partial(samples_in, definition=definition)).to_pandas()
    together = together.sort_values("which", kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(together, samples_in(log, definition).to_pandas())


def test_a_shard_that_was_not_told_would_close_its_samples_too_early() -> None:
    """Found when labels were first made shard by shard: closed_at took the shard's own journeys."""
    definition = DEFINITIONS[0]
    slow = [("slow", 0, "start"), ("slow", 5, "look"), ("slow", 10, "look"), ("slow", 11, "won")]
    quick = [("quick", 0, "start"), ("quick", 1, "won"), ("other", 40, "look")]
    frame = pd.DataFrame([*slow, *quick], columns=["customer_id", "day", "activity"])
    frame["time"] = DAY0 + pd.to_timedelta(frame["day"], unit="D")
    log = event_log(frame, definition)
    usual = usual_length_of(log, find_journeys(log, definition), definition)
    held = HeldShards(definition, log, size=1)

    def told(shard: EventLog) -> pa.Table:
        return pa.table(
            {"usual": [usual_length_of(shard, find_journeys(shard, definition), definition)]}
        )

    assert with_usual_length(held).map(told).column("usual").to_pylist() == [usual] * 3
    assert held.map(told).column("usual").to_pylist() != [usual] * 3


def test_a_sample_of_customers_begins_ends_and_lasts_as_the_whole_log_does() -> None:
    definition = DEFINITIONS[0]
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(40)],
            "time": DAY0 + pd.to_timedelta(np.arange(40), unit="D"),
            "activity": "look",
        }
    )
    log = event_log(frame, definition)
    some = with_usual_length(HeldShards(definition, log)).some(10)
    assert (some.begins, some.ends, some.usual_length) == (log.begins, log.ends, 0)
    assert len(some.offsets) - 1 < 40
    assert whole_of(some).begins == whole_of(log).begins
