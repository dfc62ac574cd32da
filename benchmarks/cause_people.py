"""Who comes when and with what: correlated and nested attributes, as customers have them.

Campaign → age; age → system, plan, paper statements, partner, payment, tenure; system → its version
→ device; app versions by release and by how soon a customer updates; region → language. Partner and
campaign do nothing: they only look guilty, through the people they bring.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.cause_plan import Plan

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Dice = np.random.Generator

NEW_VERSION = "8.4.0"
_OLD_VERSIONS = ("8.0.0", "8.1.0", "8.2.0", "8.3.0")
WEB = "web"

VALUES: Mapping[str, tuple[str, ...]] = {
    "age_band": ("18-29", "30-44", "45-59", "60-74", "75+"),
    "os": ("iOS", "Android", "Web"),
    "os_version": (
        *("iOS 16", "iOS 17", "iOS 18"),
        *("Android 12", "Android 13", "Android 14", "Android 15"),
        *("Chrome", "Firefox", "Safari"),
    ),
    "device": (
        *("iPhone 12", "iPhone 14", "iPhone 15", "iPad"),
        *("Galaxy A54", "Galaxy S23", "Pixel 8", "Redmi 12"),
        *("Windows PC", "Mac", "Linux PC"),
    ),
    "app_version": (*_OLD_VERSIONS, NEW_VERSION, WEB),
    "plan": ("basic", "plus", "family", "premium"),
    "paper_statements": ("yes", "no"),
    "partner": ("none", "comparison_site", "broker", "retailer", "bank_branch"),
    "campaign": ("none", "newsletter", "spring"),
    "region": ("north", "south", "east", "west", "centre", "islands"),
    "language": ("de", "fr", "en"),
    "payment": ("card", "debit", "invoice", "wallet"),
    "tenure": ("new", "under 3 years", "longer"),
}
TECHNICAL = ("os", "os_version", "device", "app_version")
_OPTIONAL = ("region", "language", "payment", "tenure")
_OS_OF_VERSION = np.repeat([0, 1, 2], [3, 4, 3])
_OS_OF_DEVICE = np.repeat([0, 1, 2], [4, 4, 3])
_NEVER = -1e9


@dataclass(frozen=True)
class People:
    """Journeys and the attributes they begin with, in order of their start.

    ``start``: days since the log begins; ``codes``: per attribute the place in `VALUES`, -1 where
    nobody noted it; ``amount``: a number, shape (n,); ``customer``: who; ``trait``: the customer's
    standing inclination to the bad outcome, in logits, that no log shows.
    """

    start: Floats
    customer: Ints
    trait: Floats
    codes: Mapping[str, Ints]
    amount: Floats

    def __len__(self) -> int:
        return len(self.start)


def people_of(plan: Plan) -> People:
    """Draw who comes when, and with what."""
    dice = plan.dice("people")
    customer, start = _visits(plan, dice)
    _, first = np.unique(customer, return_index=True)
    moved = start[first][customer] / plan.days  # mixes move with the day of the first visit
    drift = (1.5 if plan.kind == "drifting" else 0.0) * moved
    codes = _mixes(plan, dice, (start[first], drift[first]))
    codes = {name: column[customer] for name, column in codes.items()}
    codes["app_version"] = _app_versions(plan, dice, (start, customer, codes["os"]))
    wealth = np.exp(dice.normal(np.log(12_000), 0.7, len(first)))[customer]
    amount = np.round(wealth * np.exp(dice.normal(0.0, 0.3, len(start))), -2)
    trait = dice.normal(0.0, 0.9, len(first))[customer]
    return People(
        start=start,
        customer=customer,
        trait=trait if plan.kind == "returning" else np.zeros(len(start)),
        codes={name: codes[name] for name in _kept(dice) if name in codes},
        amount=np.maximum(amount, 100.0),
    )


def _kept(dice: Dice) -> list[str]:
    """Return which attributes the log has: 9 to 12 of them."""
    dropped = dice.choice(_OPTIONAL, size=int(dice.integers(1, 5)), replace=False)
    return [name for name in VALUES if name not in dropped]


def _visits(plan: Plan, dice: Dice) -> tuple[Ints, Floats]:
    """Return customer and start day of each journey, in order of the start; fewer at weekends."""
    day = dice.uniform(0, plan.days, int(plan.n * 1.25))
    weekend = (np.floor(day) % 7) >= 5
    day = day[dice.random(len(day)) < np.where(weekend, 0.5, 0.9)][: plan.n]
    if plan.kind != "returning":
        day.sort()
        return np.arange(len(day)), day
    # A customer comes back 20 to 50 days later, until the log ends: journeys never touch.
    waves = [day[: len(day) // 2]]
    who = [np.arange(len(waves[0]))]
    while len(waves[-1]):
        again = waves[-1] + dice.uniform(20.0, 50.0, len(waves[-1]))
        comes = (again < plan.days) & (dice.random(len(again)) < 0.8)
        waves.append(again[comes])
        who.append(who[-1][comes])
    start, customer = np.concatenate(waves), np.concatenate(who)
    order = np.argsort(start, kind="stable")
    return customer[order], start[order]


def _mixes(plan: Plan, dice: Dice, when: tuple[Floats, Floats]) -> dict[str, Ints]:
    """Return the attributes of customers who come first on a day; ``drift`` moves the mixes."""
    day, drift = when
    confounded = plan.kind == "confounded"
    late = day >= plan.onset
    spring = late & (day < plan.onset + 0.5 * plan.days)
    spring = spring & (dice.random(len(day)) < (0.35 if confounded else 0.1))
    newsletter = dice.random(len(day)) < 0.1
    codes = {"campaign": np.where(spring, 2, np.where(newsletter, 1, 0))}
    older = np.linspace(-1.0, 1.0, 5)
    age = np.array([0.15, 0.25, 0.25, 0.2, 0.15])
    codes["age_band"] = _one_of(dice, np.log(age) + np.outer(1.2 * spring - 0.5 * drift, older))
    young = -older[codes["age_band"]]
    codes["os"] = _one_of(dice, _os_logits(young, drift))
    codes["os_version"] = _nested(dice, codes["os"], _OS_OF_VERSION, drift)
    codes["device"] = _device(dice, codes["os_version"], drift)
    partner = np.array([1.2, 0.3, 0.0, -0.2, -0.4]) + np.outer(young, [0.3, 0.8, -0.9, 0.3, -0.8])
    partner[:, 2] += (1.2 if confounded else 0.0) * late + 0.5 * drift
    codes["partner"] = _one_of(dice, partner)
    for name in ("plan", "paper_statements", "payment", "tenure"):
        codes[name] = _one_of(dice, _leaning(dice, name, young, drift))
    codes["region"] = _one_of(dice, _leaning(dice, "region", 0.0 * young, 0.0 * drift))
    by_region = dice.normal(0.0, 1.0, (6, 3))
    codes["language"] = _one_of(dice, by_region[codes["region"]])
    unknown = dice.random(len(day)) < float(dice.choice([0.0, 0.02]))
    return codes | {"region": np.where(unknown, -1, codes["region"])}


def _one_of(dice: Dice, logits: Floats) -> Ints:
    """Return one column per row, drawn with the softmax of its logits."""
    return np.asarray(np.argmax(logits + dice.gumbel(size=logits.shape), axis=1))


def _leaning(dice: Dice, name: str, young: Floats, drift: Floats) -> Floats:
    """Return logits of an attribute's values that lean on age and drift in time."""
    usual, by_age, by_time = dice.normal(0.0, [[0.6], [0.7], [0.7]], (3, len(VALUES[name])))
    return np.asarray(usual + np.outer(young, by_age) + np.outer(drift, by_time))


