"""Cards: the findings of a report in words, one card per set of conditions.

A finding about leakage and one about churn with the same conditions are one story, so they share a
card. The strongest of them (by its harm) speaks for the card.
"""

from collections.abc import Sequence

from journeys.definition import Definition, Outcome
from rootcause.certainty import certainty_of, doubts_about, excess_by_tier
from rootcause.findings import Finding, Findings
from rootcause.ticket import ticket_of
from rootcause.wording import (
    bad_noun,
    bad_words,
    condition_words,
    count,
    day,
    days_between,
    one_in,
    percent,
    percent_between,
    plain,
    points,
    points_between,
    shown_count,
    who,
)

Asked = tuple[Outcome, Finding]
"""An outcome and a finding about it."""


def grouped(findings: Sequence[Findings]) -> list[list[Asked]]:
    """Return findings of equal conditions together, the most harmful group first.

    Inside a group the finding with the greatest effect comes first.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Asked]] = {}
    for about in findings:
        for one in about.findings:
            key = tuple(sorted(one.conditions.items()))
            groups.setdefault(key, []).append((about.outcome, one))
    for group in groups.values():
        group.sort(key=lambda asked: -asked[1].effect)
    return sorted(groups.values(), key=lambda group: -group[0][1].harmed_journeys)


def headline(findings: Sequence[Findings]) -> dict[str, object]:
    """Return the first sentences: what, since when, how sure, how many."""
    groups = grouped(findings)
    if not groups:
        return _nothing_found(findings)
    outcome, one = groups[0][0]
    others = len(groups) - 1
    more = ""
    if others:
        more = f"{others} more finding{'s' if others > 1 else ''} below."
    return {
        "found": True,
        "text": (
            f"Since {day(one.onset)}, {who(one.conditions)} {bad_words(outcome)} "
            f"{points(one.effect)} more often after “{plain(one.conditions['activity'])}” "
            f"({points_between(*one.effect_interval)})."
        ),
        "more": more,
        "facts": _facts(outcome, one),
    }


def card(group: Sequence[Asked], definition: Definition) -> dict[str, object]:
    """Return a card's words and numbers; plain data."""
    outcome, one = group[0]
    return {
        "id": one.id,
        "state": one.state,
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
        "steps": _many(searched.steps, "step"),
        "attributes": _many(searched.attributes, "attribute"),
        "conditions": count(searched.conditions),
        "false_discovery_rate": f"{100 * searched.false_discovery_rate:g} %",
        "smallest": None if smallest is None else points(smallest),
        "by_step": [{"step": plain(step), "smallest": points(size)} for step, size in by_step],
        "note": about.note,
    }


def _nothing_found(findings: Sequence[Findings]) -> dict[str, object]:
    known = [about for about in findings if about.smallest_detectable_effect is not None]
    if not known:
        notes = " ".join(about.note for about in findings if about.note)
        return {
            "found": False,
            "text": "Nothing could be searched yet.",
            "more": notes,
            "facts": [],
        }
    sizes = [
        f"{points(about.smallest_detectable_effect or 0.0)} for {bad_noun(about.outcome)}"
        for about in known
    ]
    looked = sum(about.searched.conditions for about in known)
    return {
        "found": False,
        "text": f"Nothing found in {looked:,} combinations of step and conditions.",
        "more": (
            "That is an answer. What could have hidden: an effect smaller than about "
            f"{_listed(sizes)}. Of causes of that size that began in the last third of the log, "
            "half would have been seen, and more of larger ones."
        ),
        "facts": [],
    }


def _facts(outcome: str, one: Finding) -> list[dict[str, str]]:
    return [
        {"label": "What", "value": condition_words(one.conditions)},
        {
            "label": "Since when",
            "value": f"{day(one.onset)} ({days_between(*one.onset_interval)})",
        },
        {
            "label": "How much worse",
            "value": f"{percent(one.rate)} instead of {percent(one.expected_rate)} "
            f"{bad_words(outcome)}",
        },
        {
            "label": "How many",
            "value": f"{count(one.exposed_journeys)} journeys met it, "
            f"about {count(one.harmed_journeys)} were harmed",
        },
        {
            "label": "How sure",
            "value": f"{one_in(one.q_value)} findings as strong as this is a false alarm",
        },
        {"label": "Who can fix it", "value": _owner(one)},
    ]


def _owner(one: Finding) -> str:
    step = plain(one.conditions.get("activity", "this step"))
    return f"the team that owns “{step}”; a text for their ticket is below"


def _effect(outcome: str, one: Finding, definition: Definition) -> dict[str, object]:
    low, high = one.effect_interval
    harm = _harm_between(one)
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
        "harmed_between": f"{count(harm[0])} to {count(harm[1])}",
        "sure": one_in(one.q_value),
        "money": _money(outcome, one, definition),
    }


def _harm_between(one: Finding) -> tuple[float, float]:
    """Return the interval of the harmed journeys."""
    if one.harmed_interval is not None:
        return one.harmed_interval
    low, high = one.effect_interval
    return max(low, 0.0) * one.exposed_journeys, max(high, 0.0) * one.exposed_journeys


def _money(outcome: str, one: Finding, definition: Definition) -> str:
    """Say what the harm costs, with the assumption; empty where the definition has no value."""
    values = definition.values
    each = {"success": values.success, "leakage": values.contact}.get(outcome)
    if each is None:
        return ""
    low, high = (end * each for end in _harm_between(one))
    what = "a success" if outcome == "success" else "a contact"
    return (
        f"{low:,.0f} to {high:,.0f} {values.currency}, if {what} is worth "
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


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
