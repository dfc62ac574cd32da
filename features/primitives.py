"""The primitives: what can be asked, one class each; `features.primitive` says what all answer."""

from features.amounts import Stats
from features.counts import Count, Decayed, Share, Window
from features.history import ActiveDays, Before, Beside, History
from features.milestones import Disorder, Pace, Progress
from features.orders import Hops, LastK, LastValue, Repeats, Runs, Switches, Transition
from features.primitive import Primitive, Scope
from features.times import Calendar, Clock, EarlierGaps, Gaps, Since

__all__ = [
    "ActiveDays",
    "Before",
    "Beside",
    "Calendar",
    "Clock",
    "Count",
    "Decayed",
    "Disorder",
    "EarlierGaps",
    "Gaps",
    "History",
    "Hops",
    "LastK",
    "LastValue",
    "Pace",
    "Primitive",
    "Progress",
    "Repeats",
    "Runs",
    "Scope",
    "Share",
    "Since",
    "Stats",
    "Switches",
    "Transition",
    "Window",
]
