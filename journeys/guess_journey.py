"""Guessing what starts, ends and marks a journey, from the names of activities and what follows.

A start is named as one, or nearly everybody begins with it; a success or a failure is named as one,
comes after the start, and little of the journey comes after it.  The evidence stands beside each.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journeys.log import microseconds
from journeys.rule import plain_text

_STRONG_START = r"start|beg[iu]n|initiat|sign.?up|creat|open"
_START = rf"{_STRONG_START}|submit|request|register|apply|applied|assign"
_SUCCESS = (
    r"success|complet|fund|approv|accept|paid|payment|purchas|order_placed|\bwon\b|activ|deliver|"
    r"resolv|clos|finish|\bdone\b|confirm|releas|discharg|convert|convers|fulfil"
)
_FAILURE = r"declin|reject|cancel|withdr|fail|expir|abandon|refus|abort|denied|lost"
_CONTACT = r"\bcall|agent|contact|complain|hotline|support|\bphone|\bivr|nabellen"
_CHURN = r"account.?clos|clos.*account|churn|unsubscri|terminat|contract.?end|subscription.?cancel"
_CONTACT_CHANNEL = r"call|phone|ivr|agent|hotline|contact|support|service.?desk"

CASE_LOG_SHARE = 0.8
_FEW_STARTS = 3
_LAST = 0.6
_BEFORE = 0.7
_OWN = 0.9
_WEAK = 0.6  # a form is submitted, or a document requested, in the middle as well
_MOST = 6

Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Said:
    """Some activities (or channels) and why; ``others`` might be meant instead."""

    names: tuple[str, ...]
    why: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """What a journey seems to be; None or empty where the log does not tell.

    ``within``: days from start to success that 95 % need at most, ``typical`` that half need;
    ``silence``: days between two events of a successful journey that 1 % exceed; ``always``:
    whether nearly everybody succeeds; ``covers``: the length of the log in days.
    """

    start: Said | None
    success: Said
    failure: Said | None
    contact: Said | None
    contact_channel: Said | None
    churn: Said | None
    milestones: Said
    within: float
    typical: float
    silence: float
    always: bool
    covers: float


@dataclass(frozen=True)
class Told:
    """Events by customer and time: codes of activities, with their names, and microseconds."""

    customers: Codes
    times: Codes
    activities: Codes
    names: tuple[str, ...]

    @classmethod
    def of(cls, customers: pd.Series, times: pd.Series, activities: pd.Series) -> "Told":
        """Return the events in order; times are UTC instants."""
        who = pd.factorize(customers.astype(object))[0].astype(np.int64)
        at = microseconds(times)
        what, names = pd.factorize(activities.map(plain_text).astype(object))
        order = np.lexsort((at, who))
        return cls(who[order], at[order], what[order].astype(np.int64), tuple(map(str, names)))

    @cached_property
    def first(self) -> Flags:
        """Whether an event is its customer's first."""
        return np.concatenate([[True], self.customers[1:] != self.customers[:-1]])

    @cached_property
    def n_customers(self) -> int:
        """How many customers there are."""
        return int(self.first.sum())

    def are(self, names: Sequence[str]) -> Flags:
        """Return whether each event's activity is one of some."""
        return np.isin(self.activities, [self.names.index(name) for name in names])

    def named(self, pattern: str) -> list[str]:
        """Return the activities that some words name, the most frequent first."""
        counts = np.bincount(self.activities, minlength=len(self.names))
        found = [name for name in self.names if re.search(pattern, _words(name))]
        return sorted(found, key=lambda name: -counts[self.names.index(name)])


