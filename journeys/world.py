"""The simulated customers: who they are, what they carry, which release they have when.

Everything is correlated as in life: age moves region, tenure, wealth and the phone; wealth moves
the value tier, the device and (in `journeys.scripts`) the size of a mortgage, so that iOS users
have the more complex applications; an old device never gets the newest release.
"""

from dataclasses import dataclass

import numpy as np

from journeys.calendar import seconds
from journeys.dice import SECONDS_A_DAY, Codes, Dice, Flags, Floats, choose, logistic

AGE_BANDS = ("18-29", "30-44", "45-59", "60-74", "75+")
REGIONS = ("north", "south", "east", "west", "centre")
TIERS = ("standard", "silver", "gold", "platinum")
TENURES = ("<1y", "1-3y", "3-10y", "10y+")
OSES = ("iOS", "Android", "Web")
IOS, ANDROID, WEB = range(3)
DEVICES = (
    *("iPhone X", "iPhone 13", "iPhone 15", "iPhone 16", "iPad"),
    *("Galaxy S9", "Galaxy S22", "Galaxy A54", "Pixel 8", "Redmi Note 12"),
    *("desktop", "laptop", "mobile browser"),
)
OLD_DEVICES = ("iPhone X", "Galaxy S9")

_AGE_SHARES = np.array([0.19, 0.30, 0.26, 0.19, 0.06])
_REGION_SHARES = np.array(  # by age band
    [
        [0.15, 0.25, 0.15, 0.15, 0.30],
        [0.17, 0.26, 0.16, 0.17, 0.24],
        [0.20, 0.26, 0.18, 0.19, 0.17],
        [0.22, 0.28, 0.20, 0.20, 0.10],
        [0.24, 0.28, 0.22, 0.20, 0.06],
    ]
)
_YEARS_A_CUSTOMER = np.array([1.8, 4.0, 7.0, 11.0, 14.0])  # mean, by age band
_NO_SMARTPHONE = np.array([0.02, 0.03, 0.07, 0.17, 0.38])
_APP_SHARE = np.array([1.9, 1.6, 1.1, 0.6, 0.0])  # logit of using the app rather than the web
_TIER_STEPS = np.array([0.25, 1.0, 1.75])  # of wealth
_DEVICE_SHARES = (  # by OS: its first device's position, and shares as (level, slope with wealth)
    (0, np.array([[-0.9, -0.7], [0.4, -0.2], [0.5, 0.2], [0.0, 0.6], [-0.7, 0.3]])),
    (5, np.array([[-0.8, -0.6], [0.3, 0.2], [0.5, -0.2], [0.0, 0.5], [0.2, -0.6]])),
    (10, np.array([[0.5, 0.1], [0.6, 0.2], [-0.6, -0.3]])),
)


@dataclass(frozen=True)
class Release:
    """A version of the app on one OS, from its release date on."""

    os: str
    version: str
    date: str
    on_old_devices: bool = True


RELEASES = (
    Release("Android", "8.0.0", "2025-08-19"),
    Release("iOS", "8.0.0", "2025-09-02"),
    Release("Android", "8.0.1", "2025-10-21"),
    Release("iOS", "8.0.2", "2025-11-04"),
    Release("iOS", "8.1.0", "2025-12-09"),
    Release("Android", "8.1.0", "2025-12-16"),
    Release("iOS", "8.1.1", "2026-01-20"),
    Release("Android", "8.1.2", "2026-02-03"),
    Release("iOS", "8.2.0", "2026-03-03", on_old_devices=False),
    Release("Android", "8.2.0", "2026-03-05", on_old_devices=False),
)
VERSIONS = (*sorted({release.version for release in RELEASES}), "web")


