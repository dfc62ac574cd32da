"""What is scanned from bytes is what the reader of everything reads to the last bit, or nothing."""

from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from serving.histories import Timed
from serving.problems import Refused
from serving.reading import Asked, Reader
from serving.road import Scorer
from serving.usual import UsualReader
from tests.serving_bundle import body_of, histories_of, random_events, small_bundle
from tests.test_serving_road import Histories


@cache
def scorer() -> Scorer:
    return Scorer(small_bundle())


@cache
def reader() -> Reader:
    return Reader([small_bundle().plan.definition])


@cache
def usual() -> UsualReader:
    return UsualReader(scorer().events, reader())


def require_the_same(body: bytes) -> Asked | None:
    """Check that a scanned request is what the other reader reads; return it, if it is usual."""
    scanned = usual().read(body)
    if scanned is None:
        return None
    read = reader().read(body)
    (one,), (other,) = scanned.histories, read.histories
    assert isinstance(one, Timed)
    assert isinstance(other, Timed), other.detail
    assert one.scanned is not None
    assert scanned.explain == read.explain
    assert (one.index, one.customer_id, one.times, one.as_of) == (
        other.index,
        other.customer_id,
        other.times,
        other.as_of,
    )
    assert one.columns == other.columns
    names = scorer().columns
    written = scorer().events.written(
        other.times, {name: other.columns[column] for name, column in names.items()}
    )
    for mine, theirs in zip(one.scanned.written, written, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert np.signbit(one.scanned.written.numbers).tolist() == np.signbit(written.numbers).tolist()
    mine, theirs = (scorer().predict(each, explain=0) for each in (one, other))
    assert msgspec.json.encode(mine.prediction) == msgspec.json.encode(theirs.prediction)
    assert (mine.note, mine.begins, mine.ended) == (theirs.note, theirs.begins, theirs.ended)
    return scanned


@cache
def whole_request() -> bytes:
    return body_of([plain(histories_of(random_events(20, seed=3))[2])])


def plain(history: dict[str, Any]) -> dict[str, Any]:
    """Return a history in order of time, which most callers send."""
    return history | {"events": sorted(history["events"], key=lambda event: event["time"])}


def test_the_histories_of_a_log_are_usual() -> None:
    histories = histories_of(random_events(60, seed=11))
    assert all(require_the_same(body_of([plain(one)])) for one in histories)


@settings(max_examples=150)
@given(Histories, st.booleans())
def test_any_history_is_scanned_as_it_is_read(history: dict[str, Any], sort: bool) -> None:
    require_the_same(body_of([plain(history) if sort else history]))


Times = st.builds(
    "{}-{:02}-{:02}{}{:02}:{:02}:{:02}{}{}".format,
    st.sampled_from([1599, 1700, 1900, 1970, 2000, 2024, 2026, 2100, 2250]),
    st.integers(0, 13), st.integers(0, 32), st.sampled_from("T t"),
    st.integers(0, 24), st.integers(0, 60), st.integers(0, 60),
    st.sampled_from(["", ".1", ".123", ".000001", ".1234567", ".", ",123"]),
    st.sampled_from(["", "Z", "z", "+00:00", "-00:00", "+02:00", "-11:30", "+24:00", "+0200"]),
)  # fmt: skip
Numbers = st.from_regex(
    r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,3})?", fullmatch=True
)
Literals = Numbers | st.sampled_from(
    ["null", "true", "false", "nul", "01", "1.", ".5", "-", "-0", "-0.0", "+1", "1.0", "[]", "{}",
     '"8.1.0"', '"8.\\u0031.0"', '"süd"', '"\t"', '""', '"', "NaN", "1_0"]
)  # fmt: skip
Blanks = st.sampled_from(["", "", " ", "\n\t\r ", "\f", "\0"])
Keys = st.sampled_from(
    ["region", "app_version", "amount", "channel", "activity", "shoe_size", "été"]
)


@settings(max_examples=300)
@given(
    time=Times,
    as_of=st.none() | Times,
    values=st.lists(st.tuples(Keys, Literals), max_size=3),
    blank=Blanks,
    explain=Literals | st.integers(-1, 21).map(str),
    key=st.sampled_from(['"c"', '""', "7", "-7", "7.0", "null", f'"{"x" * 513}"', '"\\n"']),
)
def test_json_by_hand_is_scanned_as_it_is_read(
    time: str, as_of: str | None, values: list[tuple[str, str]], blank: str, explain: str, key: str
) -> None:
    told = "".join(f',{blank}"{name}"{blank}:{value}' for name, value in values)
    event = f'{{{blank}"time":"{time}","activity"{blank}: "begun"{told}}}'
    until = "" if as_of is None else f',"as_of":"{as_of}"'
    history = f'{{"events":[{event}{blank}],"customer_id":{key}{until}}}'
    body = f'{{"histories":[{history}]{blank},"explain":{blank}{explain}}}{blank}'
    require_the_same(body.encode())


@settings(max_examples=300)
@given(
    st.integers(0, 2_000),
    st.sampled_from([b"", *(bytes([one]) for one in b'"\\{}[]:,0 9-.eEtnf\0\x1f\xff'), b"\xc3"]),
    st.integers(0, 2),
)
@example(0, b"", 0)
def test_a_damaged_request_is_scanned_only_if_it_can_be_read(at: int, by: bytes, of: int) -> None:
    whole = whole_request()
    at %= len(whole)
    body = whole[:at] + by + whole[at + of :]
    try:
        reader().read(body)
    except Refused:
        assert usual().read(body) is None
    else:
        require_the_same(body)


@pytest.mark.parametrize(
    "explain", ["-1", "0", "5", "20", "21", "-0", "1.0", "01", "", "null", '"3"']
)
def test_the_number_of_reasons_is_scanned_as_it_is_read(explain: str) -> None:
    body = whole_request()[:-1] + f',"explain":{explain}}}'.encode()
    try:
        reader().read(body)
    except Refused:
        assert usual().read(body) is None
    else:
        require_the_same(body)


def test_what_is_said_twice_or_elsewhere_is_left_to_the_other_reader() -> None:
    event = '{"time":"2026-01-01T08:00:00Z","activity":"begun"}'
    history = f'{{"customer_id":"c","events":[{event}]}}'
    assert require_the_same(f'{{"histories":[{history}]}}'.encode()) is not None
    twice = event.replace("}", ',"activity":"called"}')
    for other in (
        f'{{"histories":[{history},{history}]}}',
        f'{{"histories":[{history}],"histories":[{history}]}}',
        f'{{"histories":[{history.replace(event, twice)}]}}',
        f'{{"histories":[{history}],"more":1}}',
        f'{{"histories":[{history}]}} x',
    ):
        assert usual().read(other.encode()) is None
