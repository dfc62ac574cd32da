"""The peers: the features of `feature_log.COMPARED` by pandas, polars and DuckDB.

Each takes the sorted events in its own kind of table and returns one column a feature at every
event, by the feature's name; each is written as its own manual advises, without loops over
customers.  What the vocabulary calls *never seen* is constant here, and no peer need compute it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.feature_log import ACTIVITIES, CHANGES, CHANNELS, LAST, Work

Columns = Mapping[str, NDArray[np.float64]]
_HOUR = 3.6e9
_VALUES = {"activity": ACTIVITIES, "channel": CHANNELS}


class Peer(Protocol):
    """An engine: events in its own table, then features in its own table, then plain arrays."""

    def given(self, events: pd.DataFrame, threads: int) -> Any:
        """Return the events in the peer's table; not timed."""

    def features(self, given: Any) -> Any:
        """Return the features in the peer's table; timed."""

    def columns(self, computed: Any) -> Columns:
        """Return the features as arrays, to be held against the kernel's; not timed."""


def sorted_events(work: Work) -> pd.DataFrame:
    """Return the log's events as any engine would be given them: codes, microseconds, numbers."""
    events = work.log.events
    return pd.DataFrame(
        {
            "place": np.arange(len(events)),
            "customer": work.log.customers,
            "time": events["time"].dt.tz_localize(None),
            "activity": _codes(events["activity"], ACTIVITIES),
            "channel": _codes(events["channel"], CHANNELS),
            "amount": events["amount"],
        }
    )


def code_of_activity(work: Work) -> NDArray[np.float64]:
    """Return the vocabulary's code of each of `ACTIVITIES`, as the kernel's last values have it."""
    labels = work.plan.vocabulary.labels("activity")
    return np.array([labels.index(name) for name in ACTIVITIES], dtype=np.float64)


def _codes(column: pd.Series, values: tuple[str, ...]) -> NDArray[np.int32]:
    place = {name: code for code, name in enumerate(values)}
    of_category = np.array([place[name] for name in column.cat.categories], dtype=np.int32)
    return np.asarray(of_category[column.cat.codes.to_numpy()])


def _named(column: str, code: int) -> str:
    """Return how a feature calls a value: an activity by itself, a channel with its column."""
    value = _VALUES[column][code]
    return value if column == "activity" else f"{column} {value}"


def _each_value() -> list[tuple[str, int]]:
    return [(column, code) for column, values in _VALUES.items() for code in range(len(values))]


class Pandas:
    """``groupby`` with its cumulative, filling, expanding and rolling functions."""

    def given(self, events: pd.DataFrame, threads: int) -> pd.DataFrame:  # noqa: ARG002
        """Return the events."""
        return events

    def features(self, given: pd.DataFrame) -> pd.DataFrame:
        """Return the features, one column each."""
        customer, times = given["customer"], given["time"].astype("int64")
        hours = times / _HOUR
        by_customer = given.groupby("customer", sort=False)
        number = by_customer.cumcount() + 1
        found: dict[str, pd.Series] = {
            "elapsed_hours": hours - hours.groupby(customer, sort=False).transform("first"),
            "silence_hours": pd.Series(0.0, index=given.index),
            "event_count": number,
        }
        found |= self._of_values(given, times, number)
        gaps = hours.groupby(customer, sort=False).diff()
        found |= _renamed(self._statistics(gaps, customer), "gap", "_hours")
        found |= _renamed(self._statistics(given["amount"], customer), "amount", "")
        before = by_customer["channel"].shift()
        found["channel_switch_count"] = self._running(
            before.notna() & (before != given["channel"]), customer
        )
        for origin, target in CHANGES:
            changed = (before == CHANNELS.index(origin)) & (
                given["channel"] == CHANNELS.index(target)
            )
            found[f"channel {origin} to {target}_count"] = self._running(changed, customer)
        for back in range(1, LAST + 1):
            found[f"activity_{back}_back"] = by_customer["activity"].shift(back - 1)
        return pd.DataFrame(found)

    def columns(self, computed: pd.DataFrame) -> Columns:
        """Return the columns as arrays."""
        return {str(name): one.to_numpy(dtype=np.float64) for name, one in computed.items()}

    def _of_values(
        self, given: pd.DataFrame, times: pd.Series, number: pd.Series
    ) -> dict[str, pd.Series]:
        found: dict[str, pd.Series] = {}
        customer = given["customer"]
        for column, code in _each_value():
            name, is_it = _named(column, code), given[column] == code
            found[f"{name}_count"] = self._running(is_it, customer)
            last = times.where(is_it).groupby(customer, sort=False).ffill()
            found[f"{name}_since_hours"] = (times - last) / _HOUR
            if column == "channel":
                found[f"{name}_share"] = found[f"{name}_count"] / number
                found[f"{name}_count_24h"] = self._lately(is_it, given)
        return found

    def _running(self, flags: pd.Series, customer: pd.Series) -> pd.Series:
        return flags.astype(np.int64).groupby(customer, sort=False).cumsum()

    def _lately(self, flags: pd.Series, given: pd.DataFrame) -> pd.Series:
        frame = pd.DataFrame(
            {"customer": given["customer"], "time": given["time"], "flag": flags.astype(np.float64)}
        )
        rolled = frame.groupby("customer", sort=False).rolling("24h", on="time")["flag"].sum()
        return pd.Series(rolled.to_numpy(), index=given.index)

    def _statistics(self, values: pd.Series, customer: pd.Series) -> dict[str, pd.Series]:
        of_customer = values.groupby(customer, sort=False)
        so_far = of_customer.expanding()
        found = {"last": of_customer.ffill()}
        found["smallest"], found["largest"] = (so_far.min(), so_far.max())
        found["mean"], found["std"] = (so_far.mean(), so_far.std(ddof=0))
        return {
            which: pd.Series(one.to_numpy(), index=values.index) for which, one in found.items()
        }


