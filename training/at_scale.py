"""Training over shards: from all customers where they fit, else as the room and the log allow.

Three roads lead to the same bundle.  *In memory*: all customers, as `training.train`.  *A sample*:
as many customers as fit, drawn by a hash of their keys, and what that loses is measured and said.
*From disk*: all customers, their samples written down and read batch by batch, by this machine or
by the workers of a Dask cluster.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, Literal

from journeys.definition import Outcome
from journeys.errors import RequestError
from journeys.shards import HeldShards, Shards
from models.on_dask import DaskCluster
from models.recipe import Recipe
from training.fit import Effort, Progress
from training.from_disk import Desk, train_from_disk
from training.room import GIB, Room, room_for
from training.sample_loss import SampleLoss, sample_losses
from training.train import Trained, train

Customers = int | Literal["all"] | None
Road = Literal["memory", "sample", "disk", "dask"]


@dataclass(frozen=True)
class Means:
    """What a training may take.

    ``customers``: a sample of so many, or *all* of them; None: all where they fit in memory, else a
    sample if that loses little, else all from disk.  ``memory`` in GiB; None: 60 % of what is free.
    ``folder``: on a disk with room for the samples; None: the machine's temporary folder.
    ``dask``: the scheduler of a cluster that grows the trees of all customers; its workers read the
    folder, too.
    """

    customers: Customers = None
    memory: float | None = None
    folder: Path | None = None
    dask: str = ""


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be learnt, how hard to search, and who is told of it; as in `train`."""

    outcomes: Sequence[Outcome] = ()
    seed: int = 0
    effort: Effort = field(default_factory=Effort)
    tell: Progress = lambda _label, _share: None


def train_over(shards: Shards, task: Task, means: Means | None = None) -> Trained:
    """Learn to predict the outcomes of a journey from a log in shards.

    Returns
    -------
    Trained
        Its manifest says under ``learnt_from`` how many of how many customers by which ``road``
        (*memory*, *sample*, *disk* or *dask*; of the last two also how many were ``looked_at`` to
        evaluate), and under ``sample_loss``, where a sample was tried, what it loses by outcome
        (`training.sample_loss.SampleLoss`).

    Raises
    ------
    DefinitionError, TooLittleDataError, RequestError
        As `training.train.train`, or if the customers that were asked for do not fit.
    """
    means, every = means or Means(), shards.whole.customers
    room = room_for(shards, memory=means.memory)
    if means.dask:
        DaskCluster(means.dask).require_workers()  # before the work, not after it
        return _from_disk(shards, task, room, means)
    if means.customers not in (None, "all"):
        customers = min(int(means.customers), every)
        _require_memory(room, customers)
        return _from_sample(shards, task, customers)[0]
    if room.customers >= every:
        return _said(_in_memory(shards, task, every), "memory", every, every)
    if means.customers == "all":
        return _from_disk(shards, task, room, means)
    sampled, losses = _from_sample(shards, task, room.customers)
    if all(one.is_small for one in losses.values()) or not room.holds_from_disk(every):
        return sampled
    return _from_disk(shards, task, room, means, losses)


def _in_memory(shards: Shards, task: Task, customers: int) -> Trained:
    is_all = customers >= shards.whole.customers
    return train(
        shards.log if is_all and isinstance(shards, HeldShards) else shards.some(customers),
        shards.definition,
        outcomes=task.outcomes,
        seed=task.seed,
        trials=task.effort.trials,
        seconds=task.effort.seconds,
        on_trial=task.effort.on_trial,
        progress=task.tell,
    )


def _from_sample(
    shards: Shards, task: Task, customers: int
) -> tuple[Trained, dict[Outcome, SampleLoss]]:
    """Return a training on a sample of the customers, and what learning from so few loses."""
    trained, every = _in_memory(shards, task, customers), shards.whole.customers
    learnt = len(trained.data.log.offsets) - 1
    if learnt >= every:
        return _said(trained, "memory", every, every), {}
    manifest: dict[str, Any] = trained.bundle.manifest
    models = {
        outcome: (
            trained.bundle.outcomes[outcome],
            Recipe.from_dict(manifest["recipes"][outcome]),
        )
        for outcome in trained.data.splits
    }
    losses = sample_losses(
        trained.data, models, all_customers=every, seed=task.seed, tell=task.tell
    )
    return _said(trained, "sample", learnt, every, losses), losses


def _from_disk(
    shards: Shards,
    task: Task,
    room: Room,
    means: Means,
    losses: dict[Outcome, SampleLoss] | None = None,
) -> Trained:
    """Return a training on all customers, their samples on disk."""
    every, where = shards.whole.customers, means.folder or Path(gettempdir())
    grow = DaskCluster(means.dask).grow if means.dask else None
    _require_room_on_disk(room, every, where)
    if grow is None:
        _require_room_for_bins(room, every)
    with TemporaryDirectory(prefix="offramp-", dir=where) as folder:
        desk = Desk(Path(folder), max(room.customers // 2, 1), room.samples // 2, grow)
        trained = train_from_disk(
            shards,
            desk,
            outcomes=task.outcomes,
            seed=task.seed,
            effort=task.effort,
            tell=task.tell,
        )
    return _said(trained, "dask" if means.dask else "disk", every, every, losses)


def _require_memory(room: Room, customers: int) -> None:
    if customers > room.customers:
        raise RequestError(
            f"Learning from {customers:,} customers at once takes about "
            f"{room.gib_of(customers):,.1f} GiB, and {room.memory:,.1f} GiB may be used. Take "
            f"`--customers {room.customers}`, say `--memory` if there is more, or `--customers "
            "all`: then their samples are read from disk."
        )


def _require_room_on_disk(room: Room, customers: int, where: Path) -> None:
    """Refuse, before the work, what would end in a full disk or without memory."""
    if not where.is_dir():
        raise RequestError(f"There is no folder {str(where)!r} to work in; make it, or name one.")
    free, needed = shutil.disk_usage(where).free / GIB, room.disk_of(customers)
    if needed > free:
        raise RequestError(
            f"The samples of {customers:,} customers take about {needed:,.0f} GiB on disk, and "
            f"{str(where)!r} has {free:,.0f}. Name a folder with more room (`--work`), or learn "
            f"from a sample (`--customers {room.customers}`)."
        )


def _require_room_for_bins(room: Room, customers: int) -> None:
    if not room.holds_from_disk(customers):
        raise RequestError(
            f"Learning from {customers:,} customers takes about "
            f"{room.gib_of(customers, on_disk=True):,.1f} GiB of memory with their samples on "
            f"disk, and {room.memory:,.1f} GiB may be used. Say `--memory` if there is more, name "
            f"a cluster (`--dask`), or learn from a sample (`--customers {room.customers}`): what "
            "it loses is measured."
        )


def _said(
    trained: Trained,
    road: Road,
    customers: int,
    every: int,
    losses: dict[Outcome, SampleLoss] | None = None,
) -> Trained:
    """Return a training whose manifest says from whom it has learnt."""
    learnt: dict[str, object] = {"road": road, "customers": customers, "of": every}
    if road in ("disk", "dask"):
        learnt["looked_at"] = len(trained.data.log.offsets) - 1
    said: dict[str, object] = {"learnt_from": learnt}
    if losses:
        said["sample_loss"] = {outcome: loss.as_dict() for outcome, loss in losses.items()}
    bundle = replace(trained.bundle, manifest=trained.bundle.manifest | said)
    return replace(trained, bundle=bundle)
