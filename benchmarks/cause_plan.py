"""What kind of world a seed stands for: its size, its outcome, and what is planted in it or not.

Seeds from 0 are for developing, seeds from 400,000 for the numbers that are reported; those from
100,000, 200,000 and 300,000 were reported before, then looked at, and are for developing since. The
same seed is always the same world. 104 seeds in a row hold every kind in every form, each as often.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

import numpy as np

from journeys.definition import Outcome

PARTS = {
    "develop": 0,
    "seen": 100_000,
    "seen_too": 200_000,
    "seen_last": 300_000,
    "report": 400_000,
}
KINDS = (
    "one",
    "two",
    "none",
    "confounded",
    "release",
    "server_side",
    "chronic_only",
    "censored",
    "overdispersed",
    "returning",
    "drifting",
    "symptoms",
    "numeric",
)
CASE, EVENT = "case", "event"

_SEEDS_OF_A_PART = 100_000

_ALWAYS_CLEAN = ("none", "chronic_only")
_HALF_CLEAN = (
    "confounded",
    "release",
    "server_side",
    "overdispersed",
    "returning",
    "drifting",
)
_THEMES = (
    ("application_started", "identity_check", "document_upload", "offer_shown", "contract_signed"),
    ("order_started", "address_check", "number_porting", "sim_shipped", "activation_tried"),
    ("transfer_started", "recipient_added", "amount_confirmed", "transfer_checked"),
)
_CASE_STEPS = ("case_created", "case_processed")
_OUTCOMES: tuple[Outcome, ...] = ("success", "leakage", "churn")
_CLOSES_AFTER = {"success": 10.0, "leakage": 7.0, "churn": 30.0}


@dataclass(frozen=True)
class Plan:
    """One world before anything is drawn.

    ``days``: length of the log; ``onset``: the day of it on which things begin, causes and harmless
    changes alike (a second cause has a day of its own); ``watched``: days after which an outcome is
    known; ``causes``: how many there are; ``slow``: how many times longer a step takes.
    """

    seed: int
    kind: str
    level: str
    outcome: Outcome
    n: int
    days: int
    onset: int
    watched: float
    steps: tuple[str, ...]
    causes: int
    slow: float

    def dice(self, what: str) -> np.random.Generator:
        """Return random numbers for one purpose: others may be drawn more or less often."""
        return np.random.default_rng([self.seed, *what.encode()])


def plans_of(part: str, n: int, kinds: Sequence[str] = KINDS) -> Iterator[Plan]:
    """Yield the first n worlds of a part that are of these kinds."""
    seeds = (seed for seed in count(PARTS[part]) if kind_of(seed) in kinds)
    return (plan_of(seed) for seed in islice(seeds, n))


def kind_of(seed: int) -> str:
    """Return the kind of world of a seed."""
    return KINDS[seed % _SEEDS_OF_A_PART % len(KINDS)]


def plan_of(seed: int) -> Plan:
    """Return what a seed stands for."""
    block, place = divmod(seed % _SEEDS_OF_A_PART, len(KINDS))
    kind, level = KINDS[place], (CASE, EVENT)[(place + block) % 2]
    dice = np.random.default_rng([seed, 0])
    outcomes = _OUTCOMES[:2] if kind == "returning" else _OUTCOMES
    outcome = outcomes[int(dice.integers(len(outcomes)))]
    clean = kind in _ALWAYS_CLEAN or (kind in _HALF_CLEAN and ((block + 1) // 2) % 2 == 1)
    watched = _CLOSES_AFTER[outcome]
    days = int(dice.integers(80, 131)) + (20 if outcome == "churn" else 0)
    onset = int(dice.uniform(0.3, 0.75) * (days - watched))
    if kind == "censored":
        days = int(onset + watched + dice.integers(5, 11))
    theme = _THEMES[int(dice.integers(len(_THEMES)))]
    return Plan(
        seed=seed,
        kind=kind,
        level=level,
        outcome=outcome,
        n=int(dice.integers(20_000, 40_001)),
        days=days,
        onset=onset,
        watched=watched,
        steps=_CASE_STEPS if level == CASE else theme,
        causes=0 if clean else 2 if kind == "two" else 1,
        slow=2.0 if kind == "censored" else 1.0,
    )
