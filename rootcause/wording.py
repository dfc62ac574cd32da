"""Wording: numbers, dates and conditions as a person would say them.

Every number that the report shows is said here, so that the same number reads the same everywhere.
"""

from collections.abc import Mapping

import pandas as pd

SMALLEST_CELL = 10

_BAD = {
    "success": ("do not reach their goal", "not reaching the goal"),
    "leakage": ("reach the contact centre", "reaching the contact centre"),
    "churn": ("leave", "leaving"),
}


def bad_words(outcome: str) -> str:
    """Say the bad outcome as a verb: "reach the contact centre"."""
    return _BAD.get(outcome, (f"have {outcome}", outcome))[0]


def bad_noun(outcome: str) -> str:
    """Say the bad outcome as a noun: "reaching the contact centre"."""
    return _BAD.get(outcome, (outcome, outcome))[1]


def count(number: float) -> str:
    """Return a count of people, hidden where it is small enough to point at somebody.

    >>> count(2140), count(7), count(0)
    ('2,140', 'fewer than 10', '0')
    """
    if 0 < number < SMALLEST_CELL:
        return f"fewer than {SMALLEST_CELL}"
    return f"{round(number):,}"


def between(interval: tuple[float, ...]) -> str:
    """Return an interval of a count, its ends hidden as `count` hides.

    >>> between((105.2, 183.0)), between((3.0, 14.0)), between((0.0, 4.0))
    ('105 to 183', 'fewer than 10 to 14', 'fewer than 10')
    """
    low, high = (count(max(end, 0.0)) for end in interval)
    hidden = high.startswith("fewer")
    return high if hidden or low == high else f"{low} to {high}"


def money(amount: float, currency: str) -> str:
    """Return an amount of money, rounded as its size deserves.

    >>> money(1234.4, "EUR"), money(7.5, "EUR")
    ('1,234 EUR', '7.50 EUR')
    """
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    return f"{sign}{abs(amount):,.{0 if abs(amount) >= 100 else 2}f} {currency}"


def money_between(low: float, high: float, currency: str) -> str:
    """Return an interval of money.

    >>> money_between(75.0, 255.0, "EUR"), money_between(2.5, 9.0, "EUR")
    ('75 to 255 EUR', '2.50 to 9.00 EUR')
    """
    decimals = 0 if abs(high) >= 100 else 2
    sign = "\N{MINUS SIGN}" if low < 0 else ""
    return f"{sign}{abs(low):,.{decimals}f} to {money(high, currency)}"


def many(number: float, what: str, plural: str = "") -> str:
    """Return a count of things with its noun, in the number that fits.

    >>> many(1, "journey"), many(2140, "journey"), many(7, "journey")
    ('1 journey', '2,140 journeys', 'fewer than 10 journeys')
    """
    noun = what if number == 1 else plural or f"{what}s"
    return f"1 {noun}" if number == 1 else f"{count(number)} {noun}"


def things(number: int, what: str) -> str:
    """Return a count of things that are no people, never hidden.

    >>> things(1, "finding"), things(7, "finding")
    ('1 finding', '7 findings')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def shown_count(number: int) -> int | None:
    """Return a count as a number, or None where `count` would hide it."""
    return None if 0 < number < SMALLEST_CELL else number


def percent(share: float) -> str:
    """Return a share in percent, with a decimal below ten.

    >>> percent(0.163), percent(0.021)
    ('16 %', '2.1 %')
    """
    if share != share or pd.isna(share):  # noqa: PLR0124 - NaN, at a fraction of the cost
        return "unknown"
    return f"{100 * share:.{_decimals(share)}f} %"


def points(share: float) -> str:
    """Return a difference of two shares in percentage points.

    >>> points(0.164), points(0.021)
    ('16 points', '2.1 points')
    """
    return f"{_signless(share)} points"


def points_between(low: float, high: float) -> str:
    """Return an interval of a difference.

    >>> points_between(0.132, 0.181)
    '13 to 18 points'
    """
    return f"{_signless(low)} to {_signless(high)} points"


def percent_between(low: float, high: float) -> str:
    """Return an interval of a share.

    >>> percent_between(0.132, 0.181)
    '13 to 18 %'
    """
    decimals = _decimals(high)
    return f"{100 * low:.{decimals}f} to {100 * high:.{decimals}f} %"


def day(instant: object) -> str:
    """Return a date in full.

    >>> day("2026-03-03")
    '3 March 2026'
    """
    at = pd.Timestamp(str(instant))
    return f"{at.day} {at:%B %Y}"


def days_between(first: object, last: object) -> str:
    """Return an interval of days, short where both are the same.

    >>> days_between("2026-03-02", "2026-03-04")
    '2 to 4 March 2026'
    """
    begins, ends = pd.Timestamp(str(first)), pd.Timestamp(str(last))
    if begins == ends:
        return day(first)
    same_month = (begins.year, begins.month) == (ends.year, ends.month)
    return f"{begins.day if same_month else day(first)} to {day(last)}"


def plain(name: str) -> str:
    """Return a name of the log as words.

    >>> plain("document_upload")
    'document upload'
    """
    return name.replace("_", " ")


def condition_words(conditions: Mapping[str, str]) -> str:
    """Say a conjunction of conditions, the step last.

    >>> condition_words({"activity": "document_upload", "os": "iOS", "app_version": "8.2.0"})
    'os iOS and app version 8.2.0, at the step “document upload”'
    """
    what = [f"{plain(name)} {value}" for name, value in conditions.items() if name != "activity"]
    step = conditions.get("activity")
    said = " and ".join(what) if what else "everybody"
    return f"{said}, at the step “{plain(step)}”" if step is not None else said


def condition_list(conditions: Mapping[str, str]) -> list[str]:
    """Say each condition as it could be looked up: ``os = iOS``, ``amount > 25,000``."""
    return [
        f"{name} {value}" if value.startswith(("> ", "≤ ")) else f"{name} = {value}"
        for name, value in conditions.items()
    ]


def who(conditions: Mapping[str, str]) -> str:
    """Say whom the conditions pick out, without the step.

    >>> who({"activity": "document_upload", "os": "iOS"})
    'customers with os iOS'
    """
    rest = {name: value for name, value in conditions.items() if name != "activity"}
    return f"customers with {condition_words(rest)}" if rest else "customers"


def one_in(chance: float) -> str:
    """Say a small chance.

    >>> one_in(1e-9), one_in(0.03)
    ('fewer than 1 in 1,000', 'about 1 in 33')
    """
    if chance < 0.001:
        return "fewer than 1 in 1,000"
    return f"about 1 in {round(1 / chance):,}"


def _decimals(share: float) -> int:
    return 0 if round(abs(share), 3) >= 0.1 or share == 0 else 1


def _signless(share: float) -> str:
    sign = "\N{MINUS SIGN}" if share < 0 else ""
    return f"{sign}{abs(100 * share):.{_decimals(share)}f}"
