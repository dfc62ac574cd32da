"""Trees from a Dask cluster: real workers, and text that loads like any other's."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from journeys.errors import RequestError
from models.on_dask import DaskCluster
from models.part import part_of
from models.row_file import new_row_file
from models.stored import StoredPart, StoredTable
from models.trees import Trees, TreeSettings, fit_trees, parameters_of
from training.metrics import auc

SETTINGS = TreeSettings(
    trees=30, leaves=8, min_leaf=20, l2=3.0, smoothing=0.5, feature_share=0.9, row_share=0.9, seed=5
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and two worker processes of this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> StoredPart:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8_000, 6)).astype(np.float32)
    X[:, 5] = rng.integers(0, 4, len(X))
    odds = 1.2 * X[:, 0] - X[:, 1] ** 2 + 1.5 * (X[:, 5] == 2)
    made = part_of(X, (odds + rng.logistic(size=len(X)) > 0).astype(float), np.arange(len(X)))
    file = new_row_file(tmp_path_factory.mktemp("rows") / "features.f32", *X.shape)
    file.write(np.arange(len(X)), X)
    rows = StoredTable(file, np.arange(len(X)))
    return StoredPart(rows, made.y, made.customers, made.weight, made.started, made.closed_at)


def test_two_workers_grow_trees_as_good_as_one_machine(address: str, part: StoredPart) -> None:
    assert DaskCluster(address).require_workers() == 2
    grown = DaskCluster(address).grow(part, SETTINGS, categorical=(5,))
    alone = fit_trees(part.X, part.y, settings=SETTINGS, categorical=(5,), weight=part.weight)
    assert grown.n_trees == alone.n_trees == SETTINGS.trees
    assert as_asked(grown) == as_asked(alone)
    found = [auc(part.y, one.margin(part.X[:])) for one in (grown, alone)]
    assert found[0] == pytest.approx(found[1], abs=0.01)
    assert found[0] > 0.75
    again = Trees.from_text(grown.to_text())
    assert np.array_equal(again.margin(part.X[:9]), grown.margin(part.X[:9]))


def as_asked(trees: Trees) -> dict[str, str]:
    """Return how trees were grown, from their own text: what settings decide, by its name."""
    told = dict(re.findall(r"^\[(\w+): (.*)\]$", trees.to_text(), re.M))
    return {
        name: told[name] for name in parameters_of(SETTINGS, 6).keys() - {"num_threads", "verbose"}
    }


def test_rows_that_the_workers_cannot_read_are_a_clear_message(
    address: str, part: StoredPart
) -> None:
    gone = new_row_file(Path(part.X.table.path).with_name("gone"), 8_000, 6)  # type: ignore[union-attr]
    gone.path.unlink()
    lost = StoredPart(
        StoredTable(gone, part.X.rows),
        part.y,
        part.customers,
        part.weight,
        part.started,
        part.closed_at,
    )
    with pytest.raises(RequestError, match=r"could not grow the trees: .*must read .*gone"):
        DaskCluster(address).grow(lost, SETTINGS)


def test_a_scheduler_that_is_not_there_is_a_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("models.on_dask._PATIENCE", "1s")
    with pytest.raises(RequestError, match=r"No Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        DaskCluster("tcp://127.0.0.1:9").require_workers()
