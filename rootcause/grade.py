"""Grades: what became of the customers whom an earlier list named, and of those it held out."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Literal

import numpy as np
import pandas as pd

from journeys.definition import Definition, Outcome
from journeys.find import last_row_until
from journeys.labels import at_risk_of, bad_outcome, labels_of
from journeys.log import EventLog, instants, microseconds
from rootcause.changes import rows_of
from rootcause.exposure import STEP, exposed_to
from rootcause.findings import Finding
from rootcause.forecast import Interval, expected_count
from rootcause.intervals import rate_interval
from rootcause.last_known import Flags, Ints
from rootcause.position import samples_at
from rootcause.reach import still_ahead
from rootcause.wording import bad_noun, day, percent, percent_between

Answer = Literal["helped", "no difference shown", "made it worse", "cannot tell yet"]

_Asked = tuple[EventLog, pd.DataFrame, Definition, Finding, Outcome]

_FEWEST = 20
_DECIDED_SHARE = 0.95


@dataclass(frozen=True)
class Grade:
    """An earlier list of one audience, held against what happened since.

    Attributes
    ----------
    as_of, until : ISO instants (UTC), when the list was made and up to when it forecast
    listed : journeys the list had at risk
    expected, hit : of these, how many it expected to meet the conditions by ``until``, and how many
        did
    missed : journeys in flight at ``as_of`` that met the conditions by then and were not listed
    precision, recall : ``hit`` of ``listed`` and of ``hit + missed``, with 95 % intervals (Wilson);
        None while ``until`` lies ahead, or where nobody was counted
    approached, held_out : journeys of the list with a known outcome, by whether they were held out
    rate_approached, rate_held_out : the share of these that ended badly, with 95 % intervals
    avoided : bad outcomes fewer among the approached than the hold-out lets expect, with a 95 %
        interval; negative where there were more; None where it cannot be told
    answer : whether approaching them helped
    tellable_from : ISO date from which the outcomes will be known, while they are not
    sentence : all of it in words
    """

    audience: str
    as_of: str
    until: str
    listed: int
    expected: Interval
    hit: int
    missed: int
    precision: Interval | None
    recall: Interval | None
    approached: int
    held_out: int
    rate_approached: Interval | None
    rate_held_out: Interval | None
    avoided: Interval | None
    answer: Answer
    tellable_from: str | None
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Return the grade as plain data, without customer keys."""
        return asdict(self)


@dataclass(frozen=True)
class _Forecast:
    """Who of the list, and of those in flight beside it, met the conditions in time."""

    hit: int
    missed: int
    precision: Interval | None
    recall: Interval | None


@dataclass(frozen=True)
class _Good:
    """What approaching the list has done, against those held out."""

    approached: int = 0
    held_out: int = 0
    rate_approached: Interval | None = None
    rate_held_out: Interval | None = None
    avoided: Interval | None = None
    answer: Answer = "cannot tell yet"
    tellable_from: str | None = None


def grade_of(
    log: EventLog,
    journeys: pd.DataFrame,
    definition: Definition,
    finding: Finding,
    *,
    outcome: Outcome,
    previous: pd.DataFrame,
) -> Grade | None:
    """Return how an earlier list of a finding turned out; None where it lists nobody.

    The rows not held out are taken as approached, whether or not they were: the difference is that
    of having been on the list to approach. Those of whom nothing was to come any more (probability
    0) do not count. What is known of a row is what the log tells today.
    """
    rows = rows_of(log, journeys, definition, previous)
    previous, rows = previous[rows >= 0].reset_index(drop=True), rows[rows >= 0]
    if not len(previous):
        return None
    as_of, until = (int(microseconds(previous[name]).max()) for name in ("as_of", "until"))
    asked = (log, journeys, definition, finding, outcome)
    at_risk = (previous["state"] == "at_risk").to_numpy()
    forecast = _forecast(asked, rows[at_risk], as_of, until)
    ahead = (previous["probability"] > 0).to_numpy()
    held = previous["held_out"].to_numpy(dtype=np.bool_)
    good = _good(asked, rows[ahead], held[ahead], as_of)
    expected = expected_count(previous[at_risk], ("reach", "exposed"))
    graded = Grade(
        audience=finding.id,
        as_of=_iso(as_of),
        until=_iso(until),
        listed=int(at_risk.sum()),
        expected=expected,
        **vars(forecast),
        **vars(good),
        sentence="",
    )
    return replace(graded, sentence=_sentence(graded, outcome))


def _forecast(asked: _Asked, rows: Ints, as_of: int, until: int) -> _Forecast:
    """Return how many came to meet the conditions in time, on the list and beside it."""
    log, journeys, definition, finding, outcome = asked
    exposed = exposed_to(log, journeys, definition, finding)
    time = microseconds(exposed["time"])
    met = exposed["journey"].to_numpy()[(time > as_of) & (time <= until)]
    flying = samples_at(log, journeys, np.array([as_of], dtype=np.int64))
    open_ = at_risk_of(log, journeys, flying, definition)[outcome]
    open_ &= still_ahead(log, journeys, flying, finding.conditions[STEP])
    could = np.intersect1d(met, flying["journey"].to_numpy()[open_])
    hit, missed = int(np.isin(rows, met).sum()), int((~np.isin(could, rows)).sum())
    if until > log.ended:
        return _Forecast(hit, missed, None, None)
    return _Forecast(hit, missed, _rate(hit, len(rows)), _rate(hit, hit + missed))


