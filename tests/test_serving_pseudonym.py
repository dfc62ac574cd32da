"""Pseudonyms: stable, secret, and for every key one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.errors import OfframpError
from serving.pseudonym import KEY, Pseudonym

MINE = Pseudonym(b"a secret of thirty-two bytes ....")
OTHER = Pseudonym(b"another secret of thirty-two bytes")


@given(raw=st.text(st.characters()))
def test_a_pseudonym_is_stable_and_stays_one(raw: str) -> None:
    name = MINE(raw)
    assert name == MINE(raw) == MINE(name)
    assert len(name) == 42
    assert name.startswith("p_")
    assert name.isascii()


@given(pair=st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_different_customers_have_different_pseudonyms(pair: list[str]) -> None:
    assert MINE(pair[0]) != MINE(pair[1])


@given(raw=st.text(min_size=1))
def test_another_secret_gives_another_pseudonym(raw: str) -> None:
    assert MINE(raw) != OTHER(raw)


@given(raw=st.text() | st.integers())
def test_without_a_secret_everybody_keeps_their_key(raw: str | int) -> None:
    nobody = Pseudonym()
    assert nobody.answered(raw) == raw
    assert nobody(str(raw)) == str(raw)
    assert not nobody.hides


def test_a_number_and_its_text_are_one_customer() -> None:
    assert MINE.answered(4711) == MINE.answered("4711") == MINE("4711")


def test_it_is_hmac_sha256_as_anybody_can_compute_it() -> None:
    """RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?"."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert Pseudonym(b"Jefe")("what do ya want for nothing?") == "p_" + expected[:40]


def test_the_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    assert not Pseudonym.from_environment().hides
    monkeypatch.setenv(KEY, "a secret of thirty-two bytes ....")
    assert Pseudonym.from_environment()("4711") == MINE("4711")


def test_a_secret_that_can_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "secret")
    with pytest.raises(OfframpError, match=r"has 6 bytes.*openssl rand"):
        Pseudonym.from_environment()
