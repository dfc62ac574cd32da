"""What others lived through, counted one by one from the events: slow, and plain to read."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features import Plan
from features.surrounding_features import CONTACT, FAILURE, REPEAT, WINDOWS
from journeys import EventLog

HOUR = pd.Timedelta(hours=1)
BIN = 6 * HOUR
STRENGTH = 4.0
BAD_ENDS = ("failure", "abandoned", "expired")


@dataclass(frozen=True)
class Arrival:
    """A journey that reached a step with a value for the first time, and what followed when."""

    key: tuple[object, ...]
    at: pd.Timestamp
    known: dict[str, pd.Timestamp | None]
    at_risk: dict[str, bool]


def bin_of(at: pd.Timestamp) -> int:
    return int((at - pd.Timestamp(0, tz="UTC")) // BIN)


def steps_and_values(log: EventLog, plan: Plan, journey: pd.Series) -> list[dict[str, object]]:
    """Return for each event of a journey its step, and the last value of each attribute."""
    found: list[dict[str, object]] = []
    step, values = None, dict.fromkeys(plan.surroundings.attributes)
    begins = int(log.offsets[int(journey["customer"])])
    for row in range(begins, journey["last"] + 1):
        event = log.events.loc[row]
        told = {name: event[name] for name in values if not pd.isna(event[name])}
        values = values | told
        if row >= journey["first"]:
            step = event["activity"] if event["activity"] in plan.definition.milestones else step
            found.append({"row": row, "step": step} | values)
    return found


def key_of(state: dict[str, object], plan: Plan, attribute: str) -> tuple[object, ...] | None:
    """Return (attribute, value above, value, step); None for a missing value."""
    above = plan.surroundings.parents[plan.surroundings.attributes.index(attribute)]
    parent = state[plan.surroundings.attributes[above]] if above >= 0 else None
    if state[attribute] is None:
        return None
    return attribute, parent, state[attribute], state["step"]


def arrivals_of(log: EventLog, journeys: pd.DataFrame, plan: Plan) -> list[Arrival]:
    """Return the arrivals of every journey at every key, and at its steps alone."""
    found: list[Arrival] = []
    contact = plan.definition.rules["leakage"].holds(log.events)
    for _, journey in journeys.iterrows():
        states, reached = steps_and_values(log, plan, journey), set()
        activities = [log.events["activity"][state["row"]] for state in states]
        contacts = [state["row"] for state in states if contact[state["row"]]]
        first_contact = contacts[0] if contacts else None
        failed = journey["end"] if journey["state"] in BAD_ENDS else None
        for place, state in enumerate(states):
            keys = [("step", state["step"])]
            keys += [key_of(state, plan, name) for name in plan.surroundings.attributes]
            again = [
                log.events["time"][later["row"]]
                for number, later in enumerate(states)
                if number > place and activities[number] in activities[:number]
            ]
            asks = first_contact is None or state["row"] < first_contact
            call = None if first_contact is None else log.events["time"][first_contact]
            known = {CONTACT: call, FAILURE: failed, REPEAT: again[0] if again else None}
            risk = {CONTACT: asks, FAILURE: True, REPEAT: True}
            for key in keys:
                if key is not None and key not in reached:
                    reached.add(key)
                    found.append(Arrival(key, log.events["time"][state["row"]], known, risk))
    return found


def ratio(
    arrivals: list[Arrival], now: int, kind: str, curve: np.ndarray, length: int, prior: float
) -> float:
    """Return observed over expected in the window, held close to a prior; it if they are alike."""
    expected = observed = 0.0
    for one in arrivals:
        lag = now - bin_of(one.at)
        if 1 <= lag <= length and one.at_risk[kind]:
            known = one.known[kind]
            expected += curve[lag]
            observed += known is not None and bin_of(known) < now
    usual = expected * prior
    errors = 2 * abs((observed + 3 / 8) ** 0.5 - (usual + 3 / 8) ** 0.5)
    if errors <= 2.5 or abs(observed - usual) <= 0.1 * usual:
        return prior
    return (observed + STRENGTH * prior) / (expected + STRENGTH)


def others_at(
    log: EventLog,
    journeys: pd.DataFrame,
    plan: Plan,
    everybody: list[Arrival],
    sample: pd.Series,
) -> dict[str, float]:
    """Return the ratios and rates of one sample by the names of the features."""
    seen, cutoff = sample["seen"], sample["cutoff"]
    around = plan.surroundings
    inside = journeys[(journeys["first"] <= seen) & (journeys["last"] >= seen)].iloc[0]
    state = next(one for one in steps_and_values(log, plan, inside) if one["row"] == seen)
    now, step = bin_of(cutoff), (None, *around.steps).index(state["step"])
    found: dict[str, float] = {}
    for kind_place, kind in enumerate(around.kinds):
        for window, length in WINDOWS.items():
            by_step = [one for one in everybody if one.key[0] == "step"]
            all_curve, curve = around.curves[kind_place, 0], around.curves[kind_place, 1 + step]
            top = ratio(by_step, now, kind, all_curve, length, 1.0)
            here = [one for one in by_step if one.key[1] == state["step"]]
            at_step = ratio(here, now, kind, curve, length, top)
            told: dict[str, float] = {}
            for name in sorted(around.attributes, key=lambda name: _depth(plan, name)):
                above = around.parents[around.attributes.index(name)]
                prior = told[around.attributes[above]] if above >= 0 else at_step
                same = [one for one in everybody if one.key == key_of(state, plan, name)]
                told[name] = ratio(same, now, kind, curve, length, prior)
                found[f"others_{name}_{kind}_ratio_{window}"] = told[name]
                rate = min(told[name] * curve[-1], 1.0)
                found[f"others_{name}_{kind}_rate_{window}"] = rate
    return found


def workload_at(log: EventLog, journeys: pd.DataFrame, cutoff: pd.Timestamp) -> tuple[float, float]:
    """Return open journeys and those begun in a day, over what is usual."""
    now, first = bin_of(cutoff), bin_of(log.events["time"].min())
    begun = [bin_of(at) for at in journeys["start"]]
    over = [bin_of(at) for at in journeys["end"].dropna()]
    back = max(now - 112, first)

    def open_before(place: int) -> int:
        return sum(at < place for at in begun) - sum(at < place for at in over)

    usual = [open_before(place) for place in range(back + 1, now + 1)]
    lately = sum(max(now - 4, first) <= at < now for at in begun) / max(min(4, now - first), 1)
    month = sum(back <= at < now for at in begun)
    return (
        round(open_before(now) / np.mean(usual), 1) if sum(usual) else np.nan,
        round(lately / (month / (now - back)), 1) if month else np.nan,
    )


def _depth(plan: Plan, name: str) -> int:
    above = plan.surroundings.parents[plan.surroundings.attributes.index(name)]
    return 0 if above < 0 else 1 + _depth(plan, plan.surroundings.attributes[above])
