"""A table of events from rows of another system's form: who, when, what, where, each event once."""

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from journeys.definition import plain_text
from journeys.errors import EventLogError, listed
from journeys.form_rows import rows_of_form
from journeys.forms import Form
from journeys.identities import owners_of
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, TIME, microseconds
from journeys.nested import Spread
from journeys.rows import Row, table_of
from journeys.times import read_times

NOTES = "offramp.read"
"""The key of a frame's ``attrs`` under which stands what was left out: (what, found, do) each."""


def formed(
    rows: Iterable[Row], form: Form, *, columns: Collection[str] | None, source: str
) -> pd.DataFrame:
    """Return the events of rows of a form, in the order of the file.

    Beside ``customer_id``, ``time`` (UTC), ``activity`` and ``channel`` the columns stay what they
    are, nested ones under their dotted names; only ``columns``, where given.

    Raises
    ------
    EventLogError
        If the rows are not of this form.
    """
    wanted = None if columns is None else {*columns, *form.sources}
    table = table_of(rows_of_form(rows, form, Spread.of(wanted, source)), columns=wanted)
    _refuse_another(table, form, source)
    notes: list[tuple[str, str, str]] = []
    table = _once(table, form, notes)
    whole = _told(table, form, notes)
    if form.kind and form.events:
        whole = whole[whole[form.kind].isin(form.events)]
    events = _of_somebody(whole, notes).reset_index(drop=True)
    events.attrs[NOTES] = notes
    return events


def _refuse_another(table: pd.DataFrame, form: Form, source: str) -> None:
    needed = {"customer": (*form.customer, *form.visitor), "time": form.time}
    for what, names in (needed | {"activity": form.activity}).items():
        if not set(names) & set(table.columns) and len(table):
            raise EventLogError(
                f"{source} is not {form.title}: nothing in it says the {what}, which would stand "
                f"in {listed(names)}; it has {listed(sorted(map(str, table.columns)))}. Take "
                f"`form: {form.name}` out of the definition, or give another form."
            )


def _once(table: pd.DataFrame, form: Form, notes: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Return the table without events whose name was there before."""
    names = [name for name in form.id if name in table.columns]
    if not form.id or len(names) < len(form.id):
        return table
    again = table.duplicated(names) & table[names].notna().all(axis=1)
    if again.any():
        found = f"{int(again.sum()):,} of {len(table):,} rows"
        what = f"Some events came twice, by their {' and '.join(names)}"
        notes.append((what, found, "nothing: each counts once"))
    return table[~again].reset_index(drop=True)


def _told(table: pd.DataFrame, form: Form, notes: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Return the table with our columns, and with what holds from then on."""
    raw = _first_of(table, form.time)
    times = read_times(raw, form.time_unit)
    joins = _joining(table, form)
    owners = owners_of(
        _keys(table, form.customer),
        _keys(table, form.visitor),
        pd.Series(microseconds(times)),
        joins=joins,
    )
    if owners.refused:
        notes.append(
            (
                "Some visitors were joined to several customers",
                f"{owners.refused:,} further joins",
                "nothing: the first holds; what names a customer itself is that customer's",
            )
        )
    ours = {
        CUSTOMER: owners.owners,
        TIME: times if times.notna().all() else raw,  # the message shows what was written
        ACTIVITY: _first_of(table, form.activity),
        CHANNEL: _first_of(table, form.channel),
    }
    if not set(form.channel) & set(table.columns):
        del ours[CHANNEL]
    return _carried(table.assign(**ours), form, times)


def _joining(table: pd.DataFrame, form: Form) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    if not form.joins or form.kind not in table.columns:
        return np.full(len(table), not form.joins)
    return np.asarray(table[form.kind].isin(form.joins), dtype=np.bool_)


def _carried(table: pd.DataFrame, form: Form, times: pd.Series) -> pd.DataFrame:
    """Return the table with what was said of a customer in every later row, until said anew."""
    names = [name for name in table.columns if form.carried and name.startswith(form.carried)]
    if not names:
        return table
    order = np.argsort(microseconds(times), kind="stable")
    known = table[names].iloc[order].groupby(table[CUSTOMER].iloc[order], sort=False).ffill()
    return table.assign(**{name: known[name] for name in names})


def _of_somebody(table: pd.DataFrame, notes: list[tuple[str, str, str]]) -> pd.DataFrame:
    nobody = table[CUSTOMER].isna()
    if nobody.any() and not nobody.all():
        found = f"{int(nobody.sum()):,} of {len(table):,} events"
        do = "nothing, if they were made without consent or by a machine; they are left out"
        notes.append(("Some events name nobody", found, do))
        return table[~nobody]
    return table


def _first_of(table: pd.DataFrame, names: Iterable[str]) -> pd.Series:
    """Return of each row the first of some columns that holds something."""
    found = pd.Series([None] * len(table), dtype=object)
    for name in names:
        if name in table.columns:
            column = table[name]
            found = column if found.isna().all() else found.where(found.notna(), column)
    return found


def _keys(table: pd.DataFrame, names: Iterable[str]) -> pd.Series:
    """Return keys as text; an empty one names nobody."""
    keys = _first_of(table, names).map(plain_text, na_action="ignore").astype(object)
    return keys.where(keys != "", None)
