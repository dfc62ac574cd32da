"""Reading a request: what is wrong is said with its place, and nothing gets past."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.messages import MOST_EVENTS, MOST_HISTORIES, History, read_envelope, read_history
from serving.problems import Refused

EVENT = {"time": "2026-03-03T09:30:00Z", "activity": "begun"}


def test_a_request_is_read_with_its_defaults() -> None:
    body = msgspec.json.encode({"histories": [{"customer_id": "a", "events": [EVENT]}]})
    envelope = read_envelope(body)
    history = read_history(envelope.histories[0], 0)
    assert envelope.explain == 5
    assert history == History(customer_id="a", events=[EVENT], as_of=None)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "The body is empty"),
        (b"time,activity", 422, "is not JSON"),
        (b'{"histories": [NaN]}', 422, "is not JSON"),
        (b"\xff\xfe", 422, "is not JSON"),
        (b'{"histories": [' + b"[" * 100_000, 422, "is not JSON"),
        (b"[]", 422, "At the body: Expected object, got array"),
        (b"{}", 422, "histories"),
        (b'{"histories": []}', 422, "At histories: Expected array of length >= 1"),
        (b'{"histories": {}}', 422, "At histories: Expected array, got object"),
        (b'{"histories": [1], "explain": 99}', 422, "At explain"),
        (b'{"histories": [1], "explain": "x"}', 422, "At explain: Expected int, got str"),
        (b'{"histories": [1], "explian": 3}', 422, "explian"),
        (b'{"histories": [%s]}' % b",".join([b"1"] * (MOST_HISTORIES + 1)), 422, "1000"),
    ],
)
def test_a_request_of_another_form_is_refused(body: bytes, status: int, words: str) -> None:
    with pytest.raises(Refused) as refused:
        read_envelope(body)
    assert refused.value.problem.status == status
    assert words in refused.value.problem.detail
    assert "/docs" in refused.value.problem.detail


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (b"1", "At histories[7]: Expected object, got int"),
        (b'{"customer_id": "a"}', "At histories[7]: Object missing required field events"),
        (b'{"events": [{}]}', "customer_id"),
        (b'{"customer_id": "", "events": [{}]}', "histories[7].customer_id"),
        (b'{"customer_id": "a", "events": []}', "histories[7].events: Expected array of length"),
        (b'{"customer_id": "a", "events": [[]]}', "histories[7].events[0]: Expected object"),
        (b'{"customer_id": "a", "events": [{"secret": [1]}]}', "histories[7].events[0][...]"),
        (b'{"customer_id": "a", "events": [{}], "as_off": "x"}', "as_off"),
        (b'{"customer_id": "a", "events": [{}], "as_of": 5}', "histories[7].as_of"),
    ],
)
def test_a_history_of_another_form_is_refused_with_its_place(history: bytes, words: str) -> None:
    with pytest.raises(Refused) as refused:
        read_history(msgspec.Raw(history), 7)
    assert refused.value.problem.status == 422
    assert words in refused.value.problem.detail
    assert "secret" not in refused.value.problem.detail


def test_one_event_too_many_is_refused() -> None:
    raw = msgspec.Raw(
        msgspec.json.encode({"customer_id": "a", "events": [EVENT] * (MOST_EVENTS + 1)})
    )
    with pytest.raises(Refused, match="length <= 10000"):
        read_history(raw, 0)


def test_attributes_of_any_name_and_plain_value_are_read() -> None:
    event = EVENT | {"größe 🎈": 10**30, "drop table": '"; --', "x": True, "y": None, "z": 0.5}
    raw = msgspec.Raw(msgspec.json.encode({"customer_id": 7, "events": [event]}))
    assert read_history(raw, 0).events == [event]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert status_of(body) in (200, 422, 422)


def status_of(body: bytes) -> int:
    try:
        read_envelope(body)
    except Refused as refused:
        return refused.problem.status
    return 200
