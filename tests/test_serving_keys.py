"""API keys: shown once, kept as digests, changed while the service runs."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import serving.keys
from journeys.errors import KeysError
from serving.keys import PREFIX, Bucket, Keys, add_key, read_keys, remove_key
from tests.offramp_run import Command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_a_key_is_known_by_its_text_alone(file: Path) -> None:
    text = add_key(file, "chat", ["read", "ingest"], None)
    keys = Keys.from_file(file)
    assert keys.scopes(text) == {"read", "ingest"}
    for other in (text[:-1], text.upper(), "", "chat", read_keys(file)[0].sha256, "\udcff"):
        assert keys.scopes(other) is None


def test_the_file_holds_no_key_and_is_its_owners_alone(file: Path) -> None:
    texts = [add_key(file, name, ["read"], 5) for name in ("chat", "ivr")]
    written = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for text in texts:
        assert text.startswith(PREFIX)
        assert text.removeprefix(PREFIX) not in written
    assert len({*texts}) == 2
    assert all(len(text) >= 43 + len(PREFIX) for text in texts)


def test_a_name_is_given_once(file: Path) -> None:
    add_key(file, "chat", ["read"], None)
    with pytest.raises(KeysError, match=r"'chat'.*already"):
        add_key(file, "chat", ["admin"], None)


def test_a_key_that_is_not_there_cannot_be_removed(file: Path) -> None:
    add_key(file, "chat", ["read"], None)
    with pytest.raises(KeysError, match=r"'chta' .closest: 'chat'"):
        remove_key(file, "chta")


def test_a_running_service_sees_what_changes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.keys, "_CHECKED_EVERY", 0.0)
    first = add_key(file, "chat", ["read"], None)
    keys = Keys.from_file(file)
    second = add_key(file, "ivr", ["ingest"], None)
    assert keys.scopes(second) == {"ingest"}
    remove_key(file, "chat")
    assert keys.scopes(first) is None
    assert keys.scopes(second) == {"ingest"}


@pytest.mark.parametrize("damage", ["", "{", '{"keys": [{"name": 3}]}', None])
def test_a_slip_of_the_hand_locks_nobody_out(
    file: Path, monkeypatch: pytest.MonkeyPatch, damage: str | None
) -> None:
    monkeypatch.setattr(serving.keys, "_CHECKED_EVERY", 0.0)
    text = add_key(file, "chat", ["read"], None)
    keys = Keys.from_file(file)
    if damage is None:
        file.chmod(0o666)
        os.utime(file, ns=(1, 1))
    else:
        file.write_text(damage)
    assert keys.scopes(text) == {"read"}


def test_no_key_at_all_is_a_refusal_to_start(file: Path) -> None:
    with pytest.raises(KeysError, match="offramp keys add"):
        Keys.from_file(file)


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "{}",
        '{"keys": [{"name": "a", "sha256": "xyz", "scopes": ["read"], "created": ""}]}',
        '{"keys": [{"name": "a", "sha256": "00", "scopes": ["root"], "created": ""}]}',
    ],
)
def test_a_file_that_is_none_of_keys_is_told_and_not_overwritten(file: Path, content: str) -> None:
    file.write_text(content)
    file.chmod(0o600)
    for use in (lambda: Keys.from_file(file), lambda: add_key(file, "chat", ["read"], None)):
        with pytest.raises(KeysError, match="cannot be read"):
            use()
    assert file.read_text() == content


def test_a_file_that_anybody_can_write_opens_nothing(file: Path) -> None:
    add_key(file, "chat", ["read"], None)
    file.chmod(0o666)
    with pytest.raises(KeysError, match="anybody could have added a key"):
        Keys.from_file(file)


@given(rate=st.floats(0.1, 1e4), waits=st.lists(st.floats(-1, 5), min_size=1, max_size=200))
def test_no_window_sees_more_than_its_rate_and_one_burst(rate: float, waits: list[float]) -> None:
    """A clock that goes back (negative waits) gives nobody more."""
    bucket = Bucket(rate)
    now = start = bucket.since
    taken, latest = 0, start
    for wait in waits:
        now += wait
        latest = max(latest, now)
        taken += bucket.taken(now)
    elapsed = sum(max(0.0, wait) for wait in waits)
    assert taken <= bucket.most + rate * elapsed + 1e-6
    assert 0 <= bucket.left <= bucket.most


def test_keys_are_added_listed_and_removed_by_command(call: Command, file: Path) -> None:
    added = call(
        "keys", "add", "--file", file, "--name", "chat", "--scope", "ingest", "--scope", "read",
        "--rate", "100/s",
    )  # fmt: skip
    assert added.code == 0
    (text,) = (word for word in added.out.split() if word.startswith(PREFIX))
    assert Keys.from_file(file).scopes(text) == {"read", "ingest"}
    listed = call("keys", "list", "--file", file)
    assert "chat" in listed.words
    assert "read, ingest" in listed.words
    assert "100/s" in listed.words
    assert text not in listed.words
    assert call("keys", "remove", "--file", file, "--name", "chat").code == 0
    assert read_keys(file) == []
    assert "no key" in call("keys", "list", "--file", file).words


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("--rate", "fast", "100/s"), ("--rate", "0/s", "100/s"), ("--scope", "root", "admin")],
)
def test_a_wrong_word_is_told(
    call: Command, file: Path, option: str, value: str, words: str
) -> None:
    scope = () if option == "--scope" else ("--scope", "read")
    said = call("keys", "add", "--file", file, "--name", "chat", *scope, option, value)
    assert said.code != 0
    assert words in said.words
    assert not file.exists()


def test_a_list_for_programs(call: Command, file: Path) -> None:
    add_key(file, "chat", ["read"], 2.5)
    written = file.with_name("listed.json")
    assert call("keys", "list", "--file", file, "--json", written).code == 0
    (key,) = json.loads(written.read_text())["keys"]
    assert key["name"] == "chat"
    assert key["rate"] == 2.5
    assert "sha256" not in key
