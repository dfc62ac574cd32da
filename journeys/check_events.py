"""What is wrong with the rows of a log: before anything is known of journeys."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.errors import listed, with_closest
from journeys.log import (
    ACTIVITY,
    CHANNEL,
    CUSTOMER,
    TIME,
    microseconds,
    needed_columns,
)
from journeys.problem import Problem
from journeys.times import TimeUnit, number_hint, read_times

_ZONE = r"[+-]\d\d:?\d\d$|Z$"
ANCIENT = pd.Timestamp("1971-01-01", tz="UTC")
_DATE_ALONE = 10  # characters of 2026-03-03


def readable_events(
    frame: pd.DataFrame, definition: Definition, *, now: pd.Timestamp
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the rows that can be read, in their order, and what is wrong with the table.

    In the rows returned, times are UTC instants and numeric attributes are numbers or missing; the
    table is empty where the customer, time or activity has no column at all.
    """
    if frame.empty:
        return frame, [_empty()]
    problems = list(_absent(frame, definition))
    needed = {ours: definition.column(ours) for ours in (CUSTOMER, TIME, ACTIVITY)}
    if not set(needed.values()) <= set(frame.columns):
        return frame.iloc[:0], problems
    numbers, found = _numbers(frame, definition)
    problems += found
    times, found = _times(frame[needed[TIME]], definition.time_unit)
    problems += found
    for ours in (CUSTOMER, ACTIVITY):
        problems += _nameless(frame[needed[ours]], ours)
    whole = frame.assign(**numbers, **{needed[TIME]: times})
    rows = whole[whole[list(needed.values())].notna().all(axis=1)].reset_index(drop=True)
    if rows.empty:
        return rows, [*problems, _empty()]
    problems += _attribute_problems(rows, definition)
    problems += _row_problems(rows, needed, now)
    return rows, problems


def _empty() -> Problem:
    return Problem("fault", "The log holds no event that can be read", "", "give one row per event")


def _absent(frame: pd.DataFrame, definition: Definition) -> Iterator[Problem]:
    for name in needed_columns(definition):
        if name not in frame.columns:
            yield Problem(
                "fault",
                f"The column {with_closest(name, frame.columns)} is missing",
                f"the log has {listed(sorted(map(str, frame.columns)), most=40)}",
                "correct the name in the definition, or map it under `columns:`",
            )


def _numbers(
    frame: pd.DataFrame, definition: Definition
) -> tuple[dict[str, pd.Series], list[Problem]]:
    numbers, problems = {}, []
    for ours in (*definition.attributes.numeric, *definition.said):
        name = definition.column(ours)
        if name not in frame.columns:
            continue
        numbers[name] = pd.to_numeric(frame[name], errors="coerce").astype("float64")
        broken = numbers[name].isna() & frame[name].notna()
        if broken.any():
            problems.append(
                Problem(
                    "fault",
                    f"The numeric attribute {ours!r} holds what is no number",
                    f"{_share(broken)}, for instance {str(frame.loc[broken, name].iloc[0])!r}",
                    "correct the values, or move it to `context:` or `technical:`",
                )
            )
    return numbers, problems


def _times(column: pd.Series, unit: TimeUnit | None) -> tuple[pd.Series, list[Problem]]:
    problems = list(_nameless(column, TIME))
    if unit is None and pd.api.types.is_numeric_dtype(column) and column.notna().any():
        found = f"all of them plain numbers, for instance {str(column.dropna().iloc[0])!r}"
        nothing = pd.Series(pd.NaT, index=column.index).dt.tz_localize("UTC")
        return nothing, [*problems, _unreadable_times(found, number_hint(column))]
    times = read_times(column, unit)
    broken = times.isna() & column.notna()
    if broken.any():
        found = f"{_share(broken)}, for instance {str(column[broken].iloc[0])!r}"
        problems.append(_unreadable_times(found, "write them as in 2026-03-03T09:30:00Z"))
    if unit is None and not pd.api.types.is_datetime64_any_dtype(column):
        problems += _zones(column[times.notna()].astype("str"))
    return times, problems


def _unreadable_times(found: str, do: str) -> Problem:
    return Problem("fault", "Some times cannot be read", found, do)


def _zones(texts: pd.Series) -> Iterator[Problem]:
    ends = texts[texts.str.len() > _DATE_ALONE].str[-6:]
    zoned = ends.str.contains(_ZONE, regex=True)
    zones = sorted({_zone(end) for end in ends[zoned].unique()})
    without = len(texts) - int(zoned.sum())
    if zones and without:
        yield Problem(
            "warning",
            "Some times have a zone and some have none",
            f"{without:,} of {len(texts):,} have none; the others {listed(zones)}",
            "write the zone everywhere; without one, a time is taken as UTC",
        )
    elif len(zones) > 1:
        yield Problem(
            "warning",
            "The times are in several zones",
            listed(zones),
            "nothing, if the zones are right: all are read as UTC",
        )


def _zone(end: str) -> str:
    """Return the zone of a time's last six characters; UTC is written in three ways."""
    return "Z" if end.endswith(("Z", "+00:00", "+0000")) else end[-6:].lstrip("0123456789.:")


