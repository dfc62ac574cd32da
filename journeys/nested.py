"""What is nested becomes columns, by one rule, wherever it stands: JSON, Parquet, XES, a query.

====================================  ============================================================
a value                               becomes
====================================  ============================================================
an object                             a column per key: ``device.os.name``
a list of keyed values                a column per key: ``event_params.page``, of
                                      ``[{"key": "page", "value": ...}]`` (or ``name``, ``value``)
a value per type                      the one that is there, of ``{"int_value": 7, ...}``
any other list                        its text
====================================  ============================================================

Nobody pays for what nobody asks: a nested value stays one column of text (JSON) until somebody asks
for a column inside it, by its dotted name.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from journeys.errors import EventLogError
from journeys.rows import Row

DEEPEST = 10
MOST_COLUMNS = 1_000

_BY_TYPE = ("string_value", "int_value", "float_value", "double_value")
_TYPED = {*_BY_TYPE, "bool_value", "set_timestamp_micros"}
_KEYS = ("key", "name")
_WRAPPERS = ({"element"}, {"item"})  # how writers of Parquet name the entries of a list


@dataclass(frozen=True)
class Spread:
    """Which nested values of a file become columns: all, or those with a dotted name asked for.

    Attributes
    ----------
    asked : the columns that are wanted; None: everything that is nested is spread
    source : what the file is called in a message
    seen : the columns made so far, so that keys that are data cannot become a million columns
    """

    asked: frozenset[str] | None = frozenset()
    source: str = "the log"
    seen: set[str] = field(default_factory=set)
    _inside: set[str] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        """Note the columns inside which something is asked for."""
        for name in self.asked or ():
            parts = name.split(".")
            self._inside.update(".".join(parts[:end]) for end in range(1, len(parts)))

    @classmethod
    def of(cls, asked: Iterable[str] | None, source: str) -> "Spread":
        """Return the rule for some columns of a source; None asks for everything."""
        return cls(None if asked is None else frozenset(asked), source)

    def opens(self, name: str) -> bool:
        """Whether somebody asks for a column inside this one."""
        return self.asked is None or name in self._inside

    def row(self, row: Row) -> dict[str, object]:
        """Return a row whose nested values are columns where asked for, and text elsewhere."""
        flat: dict[str, object] = {}
        for name, value in row.items():
            if not _is_nested(value):
                flat[name] = value
            elif not self.opens(name):
                flat[name] = as_text(value)
            else:
                flat.update(self._columns(name, value))
        return flat

    def _columns(self, name: str, value: object) -> Iterator[tuple[str, object]]:
        for column, inner in self._leaves(name, value, depth=1):
            if column not in self.seen:
                self._remember(column)
            yield column, inner

    def _leaves(self, name: str, value: Any, *, depth: int) -> Iterator[tuple[str, object]]:
        """Yield the columns of a value of any kind, under the name it has, where they are asked."""
        inside = _inside(value)
        if inside is None:
            if self.asked is None or name in self.asked:
                yield name, as_text(_unwrapped(value))
            return
        if depth > DEEPEST:
            raise EventLogError(
                f"{self.source}: {name!r} is nested more than {DEEPEST} levels deep; export it "
                "flatter."
            )
        for key, inner in inside.items():
            column = f"{name}.{key}"
            if self.asked is None or column in self.asked or column in self._inside:
                yield from self._leaves(column, inner, depth=depth + 1)

    def _remember(self, column: str) -> None:
        self.seen.add(column)
        if len(self.seen) > MOST_COLUMNS:
            raise EventLogError(
                f"The nested values of {self.source} make more than {MOST_COLUMNS:,} columns, for "
                f"instance {column!r}: keys that are data, such as ids, are no columns. Write a "
                "definition that names the columns you need; the others are then left alone."
            )


def as_text(value: object) -> object:
    """Return a nested value as JSON text; a plain one as it is."""
    plain = value.tolist() if isinstance(value, np.ndarray) else value
    nested = isinstance(plain, dict | list | tuple)
    return json.dumps(plain, default=str, ensure_ascii=False) if nested else plain


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list | tuple | np.ndarray)


def _inside(value: Any) -> Mapping[str, object] | None:
    """Return the columns that a value has inside, None where it has none."""
    if not _is_nested(value):
        return None
    plain = _unwrapped(value)
    return plain if isinstance(plain, Mapping) else _keyed(plain)


def _unwrapped(value: Any) -> Any:
    """Take off what a format puts around a value: lists' wrappers, and a value per type."""
    plain = value.tolist() if isinstance(value, np.ndarray) else value
    if isinstance(plain, Mapping) and set(plain) == {"list"} and isinstance(plain["list"], list):
        return _unwrapped(plain["list"])
    if isinstance(plain, list) and plain and all(_is_wrapper(one) for one in plain):
        return [next(iter(one.values())) for one in plain]
    if isinstance(plain, Mapping) and plain and set(plain) <= _TYPED:
        return next((plain[kind] for kind in _BY_TYPE if plain.get(kind) is not None), None)
    return plain


def _is_wrapper(one: object) -> bool:
    return isinstance(one, Mapping) and set(one) in _WRAPPERS


def _keyed(value: object) -> dict[str, object] | None:
    """Return a list of keyed values as an object, None for any other value; the last one holds."""
    if not isinstance(value, list) or not value:
        return None
    key = next((key for key in _KEYS if all(_has(one, key) for one in value)), None)
    return None if key is None else {str(one[key]): one["value"] for one in value}


def _has(one: object, key: str) -> bool:
    return isinstance(one, Mapping) and set(one) == {key, "value"} and one[key] is not None
