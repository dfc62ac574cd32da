"""Checking a log against a definition: what is in it, and everything that is wrong with it.

Nothing here raises for a fault in the data: the faults are gathered, so that one look tells all.
A **fault** will stop or mislead the training; a **warning** is worth a thought.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from journeys.check_events import readable_events
from journeys.check_gaps import gap_problems, silences_in
from journeys.check_journeys import journey_problems, told_of
from journeys.definition import Definition
from journeys.definition_file import (
    contradictions_among,
    held_at_once,
    strangers,
    unseen_values,
)
from journeys.errors import listed
from journeys.find import STATES, find_journeys
from journeys.formed import NOTES
from journeys.forms import recognised
from journeys.labels import at_risk_of, labels_of
from journeys.log import ACTIVITY, CHANNEL, EventLog, event_log_of_part, needed_columns
from journeys.problem import Problem
from journeys.samples import samples_of

Tier = Literal["context", "technical", "numeric"]


@dataclass(frozen=True)
class AttributeSummary:
    """One attribute: its tier, its distinct values, and the share of events without one."""

    name: str
    tier: Tier
    distinct: int
    missing_share: float


@dataclass(frozen=True)
class LabelSummary:
    """One outcome over all samples: how many labels are closed, and how many of them hold.

    ``known`` counts the labels that had their full time; ``rate`` is the share of 1 among them, NaN
    without any; ``censored_share`` the share of the samples at risk for which the log ends too
    early.
    """

    at_risk: int
    known: int
    positive: int
    rate: float
    censored_share: float


@dataclass(frozen=True)
class LogCheck:
    """What is in a log and what is wrong with it.

    Counts by name are in descending order.  ``first``, ``last`` are UTC, None where no event could
    be read; journeys, samples and labels are then empty.
    """

    journey: str
    rows: int
    events: int
    customers: int
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    activities: dict[str, int]
    channels: dict[str, int]
    attributes: tuple[AttributeSummary, ...]
    unused_columns: tuple[str, ...]
    journeys: dict[str, int]
    samples: int
    labels: dict[str, LabelSummary]
    problems: tuple[Problem, ...]

    @property
    def faults(self) -> tuple[Problem, ...]:
        """The problems that will stop or mislead the training."""
        return tuple(problem for problem in self.problems if problem.severity == "fault")

    def as_dict(self) -> dict[str, object]:
        """Return everything as JSON holds it; times as ISO 8601, unknown numbers as None."""
        written = asdict(self)
        for key in ("first", "last"):
            written[key] = None if written[key] is None else written[key].isoformat()
        for label in written["labels"].values():
            label["rate"] = None if label["known"] == 0 else label["rate"]
        return written


def check_log(frame: pd.DataFrame, definition: Definition, *, now: pd.Timestamp) -> LogCheck:
    """Return what is in a table of events, seen through a definition, and what is wrong with it.

    Parameters
    ----------
    frame : DataFrame, as `journeys.read.read_frame` returns it
    now : UTC; events after it cannot have happened
    """
    readable, problems = readable_events(frame, definition, now=now)
    used = {*needed_columns(definition), definition.column(CHANNEL)}
    used |= {definition.column(name) for name in definition.attributes.sensitive}
    unused = tuple(str(name) for name in frame.columns if name not in used)
    if readable.empty:
        return _nothing_read(definition, len(frame), unused, problems)
    log = event_log_of_part(readable, definition)
    journeys = find_journeys(log, definition)
    samples = samples_of(log, journeys, definition)
    labels = _labels(log, journeys, samples, definition)
    problems += _form_problems(frame, definition)
    if set(needed_columns(definition)) <= set(frame.columns):
        problems += definition_problems(log, definition)  # rules over absent columns hold for none
    problems += gap_problems(silences_in(log))
    problems += journey_problems(told_of(log, journeys), definition)
    problems += label_problems(labels, len(samples))
    return LogCheck(
        journey=definition.name,
        rows=len(frame),
        events=len(log),
        customers=len(log.offsets) - 1,
        first=log.begins,
        last=log.ends,
        activities=_counts(log.events[ACTIVITY]),
        channels=_counts(log.events[CHANNEL]),
        attributes=tuple(_attributes(log, definition)),
        unused_columns=unused,
        journeys={state: int((journeys["state"] == state).sum()) for state in STATES},
        samples=len(samples),
        labels=labels,
        problems=worst_first(problems),
    )


def _nothing_read(
    definition: Definition, n_rows: int, unused: tuple[str, ...], problems: list[Problem]
) -> LogCheck:
    return LogCheck(
        journey=definition.name,
        rows=n_rows,
        events=0,
        customers=0,
        first=None,
        last=None,
        activities={},
        channels={},
        attributes=(),
        unused_columns=unused,
        journeys=dict.fromkeys(STATES, 0),
        samples=0,
        labels={},
        problems=worst_first(problems),
    )


def worst_first(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return the faults, then the warnings."""
    return tuple(sorted(problems, key=lambda problem: problem.severity != "fault"))


