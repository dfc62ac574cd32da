"""Audiences and suppressions over HTTP: whom a finding concerns, who came and went."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from serving.events import StoredEvent
from serving.pseudonym import Pseudonym
from serving.store import Store
from tests.served_findings import NOW, all_pages, asking, lists, one_id, state_in

HIDING = Pseudonym(b"a secret of thirty-two bytes or more")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return state_in(tmp_path)


@pytest.fixture
def client(state: Path) -> Iterator[TestClient]:
    yield from asking(state)


def test_the_members_are_those_of_the_newest_list_page_by_page(
    client: TestClient,
) -> None:
    path = f"/v1/audiences/{one_id(client)}/members"
    newest = lists()[-1]
    for state in ("affected", "at_risk"):
        found = all_pages(client, f"{path}?state={state}&held_out=yes", "members")
        wanted = newest[newest["state"] == state]
        assert {one["journey"] for one in found} == set(wanted["journey"])
        assert len(found) == len(wanted)
    everybody = all_pages(client, path, "members")
    assert everybody
    assert not any(one["held_out"] for one in everybody)
    kept_back = all_pages(client, f"{path}?held_out=only", "members")
    assert kept_back
    assert all(one["held_out"] for one in kept_back)
    assert len(everybody) + len(kept_back) == len(newest)


def test_a_new_list_neither_hides_nor_repeats_members_of_a_page_begun(
    client: TestClient, state: Path
) -> None:
    path = f"/v1/audiences/{one_id(client)}/members?held_out=yes&limit=3"
    first = client.get(path).json()
    later = lists()[-1].assign(as_of=lists()[-1]["as_of"] + pd.Timedelta(days=1))
    later.iloc[::2].to_parquet(state / "audiences" / "z.parquet")
    rest, cursor = [], first["next"]
    while cursor is not None:
        page = client.get(f"{path}&cursor={cursor}").json()
        assert page["as_of"] == first["as_of"]
        rest, cursor = rest + page["members"], page["next"]
    told = [one["journey"] for one in first["members"] + rest]
    assert sorted(told) == sorted(lists()[-1]["journey"])
    assert client.get(path).json()["as_of"] > first["as_of"]


def test_who_came_and_went_since_a_day_is_told(
    client: TestClient,
) -> None:
    path = f"/v1/audiences/{one_id(client)}/delta?held_out=yes&since="
    before, now = (set(one["journey"]) for one in (lists()[0], lists()[-1]))
    answer = client.get(f"{path}2026-04-05T00:00:00Z").json()
    assert answer["compared_with"] < "2026-04-02"
    moves = all_pages(client, f"{path}2026-04-05T00:00:00Z", "moves")
    named = {
        change: {move["member"]["journey"] for move in moves if move["change"] == change}
        for change in ("entered", "left", "moved")
    }
    assert named["entered"] == now - before
    assert named["left"] == before - now
    states = [
        dict(zip(one["journey"], one["state"], strict=True)) for one in (lists()[0], lists()[-1])
    ]
    assert named["moved"] == {one for one in before & now if states[0][one] != states[1][one]}
    assert named["entered"]
    assert named["moved"]
    long_ago = client.get(f"{path}2020-01-01&limit=1000").json()
    assert long_ago["compared_with"] is None
    assert {move["member"]["journey"] for move in long_ago["moves"]} == now
    assert client.get(path.removesuffix("&since=")).status_code == 422


def test_members_are_told_by_pseudonym(state: Path) -> None:
    for client in asking(state, pseudonym=HIDING):
        path = f"/v1/audiences/{one_id(client)}/members?held_out=yes&limit=1000"
        answer = client.get(path)
        assert "secret-" not in answer.text
        told = {one["customer_id"] for one in answer.json()["members"]}
        assert told == {HIDING(str(key)) for key in lists()[-1]["customer_id"]}


def test_a_customer_who_is_erased_from_a_list_is_listed_no_more(
    client: TestClient, state: Path
) -> None:
    path = f"/v1/audiences/{one_id(client)}/members?held_out=yes&limit=1000"
    members = client.get(path).json()["members"]
    gone = members[0]["customer_id"]
    for file in (state / "audiences").glob("*.parquet"):
        rows = pd.read_parquet(file)
        rows[rows["customer_id"].astype(str) != gone].to_parquet(file)
    assert gone not in client.get(path).text


def test_a_list_that_cannot_be_read_is_left_out(client: TestClient, state: Path) -> None:
    path = f"/v1/audiences/{one_id(client)}/members"
    before = client.get(path).json()
    (state / "audiences" / "broken.parquet").write_bytes(b"PAR1")
    (state / "audiences" / "broken.csv").write_text("a,b\n1,2\n")
    assert client.get(path).json() == before


def test_suppressions_are_found_among_all_customers_page_by_page(store: Store) -> None:
    hour = 3_600_000_000
    steps = {"calls": ("begun", "called"), "quiet": ("begun", "looked"), "over": ("called",)}
    channels = {"called": "call_centre"}
    events = [
        StoredEvent(f"{who} {n}", NOW - (9 - at) * hour, step, channels.get(step, "app"), {},
                    "app", f"{who} {n} {at}", NOW)
        for n in range(3)
        for who, taken in steps.items()
        for at, step in enumerate(taken)
    ]  # fmt: skip
    store.append(events)
    for client in asking(None, store=store):
        found = all_pages(client, "/v1/suppressions", "suppressions")
        assert [one["customer_id"] for one in found] == ["calls 0", "calls 1", "calls 2"]
        assert {(one["what"], one["journey"]) for one in found} == {("upsell", "loan")}
        assert all("in support: contacted on" in one["reason"] for one in found)
        assert all(one["until"] > "2026-04-30" for one in found)
        later = all_pages(client, "/v1/suppressions?as_of=2026-05-06T00:00:00Z", "suppressions")
        assert later == []
        context = client.get("/v1/customers/calls 0/context").json()
        (own,) = context["suppress"]
        assert {"customer_id": "calls 0", **own} == found[0]
