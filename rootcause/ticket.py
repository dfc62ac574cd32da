"""The ticket: a finding as a block of plain text, to paste where IT works.

What, where, since when, how sure, how many, how it shows, how to reproduce it, what it is not, and
what to look at first. At most forty lines; no customer key.
"""

from collections.abc import Iterator, Sequence

from rootcause.findings import Finding
from rootcause.mechanism import main_symptom
from rootcause.wording import (
    bad_noun,
    condition_list,
    condition_words,
    count,
    one_in,
    percent,
    percent_between,
    plain,
    points,
    points_between,
)

_MOST_LINES = 40
_MOST_EXAMPLES = 3


def ticket_of(one: Finding, journey: str, outcome: str, paths: Sequence[str] = ()) -> str:
    """Return the text; ``paths``: of `rootcause.paths.typical_paths`."""
    lines = [
        f"[Offramp {one.id}] {plain(journey)}: more {bad_noun(outcome)}",
        f"What       {condition_words(one.conditions)}",
        f"Where      {'; '.join(condition_list(one.conditions))}",
        *_since(one),
        *_how_much(one, outcome),
        *_how_sure(one),
        *_section(
            "How it shows, against matched journeys",
            (symptom_words(symptom) for symptom in one.symptoms if _passes(symptom)),
        ),
        *_section("How to reproduce: what three of them did (0 = the step)", _paths(one, paths)),
        *_section("Checked, and it is not", _not_it(one)),
        *_section("To look at first", _to_check(one)),
    ]
    return "\n".join(" ".join(line.splitlines()) for line in lines[:_MOST_LINES])


def symptom_words(symptom: dict[str, object]) -> str:
    """Say a symptom: how much more often, and what passes through it.

    >>> symptom_words({"words": "“upload failed”", "ratio": 9.1, "low": 7.0, "high": 11.0,
    ...                "share": 0.9, "share_low": 0.75, "share_high": 1.0})
    '“upload failed”: 9.1 times as often (7.0 to 11.0); 90 % of the effect passes through it (75 to 100 %)'
    """  # noqa: E501 - one line of output
    said = f"{symptom.get('words') or plain(str(symptom['feature']))}: "
    said += f"{_number(symptom['ratio']):.1f} times as often"
    if symptom.get("low") is not None:
        said += f" ({_number(symptom['low']):.1f} to {_number(symptom['high']):.1f})"
    if symptom.get("share") is None:
        return said
    low, high = _number(symptom["share_low"]), _number(symptom["share_high"])
    share = percent(_number(symptom["share"]))
    return f"{said}; {share} of the effect passes through it ({percent_between(low, high)})"


def sibling_words(sibling: dict[str, object], conditions: dict[str, str]) -> str:
    """Say who meets all conditions but one, and how they fare."""
    ((name, value),) = dict(sibling["other_than"]).items()  # type: ignore[call-overload]
    others = {k: v for k, v in conditions.items() if k not in (name, "activity")}
    kept = f"{condition_words(others)}, " if others else ""
    size = points(_number(sibling["effect"]))
    between = points_between(_number(sibling["low"]), _number(sibling["high"]))
    state = "not affected" if sibling["clean"] else "AFFECTED AS WELL"
    return (
        f"{kept}{plain(name)} other than {value}: {state} "
        f"({size}, {between}; {count(_number(sibling['known']))} journeys)"
    )


def _passes(symptom: dict[str, object]) -> bool:
    """Whether some of the effect passes through a symptom, or it is not known how much."""
    return symptom.get("share") is None or round(100 * _number(symptom["share"])) > 0


def _since(one: Finding) -> Iterator[str]:
    if one.onset:
        yield f"Since      {one.onset} (95 %: {one.onset_interval[0]} to {one.onset_interval[1]})"


def _how_much(one: Finding, outcome: str) -> Iterator[str]:
    yield (
        f"How much   {points(one.effect)} ({points_between(*one.effect_interval)}) more "
        f"{bad_noun(outcome)}: {percent(one.rate)} instead of {percent(one.expected_rate)}"
    )
    if one.effect_robust is not None and one.effect_robust_interval is not None:
        between = points_between(*one.effect_robust_interval)
        yield f"           doubly robust: {points(one.effect_robust)} ({between})"
    harmed = f"about {count(one.harmed_journeys)} harmed"
    if one.harmed_interval is not None:
        harmed += f" ({count(one.harmed_interval[0])} to {count(one.harmed_interval[1])})"
    yield f"How many   {count(one.exposed_journeys)} journeys met it, {harmed}"


def _how_sure(one: Finding) -> Iterator[str]:
    sure = [f"{one_in(one.q_value)} findings as strong as this is a false alarm"]
    sure += [str(one.stability["words"])] if one.stability else []
    yield f"How sure   {'; '.join(sure)}"
    if one.excess_shap:
        yield f"           {one.excess_shap['words']}"
    for doubt in (one.effect_disagreement, one.instrumentation):
        if doubt:
            yield f"Doubt      {doubt}"


def _section(title: str, told: Iterator[str]) -> Iterator[str]:
    lines = list(told)
    if lines:
        yield f"{title}:"
        yield from (f"  - {line}" for line in lines)


def _paths(one: Finding, paths: Sequence[str]) -> Iterator[str]:
    if paths:
        yield from paths[:_MOST_EXAMPLES]
    elif one.evidence:
        yield f"journeys {', '.join(one.evidence[:_MOST_EXAMPLES])}"


def _not_it(one: Finding) -> Iterator[str]:
    for sibling in one.siblings:
        yield sibling_words(sibling, one.conditions)
    for same in one.also_indistinguishable:
        yield f"NOT told apart: {condition_words(same)} holds for the same journeys"


def _to_check(one: Finding) -> Iterator[str]:
    step = plain(one.conditions.get("activity", "the step"))
    when = f"on or just before {one.onset}" if one.onset else "here, always"
    named = condition_words({k: v for k, v in one.conditions.items() if k != "activity"})
    yield f"what changed {when} for {named} at “{step}”: a release, a flag, a rule, a partner"
    main = main_symptom(one)
    if main is not None:
        yield f"logs and error rates of {main['words']} since then"
    if one.instrumentation:
        yield "whether the tracking itself changed that day, before anything else"
    if one.onset:
        yield f"after the fix: offramp verify --finding {one.id} --fixed-at TIME"


def _number(value: object) -> float:
    return float(str(value))