def guess_story(told: Told, channels: Sequence[str]) -> Story:
    """Return what the journey of a log seems to be."""
    churn = told.named(_CHURN)
    case_start = _everybody_begins(told)
    if case_start is not None:
        start, after = None, np.ones(len(told.times), dtype=np.bool_)
        journey = told.customers
        success = _success(told, journey, after, set(churn))
    else:
        start, journey, after, success = _pair(told, set(churn))
    ended = told.are(success.names) & after
    rows = _until_success(journey, ended, after)
    failures = _endings(told, journey, after, set(told.named(_FAILURE)) - {*success.names, *churn})
    lengths = _durations(told, journey, ended, after)
    taken = {*success.names, *failures, *churn, *(start.names if start else ())}
    contact = [name for name in told.named(_CONTACT) if name not in taken]
    return Story(
        start=start,
        success=success,
        failure=_said(failures, "named as a failure, and little of the journey comes after"),
        contact=_said(contact[:_MOST], "named as a contact with people"),
        contact_channel=_said(
            [name for name in channels if re.search(_CONTACT_CHANNEL, _words(name))],
            "the channel's name is that of a contact centre",
        ),
        churn=_said(churn[:_MOST], "named as leaving"),
        milestones=_milestones(told, journey, rows, (start.names if start else ()), success.names),
        within=_days(lengths, 0.95),
        typical=_days(lengths, 0.5),
        silence=_days(_gaps(told, journey, rows), 0.99),
        always=_share(journey[ended], journey[after]) > 0.97,
        covers=float(np.ptp(told.times) / 86_400e6),
    )


def _words(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())


def _said(names: Sequence[str], why: str) -> Said | None:
    return Said(tuple(names), why) if names else None


def _everybody_begins(told: Told) -> Said | None:
    """Return what nearly everybody begins with: then each customer is one journey."""
    counts = np.bincount(told.activities[told.first], minlength=len(told.names))
    most = np.argsort(-counts)[:_FEW_STARTS]
    share = counts[most].sum() / told.n_customers
    if share < CASE_LOG_SHARE or (len(told.names) <= _FEW_STARTS + 1 and counts.max() < share / 2):
        return None
    names = tuple(told.names[code] for code in most if counts[code] >= 0.05 * told.n_customers)
    return Said(names, f"{share:.0%} of the customers begin with {', '.join(names)}")


def _since(told: Told, starts: Flags) -> tuple[Codes, Flags]:
    """Return the number of each event's journey, one per start, and whether it belongs to it.

    An activity belongs to the journeys that it hardly ever happens without; others go on beside.
    """
    number = np.cumsum(starts | told.first).astype(np.int64)
    last = np.maximum.accumulate(np.where(starts, np.arange(len(starts)), -1))
    own = np.maximum.accumulate(np.where(told.first, np.arange(len(starts)), 0))
    begun = last >= own
    counts = np.bincount(told.activities, minlength=len(told.names))
    inside = np.bincount(told.activities[begun], minlength=len(told.names))
    return number, begun & (inside >= _OWN * counts)[told.activities]


def _pair(told: Told, churn: set[str]) -> tuple[Said, Codes, Flags, Said]:
    """Return the start and the success that belong together most often, and the journeys."""
    best: tuple[float, str, Said, Codes, Flags] | None = None
    others: dict[str, float] = {}
    for name in (told.named(_START) or list(told.names))[: 2 * _MOST]:
        journey, after = _since(told, told.are([name]))
        success = _success(told, journey, after, churn | {name})
        ended = told.are(success.names)
        precedes = _share_of(after & ended, ended)
        score = precedes * _share(journey[after & ended], journey[after])
        score *= np.log1p(len(np.unique(journey[after])))
        score *= 1 if re.search(_STRONG_START, _words(name)) else _WEAK
        others[name] = score
        if best is None or score > best[0]:
            best = (score, name, success, journey, after)
    assert best is not None
    _, name, success, journey, after = best
    count = len(np.unique(journey[after]))
    close = [one for one, score in others.items() if score >= 0.5 * best[0] and one != name]
    why = f"named as a start; {count:,} journeys begin with it"
    return Said((name,), why, tuple(close[:_MOST])), journey, after, success


def _success(told: Told, journey: Codes, after: Flags, taken: set[str]) -> Said:
    """Return the activity named as a success that ends most journeys; else the commonest last."""
    named = [name for name in told.named(_SUCCESS) if name not in taken]
    named = [name for name in named if not re.search(_FAILURE, _words(name))]
    scores = {name: _ending(told, journey, after, name) for name in named[: 4 * _MOST]}
    ranked = sorted(scores, key=lambda name: -scores[name][0] * scores[name][1])
    if ranked and scores[ranked[0]][0] > 0:
        share, last = scores[ranked[0]]
        why = f"named as a success; {share:.0%} of the journeys come to it, {last:.0%} end with it"
        close = [one for one in ranked[1:4] if np.prod(scores[one]) >= 0.5 * share * last]
        return Said((ranked[0],), why, tuple(close))
    ends = after & np.concatenate([journey[1:] != journey[:-1], [True]])
    counts = np.bincount(told.activities[ends], minlength=len(told.names))
    order = [told.names[code] for code in np.argsort(-counts) if told.names[code] not in taken]
    why = "no name says success; it is the commonest last activity: AMBIGUOUS"
    return Said((order[0] if order else told.names[0],), why, tuple(order[1:4]))


