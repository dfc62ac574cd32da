"""From a frame of events to a frame of predictions: what the model in MLflow answers.

Two forms of frame are understood.  **Events**, a row each, are scored as `offramp score` scores a
file.  **Histories**, a row per customer, hold in each column the list of what their events say; the
answer has a row for each of them, whoever else is in the frame, so that a batch may be cut anywhere
(Spark does).  Both take the columns by our names or by those of the definition.
"""

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from features.plan import Plan
from features.table import tables
from journeys.definition import Definition
from journeys.errors import EventLogError, RequestError
from journeys.find import Rows, find_journeys, journey_id
from journeys.log import (
    ACTIVITY,
    CHANNEL,
    CUSTOMER,
    TIME,
    EventLog,
    event_log_of_part,
    log_until,
    microseconds,
)
from journeys.samples import samples_at_end, samples_of
from journeys.times import read_times
from models.bundle import Bundle
from models.reasons import reasons_of_row
from models.row import RowModels
from training.histories import events_of_histories, holds_histories
from training.score import scored

_logger = logging.getLogger("offramp.training")


@dataclass(frozen=True)
class Asked:
    """What is asked beside the frame.

    Attributes
    ----------
    every_event : every sample of every journey, not only where the open ones stand
    reasons : so many of the strongest reasons for each outcome; 0 for none
    as_of : the instant to stand at, as text (UTC, unless it names a zone); later events are not
        seen.  Empty: the last event of the frame, or of each history
    """

    every_event: bool = False
    reasons: int = 0
    as_of: str = ""

    @property
    def instant(self) -> pd.Timestamp | None:
        """The instant to stand at, UTC; None where none is given.

        Raises
        ------
        RequestError
            If the text is no time.
        """
        if not self.as_of:
            return None
        at = pd.Timestamp(read_times(pd.Series([self.as_of]))[0])
        if pd.isna(at):
            raise RequestError(
                f"as_of {self.as_of!r} is no time; write it as in 2026-03-03T09:30:00Z."
            )
        return at


