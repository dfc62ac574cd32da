"""Training over shards: from all customers where they fit, else as the room and the log allow.

Three roads lead to the same bundle.  *In memory*: all customers, as `training.train`.  *A sample*:
as many customers as fit, drawn by a hash of their keys, and what that loses is measured and said.
*From disk*: all customers, their samples written down and read batch by batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from journeys.definition import Outcome
from journeys.errors import RequestError
from journeys.shards import Shards
from models.recipe import Recipe
from training.fit import Effort, Progress
from training.room import Room, room_for
from training.sample_loss import sample_losses
from training.train import Trained, train

Customers = int | Literal["all"] | None


@dataclass(frozen=True)
class Means:
    """What a training may take.

    ``customers``: so many at most, or all of them, whatever that takes; None: all where they fit
    in memory, else as many as do. ``memory`` in GiB; None: 60 % of what is free.
    """

    customers: Customers = None
    memory: float | None = None


def train_over(
    shards: Shards,
    *,
    outcomes: Sequence[Outcome] = (),
    seed: int = 0,
    effort: Effort | None = None,
    means: Means | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learn to predict the outcomes of a journey from a log in shards.

    Parameters
    ----------
    outcomes, seed, progress : as in `training.train.train`
    effort : how hard to search for settings
    means : how many customers to learn from, in how much memory

    Raises
    ------
    DefinitionError, TooLittleDataError, RequestError
        As `training.train.train`, or if the customers that were asked for do not fit.
    """
    means, effort = means or Means(), effort or Effort()
    tell = progress or (lambda _label, _share: None)
    room, every = room_for(shards, memory=means.memory), shards.whole.customers
    customers = _customers(means, room, every)
    trained = train(
        shards.some(customers),
        shards.definition,
        outcomes=outcomes,
        seed=seed,
        trials=effort.trials,
        seconds=effort.seconds,
        on_trial=effort.on_trial,
        progress=progress,
    )
    if customers >= every:
        return trained
    return _with_loss(trained, every, seed, tell)


def _customers(means: Means, room: Room, every: int) -> int:
    """Return from how many customers to learn in memory."""
    if means.customers is None:
        return min(room.customers, every)
    asked = every if means.customers == "all" else min(means.customers, every)
    if asked > room.customers:
        raise RequestError(
            f"Learning from {asked:,} customers takes about {room.gib_of(asked):,.1f} GiB, and "
            f"{room.memory:,.1f} GiB may be used. Give `--memory` if there is more, or "
            f"`--customers {room.customers}`: what that loses will be measured."
        )
    return asked


def _with_loss(trained: Trained, every: int, seed: int, tell: Progress) -> Trained:
    """Return a training on a sample of the customers, and what learning from so few loses."""
    manifest: dict[str, Any] = trained.bundle.manifest
    recipes = {outcome: Recipe.from_dict(one) for outcome, one in manifest["recipes"].items()}
    models = {
        outcome: (trained.bundle.outcomes[outcome], recipes[outcome])
        for outcome in trained.data.splits
    }
    losses = sample_losses(trained.data, models, all_customers=every, seed=seed, tell=tell)
    said = {"sample": {o: loss.as_dict() for o, loss in losses.items()}}
    bundle = replace(trained.bundle, manifest=manifest | said | {"customers_of_log": every})
    return replace(trained, bundle=bundle)