def _counts(column: pd.Series) -> dict[str, int]:
    counts = column.value_counts()
    return {str(name): int(count) for name, count in counts.items() if count}


def _attributes(log: EventLog, definition: Definition) -> Iterator[AttributeSummary]:
    tiers: tuple[Tier, ...] = ("context", "technical", "numeric")
    for tier in tiers:
        for name in getattr(definition.attributes, tier):
            column = log.events[name]
            missing = float(column.isna().mean())
            yield AttributeSummary(name, tier, int(column.nunique()), missing)


def _labels(
    log: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> dict[str, LabelSummary]:
    at_risk = at_risk_of(log, journeys, samples, definition)
    found: dict[str, LabelSummary] = {}
    for outcome, label in labels_of(log, journeys, samples, definition).items():
        closed = label["y"].where(label["closed_at"].notna())
        n_at_risk, known = int(at_risk[outcome].sum()), int(closed.notna().sum())
        found[outcome] = LabelSummary(
            at_risk=n_at_risk,
            known=known,
            positive=int(closed.sum()),
            rate=float(closed.mean()),
            censored_share=1 - known / n_at_risk if n_at_risk else 0.0,
        )
    return found


def _form_problems(frame: pd.DataFrame, definition: Definition) -> Iterator[Problem]:
    """Yield what reading a form has left out, and the form that the log has but nobody names."""
    for what, found, do in frame.attrs.get(NOTES, ()):
        yield Problem("warning", what, found, do)
    form = recognised(list(map(str, frame.columns)))
    if form is not None and definition.form is None:
        yield Problem(
            "warning",
            f"The log looks like {form.title}",
            f"it has {listed(form.known_by)}",
            f"say `form: {form.name}` in the definition, unless you have mapped it yourself",
        )


def definition_problems(
    log: EventLog,
    definition: Definition,
    *,
    met: Collection[str] | None = None,
    both: Mapping[str, int] | None = None,
) -> Iterator[Problem]:
    """Yield what the definition asks for that this log never shows, and what contradicts itself.

    ``met`` and ``both`` (of `held_at_once`), where they have been counted already.
    """
    for name in strangers(definition, log):
        yield Problem(
            "fault",
            f"The milestone {name} never occurs",
            "",
            "correct the name under `milestones:` or take it out",
        )
    for sentence in unseen_values(definition, log, met=met):
        yield Problem("warning", sentence.rstrip("."), "", "correct it in the definition")
    counted = held_at_once(definition, log) if both is None else both
    for sentence in contradictions_among(counted):
        yield Problem("fault", *_halves(sentence))


def _halves(sentence: str) -> tuple[str, str, str]:
    """Return (what, found, do) of a sentence written 'what; why: do.'."""
    what, _, do = sentence.rstrip(".").partition(": ")
    return what, "", do


def label_problems(labels: dict[str, LabelSummary], n_samples: int) -> Iterator[Problem]:
    """Yield what the labels show that will stop or mislead the training."""
    for outcome, label in labels.items():
        if n_samples == 0:
            return
        if label.known == 0:
            yield Problem(
                "fault",
                f"No label of {outcome} is known",
                f"{label.at_risk:,} of {n_samples:,} samples are at risk, none is decided",
                f"give a longer log or a shorter horizon under `{outcome}:`",
            )
        elif label.positive in (0, label.known):
            always = "always holds" if label.positive else "never holds"
            yield Problem(
                "fault",
                f"The outcome {outcome} {always}, so there is nothing to learn",
                f"{label.positive:,} of {label.known:,} known labels",
                f"look at the rule of `{outcome}:`, and at `failure:` and `abandoned_after:`",
            )
        elif label.censored_share > 0.5:
            yield Problem(
                "warning",
                f"More than half of the labels of {outcome} are censored",
                f"{label.censored_share:.0%} of {label.at_risk:,} samples at risk",
                "give a longer log or a shorter horizon",
            )
