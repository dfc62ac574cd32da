"""What the service is timed with: bundles of simulated mortgages, and one history."""

from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from benchmarks.record import Row
from features.plan import plan_of
from features.table import table
from features.vocabulary import learn_vocabulary
from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.find import find_journeys
from journeys.labels import labels_of
from journeys.log import event_log
from journeys.samples import samples_of
from journeys.simulate import MAIN_JOURNEY, simulate
from models import Bundle, TreeSettings, bundle_of, fit_outcome, part_of, recipe_of, save_bundle

SEED = 11
CUSTOMERS = 2_000
EVENTS = 30
LARGE, DEFAULT = "300 trees of 31 leaves", "default recipe"
RECIPES = {LARGE: recipe_of(TreeSettings(patience=0, seed=SEED)), DEFAULT: None}


def simulated() -> tuple[pd.DataFrame, Definition]:
    """Return events of customers on their way to a mortgage, and the definition of that journey."""
    world = simulate("ios_upload_bug", customers=CUSTOMERS, seed=SEED)
    definition = parse_definition(world.definitions[MAIN_JOURNEY], source="a benchmark")
    return world.events, definition


def made(folder: Path, events: pd.DataFrame, definition: Definition) -> dict[str, Path]:
    """Learn a bundle by each recipe, and return the folder of each."""
    log = event_log(events, definition)
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    plan = plan_of(definition, learn_vocabulary(log, definition)).renewed(log, journeys)
    X = table(log, journeys, samples, plan)
    customers = journeys["customer"].to_numpy()[samples["journey"].to_numpy()]
    labels = labels_of(log, journeys, samples, definition)
    found = {}
    for name, recipe in RECIPES.items():
        outcomes, rates = {}, {}
        for outcome, of_outcome in labels.items():
            y = of_outcome["y"].to_numpy()
            known = np.flatnonzero(~np.isnan(y))
            rates[str(outcome)] = float(y[known].mean())
            parts = [
                part_of(X[some], y[some], customers[some]) for some in np.array_split(known, 2)
            ]
            outcomes[str(outcome)] = fit_outcome(
                *parts, categorical=plan.categorical, recipe=recipe, seed=SEED
            )
        described = {"trained_to": log.ends.isoformat(), "label_rates": rates}
        found[name] = save_bundle(bundle_of(plan, outcomes, described), folder / name)
    return found


def size_of(bundle: Bundle) -> Row:
    """Return how large the models of a bundle are."""
    blends = [model.blend for model in bundle.outcomes.values()]
    return {
        "outcomes": len(blends),
        "features": len(bundle.plan.features),
        "trees": sum(blend.n_trees for blend in blends),
        "members": sum(len(blend.members) for blend in blends),
    }


def body_of(events: pd.DataFrame, definition: Definition, *, explain: int) -> bytes:
    """Return a request of one journey in flight with `EVENTS` events, as JSON."""
    return msgspec.json.encode({"histories": [history_of(events, definition)], "explain": explain})


def history_of(events: pd.DataFrame, definition: Definition) -> dict[str, object]:
    """Return a start and then steps of other customers, an hour apart, that end no journey."""
    assert definition.start is not None
    start, *_ = definition.start.where["activity"]
    rules = (definition.start, definition.success, definition.failure, definition.churn)
    ends = {one for rule in rules if rule for one in rule.where.get("activity", ())}
    contacts = definition.leakage.where["channel"] if definition.leakage else ()
    mine = events[events["topic"] == definition.name]
    quiet = mine[~mine["activity"].isin(ends) & ~mine["channel"].isin(contacts)]
    first = mine[mine["activity"] == start].iloc[:1]
    chosen = pd.concat([first, quiet.iloc[: EVENTS - 1]]).drop(columns="customer_id")
    plain = chosen.astype(object).where(chosen.notna(), None)
    hours = pd.Timestamp("2026-03-01T08:00:00Z") + pd.to_timedelta(np.arange(EVENTS), unit="h")
    plain["time"] = [hour.isoformat() for hour in hours]
    told = [
        {name: value for name, value in event.items() if value is not None}
        for event in plain.to_dict("records")
    ]
    return {"customer_id": "c-1", "events": told, "as_of": "2026-03-02T20:00:00Z"}
