"""Guessing what the other columns are: context, technical, numeric, sensitive, or of no use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from journeys.guess_columns import Codes, is_channel, name_fits
from journeys.rule import plain_text
from journeys.times import read_times, unit_of

Tier = Literal["context", "technical", "numeric", "sensitive", "nothing"]
TIERS: tuple[Tier, ...] = ("context", "technical", "numeric", "sensitive", "nothing")

_SENSITIVE = (
    "age gender sex birth birthday birthdate dob born religion ethnic ethnicity race nationality "
    "health diagnosis diagnose disability marital orientation political union ssn passport "
    "email mail phone "
    "surname firstname lastname fullname street address postcode zip zipcode ip ipaddress iban "
    "latitude longitude income salary"
)
_TECHNICAL = (
    "os version app device browser platform agent build release sdk model network carrier screen "
    "resource team server node page url referrer client family"
)
_GENDERS = {"m", "f", "male", "female", "man", "woman", "x", "d", "diverse", "other", "unknown"}
_SYSTEMS = {"ios", "android", "windows", "macos", "linux", "chrome", "safari", "firefox", "edge"}
_AGES = re.compile(r"\d{1,2}\s*[-\u2013]\s*\d{2}|\d{2}\s*\+|<\s*\d{2}|[\u2265>]=?\s*\d{2}")
_VERSION = re.compile(r"v?\d+(\.\d+){1,3}([.+-]\w+)?")
_MOST_VALUES = 1_000
_ENOUGH = 0.95
_MOSTLY = 0.8
_NUMBER = 20  # so many different numbers measure something; fewer may be codes


@dataclass(frozen=True)
class Kind:
    """What a column seems to be, and why."""

    column: str
    tier: Tier
    why: str


def guess_attributes(frame: pd.DataFrame, customer: str, activity: str) -> list[Kind]:
    """Return the tier of every column but the customer's and the activity's."""
    who = pd.factorize(frame[customer].astype(object))[0]
    what = pd.factorize(frame[activity].astype(object))[0]
    others = [str(name) for name in frame.columns if name not in (customer, activity)]
    return [_kind(frame[name], name, who, what) for name in others]


def _kind(column: pd.Series, name: str, who: Codes, what: Codes) -> Kind:
    present = column.dropna()
    tier, why = next(_reasons(present, name, who, what, len(column)))
    missing = 1 - len(present) / len(column)
    also = f"; missing in {missing:.0%}" if missing >= 0.005 and tier != "nothing" else ""
    return Kind(name, tier, why + also)


def _reasons(
    present: pd.Series,
    name: str,
    who: Codes,
    what: Codes,
    n_rows: int,
) -> Iterator[tuple[Tier, str]]:
    """Yield what a column may be, the most telling reason first."""
    distinct = present.nunique()
    texts = [plain_text(value) for value in present.drop_duplicates().head(_MOST_VALUES)]
    if distinct < 2:
        yield "nothing", f"always {texts[0]!r:.40}" if texts else "always missing"
    yield from _sensitive(name, texts)
    if _is_time(present):
        yield "nothing", "a time of its own; only the events' own times are used"
    yield from _number(present, name, distinct)
    at = present.index.to_numpy()
    if distinct > min(_MOST_VALUES, max(20, n_rows / 4)):
        yield "nothing", f"{distinct:,} values: a key or free text, no description"
    if any(text[:1] in ("{", "[") for text in texts):
        yield "nothing", "nested: name what is inside by its dotted name, as in device.os"
    if re.search(r"variant", name, re.I):
        yield "nothing", "a variant names the whole path, and so its end: the future"
    codes = pd.factorize(present.astype(object))[0]
    if _told_by(what[at], codes):
        yield "nothing", "every activity has one value of it: it says nothing more"
    changes = _changes(who[at], codes)
    yield from _technical(name, texts, changes)
    shown = ", ".join(texts[:4])
    kept = (
        "the same for a customer" if changes < 0.01 else f"changing in {changes:.0%} of the steps"
    )
    yield "context", f"{distinct} values ({shown:.60}), {kept}"


def _sensitive(name: str, texts: list[str]) -> Iterator[tuple[Tier, str]]:
    if name_fits(name, _SENSITIVE):
        yield "sensitive", "its name says so: never used; move it where you are sure that it may be"
    lower = {text.lower() for text in texts}
    if lower and lower <= _GENDERS and len(lower & {"m", "f", "male", "female"}) >= 2:
        yield "sensitive", "its values look like genders: never used"
    bands = [text for text in texts if _AGES.fullmatch(text.strip())]
    if len(texts) >= 3 and len(bands) >= _MOSTLY * len(texts):
        yield "sensitive", f"its values look like ages ({', '.join(bands[:3])}): never used"


def _is_time(present: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(present):
        return True
    sample = present.head(2_000)
    if pd.api.types.is_numeric_dtype(sample):
        return unit_of(sample) is not None and sample.min() > 1e9
    if unit_of(sample) is not None:
        return bool(pd.to_numeric(sample).min() > 1e9)
    return float(read_times(sample.astype(object)).notna().mean()) >= _ENOUGH


def _number(present: pd.Series, name: str, distinct: int) -> Iterator[tuple[Tier, str]]:
    if pd.api.types.is_bool_dtype(present):
        return
    numbers = pd.to_numeric(present, errors="coerce")
    if numbers.isna().any() or (distinct <= _NUMBER and not pd.api.types.is_float_dtype(present)):
        return
    whole = bool((numbers % 1 == 0).all())
    if whole and name_fits(name, _TECHNICAL):
        return
    if whole and name_fits(name, "id key code index number nr no"):
        yield "nothing", f"{distinct:,} whole numbers named as a key"
    low, middle, high = numbers.quantile([0, 0.5, 1])
    yield "numeric", f"numbers from {low:g} to {high:g}, half of them below {middle:g}"


def _technical(name: str, texts: list[str], changes: float) -> Iterator[tuple[Tier, str]]:
    shown = f"{len(texts)} values ({', '.join(texts[:4]):.60})"
    if _VERSION.fullmatch(texts[0]) and all(_VERSION.fullmatch(text) for text in texts):
        yield "technical", f"{shown} look like versions"
    known = [text for text in texts if text.lower() in _SYSTEMS]
    if known or (is_channel(texts[0]) and all(is_channel(text) for text in texts)):
        yield "technical", f"{shown} look like systems or channels"
    if name_fits(name, _TECHNICAL):
        yield "technical", f"{shown}; its name says what was used"
    if changes > 0.3:
        yield (
            "technical",
            f"{shown}, changing in {changes:.0%} of the steps: what, or who, was used",
        )


def _told_by(what: Codes, codes: Codes) -> bool:
    pairs = len(np.unique(what.astype(np.int64) * (codes.max() + 1) + codes))
    return pairs == len(np.unique(what))


def _changes(who: Codes, codes: Codes) -> float:
    """Return how often the value differs from the customer's one before, in the order given."""
    order = np.argsort(who, kind="stable")
    same = who[order][1:] == who[order][:-1]
    return float((codes[order][1:] != codes[order][:-1])[same].mean()) if same.any() else 0.0
