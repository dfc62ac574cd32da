"""The simulated calendar: the log's window, its weekly rhythm, good and bad days, office hours.

Times are float seconds since `LOG_STARTS`; journeys begin up to `DAYS_BEFORE` days earlier, so
that the log opens, as real ones do, on journeys that are already under way.
"""

from dataclasses import dataclass

import numpy as np

from journeys.dice import SECONDS_A_DAY, Codes, Dice, Floats, choose

LOG_STARTS = np.datetime64("2025-10-15T00:00:00", "us")
LOG_DAYS = 194  # the log ends where 2026-04-27 begins
DAYS_BEFORE = 25
LOG_SECONDS = LOG_DAYS * SECONDS_A_DAY

_DAYS_AFTER = 120  # contacts and closures drawn beyond the log's end still ask for their day
_FIRST_WEEKDAY = 2  # LOG_STARTS is a Wednesday
_WEEK = np.array([1.15, 1.1, 1.0, 1.0, 0.95, 0.7, 0.6])
_HOURS = np.array([1, 1, 1, 1, 1, 2, 5, 9, 14, 16, 16, 15, 15, 14, 14, 14, 15, 17, 19, 20, 18, 12])
_GROWTH = 0.35  # more begins per day at the end of the log than at its start
_HOLIDAYS = {"2025-12-24": 0.4, "2025-12-25": 0.2, "2025-12-26": 0.3, "2026-01-01": 0.3}
_BUSY_SPREAD = 0.16  # day-level overdispersion of what begins
_MOOD_SPREAD = 0.14  # and, in logits, of how readily customers turn to the contact centre
_MOOD_TREND = 0.12  # logits over the length of the log
CAMPAIGN = ("2026-01-12", "2026-02-09")
STEP_CHANGE = "2025-12-08"


def seconds(date: str) -> float:
    """Return a date as seconds since the log starts."""
    return float((np.datetime64(date, "us") - LOG_STARTS) / np.timedelta64(1, "s"))


@dataclass(frozen=True)
class Calendar:
    """How busy each day is and how readily people call on it; the first day is day -25."""

    busy: Floats
    mood: Floats

    def moments(self, dice: Dice, name: str, *, campaign: bool = False) -> Floats:
        """Return one instant per row, on busy days and in waking hours more often."""
        days = np.arange(-DAYS_BEFORE, LOG_DAYS)
        busy = self.busy[: len(days)]
        if campaign:
            from_day, to_day = (seconds(date) / SECONDS_A_DAY for date in CAMPAIGN)
            busy = np.where((days >= from_day) & (days < to_day), busy, 0.0)
        day = days[choose_day(dice.uniform(f"{name} day"), busy)]
        hour = choose(dice.uniform(f"{name} hour"), _HOURS.astype(np.float64))
        return (day * 24 + hour + dice.uniform(f"{name} minute")) * 3600.0

    def mood_at(self, times: Floats) -> Floats:
        """Return the logits that the day of each instant adds to turning to the contact centre."""
        day = np.floor(times / SECONDS_A_DAY).astype(np.int64) + DAYS_BEFORE
        return self.mood[np.clip(day, 0, len(self.mood) - 1)]


def make_calendar(seed: int, *, step_change: float) -> Calendar:
    """Return the calendar of a seed; ``step_change`` is in logits of contact."""
    days = np.arange(-DAYS_BEFORE, LOG_DAYS + _DAYS_AFTER)
    dice = Dice(seed, len(days))
    busy = _WEEK[(days + _FIRST_WEEKDAY) % 7] * (1.0 + _GROWTH * days / LOG_DAYS)
    busy *= np.exp(_BUSY_SPREAD * dice.normal("busy days"))
    for date, share in _HOLIDAYS.items():
        busy[days == round(seconds(date) / SECONDS_A_DAY)] *= share
    mood = _MOOD_SPREAD * dice.normal("moody days") + _MOOD_TREND * days / LOG_DAYS
    mood += step_change * (days >= seconds(STEP_CHANGE) / SECONDS_A_DAY)
    return Calendar(busy, mood)


def choose_day(draws: Floats, busy: Floats) -> Codes:
    """Return for each uniform draw the position of a day, by its share of what happens."""
    steps = np.cumsum(busy)
    position = np.searchsorted(steps, draws * steps[-1], side="right")
    return np.asarray(position, dtype=np.int64)


def waking(times: Floats) -> Floats:
    """Move what would happen between midnight and six to the daytime after it."""
    hour = times % SECONDS_A_DAY / 3600.0
    return times + np.where(hour < 6.0, 8.0 * 3600.0, 0.0)


def office(times: Floats) -> Floats:
    """Move what a bank does to working days between 8 and 18 o'clock; never earlier."""
    hour = times % SECONDS_A_DAY / 3600.0
    times = times + np.where(hour < 8.0, 8.0, np.where(hour >= 18.0, 14.0, 0.0)) * 3600.0
    weekday = (np.floor(times / SECONDS_A_DAY) + _FIRST_WEEKDAY) % 7
    return times + np.maximum(0.0, 7.0 - weekday) * (weekday >= 5) * SECONDS_A_DAY
