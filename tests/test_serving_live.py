"""The whole service, asked as people ask: by the page that explains it, by chance, in a browser."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from benchmarks.fuzz_calls import described_calls, spoilt_calls
from pages.shape import missing
from serving.app import create_app
from serving.wire import Load
from tests.serving_bundle import small_bundle
from tests.serving_live import SECRET, Live, live, serving
from tests.serving_service import service_of
from training.train import Trained

API = (Path(__file__).resolve().parent.parent / "docs" / "api.md").read_text()
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Every request of the page, and the status and shape of its answer.
SHOWN = re.findall(r"```sh\n(curl .*?)```\n+```json (\d+)\n(.*?)```", API, re.S)


@pytest.fixture(scope="module")
def whole(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(trained.bundle, tmp_path_factory.mktemp("live")) as running:
        yield running


def test_every_request_of_the_page_has_its_answer() -> None:
    assert len(re.findall(r"^curl ", API, re.M)) == len(SHOWN) > 10


@pytest.mark.parametrize(
    ("command", "status", "shape"), SHOWN, ids=[command[:60] for command, _, _ in SHOWN]
)
def test_a_request_of_the_page_is_answered_as_it_says(
    whole: Live, command: str, status: str, shape: str
) -> None:
    """In the order of the page: what is sent first is there for the next."""
    script = f'curl() {{ command curl -w "\\n%{{http_code}}" "$@"; }}\n{command}'
    said = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": "/usr/bin:/bin", "OFFRAMP": whole.address, "KEY": whole.key},
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    ).stdout
    body, _, code = said.rpartition("\n")
    assert code == status, body
    assert missing(json.loads(shape), json.loads(body)) == []


def test_a_missing_field_is_seen() -> None:
    assert missing({"a": [{"b": 1}]}, {"a": [{}]}) == [".a[].b is missing"]
    assert missing({"a": "x"}, {"a": "y"}) == [".a is 'y'"]
    assert missing({"a": "x…"}, {"a": "y"}) == []


def test_no_call_makes_the_service_stumble(whole: Live) -> None:
    headers = {"authorization": f"Bearer {whole.key}"}
    document = httpx2.get(f"{whole.address}/openapi.json", headers=headers).json()
    tallies = described_calls(document, whole.address, whole.key, each=4, of=1)
    tallies += spoilt_calls(document, whole.address, whole.key, calls=400, of=1)
    assert sum(tally.calls for tally in tallies) > 400
    assert {tally.operation: tally.statuses for tally in tallies if tally.faults} == {}
    assert {tally.operation: tally.broken for tally in tallies if tally.broken} == {}


def test_no_file_and_no_answer_holds_a_customers_key(whole: Live) -> None:
    """Where pseudonyms are on: events, scores, audiences, outcomes, errors, metrics, logs."""
    keys = set(map(str, whole.events["customer_id"].tail(1_000)))
    told = []
    with whole.client() as client:
        for key in sorted(keys)[:20]:
            told.append(client.context(key))
        told.append(list(client.members(whole.finding)))
        told.append(client.ask("GET", "/v1/suppressions?limit=1000&as_of=2026-03-15T00:00:00Z"))
        told.append(client.score([history(key) for key in sorted(keys)[:50]]))
    wrong = httpx2.post(
        f"{whole.address}/v1/events",
        headers={"authorization": f"Bearer {whole.key}"},
        json=[{"customer_id": key, "time": "soon", "activity": "x"} for key in sorted(keys)[:50]],
    )
    metrics = httpx2.get(
        f"{whole.address}/metrics", headers={"authorization": f"Bearer {whole.key}"}
    )
    assert wrong.status_code == 422
    said = json.dumps(told) + wrong.text + metrics.text
    written = [path for path in whole.folder.glob("*") if path.is_file()]
    assert {"events.db", "service.log"} <= {path.name for path in written}
    content = b"".join(path.read_bytes() for path in written)
    for key in keys:
        assert key not in said
        assert key.encode() not in content
        assert whole.key.encode() not in content
    assert SECRET not in content


def history(customer: str) -> dict[str, Any]:
    event = {"time": "2026-03-03T09:30:00Z", "activity": "refinance_started", "channel": "app"}
    return {"customer_id": customer, "events": [event]}


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_docs_page_opens_in_a_browser(tmp_path: Path) -> None:
    """It draws every path, by its own script alone: the policy forbids all others."""
    load = Load()
    with serving(create_app(service_of(small_bundle()), load), load) as address:
        said = subprocess.run(
            [
                str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--enable-logging=stderr",
                "--virtual-time-budget=8000", f"--user-data-dir={tmp_path}", "--dump-dom",
                f"{address}/docs",
            ],
            capture_output=True, check=True, text=True, timeout=60,
        )  # fmt: skip
        paths = httpx2.get(f"{address}/openapi.json").json()["paths"]
    drawn = set(re.findall(r'data-path="([^"]+)"', said.stdout))
    assert drawn == set(paths)
    assert re.findall(r"CONSOLE.*(?:Refused|violates|Error).*", said.stderr) == []
