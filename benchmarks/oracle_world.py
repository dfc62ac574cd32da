"""A simulated world, the models that were trained on its log, and what is true behind it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journeys import Definition, event_log, parse_definition
from journeys.definition import Outcome
from journeys.dice import Codes, Flags, Floats
from journeys.futures import Futures, Instants, closing_elsewhere, futures_of, instants_in
from journeys.log import microseconds
from journeys.simulate import MAIN_JOURNEY, Lives, lives_of, simulate
from training.train import Trained, train

OUTCOMES: tuple[Outcome, ...] = ("success", "leakage", "churn")


@dataclass(frozen=True, eq=False)
class World:
    """What was trained on the log, and the lives behind the log.

    ``numbers`` is the customer of each sample, as numbered in the simulation; ``p`` what the model
    of each outcome predicts for every sample.
    """

    scenario: str
    definition: Definition
    lives: Lives
    trained: Trained
    numbers: Codes
    p: dict[Outcome, Floats]

    def tested(self, outcome: Outcome) -> Flags:
        """Return which samples are in the test part of an outcome."""
        return self.trained.data.splits[outcome].test

    def y(self, outcome: Outcome) -> Floats:
        """Return the label of every sample."""
        return self.trained.data.labels[outcome]["y"].to_numpy(dtype=np.float64)


def world_of(scenario: str, *, customers: int, seed: int) -> World:
    """Simulate a scenario and train on its log as `offramp train` does."""
    simulation = simulate(scenario, customers=customers, seed=seed)
    text = simulation.definitions[MAIN_JOURNEY]
    definition = parse_definition(text, source=f"{MAIN_JOURNEY}.yaml")
    trained = train(event_log(simulation.events, definition), definition, seed=seed)
    return world_behind(trained, scenario, customers=customers, seed=seed)


def world_behind(trained: Trained, scenario: str, *, customers: int, seed: int) -> World:
    """Return the world that a model was trained on, simulated by that scenario and seed."""
    data = trained.data
    keys = data.log.events["customer_id"].cat.categories.str[1:].astype(np.int64).to_numpy()
    return World(
        scenario=scenario,
        definition=data.plan.definition,
        lives=lives_of(scenario, customers=customers, seed=seed),
        trained=trained,
        numbers=keys[data.customers],
        p={each: trained.bundle.outcomes[each].predict(data.X).p for each in OUTCOMES},
    )


@dataclass(frozen=True)
class Truth:
    """The true probabilities of an outcome at some samples: of all replays, and of each half.

    Every array has shape (n_samples,); NaN where no replay agreed with the past.
    """

    whole: Floats
    halves: tuple[Floats, Floats]

    @property
    def known(self) -> Flags:
        """Return at which samples each half has at least one future."""
        return np.asarray(~np.isnan(self.halves).any(axis=0))


def truth_at(world: World, rows: Codes, *, wanted: int) -> dict[Outcome, Truth]:
    """Return the true probabilities at some samples, by about ``wanted`` replays of each."""
    walk = world.lives.walks[MAIN_JOURNEY]
    at = _instants(world, rows)
    futures = futures_of(walk, at, world.definition, wanted=wanted, most=5 * wanted)
    elsewhere = closing_elsewhere(world.lives, walk, at, world.definition, wanted=wanted // 2)
    return {outcome: _truth(futures, outcome, elsewhere) for outcome in OUTCOMES}


def hidden_traits(world: World, rows: Codes) -> NDArray[np.float32]:
    """Return what nobody can see of the customer and the journey of each sample.

    How difficult the journey is, how inclined the customer is to call, how patient; their age,
    wealth and liking for the app; and how readily everybody calls on that day.
    """
    walk, customers = world.lives.walks[MAIN_JOURNEY], world.lives.world.customers
    at = _instants(world, rows)
    who = walk.journeys.customer[at.journey]
    mood = world.lives.world.calendar.mood_at(at.time)
    traits = [walk.journeys.complexity[at.journey], mood, customers.age[who].astype(np.float64)]
    traits += [customers.caller[who], customers.patience[who], customers.wealth[who]]
    traits += [customers.app_share[who]]
    return np.column_stack(traits).astype(np.float32)


def _instants(world: World, rows: Codes) -> Instants:
    data = world.trained.data
    samples = data.samples.iloc[rows]
    return instants_in(
        world.lives.walks[MAIN_JOURNEY],
        customers=world.numbers[rows],
        starts=microseconds(data.journeys["start"])[samples["journey"].to_numpy()],
        cutoffs=microseconds(samples["cutoff"]),
        seen=data.log.times[samples["seen"].to_numpy()],
    )


def _truth(futures: Futures, outcome: Outcome, elsewhere: Floats) -> Truth:
    whole, first, second = (futures.probability(outcome, half) for half in (None, 0, 1))
    if outcome == "churn":
        whole, first, second = (
            1.0 - (1.0 - one) * (1.0 - elsewhere) for one in (whole, first, second)
        )
    return Truth(whole, (first, second))