def _os_logits(young: Floats, drift: Floats) -> Floats:
    leans = np.outer(young, [0.7, 0.3, -0.9]) + np.outer(drift, [0.3, 0.2, -0.4])
    return np.asarray(np.array([0.1, 0.2, 0.0]) + leans)


def _nested(dice: Dice, parent: Ints, parent_of: Ints, drift: Floats) -> Ints:
    """Return values that exist under one parent only; with drift the later ones grow."""
    usual = dice.normal(0.0, 0.6, len(parent_of))
    later = np.linspace(-1.0, 1.0, len(parent_of))
    logits = usual + np.outer(drift, later)
    return _one_of(dice, np.where(parent_of == parent[:, None], logits, _NEVER))


def _device(dice: Dice, os_version: Ints, drift: Floats) -> Ints:
    """Return devices: each exists under one system, and leans towards some of its versions."""
    os = _OS_OF_VERSION[os_version]
    by_version = dice.normal(0.0, 1.0, (len(_OS_OF_VERSION), len(_OS_OF_DEVICE)))
    logits = by_version[os_version] + np.outer(drift, dice.normal(0.0, 0.5, len(_OS_OF_DEVICE)))
    return _one_of(dice, np.where(os[:, None] == _OS_OF_DEVICE, logits, _NEVER))


def _app_versions(plan: Plan, dice: Dice, seen: tuple[Floats, Ints, Ints]) -> Ints:
    """Return the newest version released by then that the customer has come round to install."""
    start, customer, os = seen
    released = np.sort(dice.uniform([-90, -50, -20, 8], [-60, -25, -5, 0.9 * plan.days]))
    if plan.kind == "release":  # the last of the old ones is not to come in its way
        released[-1] = min(released[-1], plan.onset - 20)
        released = np.append(released, plan.onset)
    lag = dice.uniform(3.0, 12.0)
    version = np.zeros(len(start), dtype=np.int64)
    for number, day in enumerate(released):
        delay = dice.exponential(lag, int(customer.max()) + 1)
        version[day + delay[customer] <= start] = number
    return np.where(os == VALUES["os"].index("Web"), VALUES["app_version"].index(WEB), version)
