"""Anonymous visits join their customer as of the time that was known, and can be parted again."""

import pytest

from serving.events import Receipt, Refusal
from serving.store import Store
from tests.serving_events import SECOND, event, told


def joined(store: Store, alias: str, customer: str, at: int) -> str:
    """Join at a second; say what came of it."""
    receipt = store.link(alias, customer, at * SECOND)
    return receipt.refused[0].why if receipt.refused else "new" if receipt.accepted else "known"


def activities(store: Store, customer: str, until: int = 1_000) -> str:
    return "".join(what for _, what in told(store.history(customer, until * SECOND)))


@pytest.fixture
def visited(store: Store) -> Store:
    """Anna's events a, c; before that and in between the visitor v's events 1, 2, 3."""
    visits = [event("v", time, activity) for time, activity in ((1, "1"), (4, "2"), (9, "3"))]
    store.append([event("anna", 2, "a"), event("anna", 6, "c"), *visits])
    return store


def test_a_visitors_history_is_the_customers_from_the_alias_on(visited: Store) -> None:
    assert joined(visited, "v", "anna", 5) == "new"
    assert activities(visited, "anna", until=4) == "a"
    assert activities(visited, "anna", until=5) == "1a2"
    assert activities(visited, "anna") == "1a2c3"


def test_whoever_asks_for_the_visitor_gets_the_customer_once_it_is_known(visited: Store) -> None:
    joined(visited, "v", "anna", 5)
    assert activities(visited, "v", until=4) == "12"
    assert activities(visited, "v") == "1a2c3"


def test_a_join_taken_back_has_never_been(visited: Store) -> None:
    joined(visited, "v", "anna", 5)
    assert visited.unlink("v", "anna", 20 * SECOND)
    assert activities(visited, "anna") == "ac"
    assert activities(visited, "v") == "123"
    assert not visited.unlink("v", "anna", 21 * SECOND)


def test_an_alias_sent_again_does_not_bring_back_what_was_taken_back(visited: Store) -> None:
    joined(visited, "v", "anna", 5)
    visited.unlink("v", "anna", 20 * SECOND)
    assert joined(visited, "v", "anna", 5) == "known"
    assert activities(visited, "anna") == "ac"
    assert joined(visited, "v", "anna", 21) == "new"
    assert activities(visited, "anna", until=20) == "ac"
    assert activities(visited, "anna") == "1a2c3"


def test_every_login_may_say_the_alias_and_the_earliest_holds(visited: Store) -> None:
    assert [joined(visited, "v", "anna", at) for at in (7, 9, 5)] == ["new", "known", "new"]
    assert activities(visited, "anna", until=5) == "1a2"


def test_chains_are_followed_as_of_each_of_their_times(visited: Store) -> None:
    visited.append([event("tablet", 3, "t")])
    joined(visited, "tablet", "v", 5)
    joined(visited, "v", "anna", 7)
    assert activities(visited, "anna", until=6) == "ac"
    assert activities(visited, "v", until=6) == "1t2"
    assert activities(visited, "anna") == activities(visited, "tablet") == "1at2c3"


def test_a_visitor_is_one_customers_at_a_time(visited: Store) -> None:
    joined(visited, "v", "anna", 5)
    assert joined(visited, "v", "bert", 6) == "alias-taken"
    assert activities(visited, "bert") == ""
    visited.unlink("v", "anna", 20 * SECOND)
    assert joined(visited, "v", "bert", 6) == "new"
    assert activities(visited, "bert") == "123"


def test_nobody_is_their_own_visitor(store: Store) -> None:
    assert joined(store, "a", "a", 1) == "alias-itself"
    assert [joined(store, *pair, 1) for pair in (("a", "b"), ("b", "c"))] == ["new", "new"]
    assert joined(store, "c", "a", 1) == "alias-circle"


def test_a_refused_alias_does_not_hold_up_the_events_beside_it(store: Store) -> None:
    from serving.events import Alias

    receipt = store.append([event(time=1), Alias("a", "a", 0), event(time=2)])
    assert receipt == Receipt(2, 0, (Refusal(1, "alias-itself"),))
