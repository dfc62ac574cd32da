"""Early warnings in words: what is too new to be judged, apart from the findings."""

from collections.abc import Sequence

from rootcause.early import EarlyWarning
from rootcause.findings import Findings
from rootcause.wording import (
    condition_words,
    count,
    day,
    one_in,
    percent,
    percent_between,
    plain,
    shown_count,
)


def early_section(findings: Sequence[Findings]) -> list[dict[str, object]]:
    """Return every warning once, the surest first: searches of several outcomes see the same."""
    found: dict[str, EarlyWarning] = {}
    for about in findings:
        for one in about.warnings:
            found.setdefault(f"{sorted(one.conditions.items())} {one.symptom}", one)
    return [_told(one) for one in sorted(found.values(), key=lambda one: -one.e_value)]


def _told(one: EarlyWarning) -> dict[str, object]:
    return {
        "what": condition_words(one.conditions),
        "young": condition_words(one.young),
        "sentence": one.sentence,
        "rate": percent(one.rate),
        "between": percent_between(*one.rate_interval),
        "expected": percent(one.expected_rate),
        "exposed": count(one.exposed_journeys),
        "exposed_journeys": shown_count(one.exposed_journeys),
        "since": day(one.since),
        "sure": "By chance alone such evidence would ever come up "
        f"{one_in(1.0 / one.bar)} times, however often one looks",
        "beside": [f"{plain(also['symptom'])} after “{plain(also['activity'])}”"
                   for also in one.beside],
        "same": [condition_words(same) for same in one.also_indistinguishable],
    }  # fmt: skip
