"""The journey map: the typical paths over milestones and channels, and where they part.

A journey stands, at each milestone, in the channel that its customer used last, or passes it by; it
leaves the map after the last milestone that it reached. However many activities a log has, the map
has as many rows as the definition has milestones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.definition import Definition
from journeys.log import CHANNEL, EventLog
from rootcause.intervals import Z_95, rate_interval
from rootcause.milestones import Flags, Ints, reached_by
from rootcause.wording import SMALLEST_CELL, count, percent, percent_between, plain

PASSED, OTHER, AFTER_CONTACT = "passed by", "other", "after a contact"

_MOST_CHANNELS = 4
_RARE = 0.02
_MOST_PATHS = 6
_WORTH_SHOWING = 0.03


@dataclass(frozen=True, eq=False)
class Walked:
    """Where each journey stood at each row of the map, and what became of it.

    Attributes
    ----------
    rows, lanes : names; the last lane is of those who passed a milestone by
    lane : int64, shape (n_journeys, n_rows), code of the lane; -1 once the journey has left the map
    good, ended, contact : whether it ended well, has ended, has met the contact centre; (n,)
    """

    rows: tuple[str, ...]
    lanes: tuple[str, ...]
    lane: Ints
    good: Flags
    ended: Flags
    contact: Flags


def journey_map(
    log: EventLog, journeys: pd.DataFrame, definition: Definition
) -> dict[str, object] | None:
    """Return the map as plain data; None without two milestones, or with too few journeys to show.

    Groups of fewer than ten journeys are left out. ``good`` is the share that ends well among those
    that have ended.
    """
    walked = walked_by(log, journeys, definition)
    if walked is None:
        return None
    rows = list(range(len(walked.rows)))
    told = [_row(walked, k) for k in rows]
    if not any(row["lanes"] for row in told):
        return None
    return {
        "journeys": count(len(walked.lane)),
        "ends_well": "reach the goal" if definition.success else "do without the contact centre",
        "rows": told,
        "links": [link for k in rows[:-1] for link in _links(walked, k)],
        "paths": _paths(walked),
    }


def walked_by(log: EventLog, journeys: pd.DataFrame, definition: Definition) -> Walked | None:
    """Return where each journey stood; None without two milestones or any journey."""
    reached = reached_by(log, journeys, definition)
    rows, names = reached.rows, reached.names
    if not len(journeys) or len(names) < 2:
        return None
    if (rows[:, 0] < 0).mean() > 0.01:
        rows, names = np.column_stack([journeys["first"].to_numpy(), rows]), ("the start", *names)
    contacts = _contacts(log, definition)
    codes, lanes = _channels(log, journeys, rows, contacts)
    furthest = (rows.shape[1] - 1) - np.argmax(rows[:, ::-1] >= 0, axis=1)
    furthest[~(rows >= 0).any(axis=1)] = -1
    state = journeys["state"].to_numpy()
    contact = _met(journeys, contacts)
    good = state == "success" if definition.success else ~contact
    if definition.success and (good & (furthest < rows.shape[1] - 1)).any():
        names, codes = (*names, "the goal"), np.column_stack([codes, np.where(good, 0, -1)])
        furthest = np.where(good, codes.shape[1] - 1, furthest)
    passing = (codes < 0) & (np.arange(codes.shape[1]) < furthest[:, None])
    lane = np.where(passing, len(lanes) - 1, codes)
    return Walked(names, lanes, lane, good, state != "open", contact)


def _channels(
    log: EventLog, journeys: pd.DataFrame, rows: Ints, contacts: Flags
) -> tuple[Ints, tuple[str, ...]]:
    """Return the lane of each event of ``rows`` (-1: no event), the busiest channels first.

    A journey is in the channel its customer last used, of those in which journeys begin: a letter
    or a decision of the company moves nobody. Once it has met the contact centre it stays there.
    """
    channel = log.events[CHANNEL].astype("category").cat
    codes, first = channel.codes.to_numpy(), journeys["first"].to_numpy()
    begun = np.bincount(codes[first][codes[first] >= 0], minlength=len(channel.categories))
    busiest = np.argsort(-begun, kind="stable")[:_MOST_CHANNELS]
    kept = [int(c) for c in busiest if begun[c] >= max(_RARE * begun.sum(), SMALLEST_CELL)]
    lanes = (*(str(channel.categories[c]) for c in kept), OTHER if kept else "", AFTER_CONTACT)
    lane_of = np.full(len(channel.categories) + 1, len(kept))
    lane_of[kept] = np.arange(len(kept))
    used = np.maximum.accumulate(np.where(np.isin(codes, kept), np.arange(len(log)), -1))
    seen, at = rows >= 0, np.maximum(rows, 0)
    last = used[at]
    lane = np.where(last >= first[:, None], lane_of[codes[np.maximum(last, 0)]], len(kept))
    met = np.append(0, np.cumsum(contacts))
    lane = np.where(met[at + 1] > met[first][:, None], len(lanes) - 1, lane)
    return np.where(seen, lane, -1), (*lanes, PASSED)


def _contacts(log: EventLog, definition: Definition) -> Flags:
    """Return which events are contacts with the contact centre."""
    if definition.leakage is None:
        return np.zeros(len(log), dtype=np.bool_)
    return np.asarray(definition.leakage.holds(log.events), dtype=np.bool_)


def _met(journeys: pd.DataFrame, contacts: Flags) -> Flags:
    running = np.append(0, np.cumsum(contacts))
    met = running[journeys["last"].to_numpy() + 1] > running[journeys["first"].to_numpy()]
    return np.asarray(met, dtype=np.bool_)


def _row(walked: Walked, k: int) -> dict[str, object]:
    here = walked.lane[:, k] >= 0
    later = walked.lane[:, k + 1 :] >= 0
    leaving = here & ~later.any(axis=1) & ~walked.good
    if k == len(walked.rows) - 1:
        leaving = here & ~walked.good
    lost = leaving & walked.ended
    stood = here & (walked.lane[:, k] != len(walked.lanes) - 1)
    return {
        "name": walked.rows[k],
        "words": plain(walked.rows[k]),
        "journeys": _shown(int(stood.sum())),
        "said": count(int(stood.sum())),
        "lost": _shown(int(lost.sum())),
        "lost_said": count(int(lost.sum())),
        "contact_said": count(int((lost & walked.contact).sum())),
        "open_said": count(int((leaving & ~walked.ended).sum())),
        "lanes": list(_lanes(walked, k, (here, lost, leaving & ~walked.ended))),
    }


def _lanes(
    walked: Walked, k: int, groups: tuple[Flags, Flags, Flags]
) -> Iterator[dict[str, object]]:
    here, lost, still = groups
    base = _judged(walked, here)
    for code, name in enumerate(walked.lanes):
        mine = here & (walked.lane[:, k] == code)
        if mine.sum() >= SMALLEST_CELL:
            yield {
                "lane": code,
                "channel": plain(name),
                "journeys": int(mine.sum()),
                "lost": _or_zero(int((mine & lost).sum())),
                "open": _or_zero(int((mine & still).sum())),
                **_quality(_judged(walked, mine), base),
            }


def _links(walked: Walked, k: int) -> Iterator[dict[str, object]]:
    """Return the flows from one row to the next, against all that go on from there."""
    here, there = walked.lane[:, k], walked.lane[:, k + 1]
    on = (here >= 0) & (there >= 0)
    base = _judged(walked, on)
    width = len(walked.lanes)
    for key in np.unique(here[on] * width + there[on]):
        mine = on & (here * width + there == key)
        if mine.sum() >= SMALLEST_CELL:
            yield {
                "row": k,
                "from": int(key) // width,
                "to": int(key) % width,
                "journeys": int(mine.sum()),
                **_quality(_judged(walked, mine), base),
            }


def _judged(walked: Walked, rows: Flags) -> tuple[int, int]:
    """Return how many ended well, and how many ended."""
    return int((rows & walked.good & walked.ended).sum()), int((rows & walked.ended).sum())


def _quality(mine: tuple[int, int], base: tuple[int, int]) -> dict[str, object]:
    """Return the share that ends well, and whether it differs from the rest beyond chance."""
    good, ended = mine
    if ended < SMALLEST_CELL:
        return {"good": None, "percent": "", "between": "", "side": "even"}
    rate, low, high = (float(one) for one in rate_interval(good, ended))
    return {
        "good": round(rate, 4),
        "percent": percent(rate),
        "between": percent_between(low, high),
        "side": _side(mine, (base[0] - good, base[1] - ended)),
    }


def _side(mine: tuple[int, int], others: tuple[int, int]) -> str:
    """Say whether more or fewer end well than of the others: ``good``, ``bad`` or ``even``."""
    if others[1] <= 0:
        return "even"
    rate, usual = mine[0] / mine[1], others[0] / others[1]
    pooled = (mine[0] + others[0]) / (mine[1] + others[1])
    error = float(np.sqrt(pooled * (1 - pooled) * (1 / mine[1] + 1 / others[1])))
    if abs(rate - usual) < max(_WORTH_SHOWING, Z_95 * error):
        return "even"
    return "good" if rate > usual else "bad"


def _paths(walked: Walked) -> list[dict[str, object]]:
    """Return the most common paths in words, the commonest first."""
    keys, place = _unique_rows(walked.lane + 1, len(walked.lanes) + 1)
    sizes = np.bincount(place)
    found: list[dict[str, object]] = []
    for one in np.argsort(-sizes, kind="stable")[:_MOST_PATHS]:
        if sizes[one] >= SMALLEST_CELL:
            quality = _quality(_judged(walked, place == one), (0, 0))
            found.append({"words": _path_words(walked, keys[one] - 1),
                          "journeys": count(int(sizes[one]))} | quality)  # fmt: skip
    return found


def _unique_rows(lane: Ints, base: int) -> tuple[Ints, NDArray[np.intp]]:
    """Return the distinct rows and which of them each row is."""
    number = np.zeros(len(lane), dtype=np.int64)
    for k in range(lane.shape[1]):
        number = np.unique(number * base + lane[:, k], return_inverse=True)[1].astype(np.int64)
    _, first, place = np.unique(number, return_index=True, return_inverse=True)
    return lane[first], place


def _path_words(walked: Walked, lanes: Ints) -> str:
    """Say a path: the milestones, the channel wherever it changes."""
    told, last = [], ""
    for name, code in zip(walked.rows, lanes, strict=True):
        if code < 0 or walked.lanes[code] == PASSED:
            continue
        channel = plain(walked.lanes[code])
        told.append(plain(name) + (f" ({channel})" if channel and channel != last else ""))
        last = channel
    return " → ".join(told)


def _shown(number: int) -> int | None:
    return None if 0 < number < SMALLEST_CELL else number


def _or_zero(number: int) -> int:
    return number if number >= SMALLEST_CELL else 0
