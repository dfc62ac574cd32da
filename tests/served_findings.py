"""A service that knows findings and audiences, and callers who read them page by page."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from fastapi.testclient import TestClient

from journeys.find import find_journeys
from journeys.log import event_log
from rootcause.audience import gathered
from rootcause.life import opened
from rootcause.listing import Terms
from rootcause.register import Register, write_register
from serving.app import create_app
from serving.known_issues import KnownIssues
from tests.rootcause_world import DEFINITION, SmallWorld, small_world
from tests.serving_bundle import small_bundle
from tests.serving_service import service_of

NOW = 1_777_000_000_000_000  # 24 April 2026
DAYS = ("2026-04-01", "2026-04-08", "2026-04-15")


@cache
def world() -> SmallWorld:
    """Return a world with a finding, made once."""
    return small_world(300)


@cache
def lists() -> tuple[pd.DataFrame, ...]:
    """Return its audience as it was listed on three days, a fifth held out."""
    found = []
    events = world().log.events.astype({"customer_id": str})
    for day in DAYS:
        log = event_log(events[events["time"] <= pd.Timestamp(day, tz="UTC")], DEFINITION)
        terms = Terms(hold_out=0.2)
        asked = (log, find_journeys(log, DEFINITION), DEFINITION, world().finding)
        people, _ = gathered(*asked, outcome="leakage", terms=terms)
        found.append(people)
    return tuple(found)


def state_in(folder: Path) -> Path:
    """Write the folder of a watch that follows the finding, with its audiences."""
    at = "2026-04-20T00:00:00Z"
    case = opened(world().finding, journey="loan", outcome="leakage", day=at[:10], at=at)
    write_register(Register((case,)), folder)
    (folder / "audiences").mkdir()
    for day, people in zip(DAYS, lists(), strict=True):
        people.to_parquet(folder / "audiences" / f"{day}.parquet")
    return folder


def asking(state: Path | None, **parts: object) -> Iterator[TestClient]:
    """Yield a client of a service that knows what stands in a folder."""
    service = service_of(
        small_bundle(), issues=KnownIssues(state), state=state, clock=lambda: NOW, **parts
    )
    with TestClient(create_app(service)) as client:
        yield client


def all_pages(client: TestClient, path: str, rows: str) -> list[dict[str, Any]]:
    """Return the rows of all pages, seven a page."""
    found: list[dict[str, Any]] = []
    joint, cursor = "&" if "?" in path else "?", ""
    while True:
        answer = client.get(f"{path}{joint}limit=7{cursor}")
        assert answer.status_code == 200, answer.text
        found += answer.json()[rows]
        if answer.json()["next"] is None:
            return found
        cursor = f"&cursor={answer.json()['next']}"


def one_id(client: TestClient) -> str:
    """Return the id of the one finding."""
    return str(client.get("/v1/findings").json()["findings"][0]["id"])
