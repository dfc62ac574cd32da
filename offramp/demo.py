"""The demo: the whole road on simulated customers, each step timed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from journeys.definition_file import load_definition
from journeys.find import find_journeys
from journeys.labels import at_risk_of
from journeys.log import EventLog
from journeys.read import read_events
from journeys.samples import samples_at_end
from journeys.shards import HeldShards
from journeys.simulate import simulate, write_simulation
from models.bundle import Bundle
from offramp.causes import searched_for_all
from offramp.console import out, working, write_json
from offramp.reported import Sources, data_of
from offramp.show import evaluated, found_causes, scored
from offramp.show_models import placed_briefly
from rootcause.findings import write_findings
from rootcause.report import write_report
from serving.registry import fetch_bundle
from serving.scoring import answer_as_dict, answer_to
from training.reports import keep_report
from training.score import score_open
from training.tracking import Tracked, track
from training.train import train

SCENARIO = "ios_upload_bug"


@dataclass(frozen=True)
class _Places:
    """Where the demo writes."""

    folder: Path

    @property
    def events(self) -> Path:
        return self.folder / "simulated" / "events.parquet"

    @property
    def journey(self) -> Path:
        return self.folder / "simulated" / "journey.yaml"

    @property
    def other_journeys(self) -> list[Path]:
        """The definitions of the customers' other journeys, in the same log."""
        return sorted(set(self.events.parent.glob("*.yaml")) - {self.journey})

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    @property
    def request(self) -> Path:
        return self.folder / "score-request.json"

    @property
    def answer(self) -> Path:
        return self.folder / "score-answer.json"

    def findings(self, outcome: str) -> Path:
        return self.folder / f"findings-{outcome}.json"


def run_demo(*, customers: int, seed: int, folder: str) -> None:
    """Simulate, train, track, find causes, report and score; say where everything is."""
    console, places = out(), _Places(Path(folder))
    with _step(console, f"Simulate {customers:,} customers ({SCENARIO})"):
        write_simulation(simulate(SCENARIO, customers=customers, seed=seed), places.events.parent)
    with _step(console, "Read the event log"):
        definition = load_definition(places.journey)
        log = read_events(places.events, definition)
    with _step(console, "Train success, leakage and churn"), working("Training") as tell:
        trained = train(log, definition, seed=seed, progress=tell)
    console.print(evaluated(trained.bundle.manifest["evaluation"]))
    with _step(console, "Track and register the model in MLflow"), working("Tracking"):
        tracked = track(trained, source=str(places.events))
    console.print(placed_briefly(tracked))
    with _step(console, "Find causes and their symptoms"), working("Searching") as tell:
        findings = searched_for_all(log, definition, seed=seed, tell=tell)
    for found in findings:
        write_findings(found, places.findings(found.outcome))
        console.print(found_causes(found))
    with _step(console, "Write the report"), working("Writing") as tell:
        definitions = [definition, *map(load_definition, places.other_journeys)]
        sources = Sources(str(places.events), definitions, trained.bundle, tracked.uri)
        written = write_report(
            places.report,
            data_of(sources, HeldShards(definition, log), findings, some=log, tell=tell),
            progress=tell,
        )
        keep_report(tracked.uri, written)
    with _step(console, "Score the customer most likely to call"):
        registered = fetch_bundle(tracked.uri)
        request = _request_of_the_likeliest(log, registered)
        answer = answer_to([registered], request)
    write_json(str(places.request), request)
    write_json(str(places.answer), answer_as_dict(answer))
    console.print(*(scored(one) for one in answer.predictions[0].journeys))
    _where_next(console, places, tracked)


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    console.print(f"[bold]{what}[/bold] [dim]{time.perf_counter() - began:.1f} s[/dim]")


def _request_of_the_likeliest(log: EventLog, bundle: Bundle) -> dict[str, object]:
    """Return a scoring request with the history of the open journey likeliest to call.

    Whoever has called already is not asked: their label is no longer open.
    """
    journeys = find_journeys(log, bundle.plan.definition)
    scores = score_open(log, bundle)
    samples = samples_at_end(log, journeys)
    scores = scores[at_risk_of(log, journeys, samples, bundle.plan.definition)["leakage"]]
    customer = str(scores["customer_id"].iloc[int(scores["p_leakage"].argmax())])
    events = log.events[log.events["customer_id"] == customer].drop(columns="customer_id")
    written = events.assign(time=events["time"].map(pd.Timestamp.isoformat)).to_dict(
        orient="records"
    )
    known = [{str(k): v for k, v in row.items() if not pd.isna(v)} for row in written]
    history = {"customer_id": customer, "events": known, "as_of": log.ends.isoformat()}
    return {"histories": [history], "explain": 3}


def _where_next(console: Console, places: _Places, tracked: Tracked) -> None:
    """Say where everything is and three commands to try next."""
    on = f"--events {places.events} --journey {places.journey}"
    findings, audience = places.findings("leakage"), places.folder / "audience.csv"
    told = [
        f"Report    {places.report} (the same as data: {places.report.with_suffix('.json')})",
        f"Findings  {findings}, one file per outcome",
        f"Model     {tracked.uri} (to look: mlflow ui --backend-store-uri sqlite:///mlflow.db)",
        f"Score     {places.answer}, asked by {places.request}",
        f"Data      {places.events.parent}/ (truth.json says what was planted)",
        "",
        "Try next:",
        f"  offramp check {on}",
        f"  offramp audience {on} --model {tracked.uri} --findings {findings} --out {audience}",
        f"  offramp serve --model {tracked.uri}",
        "    and then, in another terminal: curl -H 'content-type: application/json' "
        f"-d @{places.request} http://127.0.0.1:8000/v1/score",
    ]
    console.print("\n".join(told), soft_wrap=True, markup=False)
