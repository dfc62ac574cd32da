"""Acting: whom a finding concerns, what a fix is worth, and whether past fixes have worked."""

from collections.abc import Mapping, Sequence
from typing import Any

from rootcause.audience_summary import AudienceSummary
from rootcause.life import Case
from rootcause.whatif import Saving
from rootcause.wording import (
    bad_noun,
    between,
    condition_words,
    count,
    day,
    money,
    money_between,
    plain,
    points,
    points_between,
    shown_count,
)


def people_section(
    audiences: Sequence[AudienceSummary], names: Mapping[str, str]
) -> list[dict[str, object]]:
    """Return per finding how many are affected and how many may be next.

    ``names``: what each finding is called, by its id; one that the report does not show is left out
    """
    return [
        {
            "id": one.finding,
            "words": names[one.finding],
            "affected": count(one.affected),
            "affected_journeys": shown_count(one.affected),
            "at_risk": count(one.at_risk),
            "at_risk_journeys": shown_count(one.at_risk),
            "reached": count(one.expected_reached[0]),
            "reached_between": between(one.expected_reached[1:]),
            "harmed": count(one.expected_harmed[0]),
            "harmed_between": between(one.expected_harmed[1:]),
            "held_out": count(one.held_out),
            "days": f"{one.days:g}",
            "checked": _checked(one),
            "grade": one.grade.sentence if one.grade is not None else "",
        }
        for one in audiences
        if one.finding in names
    ]


def _checked(one: AudienceSummary) -> str:
    """Say how past forecasts of the same kind came true; empty where none could be checked."""
    if not one.checked:
        return ""
    expected, reached = (float(str(one.checked[name])) for name in ("expected", "reached"))
    forecasts = count(float(str(one.checked["forecasts"])))
    return (
        f"Held against the log's own past: of {forecasts} journeys forecast in the same way, "
        f"{count(expected)} were expected to reach the step and {count(reached)} did."
    )


def money_section(savings: Sequence[Saving], names: Mapping[str, str]) -> list[dict[str, object]]:
    """Return per finding what a fix is worth a week, what it has cost, and what is assumed."""
    return [
        {
            "id": one.finding,
            "words": names[one.finding],
            "outcome": bad_noun(one.outcome),
            "exposed": count(one.exposed_per_week[0]),
            "exposed_between": between(one.exposed_per_week[1:]),
            "avoidable": count(one.avoidable_per_week[0]),
            "avoidable_between": between(one.avoidable_per_week[1:]),
            "so_far": count(one.so_far[0]),
            "so_far_between": between(one.so_far[1:]),
            "money": money_words(one),
            "assumptions": list(one.assumptions),
            "sentence": one.sentence,
        }
        for one in savings
        if one.finding in names
    ]


def money_words(saving: Saving) -> str:
    """Say what a fix saves a week; empty where the definition gives no value.

    Nothing is promised that the interval does not hold: a lower end below nothing is nothing.
    """
    if saving.money_per_week is None:
        return ""
    value, low, high = saving.money_per_week
    range_ = money_between(max(low, 0.0), high, saving.currency)
    return f"{money(value, saving.currency)} a week ({range_})"


def fixes_section(cases: Sequence[Case]) -> list[dict[str, object]]:
    """Return the findings for which a fix was released, the latest first, with their verdicts."""
    fixed = [case for case in cases if case.fixed_at is not None]
    fixed.sort(key=lambda case: str(case.fixed_at), reverse=True)
    return [_fix(case) for case in fixed]


def others_section(cases: Sequence[Case], shown: Sequence[str]) -> list[dict[str, object]]:
    """Return the other findings under watch: without a fix, and not among those ``shown``."""
    return [
        _life(case)
        for case in cases
        if case.fixed_at is None and not {case.id, *case.also_known_as} & set(shown)
    ]


def case_of(cases: Sequence[Case], id_: str) -> Case | None:
    """Return the case of a finding, also one that was first found under another id."""
    return next((case for case in cases if id_ in (case.id, *case.also_known_as)), None)


def life_words(case: Case) -> str:
    """Say in which state a finding is, since when, who has it, and why."""
    owner = f", {case.owner}" if case.owner else ""
    ticket = f", ticket {case.ticket}" if case.ticket else ""
    return f"{case.state} since {day(case.since[:10])}{owner}{ticket}: {case.history[-1].reason}"


def _fix(case: Case) -> dict[str, object]:
    verdict: Mapping[str, Any] = case.verdict or {}
    return _life(case) | {
        "fixed_at": day(str(case.fixed_at)[:10]),
        "verdict": str(verdict.get("verdict") or "cannot tell yet"),
        "sentence": str(verdict.get("sentence") or "The watch has not looked at it since."),
        "before": _effect(verdict, "before"),
        "after": _effect(verdict, "after"),
    }


def _life(case: Case) -> dict[str, object]:
    return {
        "id": case.id,
        "words": condition_words(case.finding.conditions),
        "outcome": bad_noun(case.outcome),
        "journey": plain(case.journey),
        "state": case.state,
        "owner": case.owner,
        "ticket": case.ticket,
        "now": life_words(case),
        "history": [
            {"at": day(entry.at[:10]), "state": entry.state, "reason": entry.reason}
            for entry in case.history
        ],
    }


def _effect(verdict: Mapping[str, Any], when: str) -> str:
    effect, ends = verdict.get(f"effect_{when}"), verdict.get(f"effect_{when}_interval")
    if effect is None or not ends:
        return "not known"
    exposed = count(float(verdict.get(f"exposed_{when}", 0)))
    return f"{points(effect)} ({points_between(*ends)}; {exposed} journeys)"
