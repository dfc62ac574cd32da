"""Young values: what has just appeared in the log, such as a release, and what it is a part of."""

from dataclasses import dataclass

import numpy as np

from journeys.definition import Definition
from rootcause.exposure import MICROS_A_DAY, MISSING, Exposures, Flags, Ints

_HISTORY_DAYS = 14
_ESTABLISHED = 10
_SURELY_ABSENT = 30.0
_MOST_PARENTS = 12
_MONTH_DAYS = 30


@dataclass(frozen=True)
class YoungValue:
    """A value that had not been there before.

    ``attribute``, ``code``: as in the exposures. ``parent``: the (attribute, code) that it is seen
    under, or None. ``born``, ``established``: when the first and the tenth exposure came (µs).
    ``share``: its part of a month's false alarms.
    """

    attribute: int
    code: int
    parent: tuple[int, int] | None
    born: int
    established: int
    share: float = 0.0

    def under_parent(self, exposures: Exposures) -> Flags:
        """Return the exposures of its parent; all where it has none."""
        if self.parent is None:
            return np.ones(len(exposures), dtype=np.bool_)
        return np.asarray(exposures.codes[:, self.parent[0]] == self.parent[1])

    def members(self, exposures: Exposures) -> Flags:
        """Return its own exposures."""
        own = exposures.codes[:, self.attribute] == self.code
        return np.asarray(own & self.under_parent(exposures))

    def first_seen(self, exposures: Exposures) -> Ints:
        """Return when each exposure's value (of its parent) was first seen, shape (n,), in µs.

        What was there in the first two weeks of the log has always been there.
        """
        group = exposures.codes[:, self.attribute].astype(np.int64)
        if self.parent is not None:
            group += exposures.codes[:, self.parent[0]].astype(np.int64) * len(
                exposures.names[self.attribute]
            )
        first = np.full(int(group.max(initial=0)) + 1, np.iinfo(np.int64).max)
        np.minimum.at(first, group, exposures.time)
        always = int(exposures.time.min(initial=0)) + _HISTORY_DAYS * MICROS_A_DAY
        return np.where(first < always, 0, first)[group]


def young_values(exposures: Exposures, definition: Definition) -> list[YoungValue]:
    """Return every technical value that was ever young, in the order in which it was established.

    A value is of the technical tier, of some parent: the first technical attribute of the
    definition, usually the OS. It is known by its tenth exposure, after at least two weeks of log
    in which, at the rate of those ten, it would have been seen thirty times. The n-th of a month
    (30 days) has the share 1 / (n (n + 1)) of that month's false alarms, so that all together,
    however many there are, never have more than one.
    """
    found = []
    for name in definition.attributes.technical:
        attribute = exposures.attributes.index(name)
        parent = _parent_of(exposures, definition, attribute)
        for where in _places(exposures, attribute, parent):
            value = _if_newborn(exposures, attribute, parent, where)
            found += [value] if value is not None else []
    found.sort(key=lambda value: (value.established, value.attribute, value.code))
    return _with_shares(found)


def _parent_of(exposures: Exposures, definition: Definition, attribute: int) -> int | None:
    first = exposures.attributes.index(definition.attributes.technical[0])
    few = len(exposures.names[first]) <= min(_MOST_PARENTS, len(exposures.names[attribute]))
    return first if first != attribute and few else None


def _places(exposures: Exposures, attribute: int, parent: int | None) -> list[Ints]:
    """Return the rows of each value (of each parent), in the order of time."""
    codes = exposures.codes[:, attribute]
    missing = codes == exposures.names[attribute].index(MISSING)
    group = codes.astype(np.int64)
    if parent is not None:
        above = exposures.codes[:, parent]
        missing |= above == exposures.names[parent].index(MISSING)
        group += above.astype(np.int64) * len(exposures.names[attribute])
    rows = np.flatnonzero(~missing)
    order = rows[np.lexsort((exposures.time[rows], group[rows]))]
    _, first = np.unique(group[order], return_index=True)
    return [place for place in np.split(order, first[1:]) if len(place)]


def _if_newborn(
    exposures: Exposures, attribute: int, parent: int | None, where: Ints
) -> YoungValue | None:
    if len(where) < _ESTABLISHED:
        return None
    times = exposures.time
    born, established = int(times[where[0]]), int(times[where[_ESTABLISHED - 1]])
    if born < times.min() + _HISTORY_DAYS * MICROS_A_DAY:
        return None
    meanwhile = int(((times >= born) & (times <= established)).sum())
    if _ESTABLISHED / meanwhile * int((times < born).sum()) < _SURELY_ABSENT:
        return None
    row = exposures.codes[where[0]]
    above = None if parent is None else (parent, int(row[parent]))
    return YoungValue(attribute, int(row[attribute]), above, born, established)


def _with_shares(values: list[YoungValue]) -> list[YoungValue]:
    shared, counted = [], dict[int, int]()
    for value in values:
        month = value.established // (_MONTH_DAYS * MICROS_A_DAY)
        place = counted[month] = counted.get(month, 0) + 1
        shared.append(
            YoungValue(
                value.attribute,
                value.code,
                value.parent,
                value.born,
                value.established,
                1.0 / (place * (place + 1)),
            )
        )
    return shared
