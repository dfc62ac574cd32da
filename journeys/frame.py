"""From what simulated customers lived to a table of events, with the columns of a real log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeys.calendar import LOG_SECONDS, LOG_STARTS
from journeys.departures import PARTNERS
from journeys.dice import Codes, Dice, Flags, Floats
from journeys.scripts import SCRIPTS
from journeys.walk import Walk, World
from journeys.world import (
    AGE_BANDS,
    DEVICES,
    OSES,
    REGIONS,
    TENURES,
    TIERS,
    VERSIONS,
    Customers,
    customer_key,
)

CHANNELS = ("app", "web", "ivr", "call_centre", "chat", "email", "branch")
_APP, _WEB, _CHAT = (CHANNELS.index(name) for name in ("app", "web", "chat"))
_TOPICS = tuple(script.name for script in SCRIPTS)
_PRODUCTS = tuple(product for script in SCRIPTS for product in script.products)

_BACKGROUND = (  # beside the journeys: activity, channel, mean times per customer in the log
    ("login", "own", 3.5),
    ("balance_viewed", "own", 1.5),
    ("newsletter_opened", "email", 0.4),
    ("agent_call", "call_centre", 0.15),
    ("ivr_call", "ivr", 0.12),
    ("branch_visit", "branch", 0.2),
)
_CLOSES_ANYWAY = 0.02  # share of the customers who close the account for no reason of ours


def account_closings(walks: Iterable[Walk], world: World, dice: Dice) -> Floats:
    """Return when each customer closes the account: in seconds since the log starts, or inf."""
    leaves = dice.uniform("closes anyway") < _CLOSES_ANYWAY
    closes = np.where(leaves, world.calendar.moments(dice, "closes anyway"), np.inf)
    for walk in walks:
        np.minimum.at(closes, walk.journeys.customer, walk.closes)
    return np.where(closes < 0.0, np.inf, closes)  # who left before the log would not be in it


def events_frame(walks: Iterable[Walk], world: World, closes: Floats, dice: Dice) -> pd.DataFrame:
    """Return every event inside the log, by time; nothing happens after an account is closed."""
    parts = [part for walk in walks for part in _lived(walk)]
    parts += [*_background(world, dice), _closings(world, closes)]
    codes = _joined(parts)
    in_log = (codes["time"] >= 0.0) & (codes["time"] < LOG_SECONDS - 0.001)
    in_log &= codes["time"] <= closes[codes["customer"]]
    codes = codes[in_log]
    codes = codes.iloc[np.lexsort((codes["customer"], codes["time"]))].reset_index(drop=True)
    activities = sorted({part.activity for part in parts})
    return _decoded(codes, activities, world.customers)


@dataclass(frozen=True)
class _Part:
    """One activity that happened to some customers; codes into the tables, -1 for missing."""

    activity: str
    channel: str  # "own": the app or the web
    customer: Codes
    times: Floats
    app: Flags  # whether the visit, if it is one, is in the app
    topic: int = -1
    product: Codes | int = -1
    partner: Codes | int = -1
    amount: Floats | float = np.nan


def _lived(walk: Walk) -> list[_Part]:
    first_product = _PRODUCTS.index(walk.script.products[0])
    parts = []
    for moment in walk.moments:
        rows = np.flatnonzero(moment.rows)
        journeys = walk.journeys.take(rows)
        parts.append(
            _Part(
                moment.activity,
                moment.channel,
                customer=journeys.customer,
                times=moment.times[rows],
                app=moment.app[rows],
                topic=_TOPICS.index(walk.script.name),
                product=first_product + journeys.product,
                partner=journeys.partner,
                amount=journeys.amount,
            )
        )
    return parts


def _background(world: World, dice: Dice) -> list[_Part]:
    """Return what is about no journey: visits, letters read, and calls about something else."""
    parts = []
    for activity, channel, mean in _BACKGROUND:
        for turn in range(round(4 * mean) + 1):
            name = f"{activity} beside {turn}"
            share = mean / (round(4 * mean) + 1)
            who = np.flatnonzero(dice.uniform(name) < share)
            times = world.calendar.moments(dice, name)[who]
            app = (dice.uniform(f"{name} app") < world.customers.app_share)[who]
            parts.append(_Part(activity, channel, who, times, app))
    return parts


def _closings(world: World, closes: Floats) -> _Part:
    who = np.flatnonzero(np.isfinite(closes))
    return _Part("account_closed", "own", who, closes[who], world.customers.app_share[who] > 0.5)


def _joined(parts: list[_Part]) -> pd.DataFrame:
    activities = sorted({part.activity for part in parts})
    sizes = [len(part.customer) for part in parts]
    fixed = [-1 if part.channel == "own" else CHANNELS.index(part.channel) for part in parts]
    codes = {
        name: np.concatenate(
            [np.broadcast_to(getattr(part, name), len(part.customer)) for part in parts]
        )
        for name in ("customer", "app", "topic", "product", "partner", "amount")
    }
    channel = np.repeat(fixed, sizes)
    return pd.DataFrame(
        codes
        | {
            "time": np.concatenate([part.times for part in parts]),
            "activity": np.repeat([activities.index(part.activity) for part in parts], sizes),
            "channel": np.where(channel < 0, np.where(codes["app"], _APP, _WEB), channel),
        }
    )


def _decoded(codes: pd.DataFrame, activities: list[str], customers: Customers) -> pd.DataFrame:
    """Return the file's columns; a visit has an OS, a version and a device, a call has none."""
    who, times = codes["customer"].to_numpy(), codes["time"].to_numpy()
    visit = codes["channel"].isin([_APP, _WEB, _CHAT]).to_numpy()
    os, version, device = customers.session(who, times, codes["app"].to_numpy())
    keys = pd.Series([customer_key(number) for number in range(len(customers))], dtype="str")
    milliseconds = np.floor(times * 1000.0).astype("timedelta64[ms]")
    return pd.DataFrame(
        {
            "customer_id": keys.take(who).to_numpy(),
            "time": pd.Series(LOG_STARTS + milliseconds).dt.tz_localize("UTC"),
            "activity": _named(codes["activity"].to_numpy(), activities),
            "channel": _named(codes["channel"].to_numpy(), CHANNELS),
            "topic": _named(codes["topic"].to_numpy(), _TOPICS),
            "region": _named(customers.region[who], REGIONS),
            "product": _named(codes["product"].to_numpy(), _PRODUCTS),
            "partner": _named(codes["partner"].to_numpy(), PARTNERS),
            "value_tier": _named(customers.tier[who], TIERS),
            "tenure": _named(customers.tenure(who, times), TENURES),
            "os": _named(np.where(visit, os, -1), OSES),
            "app_version": _named(np.where(visit, version, -1), VERSIONS),
            "device": _named(np.where(visit, device, -1), DEVICES),
            "amount": codes["amount"].to_numpy(),
            "age_band": _named(customers.age[who], AGE_BANDS),
        }
    )


def _named(codes: Codes, names: Sequence[str]) -> "pd.Categorical[str]":
    return pd.Categorical.from_codes(codes, categories=pd.Index(names))
