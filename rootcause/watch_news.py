"""News: what a look has added to the life of cases."""

from collections.abc import Sequence

from rootcause.life import Case, Entry
from rootcause.watch_changes import OF_CASES, Change
from rootcause.wording import bad_words, count, points, points_between
from rootcause.wording import day as day_words

_KINDS = {
    "open": "opened",
    "reopened": "reopened",
    "closed": "closed",
    "expired": "expired",
    "cannot tell yet": "verdicts",
    "fixed": "verdicts",
    "not fixed": "verdicts",
}


def news_of(before: Sequence[Case], after: Sequence[Case]) -> dict[str, tuple[Change, ...]]:
    """Return per kind of change (`Changes.opened` …) what the histories of cases have gained."""
    told = {case.id: len(case.history) for case in before}
    news: dict[str, list[Change]] = {kind: [] for kind in OF_CASES}
    for case in after:
        known = told.get(case.id, 0)
        state = case.history[known - 1].state if known else None
        for entry in case.history[known:]:
            kind = "updated" if entry.state == state else _KINDS[entry.state]
            news[kind].append(_change(case, entry, kind))
            state = entry.state
    return {kind: tuple(changes) for kind, changes in news.items()}


def _change(case: Case, entry: Entry, kind: str) -> Change:
    what = entry.reason.partition(":")[0] if kind == "updated" else kind
    told = f"{case.words}: {entry.reason}"
    if kind == "verdicts":
        what, told = entry.state, entry.reason
    if kind == "opened":
        told = _opened(case)
    return Change(
        finding=case.id,
        outcome=case.outcome,
        conditions=dict(case.finding.conditions),
        state=entry.state,
        what=what,
        sentence=told,
    )


def _opened(case: Case) -> str:
    one = case.finding
    return (
        f"{case.words}: since {day_words(one.onset)}, {points(one.effect)} "
        f"({points_between(*one.effect_interval)}) more {bad_words(case.outcome)}; "
        f"{count(one.exposed_journeys)} journeys exposed, {count(one.harmed_journeys)} harmed"
    )