def _good(asked: _Asked, rows: Ints, held: Flags, as_of: int) -> _Good:
    """Return the bad outcomes after the list was made, of those held out and of the others."""
    log, journeys, definition, _, outcome = asked
    samples = _samples(log, journeys, rows, as_of)
    open_ = at_risk_of(log, journeys, samples, definition)[outcome]
    labels = labels_of(log, journeys, samples, definition)[outcome]
    bad = bad_outcome(labels["y"].to_numpy(), outcome)
    closed = open_ & labels["closed_at"].notna().to_numpy()
    if closed.sum() < _DECIDED_SHARE * open_.sum():
        rule = definition.rules[outcome]
        return _Good(tellable_from=_day_after(as_of, rule.within or rule.inactive_for))
    (_, approached), (_, kept) = counts = [
        (float(bad[side].sum()), int(side.sum())) for side in (closed & ~held, closed & held)
    ]
    told = _Good(approached, kept, _rate(*counts[0]), _rate(*counts[1]))
    if min(approached, kept) < _FEWEST:
        return told
    avoided = _avoided(counts)
    return replace(told, avoided=avoided, answer=_answer(avoided))


def _samples(log: EventLog, journeys: pd.DataFrame, rows: Ints, as_of: int) -> pd.DataFrame:
    """Return a sample of each journey, ended or not, at the instant of the list."""
    first = journeys["first"].to_numpy()[rows]
    last = log.offsets[1:][log.customers[first]] - 1
    cutoff = np.full(len(rows), as_of)
    seen = last_row_until(log.times, first, last, cutoff)
    return pd.DataFrame({"journey": rows, "cutoff": instants(cutoff), "seen": seen})


def _avoided(counts: list[tuple[float, int]]) -> Interval:
    """Return how many fewer ended badly than the hold-out lets expect (Newcombe 1998, no. 10)."""
    (rate, low, high), (usual, usual_low, usual_high) = (
        (float(each) for each in rate_interval(*pair)) for pair in counts
    )
    value = usual - rate
    under = value - float(np.hypot(usual - usual_low, high - rate))
    over = value + float(np.hypot(usual_high - usual, rate - low))
    people = counts[0][1]
    return value * people, under * people, over * people


def _answer(avoided: Interval) -> Answer:
    _, low, high = avoided
    if low > 0:
        return "helped"
    return "made it worse" if high < 0 else "no difference shown"


def _rate(happened: float, of: int) -> Interval | None:
    if not of:
        return None
    value, low, high = (float(each) for each in rate_interval(happened, of))
    return value, low, high


def _iso(instant: int) -> str:
    return str(pd.Timestamp(instant, unit="us", tz="UTC").isoformat())


def _day_after(as_of: int, horizon: timedelta | None) -> str | None:
    """Return the first day on which everybody of the list has been watched long enough."""
    if horizon is None:
        return None
    return str((pd.Timestamp(as_of, unit="us", tz="UTC") + horizon).ceil("D").date())


def _sentence(grade: Grade, outcome: Outcome) -> str:
    made, by = day(grade.as_of[:10]), day(grade.until[:10])
    value, low, high = grade.expected
    said = f"Of the {grade.listed:,} at risk on {made}, {value:.0f} ({low:.0f} to {high:.0f}) were "
    said += f"expected to be hit by {by}; {grade.hit:,} "
    if grade.precision is None:
        said += "have been so far, and the time is not over"
    elif grade.recall is None:
        said += "were"
    else:
        recall, least, most = grade.recall
        said += f"were, which is {percent(recall)} ({percent_between(least, most)}) of all in "
        said += "flight who were hit"
    return f"{said}. {_good_words(grade, outcome)}"


def _good_words(grade: Grade, outcome: Outcome) -> str:
    if grade.avoided is None or grade.rate_held_out is None or grade.rate_approached is None:
        if grade.tellable_from:
            return (
                f"Whether approaching them helped cannot be told before {day(grade.tellable_from)}."
            )
        return (
            "Whether approaching them helped cannot be told yet: the outcome is known of "
            f"{grade.held_out:,} held out and of {grade.approached:,} others, and it takes "
            f"{_FEWEST} of each."
        )
    value, low, high = grade.avoided
    return (
        f"{bad_noun(outcome).capitalize()}: {percent(grade.rate_approached[0])} of the approached, "
        f"{percent(grade.rate_held_out[0])} of those held out; {_signed(value)} avoided "
        f"({_signed(low)} to {_signed(high)}): {grade.answer}."
    )


def _signed(number: float) -> str:
    return f"{number:.0f}".replace("-", "\N{MINUS SIGN}")
