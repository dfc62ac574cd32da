"""The world of the stories: simulated customers who move money, and a server that knows them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import numpy as np
import pandas as pd

from benchmarks.served import Running, running
from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.log import event_log
from journeys.simulate import simulate
from models import Bundle, save_bundle
from rootcause.findings import Finding, finding_id
from rootcause.life import opened
from rootcause.register import Register, write_register
from serving.pseudonym import KEY, Pseudonym
from tests.quick_bundle import quick_bundle

SECRET = "a secret of thirty-two bytes or more"
HIDING = Pseudonym(SECRET.encode())
JOURNEY = "money_transfer"
NOW = pd.Timestamp("2026-03-20T12:00:00Z")
CUSTOMERS = 500


@dataclass(frozen=True)
class World:
    """Simulated events up to now, the definition, and a bundle that learnt from some of them."""

    events: pd.DataFrame
    definition: Definition
    bundle: Bundle


@cache
def world() -> World:
    """Return the world, made once; the model learns from what was before March."""
    made = simulate("ios_upload_bug", customers=CUSTOMERS, seed=21)
    definition = parse_definition(made.definitions[JOURNEY], source="a story")
    now = made.events[made.events["time"] <= NOW]
    before = made.events[made.events["time"] < pd.Timestamp("2026-03-01", tz="UTC")]
    return World(now, definition, quick_bundle(event_log(before, definition), definition))


def known_finding() -> Finding:
    """Return a finding about moving money in the newest app, which the watch follows."""
    conditions = {"activity": "transfer_submitted", "os": "iOS", "app_version": "8.2.0"}
    return Finding(
        id=finding_id(JOURNEY, "leakage", conditions),
        conditions=conditions,
        onset="2026-03-03",
        onset_interval=("2026-03-02", "2026-03-04"),
        effect=0.16,
        effect_interval=(0.12, 0.19),
        q_value=1e-8,
        rate=0.22,
        expected_rate=0.06,
        exposed_journeys=420,
        harmed_journeys=67,
    )


@dataclass(frozen=True)
class Desk:
    """A touchpoint that asks a running server."""

    server: Running

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Send something, which must be taken."""
        status, answer = self.server.ask(path, msgspec.json.encode(body))
        assert status in (200, 202), answer
        return dict(answer)

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """Ask for something, which must be there."""
        status, answer = self.server.ask(f"{path}?{urlencode(query)}" if query else path)
        assert status == 200, answer
        return dict(answer)

    def context(self, customer: str, as_of: pd.Timestamp) -> dict[str, Any]:
        """Ask for the context of a customer as of an instant."""
        return self.get(f"/v1/customers/{quote(customer)}/context", as_of=as_of.isoformat())


@contextmanager
def open_desk(folder: Path) -> Iterator[Desk]:
    """Start a server that knows the simulated customers and the finding, and sit down at it."""
    bundle = save_bundle(world().bundle, folder / "bundle")
    finding = known_finding()
    case = opened(finding, journey=JOURNEY, outcome="leakage", day="2026-03-15", at="2026-03-15")
    state = folder / "state"
    state.mkdir()
    write_register(Register((case,)), state)
    options = ("--model", str(bundle), "--database", str(folder / "events.db"))
    environment = {KEY: SECRET}
    with running(folder, *options, "--state", str(state), environment=environment) as server:
        desk = Desk(server)
        for part in np.array_split(np.arange(len(world().events)), 4):
            desk.post("/v1/events", {"events": plain_events(world().events.iloc[part])})
        yield desk


def plain_events(events: pd.DataFrame) -> list[dict[str, object]]:
    """Return events as their plain JSON, without what is not known."""
    rows = events.assign(time=events["time"].map(lambda at: at.isoformat())).to_dict("records")
    return [{str(key): value for key, value in row.items() if pd.notna(value)} for row in rows]


def lived(
    customer: str, steps: Sequence[tuple[float, str, str]], **attributes: object
) -> list[dict[str, object]]:
    """Return a customer's events about moving money: (minutes before now, activity, channel)."""
    return [
        {
            "customer_id": customer,
            "time": (NOW - pd.Timedelta(minutes=minutes)).isoformat(),
            "activity": activity,
            "channel": channel,
            "topic": JOURNEY,
            **attributes,
        }
        for minutes, activity, channel in steps
    ]
