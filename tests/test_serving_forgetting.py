"""An erased customer is in no evidence and in no audience any more; others stay."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from journeys.find import find_journeys, journey_ids
from journeys.log import event_log
from rootcause.findings import read_findings
from rootcause.register import Register, locked, read_register, write_register
from serving.app import create_app
from serving.forgetting import forget_evidence
from serving.pseudonym import Pseudonym
from serving.store import Store
from tests.rootcause_world import findings_of
from tests.serving_bundle import definition_named, random_events, small_bundle
from tests.serving_events import event
from tests.serving_service import service_of
from tests.watch_world import case, finding

EVENTS = random_events(4, seed=2)
ANNA, BERT = sorted(EVENTS["customer_id"].unique())[:2]


def ids_of(customer: str) -> list[str]:
    """Return the journeys of a customer as a search would name them."""
    definition = definition_named("loan")
    log = event_log(EVENTS[EVENTS["customer_id"] == customer], definition)
    return [str(one) for one in journey_ids(log, find_journeys(log, definition), definition)]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder of a watch: one finding and three audiences that know Anna and Bert."""
    evidence = (*ids_of(ANNA), *ids_of(BERT))
    found = replace(case(), finding=finding(evidence=evidence), journey="loan")
    write_register(Register(cases=(found,), searches=(findings_of(),)), tmp_path)
    members = pd.DataFrame({"customer_id": [ANNA, BERT, ANNA], "state": "affected"})
    folder = tmp_path / "audiences"
    folder.mkdir()
    members.to_parquet(folder / "a.parquet")
    members.to_csv(folder / "b.csv", index=False)
    members.to_json(folder / "c.jsonl", orient="records", lines=True)
    return tmp_path


@pytest.fixture(params=[None, bytes(32)], ids=["keys", "pseudonyms"])
def client(request: pytest.FixtureRequest, state: Path, tmp_path: Path) -> Iterator[TestClient]:
    pseudonym, opened = Pseudonym(request.param), Store.open(str(tmp_path / "events.db"))
    times = EVENTS["time"].astype("int64") // (1000 if EVENTS["time"].dt.unit == "ns" else 1)
    opened.append(
        [
            replace_time(event(pseudonym(str(who)), id=str(n)), int(at))
            for n, (who, at) in enumerate(zip(EVENTS["customer_id"], times, strict=True))
        ]
    )
    service = service_of(small_bundle(), store=opened, state=state, pseudonym=pseudonym)
    with TestClient(create_app(service)) as asked:
        yield asked
    opened.close()


def replace_time(one: object, at: int) -> object:
    from msgspec.structs import replace as changed

    return changed(one, time=at)


def test_evidence_and_audiences_forget_the_erased_and_keep_the_others(
    client: TestClient, state: Path
) -> None:
    receipt = client.delete(f"/v1/customers/{ANNA}").json()
    assert (receipt["evidence"], receipt["members"]) == (1, 6)
    (left,) = read_register(state).cases
    assert list(left.finding.evidence) == ids_of(BERT)
    assert list(read_findings(state / "findings-loan-leakage.json").findings[0].evidence) == ids_of(
        BERT
    )
    folder = state / "audiences"
    assert list(pd.read_parquet(folder / "a.parquet")["customer_id"]) == [BERT]
    assert list(pd.read_csv(folder / "b.csv")["customer_id"]) == [BERT]
    lines = (folder / "c.jsonl").read_text().splitlines()
    assert [json.loads(line)["customer_id"] for line in lines] == [BERT]


def test_a_findings_file_of_its_own_forgets_them_too(state: Path, tmp_path: Path) -> None:
    file = state / "findings-loan-leakage.json"
    times = [int(at.timestamp() * 1e6) for at in EVENTS["time"]]
    assert forget_evidence(file, {ANNA}, times) == 1
    assert list(read_findings(file).findings[0].evidence) == ids_of(BERT)
    assert forget_evidence(file, {ANNA}, times) == 0


def test_nothing_is_erased_while_a_watch_renews_the_findings(
    client: TestClient, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.customer_data_routes._PAUSE_SECONDS", 0.0)
    before = read_register(state)
    with locked(state):
        answer = client.delete(f"/v1/customers/{ANNA}")
    assert (answer.status_code, "Nothing was erased" in answer.json()["detail"]) == (409, True)
    assert str(state) not in answer.text
    assert read_register(state) == before
    assert client.delete(f"/v1/customers/{ANNA}").json()["rows"]["events"] > 0


def test_a_damaged_file_stops_the_erasure_before_events_are_touched(
    client: TestClient, state: Path
) -> None:
    (state / "audiences" / "z.csv").write_text("")
    answer = client.delete(f"/v1/customers/{ANNA}")
    assert (answer.status_code, str(state) in answer.text) == (409, False)
    (state / "audiences" / "z.csv").unlink()
    assert client.delete(f"/v1/customers/{ANNA}").json()["rows"]["events"] > 0