def _nameless(column: pd.Series, ours: str) -> Iterator[Problem]:
    absent = column.isna()
    if absent.any():
        yield Problem(
            "fault",
            f"Some events have no {ours}",
            f"{_share(absent)} in column {str(column.name)!r}",
            "fill them in, or leave these events out",
        )


def _attribute_problems(rows: pd.DataFrame, definition: Definition) -> Iterator[Problem]:
    named = (*definition.attributes.categorical, *definition.attributes.numeric, CHANNEL)
    for ours in dict.fromkeys(named):
        column = definition.column(ours)
        if column not in rows.columns:
            continue
        values = rows[column].dropna().drop_duplicates()
        yield from attribute_problems(definition, ours, len(rows), values.astype(str).tolist())


def attribute_problems(
    definition: Definition, ours: str, events: int, names: Sequence[str]
) -> Iterator[Problem]:
    """Yield what is wrong with an attribute, or the channel, that has these values."""
    column, values = definition.column(ours), len(names)
    if values == 0:
        found, do = "every value is missing", "fill it in, or take it out of the definition"
        yield Problem("warning", f"The column {column!r} is empty", found, do)
    elif values == 1 and ours != CHANNEL and events > 1:
        found = f"always {names[0]!r}"
        yield Problem(
            "warning",
            f"The attribute {ours!r} never varies, so it explains nothing",
            found,
            "take it out of the definition",
        )
    elif ours in definition.attributes.categorical and values > max(1000, events / 4):
        yield Problem(
            "warning",
            f"The attribute {ours!r} looks like a key, not like a description",
            f"{values:,} values in {events:,} events",
            "take it out of `attributes:`, or give a coarser one",
        )


def _row_problems(
    rows: pd.DataFrame, needed: dict[str, str], now: pd.Timestamp
) -> Iterator[Problem]:
    times = rows[needed[TIME]]
    micros = microseconds(times)
    customers = pd.factorize(rows[needed[CUSTOMER]])[0].astype(np.int64)
    activities = pd.factorize(rows[needed[ACTIVITY]])[0].astype(np.int64)
    yield from _duplicates(rows, customers, micros, activities)
    yield from _disorder(customers, micros)
    later, ancient = int((times > now).sum()), int((times < ANCIENT).sum())
    yield from clock_problems(len(rows), later, ancient, (times.min(), times.max()))


def clock_problems(
    events: int, later: int, ancient: int, ends: tuple[pd.Timestamp, pd.Timestamp]
) -> Iterator[Problem]:
    """Yield what is wrong where so many events are later than now, or before 1971.

    ``ends``: the first and the last of all.
    """
    if later:
        yield Problem(
            "fault",
            "Some events lie in the future",
            f"{later:,} of {events:,} events, the last at {ends[1]}",
            "correct the clock or the zone: the end of the log decides what is known",
        )
    if ancient:
        yield Problem(
            "warning",
            "Some times look like an empty date",
            f"{ancient:,} of {events:,} events before 1971, the first at {ends[0]}",
            "leave these events out or correct their times",
        )


def _duplicates(
    rows: pd.DataFrame,
    customers: NDArray[np.int64],
    micros: NDArray[np.int64],
    activities: NDArray[np.int64],
) -> Iterator[Problem]:
    order = np.lexsort((activities, micros, customers))
    keys = (customers[order], micros[order], activities[order])
    same_as_before = np.all([key[1:] == key[:-1] for key in keys], axis=0)
    alike = np.zeros(len(rows), dtype=np.bool_)
    alike[order[1:][same_as_before]] = True
    alike[order[:-1][same_as_before]] = True
    suspects = rows[alike]
    odd = {name: "str" for name in suspects.columns if suspects[name].dtype == object}
    double = suspects.astype(odd).duplicated()
    if double.any():
        example = suspects[double].iloc[0]
        yield Problem(
            "warning",
            "Some rows are exact duplicates of another",
            f"{int(double.sum()):,} of {len(rows):,} events",
            "remove them if the export wrote them twice; here they count as events",
            example=f"for instance {_row_text(example)}",
        )


def _row_text(row: pd.Series) -> str:
    return ", ".join(str(value) for value in list(row)[:4])


def _disorder(customers: NDArray[np.int64], micros: NDArray[np.int64]) -> Iterator[Problem]:
    if not np.any(np.diff(micros) < 0):
        return
    order = np.argsort(customers, kind="stable")
    who, when = customers[order], micros[order]
    back = (np.diff(when) < 0) & (np.diff(who) == 0)
    if back.any():
        yield Problem(
            "warning",
            "Some events stand before an earlier event of the same customer",
            f"{int(back.sum()):,} of {len(micros):,} events, {len(np.unique(who[1:][back])):,} "
            "customers",
            "nothing, if the times are right: events are sorted by time, and those of one instant "
            "stay as they stand",
        )


def _share(flags: pd.Series) -> str:
    return f"{int(flags.sum()):,} of {len(flags):,} events"
