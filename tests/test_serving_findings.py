"""Findings, audiences and suppressions over HTTP: read by cursor, changed with care."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from rootcause.audience import gathered
from rootcause.findings import write_findings
from rootcause.life import opened
from rootcause.listing import Terms
from rootcause.register import Register, locked, read_register, write_register
from serving.app import create_app
from serving.events import StoredEvent
from serving.known_issues import KnownIssues
from serving.pseudonym import Pseudonym
from serving.store import Store
from tests.rootcause_world import SmallWorld, findings_of, small_world
from tests.serving_bundle import small_bundle
from tests.serving_service import service_of

NOW = 1_777_000_000_000_000  # 24 April 2026
JSON = {"content-type": "application/json"}
HIDING = Pseudonym(b"a secret of thirty-two bytes or more")
DAYS = ("2026-04-01", "2026-04-08", "2026-04-15")


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return small_world(900)


@pytest.fixture(scope="module")
def lists(world: SmallWorld) -> list[pd.DataFrame]:
    """Return the audience as it was listed on three days, a tenth held out."""
    from journeys.find import find_journeys
    from journeys.log import event_log
    from tests.rootcause_world import DEFINITION

    found = []
    for day in DAYS:
        seen = world.log.events[world.log.events["time"] <= pd.Timestamp(day, tz="UTC")]
        log = event_log(seen.astype({"customer_id": str}), DEFINITION)
        people, _ = gathered(
            log,
            find_journeys(log, DEFINITION),
            DEFINITION,
            world.finding,
            outcome="leakage",
            terms=Terms(hold_out=0.2),
        )
        found.append(people)
    return found


@pytest.fixture
def state(world: SmallWorld, lists: list[pd.DataFrame], tmp_path: Path) -> Path:
    case = opened(
        world.finding,
        journey="loan",
        outcome="leakage",
        day="2026-04-20",
        at="2026-04-20T00:00:00Z",
    )
    write_register(Register((case,)), tmp_path)
    (tmp_path / "audiences").mkdir()
    for day, people in zip(DAYS, lists, strict=True):
        people.to_parquet(tmp_path / "audiences" / f"{day}.parquet")
    return tmp_path


@pytest.fixture
def client(state: Path) -> Iterator[TestClient]:
    yield from asking(state)


def asking(state: Path | None, **parts: object) -> Iterator[TestClient]:
    service = service_of(
        small_bundle(), issues=KnownIssues(state), state=state, clock=lambda: NOW, **parts
    )
    with TestClient(create_app(service)) as client:
        yield client


def all_pages(client: TestClient, path: str, rows: str) -> list[dict[str, Any]]:
    """Return the rows of all pages, two a page."""
    found: list[dict[str, Any]] = []
    joint, cursor = "&" if "?" in path else "?", ""
    while True:
        answer = client.get(f"{path}{joint}limit=2{cursor}")
        assert answer.status_code == 200, answer.text
        found += answer.json()[rows]
        if answer.json()["next"] is None:
            return found
        cursor = f"&cursor={answer.json()['next']}"


def test_findings_are_listed_and_told_in_full(client: TestClient, world: SmallWorld) -> None:
    (card,) = client.get("/v1/findings").json()["findings"]
    assert card["id"] == world.finding.id
    assert card["state"] == "open"
    assert card["conditions"] == world.finding.conditions
    detail = client.get(f"/v1/findings/{card['id']}").json()
    assert detail["card"] == card
    assert detail["finding"]["effect"] == world.finding.effect
    assert detail["acts"] == ["acknowledge", "fix", "close"]
    assert client.get("/v1/findings?state=closed").json()["findings"] == []
    assert client.get("/v1/findings?outcome=churn").json()["findings"] == []
    assert len(client.get("/v1/findings?journey=loan&outcome=leakage").json()["findings"]) == 1


def test_a_finding_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    for path in ("/v1/findings", f"/v1/findings/{one_id(client)}"):
        answer = client.get(path)
        again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
        assert again.content == b""


def one_id(client: TestClient) -> str:
    return str(client.get("/v1/findings").json()["findings"][0]["id"])


def test_a_finding_is_taken_over_fixed_closed_and_opened_again(
    client: TestClient, state: Path
) -> None:
    path = f"/v1/findings/{one_id(client)}"
    acts = [
        ({"act": "acknowledge", "owner": "Anna", "ticket": "APP-1"}, "acknowledged"),
        ({"act": "fix", "fixed_at": "2026-04-21T08:00:00Z", "by": "Ben"}, "fix released"),
        ({"act": "close", "reason": "moved to another team"}, "closed"),
        ({"act": "reopen", "reason": "it is back"}, "reopened"),
    ]
    for body, becomes in acts:
        answer = client.patch(path, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["card"]["state"] == becomes
        assert read_register(state).cases[0].state == becomes
        assert client.get(path).json() == answer.json()
    history = client.get(path).json()["history"]
    assert [line["by"] for line in history] == ["", "Anna", "Ben", "a person", "a person"]
    assert history[1]["at"].startswith("2026-04-24T")


def test_nobody_changes_what_has_changed_unseen(client: TestClient) -> None:
    path = f"/v1/findings/{one_id(client)}"
    tag = client.get(path).headers["etag"]
    mine = {"act": "acknowledge", "owner": "Anna"}
    first = client.patch(path, json=mine, headers={"if-match": tag})
    assert first.status_code == 200
    assert first.headers["etag"] != tag
    late = client.patch(path, json=mine | {"owner": "Ben"}, headers={"if-match": tag})
    assert late.status_code == 412
    assert client.get(path).json()["card"]["owner"] == "Anna"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"act": "reopen", "reason": "why not"}, 409, "can be done with it now"),
        ({"act": "acknowledge"}, 422, "owner"),
        ({"act": "close", "reason": "  "}, 422, "reason"),
        ({"act": "fix", "fixed_at": "soon"}, 422, "no time"),
        ({"act": "fix", "fixed_at": "2026-01-01T00:00:00Z"}, 409, "cannot have reached"),
        ({"act": "explode"}, 422, "act"),
        ({"act": "close", "reason": "x", "state": "closed"}, 422, "state"),
        ([], 422, "object"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    client: TestClient, state: Path, body: object, status: int, says: str
) -> None:
    before = (state / "watch.json").read_bytes()
    answer = client.patch(f"/v1/findings/{one_id(client)}", json=body)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert "--" not in answer.json()["detail"], "the words are those of the command line"
    assert (state / "watch.json").read_bytes() == before


def test_a_folder_that_the_watch_is_writing_is_left_alone(client: TestClient, state: Path) -> None:
    with locked(state):
        answer = client.patch(
            f"/v1/findings/{one_id(client)}", json={"act": "close", "reason": "x"}
        )
    assert answer.status_code == 409
    assert "try again" in answer.json()["detail"]


def test_a_mere_file_of_findings_can_be_read_and_not_acted_on(
    world: SmallWorld, tmp_path: Path
) -> None:
    write_findings(findings_of(world.finding), tmp_path / "findings.json")
    for client in asking(tmp_path / "findings.json"):
        path = f"/v1/findings/{one_id(client)}"
        assert client.get(path).status_code == 200
        assert client.patch(path, json={"act": "close", "reason": "x"}).status_code == 409


def test_without_a_state_nothing_is_known(tmp_path: Path) -> None:
    for client in asking(None):
        assert client.get("/v1/findings").json()["type"].endswith("no-findings")
        assert client.get("/v1/audiences/f_1/members").status_code == 404
        assert client.get("/v1/suppressions").json()["type"].endswith("no-store")
        assert client.get("/v1/customers/anna/context").json()["type"].endswith("no-store")


def test_the_members_are_those_of_the_newest_list_page_by_page(
    client: TestClient, lists: list[pd.DataFrame]
) -> None:
    path = f"/v1/audiences/{one_id(client)}/members"
    newest = lists[-1]
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
    client: TestClient, state: Path, lists: list[pd.DataFrame]
) -> None:
    path = f"/v1/audiences/{one_id(client)}/members?held_out=yes&limit=3"
    first = client.get(path).json()
    later = lists[-1].assign(as_of=lists[-1]["as_of"] + pd.Timedelta(days=1))
    later.iloc[::2].to_parquet(state / "audiences" / "z.parquet")
    rest, cursor = [], first["next"]
    while cursor is not None:
        page = client.get(f"{path}&cursor={cursor}").json()
        assert page["as_of"] == first["as_of"]
        rest, cursor = rest + page["members"], page["next"]
    told = [one["journey"] for one in first["members"] + rest]
    assert sorted(told) == sorted(lists[-1]["journey"])
    assert client.get(path).json()["as_of"] > first["as_of"]


def test_who_came_and_went_since_a_day_is_told(
    client: TestClient, lists: list[pd.DataFrame]
) -> None:
    path = f"/v1/audiences/{one_id(client)}/delta?held_out=yes&since="
    before, now = (set(one["journey"]) for one in (lists[0], lists[-1]))
    answer = client.get(f"{path}2026-04-05T00:00:00Z").json()
    assert answer["compared_with"] < "2026-04-02"
    moves = all_pages(client, f"{path}2026-04-05T00:00:00Z", "moves")
    named = {
        change: {move["member"]["journey"] for move in moves if move["change"] == change}
        for change in ("entered", "left", "moved")
    }
    assert named["entered"] == now - before
    assert named["left"] == before - now
    states = [dict(zip(one["journey"], one["state"], strict=True)) for one in (lists[0], lists[-1])]
    assert named["moved"] == {one for one in before & now if states[0][one] != states[1][one]}
    assert named["entered"]
    assert named["moved"]
    long_ago = client.get(f"{path}2020-01-01&limit=1000").json()
    assert long_ago["compared_with"] is None
    assert {move["member"]["journey"] for move in long_ago["moves"]} == now
    assert client.get(path.removesuffix("&since=")).status_code == 422


def test_members_are_told_by_pseudonym(state: Path, lists: list[pd.DataFrame]) -> None:
    for client in asking(state, pseudonym=HIDING):
        path = f"/v1/audiences/{one_id(client)}/members?held_out=yes&limit=1000"
        answer = client.get(path)
        assert "secret-" not in answer.text
        told = {one["customer_id"] for one in answer.json()["members"]}
        assert told == {HIDING(str(key)) for key in lists[-1]["customer_id"]}


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


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "state=happy", "cursor=%00", "cursor=abc", "sate=open"],
)
def test_a_query_that_makes_no_sense_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/findings?{query}")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:offramp:problem:bad-query"


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