class Polars:
    """Expressions over the customer, all of them in one query."""

    def given(self, events: pd.DataFrame, threads: int) -> Any:  # noqa: ARG002
        """Return a polars frame; its number of threads is set before it is imported."""
        import polars as pl

        frame = pl.from_dict({name: events[name].to_numpy() for name in events})
        return frame.with_columns(pl.col("amount").fill_nan(None))

    def features(self, given: Any) -> Any:
        """Return a frame of the features."""
        import polars as pl

        col, hour = pl.col, _HOUR
        times = col("time").dt.timestamp("us")
        lazy = given.lazy().with_columns(
            gap=times.diff().over("customer") / hour, before=col("channel").shift().over("customer")
        )
        number = col("place").cum_count().over("customer")
        found = {
            "elapsed_hours": (times - times.first().over("customer")) / hour,
            "silence_hours": pl.lit(0.0),
            "event_count": number,
        }
        for column, code in _each_value():
            name, is_it = _named(column, code), col(column) == code
            count = is_it.cast(pl.Int32).cum_sum().over("customer")
            last = pl.when(is_it).then(times).forward_fill().over("customer")
            found[f"{name}_count"] = count
            found[f"{name}_since_hours"] = (times - last) / hour
            if column == "channel":
                found[f"{name}_share"] = count / number
                lately = is_it.cast(pl.Int32).rolling_sum_by("time", "24h")
                found[f"{name}_count_24h"] = lately.over("customer")
        found |= _renamed(self._statistics(col("gap")), "gap", "_hours")
        found |= _renamed(self._statistics(col("amount")), "amount", "")
        found |= self._changes(col("before"), col("channel"))
        for back in range(1, LAST + 1):
            found[f"activity_{back}_back"] = col("activity").shift(back - 1).over("customer")
        return lazy.select(**found).collect()

    def columns(self, computed: Any) -> Columns:
        """Return the columns as arrays."""
        return {
            name: computed[name].cast(float).fill_null(np.nan).to_numpy()
            for name in computed.columns
        }

    def _statistics(self, value: Any) -> dict[str, Any]:
        """Return the statistics; a running window as long as the log keeps the digits of std."""
        return {
            "last": value.forward_fill().over("customer"),
            "smallest": value.cum_min().forward_fill().over("customer"),
            "largest": value.cum_max().forward_fill().over("customer"),
            "mean": value.rolling_mean(_ENDLESS, min_samples=1).over("customer"),
            "std": value.rolling_std(_ENDLESS, min_samples=1, ddof=0).over("customer"),
        }

    def _changes(self, before: Any, now: Any) -> dict[str, Any]:
        changed = {"channel_switch_count": before != now}
        for origin, target in CHANGES:
            is_it = (before == CHANNELS.index(origin)) & (now == CHANNELS.index(target))
            changed[f"channel {origin} to {target}_count"] = is_it
        return {
            name: one.fill_null(value=False).cast(int).cum_sum().over("customer")
            for name, one in changed.items()
        }


