"""Checking a log in shards: what `journeys.check` tells of a log, from counts of its shards.

Every count is of one shard and adds up.  Who asks has had the log read already: what cannot be read
was an error then, with the counts of the whole log.  What only a look at all rows side by side can
tell is left out: the zones of the times, and whether events stand in order in the file.
"""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from journeys.check import (
    AttributeSummary,
    LabelSummary,
    LogCheck,
    Tier,
    definition_problems,
    label_problems,
    worst_first,
)
from journeys.check_counts import ROWS, Counts, Row, summed
from journeys.check_events import ANCIENT, attribute_problems, clock_problems
from journeys.check_gaps import gap_problems, silences_among
from journeys.check_journeys import JourneysTold, journey_problems
from journeys.definition import Definition
from journeys.definition_file import held_at_once
from journeys.find import STATES, find_journeys
from journeys.known_lengths import with_usual_length
from journeys.labels import at_risk_of, labels_of
from journeys.log import ACTIVITY, CHANNEL, CUSTOMER, TIME, EventLog, microseconds, needed_columns
from journeys.problem import Problem
from journeys.samples import samples_of
from journeys.shards import Progress, Shards, Whole

_A_DAY = 86_400_000_000
_VALUE = "value"
_Numbers = dict[str, NDArray[np.float64]]


def check_shards(
    shards: Shards,
    *,
    now: pd.Timestamp,
    columns: Collection[str] = (),
    progress: Progress | None = None,
) -> LogCheck:
    """Return what is in a log in shards, and what is wrong with it, as `journeys.check.check_log`.

    Parameters
    ----------
    now : UTC; events after it cannot have happened
    columns : all columns of the log, to name those that are not used
    """
    definition, whole = shards.definition, shards.whole
    told = with_usual_length(shards, progress=progress)
    made = told.map(lambda shard: _counted(shard, definition, now), join=summed, progress=progress)
    is_value = pc.equal(made["what"], _VALUE)
    numbers = _numbers(made.filter(is_value), definition)
    counts = Counts.of_rows(made.filter(pc.invert(is_value)))
    labels: dict[str, LabelSummary] = {
        outcome: _label(counts, outcome) for outcome in definition.outcomes
    }
    journeys = {state: counts.of("journey", state) for state in STATES}
    seen = JourneysTold(
        span=(whole.ends - whole.begins).to_pytimedelta(),
        names=whole.categories,
        customers=whole.customers,
        lengths=counts.repeated("length"),
        all_over=not journeys["open"],
    )
    problems = [
        *_attribute_problems(shards, numbers),
        *_row_problems(whole, counts),
        *definition_problems(
            _nobody(whole, definition),
            definition,
            met=[name for name, many in counts.named("met").items() if many],
            both=counts.named("both"),
        ),
        *gap_problems(silences_among(*_by_day(whole, counts), whole.begins)),
        *journey_problems(seen, definition),
        *label_problems(labels, counts.of("samples")),
    ]
    used = {*needed_columns(definition), definition.column(CHANNEL)}
    used |= {definition.column(name) for name in definition.attributes.sensitive}
    return LogCheck(
        journey=definition.name,
        rows=whole.events,
        events=whole.events,
        customers=whole.customers,
        first=whole.begins,
        last=whole.ends,
        activities=counts.descending(ACTIVITY),
        channels=counts.descending(CHANNEL),
        attributes=tuple(_attributes(shards, numbers, counts)),
        unused_columns=tuple(name for name in columns if name not in used),
        journeys=journeys,
        samples=counts.of("samples"),
        labels=labels,
        problems=worst_first(problems),
    )


def _counted(shard: EventLog, definition: Definition, now: pd.Timestamp) -> pa.Table:
    """Return all counts of a shard."""
    journeys = find_journeys(shard, definition)
    samples = samples_of(shard, journeys, definition)
    rows = [
        *_of_events(shard, definition, now),
        *_of_days(shard),
        *_of_journeys(journeys),
        ("samples", "", 0, len(samples)),
        *_of_labels(shard, journeys, samples, definition),
    ]
    columns = [
        pa.array(one, kind.type) for one, kind in zip(zip(*rows, strict=True), ROWS, strict=True)
    ]
    return pa.concat_tables([pa.table(columns, schema=ROWS), *_values(shard, definition)])


def _values(shard: EventLog, definition: Definition) -> Iterator[pa.Table]:
    """Yield the distinct values of each numeric attribute; the place of a value is its bits."""
    for name in definition.attributes.numeric:
        column = shard.events[name].to_numpy(dtype=np.float64)
        found, many = np.unique(column[~np.isnan(column)], return_counts=True)
        said = [np.full(len(found), text, dtype=object) for text in (_VALUE, name)]
        yield pa.table([*said, found.view(np.int64), many], schema=ROWS)


def _of_events(shard: EventLog, definition: Definition, now: pd.Timestamp) -> Iterator[Row]:
    events = shard.events
    for column in (ACTIVITY, CHANNEL):
        for name, many in events[column].value_counts().items():
            if many:
                yield column, str(name), 0, int(many)
    for name in (*definition.attributes.categorical, *definition.attributes.numeric):
        yield "missing", name, 0, int(events[name].isna().sum())
    asked = definition.asked
    asked = asked | ({"survey": definition.survey.rule} if definition.survey else {})
    for key, rule in asked.items():
        yield "met", key, 0, int(rule.holds(events).sum())
    for other, many in held_at_once(definition, shard).items():
        yield "both", other, 0, many
    later, ancient = microseconds(pd.Series([now, ANCIENT]))
    yield "later", "", 0, int((shard.times > later).sum())
    yield "ancient", "", 0, int((shard.times < ancient).sum())
    yield "double", "", 0, _doubles(shard)


