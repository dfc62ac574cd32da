"""A log in Parquet by day, as a lake keeps it: with ties, and a third of it one customer's."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features import Plan, table
from features.everyone import Some
from journeys import labels_of, samples_of
from journeys.definition import Definition
from journeys.definition_file import parse_definition
from journeys.log import EventLog, event_log, microseconds
from journeys.simulate import MAIN_JOURNEY, simulate

BUSY = "C-busy"


def skewed(customers: int, *, seed: int) -> tuple[pd.DataFrame, Definition]:
    """Return simulated events as text, a third of which are of one customer; many tie in time."""
    made = simulate("ios_upload_bug", customers=customers, seed=seed)
    definition = parse_definition(made.definitions[MAIN_JOURNEY], source="a test")
    events = made.events.astype(dict.fromkeys(made.events.columns.drop("time"), "object"))
    events["time"] = events["time"].dt.floor("h")
    busy = events.sample(frac=0.5, random_state=seed).assign(customer_id=BUSY)
    return pd.concat([events, busy], ignore_index=True), definition


def written_by_day(events: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Write events to `day=…/` folders of two files; return them in the order of these files."""
    days = events["time"].dt.strftime("%Y-%m")
    written = []
    for day, part in events.groupby(days, sort=True):
        place = folder / f"day={day}"
        place.mkdir(parents=True)
        for number, rows in enumerate((part.iloc[::2], part.iloc[1::2])):
            pq.write_table(columns_of(rows), place / f"part {number}+a.parquet")
            written.append(rows)
    (folder / "_SUCCESS").write_text("")
    return pd.concat(written, ignore_index=True)


def columns_of(events: pd.DataFrame) -> pa.Table:
    """Return events as a table of Arrow, times in UTC microseconds."""
    times = pa.array(microseconds(events["time"]), pa.timestamp("us", "UTC"))
    kinds = {"amount": pa.float64()}
    others = {
        str(name): pa.array(column, kinds.get(str(name)) or kind_of(column), from_pandas=True)
        for name, column in events.items()
        if name != "time"
    }
    return pa.table({"time": times, **others})


def kind_of(column: pd.Series) -> pa.DataType:
    """Return the type that a column has in Arrow: a number's own, else text."""
    number = pd.api.types.is_numeric_dtype(column)
    return pa.from_numpy_dtype(column.dtype) if number else pa.string()


def written_down(shard: EventLog, definition: Definition, plan: Plan) -> pa.Table:
    """Return all that is made of a shard: its samples with labels and features, to the bit."""
    journeys = Some(shard, definition).journeys
    samples = samples_of(shard, journeys, definition)
    customer = shard.events["customer_id"].take(samples["seen"]).astype("str")
    columns = {
        "customer": pa.array(customer.to_numpy(), pa.string()),
        "cutoff": microseconds(samples["cutoff"]),
        "state": journeys["state"].cat.codes.take(samples["journey"]).to_numpy(),
        "activity": shard.events["activity"].cat.codes.take(samples["seen"]).to_numpy(),
    }
    for outcome, labels in labels_of(shard, journeys, samples, definition).items():
        columns[f"y_{outcome}"] = labels["y"].to_numpy()
        columns[f"closed_{outcome}"] = microseconds(labels["closed_at"])
    X = table(shard, journeys, samples, plan)
    return pa.table(columns | {f"x{place}": column for place, column in enumerate(X.T.copy())})


def in_order(made: pa.Table) -> pa.Table:
    """Return what was made, sorted by customer and cutoff."""
    return made.sort_by([("customer", "ascending"), ("cutoff", "ascending")])


def log_of(events: pd.DataFrame, definition: Definition) -> EventLog:
    """Return the log that one machine reads."""
    return event_log(columns_of(events).to_pandas(), definition)
