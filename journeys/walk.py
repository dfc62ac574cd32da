"""Walking simulated journeys through their script, all of them at once, step by step."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from journeys.calendar import Calendar, office, seconds, waking
from journeys.departures import Journeys
from journeys.dice import SECONDS_A_DAY, Dice, Flags, Floats, logistic
from journeys.scenarios import PlantedCause
from journeys.scripts import (
    CHRONIC_CONTACT,
    CLOSE,
    CONTACT,
    FAIL,
    OLD_DEVICE_FAILS,
    QUIT,
    RETRY,
    WEB_FAILS,
    Attempt,
    Script,
    Step,
    Weights,
)
from journeys.world import (
    DEVICES,
    OLD_DEVICES,
    OSES,
    REGIONS,
    VERSIONS,
    Customers,
)

MOST_ATTEMPTS = 5
CENTRE = ("call_centre", "ivr")


@dataclass(frozen=True)
class World:
    """What every journey shares."""

    customers: Customers
    calendar: Calendar


@dataclass(frozen=True)
class Moment:
    """One activity, of those journeys to which it happens (``rows``), each at its time."""

    rows: Flags
    times: Floats
    activity: str
    channel: str  # "own" for the app or the web
    app: Flags


class Walk:
    """The journeys of one script on their way; arrays have one entry per journey.

    ``moments`` is what happened; ``passed`` when each journey was seen to pass each point of the
    script, and ``turned`` when it was seen to turn to the contact centre for each reason (inf for
    never): what could be known of the draws by an instant (see `journeys.futures`).
    """

    def __init__(
        self,
        script: Script,
        journeys: Journeys,
        world: World,
        *,
        causes: Iterable[PlantedCause],
        dice: Dice,
    ) -> None:
        size, customers = len(journeys), world.customers
        who = journeys.customer
        self.script, self.journeys, self.world, self.dice = script, journeys, world, dice
        self.causes = [cause for cause in causes if cause.journey == script.name]
        self.moments: list[Moment] = []
        self.passed: list[Floats] = []
        self.turned: dict[str, Floats] = {}
        self.now = journeys.start.copy()
        self.going = np.ones(size, dtype=np.bool_)
        self.app = dice.uniform("app") < customers.app_share[who]
        self.succeeded = np.zeros(size, dtype=np.bool_)
        self.closes = np.full(size, np.inf)
        self.lived = {
            "complexity": journeys.complexity,
            "caller": customers.caller[who],
            "patience": customers.patience[who],
            "loyalty": customers.tenure(who, journeys.start).astype(np.float64),
            "friction": np.zeros(size),
            "late": np.zeros(size),
            "contacts": np.zeros(size),
            "failed": np.zeros(size),
        }
        self._chronic = np.zeros(size)
        for (region, product), logits in CHRONIC_CONTACT.items():
            if product in script.products:
                hit = customers.region[who] == REGIONS.index(region)
                hit &= journeys.product == script.products.index(product)
                self._chronic += logits * hit

    def finish(self) -> "Walk":
        """Walk every step, then close the accounts of those who have had enough."""
        for step in self.script.steps:
            self._give_up(step)
            sees = self.going & (self._chance(step, "chance") < step.chance)
            self._arrive(step, sees)
            self._passes(step.activity, sees, self.now)
            if step.attempt is None:
                self._happens(sees, self.now, step.activity, step.channel)
            else:
                self._attempts(step.attempt, step, sees)
            extra = self._planted("contact", step.activity, self.now)
            self._turn_to_centre(sees & self.going, step.contact, extra, step.activity)
            self._refused(step, sees & self.going)
        self.succeeded = self.going.copy()
        self._close()
        return self

    def _give_up(self, step: Step) -> None:
        quits = self._chance(step, "quits") < logistic(step.quits + self._weigh(QUIT))
        self._leave(self.going & quits, step.activity)

    def _leave(self, leaving: Flags, name: str) -> None:
        """Those who leave are reminded; some come back, some say that they withdraw."""
        reminded = self.now + self.script.reminder_hours * 3600.0 * (
            0.95 + 0.1 * self._draw(name, "reminder")
        )
        self._happens(leaving, reminded, "reminder_sent", "email")
        self._passes(f"{name} reminded", leaving, reminded)
        back = leaving & (self._draw(name, "regained") < self.script.regained)
        self.now = np.where(back, reminded, self.now)
        gone = leaving & ~back
        says = gone & (self._draw(name, "says so") < self.script.says_so)
        after = self.script.contact_hours * 3600.0 * (0.2 + 2.0 * self._draw(name, "withdraws"))
        withdraws = waking(self.now + after)
        self._happens(says, withdraws, self.script.withdrawn, "own")
        self._passes(f"{name} withdrawn", says, withdraws)
        self.going &= ~gone

    def _arrive(self, step: Step, sees: Flags) -> None:
        spread = self.dice.normal(f"{self.script.name} {step.activity} wait")
        wait = step.hours * 3600.0 * np.exp(step.spread * spread)
        own = step.channel == "own"
        if not own:
            wait *= np.exp(0.12 * self.lived["complexity"])
            self.lived["late"] = np.where(sees, np.maximum(spread, 0.0), self.lived["late"])
        when = self.now + wait
        if step.hours > 6.0:
            when = waking(when) if own else office(when)
        self.now = np.where(sees, when, self.now)
        has_app = self.world.customers.app_share[self.journeys.customer] > 0
        self.app ^= sees & own & has_app & (self._chance(step, "switches") < 0.07)

    def _attempts(self, attempt: Attempt, step: Step, trying: Flags) -> None:
        for turn in range(MOST_ATTEMPTS):
            name = f"{step.activity} {turn}"
            self._happens(trying, self.now, step.activity, step.channel)
            self._passes(f"{name} tried", trying, self.now)
            fails = logistic(attempt.fails + self._weigh(FAIL) + self._session_fails())
            bug = self._planted("failure", step.activity, self.now)
            failed = trying & (self._draw(name, "fails") < fails)
            failed |= trying & (self._draw(name, "planted") < bug)
            answer = np.exp(0.5 * self.dice.normal(f"{self.script.name} {name} answer"))
            self.now = self.now + trying * attempt.seconds * answer
            self._passes(f"{name} answered", trying, self.now)
            self._happens(trying & ~failed, self.now, attempt.done, step.channel)
            self._happens(failed, self.now, attempt.failed, step.channel)
            trying = self._after_failure(failed, name, last=turn + 1 == MOST_ATTEMPTS)

    def _after_failure(self, failed: Flags, name: str, *, last: bool) -> Flags:
        """Return who tries again, at the time and in the channel of their next attempt."""
        self.lived["friction"] = self.lived["friction"] + 0.7 * failed
        self._turn_to_centre(failed, self.script.after_failure, np.zeros(1), name)
        again = failed & (self._draw(name, "retries") < logistic(1.9 + self._weigh(RETRY)))
        self._leave(failed & (~again | last), name)
        again = failed & self.going & (not last)
        self.going &= again | ~failed
        at_once = self._draw(name, "at once") < 0.55
        spread = np.exp(0.8 * self.dice.normal(f"{self.script.name} {name} pause"))
        later = waking(self.now + self.script.retry_hours * 3600.0 * spread)
        self.now = np.where(again, np.where(at_once, self.now + 150.0 * spread, later), self.now)
        switches = self._draw(name, "changes channel") < 0.12 + 0.2 * (self.lived["contacts"] > 0)
        self.app &= ~(again & switches)
        return again

    def _session_fails(self) -> Floats:
        old = [DEVICES.index(name) for name in OLD_DEVICES]
        customers, who = self.world.customers, self.journeys.customer
        _, _, device = customers.session(who, self.now, self.app)
        return OLD_DEVICE_FAILS * np.isin(device, old) + WEB_FAILS * ~self.app

    def _turn_to_centre(self, among: Flags, logit: float, extra: Floats, name: str) -> None:
        """Let some chat, some meet the telephone menu, some an agent; not every contact helps."""
        mood = self.world.calendar.mood_at(self.now)
        chance = logistic(logit + self._weigh(CONTACT) + self._chronic + mood)
        asks = among & (self._draw(name, "asks") < 1.0 - (1.0 - chance) * (1.0 - extra))
        delay = -np.log1p(-self._draw(name, "asks when")) * self.script.contact_hours * 3600.0
        when = waking(self.now + 120.0 + delay)
        self.turned[name] = np.where(asks, when, np.inf)
        how = self._draw(name, "asks how")
        chats = asks & (how < 0.25)
        self._happens(chats, when, "chat_started", "chat")
        calls = asks & ~(chats & (self._draw(name, "chat helps") < 0.5))
        when = when + 900.0 * chats
        menu = calls & (how < 0.75)
        self._happens(menu, when, "ivr_call", "ivr")
        agent = calls & ~(menu & (self._draw(name, "menu helps") < 0.25))
        talks = when + menu * (120.0 + 900.0 * self._draw(name, "hold"))
        self._happens(agent, talks, "agent_call", "call_centre")
        unsolved = calls & (self._draw(name, "solved") < 0.35)
        calls_back = unsolved & (self._draw(name, "calls back") < 0.4)
        pause = SECONDS_A_DAY * (0.8 + self._draw(name, "calls back when"))
        self._happens(calls_back, waking(talks + pause), "agent_call", "call_centre")
        self.lived["friction"] = self.lived["friction"] + 0.6 * unsolved - 0.2 * (calls & ~unsolved)
        self.lived["contacts"] = self.lived["contacts"] + asks

    def _refused(self, step: Step, among: Flags) -> None:
        logit = step.refused + 0.6 * self.lived["complexity"]
        refused = among & (self._chance(step, "refused") < logistic(logit))
        wait = (0.3 + self._chance(step, "refused when")) * step.hours * 3600.0
        told = office(self.now + wait)
        self._happens(refused, told, self.script.refusal, "email")
        self._passes(f"{step.activity} refused", refused, told)
        self.going &= ~refused

    def _close(self) -> None:
        self.lived["failed"] = (~self.succeeded).astype(np.float64)
        name = self.script.name
        leaves = self.dice.uniform(f"{name} closes") < logistic(
            self.script.closing + self._weigh(CLOSE)
        )
        days = 5.0 * np.exp(0.8 * self.dice.normal(f"{name} closes when"))
        self.closes[leaves] = waking(self.now + days * SECONDS_A_DAY)[leaves]

    def _planted(self, hits: str, activity: str, times: Floats) -> Floats:
        """Return the probability that planted causes add to each journey here and now."""
        without = np.ones(len(self.journeys))
        for cause in self.causes:
            if cause.hits == hits and cause.activity == activity:
                without *= 1.0 - cause.probability * self.meets(cause, times, self.app)
        return 1.0 - without

    def meets(self, cause: PlantedCause, times: Floats, app: Flags) -> Flags:
        """Return which journeys meet the conditions of a cause at a time, in a channel."""
        who = self.journeys.customer
        os, version, device = self.world.customers.session(who, times, app)
        carried = {
            "os": np.array(OSES)[os],
            "app_version": np.array(VERSIONS)[version],
            "device": np.array(DEVICES)[device],
            "region": np.array(REGIONS)[self.world.customers.region[who]],
        }
        met = times >= seconds(cause.onset)
        if cause.ended is not None:
            met &= times < seconds(cause.ended)
        for attribute, value in cause.conditions.items():
            met &= carried[attribute] == value
        return met

    def _weigh(self, weights: Weights) -> Floats:
        logit = np.zeros(len(self.journeys))
        for field in fields(weights):
            weight = getattr(weights, field.name)
            if weight:
                logit += weight * self.lived[field.name]
        return logit

    def _passes(self, point: str, rows: Flags, times: Floats) -> None:
        """Tell the dice how far the walk is, and note who is seen to be here, and when."""
        self.dice.reached(point)
        self.passed.append(np.where(rows, times, np.inf))

    def _happens(self, rows: Flags, times: Floats, activity: str, channel: str) -> None:
        if rows.any():
            self.moments.append(Moment(rows, times.copy(), activity, channel, self.app.copy()))

    def _chance(self, step: Step, what: str) -> Floats:
        return self._draw(step.activity, what)

    def _draw(self, name: str, what: str) -> Floats:
        return self.dice.uniform(f"{self.script.name} {name} {what}")
