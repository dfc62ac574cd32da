"""What if it were fixed? The failures that a fix would avoid, a week, and what they cost.

The adjusted effect times the exposures expected: both with their uncertainty. Never the rate of the
exposed set to that of the rest, which would promise what mere differences between customers cost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.errors import RequestError
from journeys.log import EventLog
from journeys.shards import Shards
from rootcause.exposure import exposures_of
from rootcause.exposures_ahead import expected_from
from rootcause.findings import Finding
from rootcause.intervals import Z_95
from rootcause.met import Met, met_in, met_over
from rootcause.wording import bad_noun, count, day, points, points_between

Triple = tuple[float, float, float]

_DRAWS = 10_000
_ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Saving:
    """What a fix is worth; every triple is (value, low, high), a 95 % interval of what will happen.

    Attributes
    ----------
    outcome : success, leakage or churn; what is avoided is its bad side
    exposed_per_week : journeys that will meet the conditions in the coming week
    avoidable_per_week : bad outcomes that they will come to because of the cause
    money_per_week : those times what one costs (`values` of the definition), in ``currency``; None
        where the definition does not say
    so_far : bad outcomes because of the cause from its onset to the end of the log
    next_days : a number of days from the end of the log on, and in them ``next_exposed``,
        ``next_avoidable``
    assumptions : in words, what has to hold for the numbers to hold
    sentence : the saving in words
    """

    finding: str
    outcome: str
    exposed_per_week: Triple
    avoidable_per_week: Triple
    money_per_week: Triple | None
    currency: str
    so_far: Triple
    next_days: int
    next_exposed: Triple
    next_avoidable: Triple
    assumptions: tuple[str, ...]
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Return the saving as plain data: text, numbers, lists and None only."""
        plain = asdict(self)
        return {key: list(one) if isinstance(one, tuple) else one for key, one in plain.items()}


def saving_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    finding: Finding,
    *,
    outcome: Outcome,
    days: int = 7,
) -> Saving:
    """Return what a fix of a finding's cause would save from the end of the log on.

    The effect and its interval are the finding's (where its two estimates disagree, the interval
    holds both); how many are exposed is forecast (`rootcause.exposures_ahead`). The interval of
    what is avoidable holds both uncertainties, and the chance that remains when both are known.

    Parameters
    ----------
    days : how many days ``next_exposed`` and ``next_avoidable`` look ahead

    Raises
    ------
    RequestError
        If ``days`` is not at least 1.
    """
    return savings_of(log, journeys, definition, [(finding, outcome)], days=days)[0]


def savings_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    found: Sequence[tuple[Finding, Outcome]],
    *,
    days: int = 7,
) -> list[Saving]:
    """Return what a fix of each finding would save, as `saving_of` does, in less time for many."""
    ends = log.ended
    exposures = {
        outcome: exposures_of(log, journeys, definition, outcome)
        for outcome in dict.fromkeys(outcome for _, outcome in found)
    }
    met = [met_in(exposures[outcome], finding, ends=ends) for finding, outcome in found]
    return _priced(met, definition, found, days)


def savings_over(
    shards: Shards, found: Sequence[tuple[Finding, Outcome]], *, days: int = 7
) -> list[Saving]:
    """Return what a fix of each finding would save, as `savings_of` does, of a log in shards."""
    return _priced(met_over(shards, found), shards.definition, found, days)


def _priced(
    met: Sequence[Met],
    definition: Definition,
    found: Sequence[tuple[Finding, Outcome]],
    days: int,
) -> list[Saving]:
    if days < 1:
        raise RequestError(f"{days} days lie not ahead; ask for at least 1.")
    return [
        _saving(one, definition, finding, outcome, days=days)
        for one, (finding, outcome) in zip(met, found, strict=True)
    ]


