"""Standing differences: what has always been worse, in words, apart from the findings."""

from collections.abc import Sequence

from rootcause.findings import Findings
from rootcause.wording import (
    bad_noun,
    condition_words,
    count,
    percent,
    points,
    points_between,
)


def standing_section(findings: Sequence[Findings]) -> list[dict[str, object]]:
    """Return what is always worse, per outcome that has any; plain data, the surest first."""
    return [
        {
            "outcome": about.outcome,
            "words": bad_noun(about.outcome),
            "rows": [
                {
                    "id": one.id,
                    "what": condition_words(one.conditions),
                    "points": points(one.effect),
                    "between": points_between(*one.effect_interval),
                    "rate": percent(one.rate),
                    "expected": percent(one.expected_rate),
                    "exposed": count(one.exposed_journeys),
                }
                for one in about.chronic
            ],
        }
        for about in findings
        if about.chronic
    ]
