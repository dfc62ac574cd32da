"""Certainty: what was asked of a finding after it was found, and what came out, in words."""

from collections.abc import Iterator, Mapping

from rootcause.findings import Finding
from rootcause.ticket import sibling_words
from rootcause.wording import day, plain, points, points_between


def certainty_of(one: Finding) -> list[dict[str, str]]:
    """Return questions and answers, ``{"label", "value"}``; those not asked are left out."""
    asked = (_another_way, _halves, _siblings, _shap, _measuring)
    return [{"label": label, "value": value} for ask in asked for label, value in ask(one)]


def doubts_about(one: Finding) -> list[str]:
    """Return what speaks against a finding or its size, a sentence each; empty where nothing."""
    found = [
        one.effect_disagreement,
        _sentence(f"It {one.instrumentation}") if one.instrumentation else "",
        _sentence(f"It {one.stability['words']}")
        if _number(one.stability, "holds_in", 2) < 2
        else "",
        str(one.excess_shap["words"]) if one.excess_shap.get("agrees") is False else "",
    ]
    return [said for said in found if said]


def excess_by_tier(one: Finding) -> list[dict[str, object]]:
    """Return what carries the excess by SHAP, the tiers apart; ``{"tier", "attributes"}``."""
    tiers = one.excess_shap.get("attributes", {})
    if not isinstance(tiers, Mapping):
        return []
    return [
        {
            "tier": str(tier),
            "attributes": [
                f"{plain(str(row['attribute']))} {_logits(row['logits'])} "
                f"({_logits(row['low'])} to {_logits(row['high'])})"
                for row in rows
            ],
        }
        for tier, rows in tiers.items()
        if rows
    ]


def _another_way(one: Finding) -> Iterator[tuple[str, str]]:
    if one.effect_robust is not None and one.effect_robust_interval is not None:
        between = points_between(*one.effect_robust_interval)
        said = f"{points(one.effect_robust)} ({between}) against journeys weighed to look alike"
        agrees = one.effect_disagreement or "The two estimates agree."
        yield "Measured another way", f"{said}. {agrees}"
    elif one.effect_disagreement:
        yield "Measured another way", one.effect_disagreement


def _halves(one: Finding) -> Iterator[tuple[str, str]]:
    halves = one.stability.get("halves")
    if not isinstance(halves, list | tuple):
        return
    sizes = " and ".join(
        f"{points(half['effect'])} ({points_between(half['low'], half['high'])})" for half in halves
    )
    said = _sentence(f"It {one.stability['words']}")
    yield "Half of the customers each", f"{said} {_sentence(sizes)}" if sizes else said


def _siblings(one: Finding) -> Iterator[tuple[str, str]]:
    said = "; ".join(sibling_words(sibling, one.conditions) for sibling in one.siblings)
    if said:
        yield "Who meets all but one condition", _sentence(said)


def _shap(one: Finding) -> Iterator[tuple[str, str]]:
    if one.excess_shap:
        yield "SHAP on the excess", str(one.excess_shap["words"])


def _measuring(one: Finding) -> Iterator[tuple[str, str]]:
    if one.instrumentation:
        yield "Measuring", _sentence(f"It {one.instrumentation}")
    elif one.stability and one.onset:
        yield (
            "Measuring",
            f"No gap, no new or lost event name and no jump of a volume around {day(one.onset)}.",
        )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _logits(value: object) -> str:
    return f"{float(str(value)):+.2f}".replace("-", "\N{MINUS SIGN}")


def _number(given: Mapping[str, object], name: str, otherwise: float) -> float:
    return float(str(given.get(name, otherwise)))
