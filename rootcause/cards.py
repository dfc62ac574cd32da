"""Cards: the findings of a report in words, one card per set of conditions.

A finding about leakage and one about churn with the same conditions are one story, so they share a
card. The strongest of them (by its harm) speaks for the card.
"""

from collections.abc import Sequence

from journeys.definition import Definition, Outcome
from rootcause.acting import case_of, life_words
from rootcause.certainty import certainty_of, doubts_about, excess_by_tier
from rootcause.findings import Finding, Findings
from rootcause.life import Case
from rootcause.ticket import ticket_of
from rootcause.wording import (
    bad_noun,
    between,
    condition_words,
    count,
    day,
    days_between,
    money_between,
    one_in,
    percent,
    percent_between,
    plain,
    points,
    points_between,
    shown_count,
    things,
)

SETTLED = ("fixed", "closed", "expired")
"""States of a finding that nobody needs to act on any more."""

Asked = tuple[Outcome, Finding]
"""An outcome and a finding about it."""


def grouped(findings: Sequence[Findings], cases: Sequence[Case] = ()) -> list[list[Asked]]:
    """Return findings of equal conditions together, the most harmful group first.

    Inside a group the finding with the greatest effect comes first. Those that are settled come
    last: last month's fault is not what to read about first.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Asked]] = {}
    for about in findings:
        for one in about.findings:
            key = tuple(sorted(one.conditions.items()))
            groups.setdefault(key, []).append((about.outcome, one))
    for group in groups.values():
        group.sort(key=lambda asked: -asked[1].effect)
    return sorted(
        groups.values(), key=lambda group: (settled(group, cases), -group[0][1].harmed_journeys)
    )


def settled(group: Sequence[Asked], cases: Sequence[Case] = ()) -> bool:
    """Whether every finding of a group was fixed, closed or has expired."""
    return all(_state(one, cases) in SETTLED for _, one in group)


def card(
    group: Sequence[Asked], definition: Definition, cases: Sequence[Case] = ()
) -> dict[str, object]:
    """Return a card's words and numbers; plain data."""
    outcome, one = group[0]
    case = case_of(cases, one.id)
    return {
        "id": one.id,
        "state": _state(one, cases),
        "life": "" if case is None else life_words(case),
        "title": condition_words(one.conditions),
        "conditions": one.conditions,
        "onset": one.onset,
        "since": day(one.onset),
        "since_between": days_between(*one.onset_interval),
        "exposed_journeys": shown_count(one.exposed_journeys),
        "exposed": count(one.exposed_journeys),
        "harmed": count(one.harmed_journeys),
        "effects": [_effect(*asked, definition) for asked in group],
        "weeks": _weeks(one),
        "symptoms": [_symptom(symptom) for symptom in one.symptoms],
        "same": [condition_words(same) for same in one.also_indistinguishable],
        "mechanism": one.mechanism,
        "doubts": doubts_about(one),
        "certainty": certainty_of(one),
        "excess": excess_by_tier(one),
        "ticket": one.ticket or ticket_of(one, definition.name, outcome),
        "examples": list(one.evidence),
    }


def checked(about: Findings) -> dict[str, object]:
    """Return what was searched about one outcome, and what could have hidden."""
    searched, smallest = about.searched, about.smallest_detectable_effect
    by_step = sorted(about.smallest_by_step.items(), key=lambda pair: pair[1])
    return {
        "outcome": about.outcome,
        "words": bad_noun(about.outcome),
        "found": len(about.findings),
        "steps": things(searched.steps, "step"),
        "attributes": things(searched.attributes, "attribute"),
        "conditions": count(searched.conditions),
        "false_discovery_rate": f"{100 * searched.false_discovery_rate:g} %",
        "smallest": None if smallest is None else points(smallest),
        "by_step": [{"step": plain(step), "smallest": points(size)} for step, size in by_step],
        "note": about.note,
    }


def _effect(outcome: str, one: Finding, definition: Definition) -> dict[str, object]:
    low, high = one.effect_interval
    harm = harm_between(one)
    return {
        "id": one.id,
        "outcome": outcome,
        "words": bad_noun(outcome),
        "effect": one.effect,
        "points": points(one.effect),
        "between": points_between(low, high),
        "rate": percent(one.rate),
        "expected": percent(one.expected_rate),
        "known": count(one.exposed_with_known_outcome),
        "since": day(one.onset),
        "since_between": days_between(*one.onset_interval),
        "harmed_journeys": shown_count(one.harmed_journeys),
        "harmed": count(one.harmed_journeys),
        "harmed_between": between(harm),
        "sure": one_in(one.q_value),
        "money": money_of(outcome, one, definition),
    }


def _state(one: Finding, cases: Sequence[Case]) -> str:
    case = case_of(cases, one.id)
    return one.state if case is None else case.state


def harm_between(one: Finding) -> tuple[float, float]:
    """Return the interval of the harmed journeys."""
    if one.harmed_interval is not None:
        return one.harmed_interval
    low, high = one.effect_interval
    return max(low, 0.0) * one.exposed_journeys, max(high, 0.0) * one.exposed_journeys


def money_of(outcome: str, one: Finding, definition: Definition) -> str:
    """Say what the harm costs, with the assumption; empty where the definition has no value."""
    values = definition.values
    each = {"success": values.success, "leakage": values.contact}.get(outcome)
    if each is None:
        return ""
    low, high = (end * each for end in harm_between(one))
    what = "a success" if outcome == "success" else "a contact"
    return (
        f"{money_between(low, high, values.currency)}, if {what} is worth "
        f"{each:,.2f} {values.currency}"
    )


def _weeks(one: Finding) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for week in one.effect_by_week:
        exposed = float(str(week.get("exposed", 0)))
        if exposed < 10:
            continue
        effect, low, high = (float(str(week[name])) for name in ("effect", "low", "high"))
        rows.append(
            {
                "week": str(week["week"]),
                "exposed": count(exposed),
                "points": points(effect),
                "between": points_between(low, high),
            }
        )
    return rows


def _symptom(symptom: dict[str, object]) -> dict[str, object]:
    ratio = float(str(symptom["ratio"]))
    low, high = symptom.get("low"), symptom.get("high")
    known = low is not None and high is not None
    return {
        "feature": str(symptom["feature"]),
        "words": str(symptom.get("words") or plain(str(symptom["feature"]))),
        "ratio": f"{ratio:.1f}",
        "between": f"{float(str(low)):.1f} to {float(str(high)):.1f}" if known else "",
        "share": _share(symptom),
    }


def _share(symptom: dict[str, object]) -> str:
    """Say which share of the effect passes through a symptom; empty where it is not known."""
    if symptom.get("share") is None:
        return ""
    share, low, high = (float(str(symptom[name])) for name in ("share", "share_low", "share_high"))
    return f"{percent(share)} of the effect ({percent_between(low, high)})"
