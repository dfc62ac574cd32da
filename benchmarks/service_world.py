"""A whole service to ask: a bundle, a finding with its audience, keys, and events to send."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.log import event_log
from journeys.simulate import MAIN_JOURNEY, simulate
from models import save_bundle
from offramp.audiences import gathered_all, terms_of
from rootcause.findings import Finding, Findings, Searched, finding_id, write_findings
from rootcause.life import opened
from rootcause.register import Register, write_register
from serving.keys import SCOPES, add_key
from training.score import write_scores
from training.train import train

SEED, CUSTOMERS = 11, 2_000
TODAY = pd.Timestamp("2026-03-16", tz="UTC")

_AT = "2026-03-15T00:00:00Z"


@dataclass(frozen=True)
class ServiceWorld:
    """What `offramp serve` is given, and one key that is good for everything."""

    bundle: Path
    state: Path
    keys: Path
    key: str
    finding: str
    events: pd.DataFrame

    def options(self, database: str) -> tuple[str, ...]:
        """Return the options of a service that has every part."""
        told = ("--model", str(self.bundle), "--state", str(self.state), "--keys", str(self.keys))
        return (*told, "--database", database)


def service_world(folder: Path) -> ServiceWorld:
    """Simulate a lender whose app has a bug, train on it, and write down what a watch would find.

    The finding is the planted one: a search would need thousands of customers to name it.
    """
    world = simulate("ios_upload_bug", customers=CUSTOMERS, seed=SEED)
    definition = parse_definition(world.definitions[MAIN_JOURNEY], source="a benchmark")
    events = world.events[world.events["time"] < TODAY].reset_index(drop=True)
    trained = train(event_log(events, definition), definition, seed=SEED)
    bundle = save_bundle(trained.bundle, folder / "bundle")
    state, finding = found_in(folder, events, definition, bundle)
    keys = folder / "keys.json"
    key = add_key(keys, "everything", SCOPES, None)
    return ServiceWorld(bundle, state, keys, key, finding, events)


def found_in(
    folder: Path, events: pd.DataFrame, definition: Definition, bundle: Path
) -> tuple[Path, str]:
    """Write the folder of a watch that has found the planted bug, with today's audience of it.

    Return the folder and the finding's id.
    """
    finding, state = _planted(), folder / "state"
    case = opened(finding, journey=MAIN_JOURNEY, outcome="leakage", day="2026-03-15", at=_AT)
    write_register(Register(cases=(case,)), state)
    found = Findings(MAIN_JOURNEY, "leakage", _AT, Searched(9, 7, 1_000, 0.05), 0.05, (finding,))
    write_findings(found, folder / "findings.json")
    people, _ = gathered_all(
        event_log(events, definition),
        definition,
        (str(bundle), str(folder / "findings.json"), ""),
        segment=None,
        terms=terms_of(None, days=7.0, hold_out=0.1, previous=""),
    )
    (state / "audiences").mkdir()
    write_scores(people, str(state / "audiences" / "today.parquet"))
    return state, finding.id


def cloud_events(events: pd.DataFrame) -> list[dict[str, object]]:
    """Return events as CloudEvents 1.0, each known by its place in the log."""
    rows = events.astype(object).where(events.notna(), None).to_dict("records")
    named = [{str(name): value for name, value in row.items()} for row in rows]
    return [_cloud_event(number, row) for number, row in enumerate(named)]


def _cloud_event(number: int, row: dict[str, object]) -> dict[str, object]:
    known = ("customer_id", "time", "activity")
    return {
        "specversion": "1.0",
        "id": str(number),
        "source": "urn:example:app",
        "type": row["activity"],
        "subject": row["customer_id"],
        "time": str(row["time"]),
        "data": {name: value for name, value in row.items() if name not in known},
    }


def _planted() -> Finding:
    conditions = {"activity": "document_upload", "os": "iOS", "app_version": "8.2.0"}
    return Finding(
        id=finding_id(MAIN_JOURNEY, "leakage", conditions),
        conditions=conditions,
        onset="2026-03-03",
        onset_interval=("2026-03-02", "2026-03-04"),
        effect=0.157,
        effect_interval=(0.13, 0.18),
        q_value=1e-6,
        rate=0.3,
        expected_rate=0.143,
        exposed_journeys=105,
        harmed_journeys=16,
    )
