"""Decomposition: is it the mix, who comes, or the rate, what happens to the like of them.

The change of a KPI at a step is split as Oaxaca (1973) and Blinder (1973) do: how much each value
of each attribute moved the outcome *before* the change, times how much more or less of it there is
*now*, is the **mix**; the rest is the **rate**.  A value never seen before has no past to be judged
by and so counts as rate.  Errors are sums over customers.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.find import NEVER
from rootcause.band_cells import LEAKAGE_THERE, Steps, asked_about
from rootcause.band_watch import Raised
from rootcause.estimate import spread_of
from rootcause.intervals import Z_95
from rootcause.kpi_seen import Seen
from rootcause.last_known import last_known_codes

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Triple = tuple[float, float, float]

_RIDGE = 5.0
_MOST_VALUES = 12
_FEWEST = 50


@dataclass(frozen=True)
class Decomposition:
    """A change split up; every triple is (value, low, high), a 95 % interval.

    Attributes
    ----------
    kpi, step : what changed, and where
    total, mix, rate : mix + rate = total, all as shares of the journeys that reach the step
    by_attribute : per attribute its part of the mix: ``attribute``, ``mix`` (triple); of volume,
        per value of an attribute: ``attribute``, ``value``, ``change`` (triple)
    by_step : per step: ``step``, ``asked`` (now), ``value`` (now), ``before``, ``change`` (triple),
        of the journeys that reach it
    """

    kpi: str
    step: str
    total: Triple
    mix: Triple
    rate: Triple
    by_attribute: tuple[dict[str, object], ...]
    by_step: tuple[dict[str, object], ...]

    def as_dict(self) -> dict[str, object]:
        """Return the decomposition as plain data: text, numbers, lists and objects only."""
        return {name: _plain(value) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class _Asks:
    """One entry per journey and stretch of time asked about, before or now.

    ``weight``: what it counts in the KPI, a share of those who reach the step.
    """

    journey: Ints
    customer: Ints
    stretch: Ints
    hit: Floats
    now: Flags
    weight: Floats


def decomposition_of(
    seen: Seen, steps: Steps, kpi: str, alarm: Raised, *, days: tuple[int, int]
) -> Decomposition:
    """Return the change of a KPI since an alarm's onset, split up.

    ``days``: the first day of the log and the one after its last whole day, since the epoch.
    """
    each = {step: _asks(seen, steps, step, kpi, alarm, days) for step in range(len(steps.names))}
    asks = each[alarm.step]
    total, influence = _change(asks)
    columns = _columns(seen, steps.row[alarm.step], asks)
    mix, by_attribute, of_mix = _mixed(asks, columns)
    rate = total - mix
    return Decomposition(
        kpi=kpi,
        step=steps.names[alarm.step],
        total=_triple(total, asks.customer, influence),
        mix=_triple(mix, asks.customer, of_mix),
        rate=_triple(rate, asks.customer, influence - of_mix),
        by_attribute=by_attribute,
        by_step=tuple(_of_step(steps.names[step], one) for step, one in each.items()),
    )


def step_at_fault(
    seen: Seen, steps: Steps, kpi: str, alarm: Raised, *, days: tuple[int, int]
) -> int:
    """Return the step (its place) at which the change since an alarm's onset is clearest.

    A contact shows after every step before it: the step at fault is the one at which, before any
    later one, contacts have changed most surely.  Other KPIs are counted per step already.
    """
    if kpi != "leakage":
        return alarm.step
    sure = []
    for step in range(len(steps.names)):
        asks = _asks(seen, steps, step, LEAKAGE_THERE, alarm, days)
        change, influence = _change(asks)
        error = spread_of(asks.customer, influence)
        sure.append(np.sign(alarm.log_odds) * change / error if error > 0 else -np.inf)
    return int(np.argmax(sure)) if max(sure) > 0 else alarm.step


def _asks(
    seen: Seen, steps: Steps, step: int, kpi: str, alarm: Raised, days: tuple[int, int]
) -> _Asks:
    question = asked_about(seen, steps, step, kpi)
    if question is None:
        nobody = np.empty(0, dtype=np.int64)
        return _Asks(nobody, nobody, nobody, np.empty(0), nobody > 0, np.empty(0))
    rows = np.flatnonzero(question.at != NEVER)
    place, cell, hit = question.stretches(rows)
    n_stretches = len(question.edges)
    day, stretch = cell // n_stretches - days[0], cell % n_stretches
    known = (day >= 0) & (day < days[1] - days[0])
    now = known & (day >= alarm.onset)
    before = known & np.isin(day, alarm.learnt)
    kept = now | before
    journey, stretch, hit, now = rows[place[kept]], stretch[kept], hit[kept], now[kept]
    weight = _weights(stretch, hit, now, n_stretches)
    return _Asks(journey, seen.customer[journey], stretch, hit.astype(np.float64), now, weight)


def _weights(stretch: Ints, hit: Flags, now: Flags, n_stretches: int) -> Floats:
    """Return what each entry moves the life table's share by: its derivative, midway."""
    counts = np.array([np.bincount(stretch[now == side], minlength=n_stretches) for side in (0, 1)])
    hits = np.array(
        [np.bincount(stretch[(now == side) & hit], minlength=n_stretches) for side in (0, 1)]
    )
    both = (counts > 0).all(axis=0)  # a stretch nobody has been through since says nothing
    share = np.where(both, (hits / np.maximum(counts, 1)).mean(axis=0), 0.0)
    kept = np.prod(1.0 - share)
    moves = np.where(both, kept / np.maximum(1.0 - share, 1e-9), 0.0)
    return np.asarray(moves[stretch] / np.maximum(counts[now.astype(np.int64), stretch], 1))


