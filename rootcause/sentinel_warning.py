"""Early warnings: a young value, or what it is a part of, shows symptoms that its like does not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rootcause.anytime import Cells, rate_interval_anytime, trail_of
from rootcause.early import EarlyWarning
from rootcause.exposure import STEP, Exposures, Flags
from rootcause.sentinel_symptoms import MICROS_AN_HOUR, EarlySymptom
from rootcause.sentinel_trails import Compared, Level, Watched
from rootcause.sentinel_values import YoungValue
from rootcause.wording import condition_words, count, day, percent, percent_between


@dataclass(frozen=True)
class Alarm:
    """Evidence that reached the bar: of which value, step and symptom, at which level.

    ``block``: after which it did.
    """

    value: YoungValue
    step: int
    symptom: EarlySymptom
    watched: Watched
    compared: Compared
    log_bar: float
    block: int

    @property
    def level(self) -> Level:
        """Whether the value itself, its parent or everybody moved."""
        return self.compared.level

    @property
    def log_e(self) -> float:
        """The log of the e-value at its highest."""
        return float(self.compared.trail.log_e.max())

    @property
    def noticed_at(self) -> int:
        """When the bar was reached: the end of the block, in microseconds since the epoch."""
        return (self.block + 1) * self.watched.block_micros

    def conditions(self, exposures: Exposures) -> dict[str, str]:
        """Return the step and what is warned of."""
        value = self.value
        pairs = {
            "value": [value.parent, (value.attribute, value.code)],
            "parent": [value.parent],
            "all": [],
        }[self.level]
        named = [_named(exposures, pair) for pair in pairs if pair is not None]
        return {STEP: exposures.steps[self.step]} | {k: v for one in named for k, v in one.items()}

    def who(self, exposures: Exposures) -> Flags:
        """Return the exposures of all steps that meet the conditions but the step."""
        conditions = self.conditions(exposures)
        del conditions[STEP]
        return exposures.meets(conditions)


def warning_of(exposures: Exposures, alarms: Sequence[Alarm]) -> EarlyWarning:
    """Return one warning of alarms about the same customers, told by the surest, the first."""
    alarm = alarms[0]
    cells, watched = alarm.compared.cells, alarm.watched
    conditions = alarm.conditions(exposures)
    exposed = exposures.meets(conditions) & (exposures.time >= alarm.value.born)
    first = int(exposures.time[exposed].min())
    began = trail_of(cells).began() * watched.block_micros
    rates = _rates(cells)
    warning = EarlyWarning(
        conditions=conditions,
        young=_named(exposures, alarm.value.parent)
        | _named(exposures, (alarm.value.attribute, alarm.value.code)),
        first_seen=_instant(alarm.value.born),
        since=_instant(max(began - _hours(alarm) * MICROS_AN_HOUR, alarm.value.born))[:10],
        exposed_journeys=int(exposed.sum()),
        symptom=alarm.symptom.name,
        hours=_hours(alarm),
        rate=rates.rate,
        expected_rate=rates.expected,
        rate_interval=rates.interval,
        e_value=float(f"{np.exp(min(alarm.log_e, 690.0)):.3g}"),
        bar=float(f"{np.exp(alarm.log_bar):.3g}"),
        noticed_at=_instant(alarm.noticed_at),
        hours_to_notice=round((alarm.noticed_at - first) / MICROS_AN_HOUR, 1),
        sentence="",
        beside=tuple(_beside(exposures, alarms)),
        also_indistinguishable=tuple(_also(exposures, alarms)),
    )
    return replace(warning, sentence=_sentence(warning, alarm.symptom.words))


def _named(exposures: Exposures, pair: tuple[int, int] | None) -> dict[str, str]:
    return {} if pair is None else exposures.named(*pair)


def _hours(alarm: Alarm) -> int:
    step = alarm.step
    return int(alarm.symptom.hours[step])


def _instant(micros: int) -> str:
    return f"{np.datetime64(micros, 'us').astype('datetime64[s]')}Z"


@dataclass(frozen=True)
class _Rates:
    """How often the watched show the symptom, with its confidence sequence, and their like."""

    rate: float
    interval: tuple[float, float]
    expected: float


def _rates(cells: Cells) -> _Rates:
    """Return the rates of the watched, and of their like in the same mix of cells."""
    both = (cells.watched > 0) & (cells.others > 0)
    watched, like = cells.watched[both], cells.others_hit[both] / cells.others[both]
    hit, of = int(cells.watched_hit[both].sum()), int(watched.sum())
    low, high = rate_interval_anytime(hit, of)
    expected = float((like * watched).sum()) / of
    return _Rates(round(hit / of, 4), (round(low, 4), round(high, 4)), round(expected, 4))


def _beside(exposures: Exposures, alarms: Sequence[Alarm]) -> list[dict[str, str]]:
    """Return the other symptoms and steps, each once."""
    told = {(alarms[0].step, alarms[0].symptom.name)}
    found = []
    for alarm in alarms:
        about = (alarm.step, alarm.symptom.name)
        if about not in told:
            told.add(about)
            found.append({STEP: exposures.steps[alarm.step], "symptom": alarm.symptom.name})
    return found


def _also(exposures: Exposures, alarms: Sequence[Alarm]) -> list[dict[str, str]]:
    """Return other conditions, at the same step, that hold for the same exposures."""
    here = [alarm for alarm in alarms if alarm.step == alarms[0].step]
    conditions = [alarm.conditions(exposures) for alarm in here]
    return [one for place, one in enumerate(conditions) if place and one not in conditions[:place]]


def _sentence(warning: EarlyWarning, words: str) -> str:
    low, high = warning.rate_interval
    what = words.format(hours=warning.hours)
    return (
        f"{_capital(condition_words(warning.conditions))}: {percent(warning.rate)} {what} "
        f"({percent_between(low, high)}), {percent(warning.expected_rate)} expected; since "
        f"{day(warning.since)}, {count(warning.exposed_journeys)} journeys, noticed "
        f"{_time_words(warning.hours_to_notice)} after the first."
    )


def _time_words(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"


def _capital(text: str) -> str:
    return text if text.startswith("os ") else text[:1].upper() + text[1:]
