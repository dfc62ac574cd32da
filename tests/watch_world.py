"""The small world with one planted cause, as a file that is watched from day to day."""

from pathlib import Path

import pandas as pd
import yaml

from journeys.definition import Definition
from rootcause.findings import Finding
from rootcause.life import Case, opened
from tests.rootcause_world import DEFINITION, START, SmallWorld

AT = "2026-03-01T00:00:00Z"


def day(number: float) -> pd.Timestamp:
    return START + pd.Timedelta(days=number)


def written(
    world: SmallWorld, folder: Path, definition: Definition = DEFINITION
) -> tuple[str, str]:
    """Write the world as a user has it: a file of events and a definition."""
    events, journey = folder / "events.parquet", folder / "journey.yaml"
    world.log.events.to_parquet(events)
    journey.write_text(yaml.safe_dump(definition.as_dict()))
    return str(events), str(journey)


def files_of(state: Path) -> dict[str, bytes]:
    """Return every file of a state folder, hidden ones but the lock included."""
    return {path.name: path.read_bytes() for path in state.iterdir() if path.name != ".lock"}


def finding(**changed: object) -> Finding:
    """Return a finding of which only what is given matters."""
    told: dict[str, object] = {
        "id": "f_000000000000",
        "conditions": {"activity": "upload", "os": "iOS"},
        "onset": "2026-02-10",
        "onset_interval": ("2026-02-09", "2026-02-12"),
        "effect": 0.2,
        "effect_interval": (0.15, 0.25),
        "q_value": 1e-6,
        "rate": 0.3,
        "expected_rate": 0.1,
        "exposed_journeys": 500,
        "harmed_journeys": 100,
    }
    return Finding(**(told | changed))  # type: ignore[arg-type]


def case(**changed: object) -> Case:
    """Return a case opened on the first of March, of a finding with some fields changed."""
    return opened(finding(**changed), journey="loan", outcome="leakage", day=AT[:10], at=AT)
