"""The journeys of one customer: what the table finds in the same log, walked event by event."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.find_one import Columns, Ended, Lived, OneCustomer
from journeys.definition import Definition
from journeys.find import find_journeys
from journeys.labels import at_risk_of
from journeys.log import EventLog, event_log_of_part, instants, microseconds
from journeys.samples import samples_at_end

HOUR = 3_600_000_000
ACTIVITIES = ["begin", "look", "win", "lose", "leave"]
CHANNELS = ["app", "phone", None]

Events = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, 3, 6, 7]),  # hours since the event before
        st.sampled_from(ACTIVITIES),
        st.sampled_from(CHANNELS),
        st.sampled_from([None, 0.0, 1.0, 2.5]),
        st.sampled_from([None, "1", 1, 1.0, True, "x"]),
    ),
    min_size=5,
    max_size=25,
)
# Few lengths, so that two of them often end a journey at one instant.
Lengths = st.sampled_from(["3h", "6h", "6h", None, "20h"])


def rule(where: dict[str, Any], within: str | None = None) -> dict[str, Any]:
    return where | ({} if within is None else {"within": within})


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Draw a definition with any of its rules, over text, over numbers and over both."""
    said: dict[str, Any] = {
        "name": "any",
        "success": draw(
            st.none()
            | st.builds(rule, st.sampled_from([{"activity": "win"}, {"amount": 1}]), Lengths)
            | st.just({"activity": ["win", "begin"], "channel": "app"})
        ),
        "failure": draw(
            st.none() | st.sampled_from([{"activity": "lose"}, {"amount": [2, "2.5", "many"]}])
        ),
        "start": draw(
            st.none()
            | st.sampled_from([{"activity": "begin"}, {"activity": ["begin", "win"], "kind": "1"}])
        ),
        "abandoned_after": draw(Lengths),
        "leakage": draw(
            st.builds(rule, st.sampled_from([{"channel": "phone"}, {"kind": "True"}]), Lengths)
        ),
        "churn": draw(
            st.none()
            | st.just({"activity": "leave", "within": "9d"})
            | st.integers(1, 50).map(lambda hours: {"inactive_for": f"{hours}h"})
            | st.just({"activity": "leave", "inactive_for": "20h"})
        ),
        "milestones": ["begin", "look"],
        "attributes": {"numeric": ["amount"], "technical": ["kind"]},
    }  # fmt: skip
    try:
        return Definition.from_dict({key: one for key, one in said.items() if one is not None})
    except ValidationError:  # two of the rules hold for one event
        reject()


def log_of(events: Sequence[tuple[Any, ...]], definition: Definition) -> tuple[EventLog, Columns]:
    """Return events as the log of one customer, and as columns."""
    gaps, *values = zip(*events, strict=True)
    columns = dict(zip(("activity", "channel", "amount", "kind"), values, strict=True))
    frame = pd.DataFrame(
        {"customer_id": "one", "time": instants(np.cumsum(gaps) * HOUR)}
        | {
            name: np.array(column, dtype=np.float64 if name == "amount" else object)
            for name, column in columns.items()
        }
    )
    return event_log_of_part(frame, definition), columns


def by_the_table(log: EventLog, definition: Definition, until: int) -> Lived:
    ends = np.array([until])
    journeys = find_journeys(log, definition, ends=ends)
    samples = samples_at_end(log, journeys, ends=ends)
    firsts, states = journeys["first"].tolist(), journeys["state"].tolist()
    closed = journeys["end"].where(journeys["state"] != "open", pd.Timestamp(0, tz="UTC"))
    ended = tuple(
        Ended(first, int(end), state)
        for first, end, state in zip(firsts, microseconds(closed), states, strict=True)
        if state != "open"
    )
    if "open" not in states:
        return Lived(ended)
    first, past = firsts[states.index("open")], at_risk_of(log, journeys, samples, definition)
    reached = [name for name in log.events["activity"][first:] if name in definition.milestones]
    return Lived(
        ended,
        first,
        tuple(outcome for outcome, asked in past.items() if not asked[0]),
        reached[-1] if reached else None,
    )


@settings(max_examples=120)
@given(events=Events, definition=definitions(), silence=st.integers(0, 50))
def test_one_customer_lives_through_what_the_table_says(
    events: list[tuple[Any, ...]], definition: Definition, silence: int
) -> None:
    log, columns = log_of(events, definition)
    times = log.times.tolist()
    until = times[-1] + silence * HOUR
    lived = OneCustomer(definition).lived(times, columns, until)
    assert lived == by_the_table(log, definition, until)


def test_an_expired_journey_makes_room_for_the_next_one() -> None:
    definition = Definition.from_dict(
        {"name": "one", "start": {"activity": "begin"},
         "success": {"activity": "win", "within": "5h"}, "abandoned_after": "4h"}
    )  # fmt: skip
    events = [(0, "begin"), (3, "look"), (6, "look"), (7, "begin"), (8, "win"), (9, "begin")]
    times = [hour * HOUR for hour, _ in events]
    lived = OneCustomer(definition).lived(
        times, {"activity": [activity for _, activity in events]}, times[-1]
    )
    assert lived == Lived((Ended(0, 5 * HOUR, "expired"), Ended(3, 8 * HOUR, "success")), begins=5)


def test_values_that_no_rule_asks_for_are_remembered_only_up_to_a_bound() -> None:
    definition = Definition.from_dict(
        {"name": "one", "start": {"activity": "begin"}, "success": {"activity": "win"},
         "abandoned_after": timedelta(days=9)}
    )  # fmt: skip
    one = OneCustomer(definition)
    for number in range(2_000):
        one.lived([0, 1], {"activity": ["begin", f"odd {number}"]}, 1)
    assert sum(len(known) for known in one._values.values()) < 300


def test_of_two_ends_at_one_instant_silence_and_failure_have_the_last_word() -> None:
    definition = Definition.from_dict(
        {"name": "one", "start": {"activity": "begin"}, "abandoned_after": "6h",
         "success": {"amount": 1, "within": "6h"}, "failure": {"activity": "lose"},
         "attributes": {"numeric": ["amount"]}}
    )  # fmt: skip
    ties = [
        (0, "begin", "app", 0.0, None),
        (6, "look", "app", 0.0, None),  # just within the silence and the horizon
        (1, "begin", "app", 0.0, None),  # the first has expired
        (9, "begin", "app", 0.0, None),  # silence and horizon of the second ended at once
        (1, "lose", "app", 1.0, None),  # failure and success
    ]
    log, columns = log_of(ties, definition)
    times = log.times.tolist()
    lived = OneCustomer(definition).lived(times, columns, times[-1])
    assert [one.state for one in lived.ended] == ["expired", "abandoned", "failure"]
    assert lived == by_the_table(log, definition, times[-1])
