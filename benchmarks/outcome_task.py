"""An outcome task: the small YAML that says where a labelled log holds what (DESIGN §9)."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from journeys.errors import DefinitionError, EventLogError, listed, with_closest
from journeys.read import read_frame
from journeys.times import read_times

CASE, TIME, ACTIVITY, POSITIVE = "case", "time", "activity", "positive"
NOT_SAID = "(not said)"
_EXAMPLE = "compare it with the files in benchmarks/tasks"


def _as_list(value: object) -> object:
    """Accept nothing or one name where a list of names may stand."""
    if value in (None, ""):
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _or_nothing(value: object) -> object:
    return None if value in ("", "null", "~") else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Frozen):
    """The file's columns that hold the case, the time and the activity."""

    case: str
    time: str
    activity: str


class Label(_Frozen):
    """The file's column that holds the outcome of a case, and which of its values count as 1."""

    column: str
    positive: Annotated[Names, Field(min_length=1)]


class Attributes(_Frozen):
    """The file's other columns: of an event or of the whole case, text or numbers."""

    event: Names = ()
    event_numeric: Names = ()
    case: Names = ()
    case_numeric: Names = ()

    @property
    def text(self) -> tuple[str, ...]:
        """Every attribute that holds text."""
        return tuple(dict.fromkeys((*self.event, *self.case)))

    @property
    def numeric(self) -> tuple[str, ...]:
        """Every attribute that holds numbers; none that is named as text, too."""
        both = dict.fromkeys((*self.event_numeric, *self.case_numeric))
        return tuple(name for name in both if name not in self.text)


class Task(_Frozen):
    """One outcome to predict.

    Attributes
    ----------
    cut_before : activities before whose first occurrence a trace is cut
    prefix_cap : the longest prefix asked about; None: the benchmark's rule
    published_auc : the best published number, or None
    """

    name: str
    columns: Columns
    label: Label
    attributes: Attributes = Attributes()
    cut_before: Names = ()
    prefix_cap: Annotated[int | None, BeforeValidator(_or_nothing), Field(gt=0)] = None
    published_auc: Annotated[float | None, BeforeValidator(_or_nothing)] = None


def read_task(path: str | Path) -> Task:
    """Read and check a task.

    Raises
    ------
    DefinitionError
        If the file is missing, is no YAML, lacks a key or has one that is not known.
    """
    path = Path(path)
    if not path.is_file():
        raise DefinitionError(f"There is no task at {str(path)!r}; check the path.")
    try:
        # As text alone: `positive: yes` or `1` must match what the file of events says.
        written = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        first = " ".join(str(error).split())
        raise DefinitionError(f"{path.name} is not YAML ({first}); {_EXAMPLE}.") from None
    if not isinstance(written, dict):
        raise DefinitionError(f"{path.name}: a task is a set of keys; {_EXAMPLE}.")
    try:
        return Task.model_validate({key: value for key, value in written.items() if value != ""})
    except ValidationError as error:
        raise DefinitionError(f"{path.name}: {_explained(error)}; {_EXAMPLE}.") from None


def _explained(error: ValidationError) -> str:
    faults = []
    for one in error.errors():
        where = ".".join(str(part) for part in one["loc"])
        if one["type"] == "extra_forbidden":
            known = with_closest(str(one["loc"][-1]), [*Task.model_fields, *_INNER])
            faults.append(f"the key {known} under {where!r} is not known")
        else:
            faults.append(f"{where}: {one['msg'].lower()}")
    return "; ".join(faults)


_INNER = (*Columns.model_fields, *Label.model_fields, *Attributes.model_fields)


def read_labelled(path: str | Path, task: Task) -> pd.DataFrame:
    """Return the labelled events of a task, sorted by time, then activity.

    Returns
    -------
    DataFrame, RangeIndex
        ``case``, ``time`` (UTC, microseconds), ``activity``, ``positive`` (1.0 or 0.0, the same in
        a whole case) and the task's attributes under their own names: text (None where the file
        says nothing) or float64. Cases without a label are left out.

    Raises
    ------
    EventLogError
        If the file cannot be read, lacks a column, or a case has two labels or the file one class.
    """
    return labelled(read_frame(path), task, source=Path(path).name)


def labelled(frame: pd.DataFrame, task: Task, *, source: str = "the table") -> pd.DataFrame:
    """Return the labelled events of a table; see `read_labelled`."""
    _require_columns(frame, task, source)
    columns = task.columns
    events = {
        CASE: _present(_text(frame[columns.case]), columns.case, source),
        TIME: _times(frame[columns.time], columns.time, source),
        ACTIVITY: _text(frame[columns.activity]).fillna(NOT_SAID),
        POSITIVE: _positive(frame, task, source),
    }
    events |= {_ours(name): _text(frame[name]) for name in task.attributes.text}
    events |= {_ours(name): _number(frame[name], source) for name in task.attributes.numeric}
    found = pd.DataFrame(events).dropna(subset=[POSITIVE])
    if found[POSITIVE].nunique() < 2:
        raise EventLogError(
            f"Of the {found[CASE].nunique():,} cases with a label in {source}, all or none are "
            f"positive (column {task.label.column!r}, positive: {listed(task.label.positive)}, "
            f"found: {listed(sorted(_text(frame[task.label.column]).dropna().unique()))}); there "
            "is nothing to predict. Correct `label:` in the task."
        )
    return found.sort_values([TIME, ACTIVITY], kind="stable", ignore_index=True)