def _change(asks: _Asks) -> tuple[float, Floats]:
    """Return now less before, and the influence of each entry."""
    sign = np.where(asks.now, 1.0, -1.0)
    return float((sign * asks.weight * asks.hit).sum()), sign * asks.weight * _within(asks)


def _within(asks: _Asks) -> Floats:
    """Return each hit less the share hit in its own stretch and period."""
    cell = 2 * asks.stretch + asks.now
    size = int(cell.max()) + 1 if len(cell) else 0
    share = np.bincount(cell, asks.hit, size) / np.maximum(np.bincount(cell, minlength=size), 1)
    return np.asarray(asks.hit - share[cell])


def _columns(seen: Seen, step_row: Ints, asks: _Asks) -> dict[str, Floats]:
    """Return per attribute a column per common value, shape (n, n_values): 1 where it holds."""
    definition: Definition = seen.definition
    found = {}
    for name in definition.attributes.categorical:
        codes, values = last_known_codes(seen.log, name)
        own = codes[step_row[asks.journey]]
        counts = np.bincount(own, minlength=len(values))
        common = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
        common = common[counts[common] > 0]
        found[name] = (own[:, None] == common[None, :]).astype(np.float64)
    return found


def _mixed(
    asks: _Asks, columns: dict[str, Floats]
) -> tuple[float, tuple[dict[str, object], ...], Floats]:
    """Return the mix, each attribute's part of it, and the influence of each entry on the mix."""
    nothing = np.zeros(len(asks.hit))
    before = ~asks.now
    if not columns or min(int(before.sum()), int(asks.now.sum())) < _FEWEST:
        return 0.0, (), nothing
    values = np.hstack(list(columns.values()))
    owner = np.repeat(np.arange(len(columns)), [one.shape[1] for one in columns.values()])
    centred = values - _means(values, asks.stretch, before)
    past, off = centred[before], _within(asks)[before]
    inverse = np.linalg.inv(past.T @ past + _RIDGE * np.eye(values.shape[1]))
    slopes = inverse @ (past.T @ off)
    sign = np.where(asks.now, 1.0, -1.0) * asks.weight
    shift = sign @ values
    # from who is there, and from how well the slopes are known
    fitted = past @ slopes
    parts: list[tuple[str, Triple]] = []
    total, influence = 0.0, nothing
    for place, name in enumerate(columns):
        mine = np.where(owner == place, 1.0, 0.0)
        moved = sign * ((values - _own_means(values, asks)) @ (slopes * mine))
        moved[before] += (past @ (inverse @ (shift * mine))) * (off - fitted)
        part = float(shift @ (slopes * mine))
        parts.append((name, _triple(part, asks.customer, moved)))
        total, influence = total + part, influence + moved
    parts.sort(key=lambda one: -abs(one[1][0]))
    told: tuple[dict[str, object], ...] = tuple(
        {"attribute": name, "mix": triple} for name, triple in parts
    )
    return total, told, influence


def _means(values: Floats, stretch: Ints, among: Flags) -> Floats:
    """Return for each entry the mean of the columns in its stretch, over those ``among``."""
    found = np.zeros((int(stretch.max()) + 1, values.shape[1]))
    for one in np.unique(stretch[among]):
        found[one] = values[among & (stretch == one)].mean(axis=0)
    return found[stretch]


def _own_means(values: Floats, asks: _Asks) -> Floats:
    now = _means(values, asks.stretch, asks.now)
    return np.where(asks.now[:, None], now, _means(values, asks.stretch, ~asks.now))


def _of_step(name: str, asks: _Asks) -> dict[str, object]:
    change, influence = _change(asks)
    now, before = _shares(asks)
    return {
        "step": name,
        "asked": int((asks.now & (asks.stretch == 0)).sum()),
        "value": now,
        "before": before,
        "change": _triple(change, asks.customer, influence),
    }


def _shares(asks: _Asks) -> tuple[float, float]:
    """Return the share hit, now and before, by the end of the stretches that both went through."""
    size = int(asks.stretch.max(initial=0)) + 1
    sides = (asks.now, ~asks.now)
    counts = [np.bincount(asks.stretch[side], minlength=size) for side in sides]
    both = np.minimum(*counts) > 0
    hits = [np.bincount(asks.stretch[side], asks.hit[side], size) for side in sides]
    now, before = (
        1.0 - float(np.prod(1.0 - (hit / np.maximum(count, 1))[both]))
        for hit, count in zip(hits, counts, strict=True)
    )
    return now, before


def _triple(value: float, customer: Ints, influence: Floats) -> Triple:
    arm = Z_95 * spread_of(customer, influence)
    return value, value - arm, value + arm


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