def _doubles(shard: EventLog) -> int:
    """Return how many events are like another of their customer and instant in all columns."""
    again = np.zeros(len(shard), dtype=np.bool_)
    again[1:] = (np.diff(shard.customers) == 0) & (np.diff(shard.times) == 0)
    suspects = shard.events[again | np.append(again[1:], False)]
    return int(suspects.duplicated().sum())


def _of_days(shard: EventLog) -> Iterator[Row]:
    day = shard.times // _A_DAY - shard.began // _A_DAY
    channel = shard.events[CHANNEL].cat
    for place, many in zip(*np.unique(day, return_counts=True), strict=True):
        yield "day", "", int(place), int(many)
    for code, name in enumerate(channel.categories):
        mine = day[channel.codes.to_numpy() == code]
        for place, many in zip(*np.unique(mine, return_counts=True), strict=True):
            yield "channel's day", str(name), int(place), int(many)


def _of_journeys(journeys: pd.DataFrame) -> Iterator[Row]:
    for state in STATES:
        yield "journey", state, 0, int((journeys["state"] == state).sum())
    lengths = journeys["last"].to_numpy(dtype=np.int64) - journeys["first"].to_numpy() + 1
    for length, many in zip(*np.unique(lengths, return_counts=True), strict=True):
        yield "length", "", int(length), int(many)


def _of_labels(
    shard: EventLog, journeys: pd.DataFrame, samples: pd.DataFrame, definition: Definition
) -> Iterator[Row]:
    at_risk = at_risk_of(shard, journeys, samples, definition)
    for outcome, label in labels_of(shard, journeys, samples, definition).items():
        closed = label["y"].where(label["closed_at"].notna())
        yield "at risk", outcome, 0, int(at_risk[outcome].sum())
        yield "known", outcome, 0, int(closed.notna().sum())
        yield "positive", outcome, 0, int(closed.sum())


def _label(counts: Counts, outcome: str) -> LabelSummary:
    at_risk, known, positive = (
        counts.of(what, outcome) for what in ("at risk", "known", "positive")
    )
    return LabelSummary(
        at_risk=at_risk,
        known=known,
        positive=positive,
        rate=positive / known if known else float("nan"),
        censored_share=1 - known / at_risk if at_risk else 0.0,
    )


def _by_day(whole: Whole, counts: Counts) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    """Return the events of each day of the log, of all and by channel."""
    begun, ended = microseconds(pd.Series([whole.begins, whole.ends])) // _A_DAY
    size = int(ended - begun) + 1
    named = {
        name: counts.by_place("channel's day", name, size) for name in whole.categories[CHANNEL]
    }
    return counts.by_place("day", "", size), named


def _row_problems(whole: Whole, counts: Counts) -> Iterator[Problem]:
    double = counts.of("double")
    if double:
        yield Problem(
            "warning",
            "Some events are exact duplicates of another in what the definition reads",
            f"{double:,} of {whole.events:,} events",
            "remove them if the export wrote them twice; here they count as events",
        )
    later, ancient = counts.of("later"), counts.of("ancient")
    yield from clock_problems(whole.events, later, ancient, (whole.begins, whole.ends))


def _attribute_problems(shards: Shards, numbers: _Numbers) -> Iterator[Problem]:
    definition, whole = shards.definition, shards.whole
    named: dict[str, Sequence[str]] = {
        name: whole.categories[name] for name in definition.attributes.categorical
    }
    named |= {name: [str(value) for value in values[:2]] for name, values in numbers.items()}
    for name, values in (named | {CHANNEL: whole.categories[CHANNEL]}).items():
        yield from attribute_problems(definition, name, whole.events, values)


def _numbers(counted: pa.Table, definition: Definition) -> _Numbers:
    """Return the distinct values of each numeric attribute, which are held all at once."""
    found: _Numbers = {}
    for name in definition.attributes.numeric:
        mine = counted.filter(pc.equal(counted["name"], name))
        found[name] = np.unique(mine["place"].to_numpy().view(np.float64))
    return found


def _attributes(shards: Shards, numbers: _Numbers, counts: Counts) -> Iterator[AttributeSummary]:
    definition, whole = shards.definition, shards.whole
    distinct = {name: len(values) for name, values in whole.categories.items()}
    distinct |= {name: len(values) for name, values in numbers.items()}
    tiers: tuple[Tier, ...] = ("context", "technical", "numeric")
    for tier in tiers:
        for name in getattr(definition.attributes, tier):
            missing = counts.of("missing", name) / whole.events
            yield AttributeSummary(name, tier, distinct[name], missing)


def _nobody(whole: Whole, definition: Definition) -> EventLog:
    """Return a log of no event whose columns have the values of the whole."""
    nothing = {CUSTOMER: pd.Categorical([]), TIME: pd.DatetimeIndex([], tz="UTC")}
    texts = {
        name: pd.Categorical([], categories=pd.Index(list(values)))
        for name, values in whole.categories.items()
    }
    numbers = dict.fromkeys((*definition.attributes.numeric, *definition.said), np.empty(0))
    return EventLog(pd.DataFrame({**nothing, **texts, **numbers}), whole.ends, whole.begins)