@dataclass(frozen=True)
class Customers:
    """One entry per customer in every array; codes point into the tables above."""

    age: Codes
    region: Codes
    joined: Floats  # seconds since the log starts, mostly negative
    wealth: Floats
    tier: Codes
    os: Codes  # of their phone; WEB where there is none
    device: Codes
    computer: Codes  # the device they browse with
    app_share: Floats  # probability that a visit is in the app
    caller: Floats  # inclination to call, in standard deviations
    patience: Floats
    updates: Floats  # shape (customers, releases): when each release was installed, inf for never

    def __len__(self) -> int:
        return len(self.age)

    def tenure(self, who: Codes, times: Floats) -> Codes:
        """Return the tenure band at an instant; it drifts as time passes."""
        years = (times - self.joined[who]) / (365.25 * SECONDS_A_DAY)
        return np.searchsorted(np.array([1.0, 3.0, 10.0]), years, side="right").astype(np.int64)

    def session(self, who: Codes, times: Floats, app: Flags) -> tuple[Codes, Codes, Codes]:
        """Return codes of os, app_version and device of a visit in the app or on the web."""
        os = np.where(app, self.os[who], WEB)
        version = np.full(len(who), len(VERSIONS) - 1)
        for position, release in enumerate(RELEASES):
            has_it = (os == OSES.index(release.os)) & (self.updates[who, position] <= times)
            version[has_it] = VERSIONS.index(release.version)
        return os, version, np.where(app, self.device[who], self.computer[who])


def customer_key(number: int) -> str:
    """Return the customer_id of a customer by position."""
    return f"C{number:07d}"


def make_customers(seed: int, size: int) -> Customers:
    """Return the customers of a seed; the first of many are the same as the first of few."""
    dice = Dice(seed, size)
    age = choose(dice.uniform("age"), _AGE_SHARES)
    region = choose(dice.uniform("region"), _REGION_SHARES[age])
    years = -np.log1p(-dice.uniform("joined")) * _YEARS_A_CUSTOMER[age]
    wealth = 0.3 * (age - 1.5) * (age < 4) + dice.normal("wealth") + 0.25 * (region == 4)
    phone = _phones(dice, age, wealth)
    device = _devices(dice, "device", phone, wealth)
    app_logit = _APP_SHARE[age] + 0.5 * (phone == IOS) + 0.7 * dice.normal("app share")
    return Customers(
        age=age,
        region=region,
        joined=-(years * 365.25 + 30.0) * SECONDS_A_DAY,
        wealth=wealth,
        tier=np.searchsorted(_TIER_STEPS, wealth, side="right").astype(np.int64),
        os=phone,
        device=device,
        computer=_devices(dice, "computer", np.full(size, WEB), wealth),
        app_share=np.where(phone == WEB, 0.0, logistic(app_logit)),
        caller=0.2 * (age - 1.6)
        + 0.6 * (region == 0)
        + 0.45 * wealth
        + 0.3 * dice.normal("caller"),
        patience=0.2 * (age - 1.6) + dice.normal("patience"),
        updates=_updates(dice, device),
    )


def _phones(dice: Dice, age: Codes, wealth: Floats) -> Codes:
    is_ios = dice.uniform("ios") < logistic(0.45 + 0.85 * wealth - 0.25 * (age - 1.5))
    none = dice.uniform("no smartphone") < _NO_SMARTPHONE[age]
    return np.where(none, WEB, np.where(is_ios, IOS, ANDROID))


def _devices(dice: Dice, name: str, os: Codes, wealth: Floats) -> Codes:
    device = np.zeros(len(os), dtype=np.int64)
    draws = dice.uniform(name)
    for code, (first, shares) in enumerate(_DEVICE_SHARES):
        on_it = os == code
        weights = np.exp(shares[:, 0] + np.outer(wealth[on_it], shares[:, 1]))
        device[on_it] = first + choose(draws[on_it], weights)
    return device


def _updates(dice: Dice, device: Codes) -> Floats:
    """Return when each customer installs each release: most within days, some late or never."""
    old = np.isin(device, [DEVICES.index(name) for name in OLD_DEVICES])
    quick = dice.uniform("updates by itself") < 0.78
    updates = np.empty((len(device), len(RELEASES)))
    for position, release in enumerate(RELEASES):
        lag_days = -np.log1p(-dice.uniform(f"lag {position}")) * np.where(quick, 2.0, 22.0)
        updates[:, position] = seconds(release.date) + 3600.0 + lag_days * SECONDS_A_DAY
        if release.version == "8.0.0":  # where every phone of the log began
            updates[:, position] = -np.inf
        if not release.on_old_devices:
            updates[old, position] = np.inf
    return updates