def _saving(
    met: Met, definition: Definition, finding: Finding, outcome: Outcome, *, days: int
) -> Saving:
    week, ahead = (_ahead(met, finding, days=many) for many in (7, days))
    value, currency = _worth(definition, outcome)
    ends = (finding.effect, *_between(finding))
    so_far = _three(*(max(end, 0.0) * met.at_risk for end in ends))
    money = None if value is None else _three(*(value * end for end in week[1]))
    told = Saving(
        finding=finding.id,
        outcome=outcome,
        exposed_per_week=week[0],
        avoidable_per_week=week[1],
        money_per_week=money,
        currency=currency,
        so_far=so_far,
        next_days=days,
        next_exposed=ahead[0],
        next_avoidable=ahead[1],
        assumptions=tuple(_assumptions(finding, outcome, value, currency)),
        sentence="",
    )
    return replace(told, sentence=_sentence(told))


def _ahead(met: Met, finding: Finding, *, days: int) -> tuple[Triple, Triple]:
    """Return those exposed in the coming days, and the bad outcomes that the cause brings them."""
    expected = expected_from(met.exposed, met.at_step, days=days)
    many = int(met.exposed.sum())
    share = met.at_risk / many if many else 1.0  # of whom the outcome can still be asked
    rng = np.random.default_rng(0)
    exposed = expected.draws(rng, _DRAWS)
    low, high = _between(finding)
    effect = finding.effect + (high - low) / (2.0 * Z_95) * rng.standard_normal(_DRAWS)
    harmed = rng.poisson(share * exposed * np.clip(effect, 0.0, 1.0))
    mean = share * expected.mean * max(finding.effect, 0.0)
    return (
        _three(expected.mean, *np.quantile(exposed, _ENDS)),
        _three(mean, *np.quantile(harmed, _ENDS)),
    )


def _between(finding: Finding) -> tuple[float, float]:
    """Return the interval of the effect; where the two estimates disagree, of both."""
    low, high = finding.effect_interval
    if finding.effect_disagreement and finding.effect_robust_interval is not None:
        other_low, other_high = finding.effect_robust_interval
        return min(low, other_low), max(high, other_high)
    return low, high


def _worth(definition: Definition, outcome: Outcome) -> tuple[float | None, str]:
    """Return what one bad outcome costs, None where the definition does not say; the currency."""
    worth = dict(definition.values)
    of_outcome = {"success": "success", "leakage": "contact"}.get(outcome, "")
    return worth.get(of_outcome), str(worth["currency"])


def _three(value: float, low: float, high: float) -> Triple:
    return round(float(value), 2), round(float(low), 2), round(float(high), 2)


def _assumptions(
    finding: Finding, outcome: Outcome, value: float | None, currency: str
) -> Iterator[str]:
    low, high = _between(finding)
    yield (
        f"The cause goes on doing what it has done since {day(finding.onset)}: "
        f"{points(finding.effect)} ({points_between(low, high)}) more {bad_noun(outcome)} among "
        "those who meet its conditions, adjusted for who they are."
    )
    yield (
        "As many come as in the last four weeks, weekday by weekday, their trend going on for two "
        "more; that days scatter is in the interval, a new release or a campaign is not."
    )
    if value is None:
        yield "No money is named: the definition gives no value for this outcome under `values`."
    elif outcome == "leakage":
        yield (
            f"One contact of {currency} {value:,.2f} is saved for each journey that no longer "
            "reaches the contact centre; second contacts are not counted."
        )
    else:
        yield f"Each journey that reaches its goal after all earns {currency} {value:,.2f}."
    yield "What another finding explains as well is counted in both: do not add them up."


def _sentence(saving: Saving) -> str:
    value, low, high = saving.so_far
    said = (
        f"So far {count(value)} journeys ({count(low)} to {count(high)}) have ended in "
        f"{bad_noun(saving.outcome)} because of it. In the next {_days(saving.next_days)} about "
        f"{_counted(saving.next_exposed)} will meet it, and {_counted(saving.next_avoidable)} of "
        "them will end so if nothing is done."
    )
    if saving.money_per_week is None:
        return said
    cost, least, most = (f"{end:,.0f}" for end in saving.money_per_week)
    return f"{said} A fix is worth {saving.currency} {cost} a week ({least} to {most})."


def _counted(triple: Triple) -> str:
    """Say a number that is yet to come: nobody can be pointed at, so small ones are shown."""
    value, low, high = triple
    return f"{value:,.0f} ({low:,.0f} to {high:,.0f})"


def _days(days: int) -> str:
    return "day" if days == 1 else f"{days} days"
