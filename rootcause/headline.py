"""The headline: what, since when, how sure, how many, how much, who can fix it; on one screen."""

from collections.abc import Mapping, Sequence

from journeys.definition import Definition
from rootcause.acting import case_of, money_words
from rootcause.cards import Asked, grouped, harm_between, money_of, settled
from rootcause.findings import Finding, Findings
from rootcause.life import Case
from rootcause.whatif import Saving
from rootcause.wording import (
    bad_noun,
    bad_words,
    between,
    condition_words,
    count,
    day,
    days_between,
    many,
    one_in,
    percent,
    plain,
    points,
    points_between,
    things,
    who,
)


def headline(
    findings: Sequence[Findings],
    definition: Definition,
    *,
    savings: Mapping[str, Saving] | None = None,
    cases: Sequence[Case] = (),
) -> dict[str, object]:
    """Return the first sentences and facts; ``savings`` by the id of their finding."""
    every = grouped(findings, cases)
    groups = [group for group in every if not settled(group, cases)]
    warned = _warned(len({one.sentence for about in findings for one in about.warnings}))
    if not groups:
        told = _all_settled(len(every)) if every else _nothing_found(findings)
        return told | {"warned": warned}
    outcome, one = groups[0][0]
    others = len(groups) - 1
    return {
        "found": True,
        "id": one.id,
        "text": (
            f"Since {day(one.onset)}, {who(one.conditions)} {bad_words(outcome)} "
            f"{points(one.effect)} more often after “{plain(one.conditions['activity'])}” "
            f"({points_between(*one.effect_interval)})."
        ),
        "more": f"{things(others, 'more finding')} below." if others else "",
        "warned": warned,
        "facts": _facts(groups[0], definition, (savings or {}, cases)),
    }


def _facts(
    group: Sequence[Asked],
    definition: Definition,
    known: tuple[Mapping[str, Saving], Sequence[Case]],
) -> list[dict[str, str]]:
    (outcome, one), (savings, cases) = group[0], known
    return [
        {
            "label": "What",
            "value": f"{condition_words(one.conditions)}: {percent(one.rate)} instead of "
            f"{percent(one.expected_rate)} {bad_words(outcome)}",
        },
        {
            "label": "Since when",
            "value": f"{day(one.onset)} ({days_between(*one.onset_interval)})",
        },
        {"label": "How sure", "value": _how_sure(one)},
        {
            "label": "How many",
            "value": f"{many(one.exposed_journeys, 'journey')} met it, about "
            f"{count(one.harmed_journeys)} were harmed ({between(harm_between(one))})",
        },
        {"label": "How much", "value": _how_much(group, definition, savings)},
        {"label": "Who can fix it", "value": _owner(one, definition, cases)},
    ]


def _how_sure(one: Finding) -> str:
    said = f"{one_in(one.q_value)} findings as strong as this is a false alarm"
    if one.stability.get("holds_in") == 2:
        said += "; it holds in both halves of the customers"
    return said


def _how_much(group: Sequence[Asked], definition: Definition, savings: Mapping[str, Saving]) -> str:
    """Say the money a week, else the cost so far, else what is missing to say it."""
    for outcome, one in group:
        if one.id in savings and (said := money_words(savings[one.id])):
            return f"a fix saves about {said}, by fewer journeys {bad_noun(outcome)}"
    for outcome, one in group:
        if said := money_of(outcome, one, definition):
            return f"so far {said}"
    return (
        "not known: the definition gives no value to this outcome; write what a success earns and "
        "a contact costs under “values”"
    )


def _owner(one: Finding, definition: Definition, cases: Sequence[Case]) -> str:
    """Say who has it, else whose it is likely to be: a technical value has a maker."""
    case = case_of(cases, one.id)
    if case is not None and case.owner:
        ticket = f", ticket {case.ticket}" if case.ticket else ""
        return f"{case.owner}{ticket} ({case.state})"
    step = plain(one.conditions.get("activity", "this step"))
    made = [
        f"{plain(name)} {value}"
        for name, value in one.conditions.items()
        if name in definition.attributes.technical
    ]
    told = f"the team that owns “{step}”"
    if made:
        told += f", with those responsible for {' and '.join(made)}"
    return f"{told}; a text for their ticket is below"


def _all_settled(number: int) -> dict[str, object]:
    return {
        "found": False,
        "text": "Nothing is open.",
        "more": f"{things(number, 'finding')} of this log, below: fixed, closed or expired.",
        "facts": [],
    }


def _nothing_found(findings: Sequence[Findings]) -> dict[str, object]:
    known = [about for about in findings if about.smallest_detectable_effect is not None]
    if not known:
        notes = " ".join(about.note for about in findings if about.note)
        text = "Nothing could be searched yet."
        return {"found": False, "text": text, "more": notes, "facts": []}
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


def _warned(number: int) -> str:
    if not number:
        return ""
    return f"{things(number, 'early warning')} of what is too new to be judged."


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