def _ending(told: Told, journey: Codes, after: Flags, name: str) -> tuple[float, float]:
    """Return which share comes to an activity, and which of these leaves a tenth behind at most."""
    held = np.flatnonzero(told.are([name]) & after)
    begun = len(np.unique(journey[after]))
    if not len(held) or not begun:
        return 0.0, 0.0
    ids, sizes = np.unique(journey[after], return_counts=True)
    firsts = np.searchsorted(journey, ids)
    reached, places = np.unique(journey[held], return_index=True)
    at = np.searchsorted(ids, reached)
    behind = firsts[at] + sizes[at] - 1 - held[places]
    return len(reached) / begun, float((behind <= np.maximum(0.1 * sizes[at], 1)).mean())


def _endings(told: Told, journey: Codes, after: Flags, names: set[str]) -> list[str]:
    found = []
    for name in told.named(".") if names else ():
        if name in names:
            share, last = _ending(told, journey, after, name)
            before = _share_of(after & told.are([name]), told.are([name]))
            if share > 0.002 and last >= _LAST and before >= _BEFORE:
                found.append(name)
    return found[:_MOST]


def _until_success(journey: Codes, ended: Flags, after: Flags) -> Flags:
    """Return the events of journeys that succeed, up to the first success."""
    reached, first = np.unique(journey[ended], return_index=True)
    if not len(reached):
        return np.zeros(len(journey), dtype=np.bool_)
    rows = np.flatnonzero(ended)[first]
    place = np.clip(np.searchsorted(reached, journey), 0, len(reached) - 1)
    inside = (reached[place] == journey) & (np.arange(len(journey)) <= rows[place])
    return np.asarray(inside & after, dtype=np.bool_)


def _milestones(
    told: Told, journey: Codes, rows: Flags, start: Sequence[str], success: Sequence[str]
) -> Said:
    """Return activities of most successful journeys, once in each, in their usual order."""
    n_journeys = max(len(np.unique(journey[rows])), 1)
    events = pd.DataFrame({"journey": journey[rows], "what": told.activities[rows]})
    events["place"] = events.groupby("journey").cumcount()
    each = events.groupby("what").agg(
        journeys=("journey", "nunique"), events=("journey", "size"), place=("place", "median")
    )
    usual = each[
        (each["journeys"] >= 0.5 * n_journeys) & (each["events"] <= 1.5 * each["journeys"])
    ]
    names = [told.names[int(str(code))] for code in usual.sort_values("place").index]
    middle = [name for name in names if name not in (*start, *success)]
    kept = [*start, *middle[: _MOST - 2], *success]
    return Said(tuple(kept), "in most successful journeys, about once, in this order")


def _durations(told: Told, journey: Codes, ended: Flags, after: Flags) -> NDArray[np.float64]:
    reached, first = np.unique(journey[ended], return_index=True)
    begun, starts = np.unique(journey[after], return_index=True)
    begins = told.times[np.flatnonzero(after)[starts]][np.searchsorted(begun, reached)]
    return np.asarray((told.times[np.flatnonzero(ended)[first]] - begins) / 86_400e6)


def _gaps(told: Told, journey: Codes, rows: Flags) -> NDArray[np.float64]:
    at, of = told.times[rows], journey[rows]
    return np.asarray(np.diff(at)[np.diff(of) == 0] / 86_400e6)


def _days(lengths: NDArray[np.float64], share: float) -> float:
    return float(np.quantile(lengths, share)) if len(lengths) else 0.0


def _share(some: Codes, whole: Codes) -> float:
    return len(np.unique(some)) / max(len(np.unique(whole)), 1)


def _share_of(some: Flags, whole: Flags) -> float:
    return float(some.sum() / max(whole.sum(), 1))