class Predictor:
    """A bundle made ready for frames; keep it as long as the bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.definition: Definition = bundle.plan.definition

    def predict(self, frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
        """Return the predictions for a frame of events or of histories.

        Returns
        -------
        DataFrame, columns as in `training.score.score_open`
            Of events: a row per open journey, or per sample.  Of histories: a row per history, in
            their order; without an open journey all but ``customer_id`` is None.  ``reasons``
            adds ``reasons_OUTCOME``, a list of dicts with feature, value, points, text and tier.

        Raises
        ------
        OfframpError
            If the frame lacks a column that the journey needs, or holds what cannot be read.
        """
        if asked.reasons < 0:
            raise RequestError(f"reasons is {asked.reasons}; ask for none (0) or for some.")
        frame = self._by_the_files_names(frame)
        if holds_histories(frame, self.definition.column(TIME)):
            return self._of_histories(frame, asked)
        return self._of_events(frame, asked)

    def _of_events(self, frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
        log, at = event_log_of_part(frame, self.definition), asked.instant
        if at is not None:
            log = replace(log_until(log, at), ends=at)
        ends = np.full(len(log.offsets) - 1, microseconds(pd.Series([log.ends]))[0])
        journeys = find_journeys(log, self.definition, ends=ends)
        if asked.every_event:
            samples = samples_of(log, journeys, self.definition)
        else:
            samples = samples_at_end(log, journeys, ends=ends)
        plan = self.bundle.plan.current(log, journeys)
        scores = scored(log, journeys, samples, self.bundle, plan)
        return scores.join(self._reasons(log, journeys, samples, plan, asked.reasons))

    def _of_histories(self, frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
        """Answer each history by itself: of others, only what the bundle knows is known."""
        if asked.every_event:
            raise RequestError(
                "every_event has several answers for one history; give a row per event, or one "
                "history for each instant that you ask about."
            )
        told, events = events_of_histories(frame, self.definition, until=asked.instant)
        if events.empty:
            return self._aligned(told, np.empty(0, dtype=np.int64), pd.DataFrame(), asked)
        log = event_log_of_part(events, self.definition)
        ends = _known_until(log, asked.instant)
        journeys = find_journeys(log, self.definition, ends=ends)
        samples = samples_at_end(log, journeys, ends=ends)
        plan = self.bundle.plan
        scores = scored(log, journeys, samples, self.bundle, plan)
        scores = scores.join(self._reasons(log, journeys, samples, plan, asked.reasons))
        place = scores[CUSTOMER].to_numpy(dtype=np.int64)
        starts = log.times[journeys["first"].to_numpy()[samples["journey"].to_numpy()]]
        scores["journey_id"] = [
            journey_id(self.definition.name, told[at], int(start))
            for at, start in zip(place, starts, strict=True)
        ]
        return self._aligned(told, place, scores, asked)

    def _aligned(
        self, told: list[str], place: Rows, scores: pd.DataFrame, asked: Asked
    ) -> pd.DataFrame:
        """Return a row for each history; None where no journey is open, for JSON has no NaN."""
        columns = {
            name: np.full(len(told), None, dtype=object) for name in self.columns(asked.reasons)
        }
        for name in scores.columns:
            columns[name][place] = scores[name].astype(object).to_numpy()
        return pd.DataFrame(columns | {CUSTOMER: told}, dtype=object)

    def columns(self, reasons: int = 0) -> list[str]:
        """Return the columns of an answer."""
        first = [CUSTOMER, "journey_id", "as_of", "step", "age_hours", "happened"]
        each = [f"p_{one}{end}" for one in self.bundle.outcomes for end in ("", "_low", "_high")]
        why = [f"reasons_{one}" for one in self.bundle.outcomes] if reasons else []
        return [*first, *each, *why]

    @cached_property
    def _rows(self) -> RowModels:
        return RowModels(self.bundle.outcomes)

    def _reasons(
        self,
        log: EventLog,
        journeys: pd.DataFrame,
        samples: pd.DataFrame,
        plan: Plan,
        most: int,
    ) -> pd.DataFrame:
        """Return the strongest reasons of each sample, a column an outcome; no column for none."""
        found: dict[str, list[object]] = {f"reasons_{one}": [] for one in self.bundle.outcomes}
        if not most:
            return pd.DataFrame(index=samples.index)
        for _, X in tables(log, journeys, samples, plan):
            for row in X:
                for outcome, why in reasons_of_row(self._rows, row, plan, most=most).items():
                    found[f"reasons_{outcome}"].append([asdict(one) for one in why])
        return pd.DataFrame(found, index=samples.index, dtype=object)

    def _by_the_files_names(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the columns that the journey reads, by the definition's names for them."""
        wanted = {name: self.definition.column(name) for name in columns_read(self.definition)}
        ours = {
            theirs: name
            for name, theirs in wanted.items()
            if theirs not in frame.columns and name in frame.columns
        }
        found = {
            theirs: frame[ours.get(theirs, theirs)]
            for theirs in wanted.values()
            if theirs in frame.columns or theirs in ours
        }
        required = {self.definition.column(name) for name in columns_required(self.definition)}
        missing = required - set(found)
        if missing:
            raise EventLogError.missing_columns(missing, map(str, frame.columns))
        _warn_of(sorted(set(wanted.values()) - set(found)))
        return pd.DataFrame(found)


def columns_required(definition: Definition) -> tuple[str, ...]:
    """Return our names of the columns without which no journey of the definition can be found."""
    asked = [field for rule in definition.rules.values() for field in rule.where]
    return tuple(dict.fromkeys([CUSTOMER, TIME, ACTIVITY, *asked]))


def columns_read(definition: Definition) -> tuple[str, ...]:
    """Return our names of all columns that a prediction looks at, the required ones first."""
    every = [*columns_required(definition), CHANNEL, *definition.fields]
    return tuple(dict.fromkeys(every))


def _known_until(log: EventLog, at: pd.Timestamp | None) -> Rows:
    """Return until when each history is known: an instant, else its own last event."""
    if at is None:
        return log.times[log.offsets[1:] - 1]
    return np.full(len(log.offsets) - 1, microseconds(pd.Series([at]))[0])


def _warn_of(absent: Iterable[str]) -> None:
    absent = list(absent)
    if absent:
        _logger.warning(
            "The frame has no column %s: predicted as if nothing were known of it.",
            ", ".join(map(repr, absent)),
        )