class DuckDB:
    """One statement of window functions."""

    def given(self, events: pd.DataFrame, threads: int) -> Any:
        """Return a connection that holds the events as a table of its own."""
        import duckdb

        connection = duckdb.connect(config={"threads": threads} if threads else {})
        connection.register("frame", events)
        nullable = "NULLIF(amount, 'NaN'::DOUBLE) AS amount"
        connection.execute(
            f"CREATE TABLE events AS SELECT * REPLACE ({nullable}), epoch_us(time) / {_HOUR} AS h "
            "FROM frame"
        )
        return connection

    def features(self, given: Any) -> Any:
        """Return the connection, the features in a table of its own."""
        given.execute(f"CREATE OR REPLACE TEMP TABLE features AS {statement()}")
        return given

    def columns(self, computed: Any) -> Columns:
        """Return the columns as arrays, in the order of the events."""
        read = computed.execute("SELECT * FROM features ORDER BY place").fetchnumpy()
        read.pop("place")
        return {
            name: np.ma.filled(np.ma.asarray(one).astype(np.float64), np.nan)
            for name, one in read.items()
        }


def statement() -> str:
    """Return the features as SQL."""
    before, now = "before", "channel"
    found = {
        "elapsed_hours": "h - first_value(h) OVER so_far",
        "silence_hours": "0.0",
        "event_count": "count(*) OVER so_far",
    }
    for column, code in _each_value():
        name, is_it = _named(column, code), f"FILTER ({column} = {code})"
        found[f"{name}_count"] = f"count(*) {is_it} OVER so_far"
        # a customer's events are in order of time, so the last time is the largest
        found[f"{name}_since_hours"] = f"h - max(h) {is_it} OVER so_far"
        if column == "channel":
            found[f"{name}_share"] = f"count(*) {is_it} OVER so_far / count(*) OVER so_far"
            found[f"{name}_count_24h"] = f"count(*) {is_it} OVER lately"
    for name, value, unit in (("gap", "gap", "_hours"), ("amount", "amount", "")):
        found[f"{name}_last{unit}"] = f"last_value({value} IGNORE NULLS) OVER so_far"
        for which, function in _STATISTICS.items():
            found[f"{name}_{which}{unit}"] = f"{function}({value}) OVER so_far"
    found["channel_switch_count"] = f"count(*) FILTER ({before} <> {now}) OVER so_far"
    for origin, target in CHANGES:
        is_it = f"{before} = {CHANNELS.index(origin)} AND {now} = {CHANNELS.index(target)}"
        found[f"channel {origin} to {target}_count"] = f"count(*) FILTER ({is_it}) OVER so_far"
    for back in range(1, LAST + 1):
        found[f"activity_{back}_back"] = f"lag(activity, {back - 1}) OVER so_far"
    columns = ", ".join(f'{how} AS "{name}"' for name, how in found.items())
    return (
        f"SELECT place, {columns} FROM (SELECT *, h - lag(h) OVER mine AS gap, "
        "lag(channel) OVER mine AS before FROM events "
        "WINDOW mine AS (PARTITION BY customer ORDER BY place)) "
        "WINDOW so_far AS (PARTITION BY customer ORDER BY place ROWS UNBOUNDED PRECEDING), "
        "lately AS (PARTITION BY customer ORDER BY time RANGE BETWEEN "
        "INTERVAL '86399.999999 seconds' PRECEDING AND CURRENT ROW)"
    )


def _renamed(statistics: Mapping[str, Any], name: str, unit: str) -> dict[str, Any]:
    return {f"{name}_{which}{unit}": one for which, one in statistics.items()}


_ENDLESS = 2**31 - 1
_STATISTICS = {"smallest": "min", "largest": "max", "mean": "avg", "std": "stddev_pop"}
PEERS: Mapping[str, Peer] = MappingProxyType(
    {"pandas": Pandas(), "polars": Polars(), "duckdb": DuckDB()}
)