def _ours(name: str) -> str:
    """Return the name an attribute has with us: its own, unless that has a meaning already."""
    taken = (CASE, TIME, ACTIVITY, POSITIVE, "customer_id", "channel")
    return f"{name} (attribute)" if name in taken else name


def ours(names: Iterable[str]) -> list[str]:
    """Return the names that attributes have in the labelled events."""
    return [_ours(name) for name in names]


def _require_columns(frame: pd.DataFrame, task: Task, source: str) -> None:
    named = (task.columns.case, task.columns.time, task.columns.activity, task.label.column)
    needed = dict.fromkeys((*named, *task.attributes.text, *task.attributes.numeric))
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        told = ", ".join(with_closest(name, map(str, frame.columns)) for name in missing)
        raise EventLogError(
            f"The task {task.name!r} needs the column {told}, which {source} lacks; it has "
            f"{listed(sorted(map(str, frame.columns)), most=40)}. Correct the name in the task."
        )
    if frame.empty:
        raise EventLogError(f"{source} holds no event; give one row per event.")


def _text(column: pd.Series) -> pd.Series:
    """Return text; whole numbers as 1, not as 1.0; None where nothing is said."""
    values = column.reset_index(drop=True)
    if pd.api.types.is_float_dtype(values):
        whole = values.dropna()
        if (whole == whole.round()).all() and np.isfinite(whole).all():
            values = values.astype("Int64")
    return values.astype(object).map(str, na_action="ignore").astype("str")


def _present(column: pd.Series, name: str, source: str) -> pd.Series:
    absent = int(column.isna().sum())
    if absent:
        raise EventLogError(
            f"{absent:,} of {len(column):,} events in {source} have no case (column {name!r}); "
            "fill them in or leave these events out."
        )
    return column


def _times(column: pd.Series, name: str, source: str) -> pd.Series:
    values = column.reset_index(drop=True)
    times = read_times(values)
    text = values.astype("str")
    if times.isna().any() and text.str.match(r"\s*\d{4}\D").all():  # year first: never ambiguous
        mixed = pd.to_datetime(text, utc=True, errors="coerce", format="mixed", yearfirst=True)
        times = mixed.astype("datetime64[us, UTC]")
    broken = times.isna() | pd.api.types.is_numeric_dtype(values)
    if broken.any():
        raise EventLogError(
            f"{int(broken.sum()):,} of {len(values):,} times in column {name!r} of {source} cannot "
            f"be read, for instance {str(values[broken].iloc[0])!r}; write them as in "
            "2026-03-03T09:30:00Z."
        )
    return times


def _positive(frame: pd.DataFrame, task: Task, source: str) -> pd.Series:
    """Return 1.0 or 0.0 for each event's case, NaN where the case has no label."""
    label = _text(frame[task.label.column])
    by_case = label.groupby(_text(frame[task.columns.case]))
    unsure = int(by_case.nunique().gt(1).sum())
    if unsure:
        raise EventLogError(
            f"{unsure:,} cases in {source} have more than one label (column "
            f"{task.label.column!r}); the label belongs to the case."
        )
    of_case = by_case.transform("first")
    return _is_among(of_case, task.label.positive).where(of_case.notna())


def _is_among(values: pd.Series, wanted: tuple[str, ...]) -> pd.Series:
    """Return 1.0 where a value is wanted: as written, else as a number, else in any case."""
    exact = values.isin(wanted)
    if not exact.any():
        numbers = pd.to_numeric(pd.Series(wanted), errors="coerce").dropna()
        exact = pd.to_numeric(values, errors="coerce").isin(numbers)
    if not exact.any():
        exact = values.str.casefold().isin([one.casefold() for one in wanted])
    return exact.astype("float64")


def _number(column: pd.Series, source: str) -> pd.Series:
    values = column.reset_index(drop=True)
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    if values.notna().any() and numbers.isna().all():
        raise EventLogError(
            f"The column {str(column.name)!r} of {source} holds no number, for instance "
            f"{str(values.dropna().iloc[0])!r}; name it under `event:` or `case:` in the task."
        )
    return numbers.where(np.isfinite(numbers))


def cut_traces(events: pd.DataFrame, before: Iterable[str]) -> pd.DataFrame:
    """Return the events of each case before its first event of the given activities."""
    names = tuple(before)
    reached: NDArray[np.bool_] = events[ACTIVITY].isin(names).to_numpy()
    after = pd.Series(reached, index=events.index).groupby(events[CASE]).cummax()
    return events[~after.to_numpy()].reset_index(drop=True)
