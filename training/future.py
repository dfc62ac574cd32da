"""The features of a cutoff from a log that ends there: what changes has seen the future."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.plan import Plan
from features.table import table
from journeys.find import find_journeys
from journeys.log import CUSTOMER, EventLog, instants, microseconds
from training.data import TrainingData

Rows = NDArray[np.int64]
_MOMENTS = 4


def changed_without_the_future(
    data: TrainingData, rows: Rows, *, most: int, seed: int
) -> tuple[list[int], int]:
    """Return the features that differ in any sample once its future is gone, and samples asked.

    A sample a customer, drawn by the seed.  Of these customers every event after their cutoff is
    taken away, and journeys and features are made again from what is left; a journey that cannot be
    found again changes every feature.  Where features look at other customers, the log ends for all
    of them at one of four instants, and the last samples before it are asked.  What a bundle brings
    of others from its training's log cannot be made again of another log: it is cut at the instant.
    """
    changed: set[int] = set()
    asked = 0
    for chosen, until, plan in _groups(data, rows, most, seed):
        then = _made_again(data, chosen, until, plan)
        now = data.X[chosen]
        differs = (now != then) & ~(np.isnan(now) & np.isnan(then))
        changed |= set(np.flatnonzero(differs.any(axis=0)).tolist())
        asked += len(chosen)
    return sorted(changed), asked


def _groups(
    data: TrainingData, rows: Rows, most: int, seed: int
) -> Iterator[tuple[Rows, int | None, Plan]]:
    """Yield samples with the instant at which the log ends for others, and what was known then."""
    known = data.plan.surroundings
    if known is None:
        yield _one_each(data, rows, most, seed), None, data.plan
        return
    again = data.plan.renewed(data.log, data.journeys).surroundings
    of_this_log = again is not None and again.to_bytes() == known.to_bytes()
    for chosen, until in _before_instants(data, rows, most):
        cut = data.plan.with_surroundings(known.known_by(until))
        yield chosen, until, _renewed(data, until) if of_this_log else cut


def _one_each(data: TrainingData, rows: Rows, most: int, seed: int) -> Rows:
    """Return a random sample of each of so many customers, ascending."""
    shuffled = np.random.default_rng(seed).permutation(rows)
    _, first = np.unique(data.customers[shuffled], return_index=True)
    return np.sort(shuffled[np.sort(first)[:most]])


def _before_instants(data: TrainingData, rows: Rows, most: int) -> list[tuple[Rows, int]]:
    """Return instants, each with the last samples before it, one a customer."""
    cutoffs = microseconds(data.samples["cutoff"])[rows]
    found: list[tuple[Rows, int]] = []
    for share in np.linspace(0, 1, _MOMENTS + 1)[1:]:
        until = int(np.quantile(cutoffs, share))
        last_first = rows[np.argsort(-cutoffs, kind="stable")]
        last_first = last_first[microseconds(data.samples["cutoff"])[last_first] <= until]
        _, first = np.unique(data.customers[last_first], return_index=True)
        found.append((np.sort(last_first[np.sort(first)[: most // _MOMENTS]]), until))
    return found


def _made_again(
    data: TrainingData, chosen: Rows, until: int | None, plan: Plan
) -> NDArray[np.float32]:
    """Return the features of samples from a log without their future, NaN-free where unknown.

    ``until``: when the log ends for everybody else; None leaves everybody else out.
    """
    samples = data.samples.iloc[chosen]
    cutoffs, customers = microseconds(samples["cutoff"]), data.customers[chosen]
    ends = np.full(len(data.log.offsets) - 1, -1 if until is None else until)
    ends[customers] = cutoffs
    short, kept = _short_log(data.log, ends)
    journeys = find_journeys(short, data.plan.definition, ends=ends[kept])
    asked = _asked_again(data, samples, short, (journeys, kept))
    again = np.full((len(chosen), data.X.shape[1]), np.inf, dtype=np.float32)
    found = asked["journey"].to_numpy() >= 0
    again[found] = table(short, journeys, asked[found].reset_index(drop=True), plan)
    return again


def _renewed(data: TrainingData, until: int) -> Plan:
    """Return the plan with what was known of others by an instant.

    Of those who are asked, too: what they did after their own cutoff was known to the next.
    """
    ended, _ = _short_log(data.log, np.full(len(data.log.offsets) - 1, until))
    return data.plan.renewed(ended, find_journeys(ended, data.plan.definition))


def _short_log(log: EventLog, ends: Rows) -> tuple[EventLog, Rows]:
    """Return the events of each customer up to an instant, and the codes of those that have any."""
    keep = log.times <= ends[log.customers]
    events = log.events[keep].reset_index(drop=True)
    kept = np.unique(log.customers[keep])
    events[CUSTOMER] = events[CUSTOMER].cat.remove_unused_categories()
    last = instants(ends[ends >= 0].max()[None])[0]
    return EventLog(events, ends=last, begins=log.begins), kept


def _asked_again(
    data: TrainingData,
    samples: pd.DataFrame,
    short: EventLog,
    found: tuple[pd.DataFrame, Rows],
) -> pd.DataFrame:
    """Return the samples in rows of the short log; journey -1 where theirs was not found again."""
    journeys, kept = found
    journey = samples["journey"].to_numpy()
    customer = np.searchsorted(kept, data.journeys["customer"].to_numpy()[journey])
    key = pd.MultiIndex.from_arrays([journeys["customer"], microseconds(journeys["start"])])
    asked = pd.MultiIndex.from_arrays([customer, microseconds(data.journeys["start"])[journey]])
    return pd.DataFrame(
        {
            "journey": key.get_indexer(asked),
            "cutoff": samples["cutoff"].to_numpy(),
            "seen": short.offsets[customer + 1] - 1,
            "tick": samples["tick"].to_numpy(),
        }
    ).assign(cutoff=samples["cutoff"].array)
