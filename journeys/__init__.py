"""Journeys: what happened.

An **event** is one thing that happened to one customer at one instant; the **event log** is the
table of events, the only input.  A **journey** is one customer's pursuit of one goal, from its
start to success, failure or silence; the **definition** says what that means.  A **sample** is one
(journey, cutoff) pair: everything downstream of it sees the events up to and including the cutoff,
so nothing can be learnt from what has not happened yet.  **Labels** alone look past the cutoff.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journeys.definition import Attributes, Definition, Rule, Values
    from journeys.definition_file import (
        hold_against_log,
        load_definition,
        parse_definition,
        require_definition_holds,
    )
    from journeys.errors import (
        BundleError,
        DefinitionError,
        EventLogError,
        FindingsError,
        KeysError,
        OfframpError,
        RequestError,
        SegmentError,
        StoreAwayError,
        StoreError,
        StoreFullError,
        TooLittleDataError,
    )
    from journeys.find import find_journeys, journey_ids
    from journeys.labels import bad_outcome, labels_of
    from journeys.log import EventLog, event_log, event_log_of_part
    from journeys.samples import samples_at_end, samples_of
    from journeys.split import Split, split_by_time
else:
    from journeys.front import on_demand

    __getattr__, __dir__ = on_demand(__name__)

__all__ = [
    "Attributes",
    "BundleError",
    "Definition",
    "DefinitionError",
    "EventLog",
    "EventLogError",
    "FindingsError",
    "KeysError",
    "OfframpError",
    "RequestError",
    "Rule",
    "SegmentError",
    "Split",
    "StoreAwayError",
    "StoreError",
    "StoreFullError",
    "TooLittleDataError",
    "Values",
    "bad_outcome",
    "event_log",
    "event_log_of_part",
    "find_journeys",
    "hold_against_log",
    "journey_ids",
    "labels_of",
    "load_definition",
    "parse_definition",
    "require_definition_holds",
    "samples_at_end",
    "samples_of",
    "split_by_time",
]
