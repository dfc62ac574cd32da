"""Trees grown on a cluster, by LightGBM's own Dask estimator: the one place that speaks to Dask.

Each worker reads its share of the rows from the file that all of them must be able to read, and
holds them in its memory (some eight bytes a value while it does); the workers then grow the same
trees together, telling each other histograms only.  What comes back is text, as from anywhere.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import lightgbm as lgb
import numpy as np

from journeys.errors import RequestError
from models.part import Table
from models.row_file import RowFile
from models.stored import StoredPart, StoredTable
from models.trees import Trees, TreeSettings, parameters_of

_SHARES_A_WORKER = 2
_PATIENCE = "20s"


@dataclass(frozen=True)
class DaskCluster:
    """A Dask cluster; ``address`` is its scheduler's, as in ``tcp://10.0.0.5:8786``."""

    address: str

    def require_workers(self) -> int:
        """Return how many workers there are.

        Raises
        ------
        RequestError
            If Dask is not installed, nobody answers, or there are no workers.
        """
        with self._client() as client:
            workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            raise RequestError(
                f"The Dask scheduler at {self.address} has no workers; start some (`dask worker "
                f"{self.address}`), with this version of Offramp and the same files."
            )
        return workers

    def grow(
        self, part: StoredPart, settings: TreeSettings, *, categorical: tuple[int, ...] = ()
    ) -> Trees:
        """Return trees fitted to rows of a file by all workers; no row is left out to stop by.

        Raises
        ------
        RequestError
            If the cluster cannot do it, with what LightGBM or Dask said.
        """
        with self._client() as client:
            workers = len(client.scheduler_info(n_workers=-1)["workers"])
            asked = parameters_of(settings, part.X.shape[1])
            del asked["num_threads"]  # each worker knows how many it has
            estimator = lgb.DaskLGBMClassifier(
                client=client, n_estimators=settings.trees, tree_learner="data", **asked
            )
            X, y, weight = _shared_out(part, max(workers, 1) * _SHARES_A_WORKER)
            coded = list(categorical) if settings.codes == "sets" else []
            try:
                with _quiet():
                    estimator.fit(X, y, sample_weight=weight, categorical_feature=coded)
            except Exception as fault:  # whatever a worker raises comes here as it is
                raise RequestError(
                    f"The Dask cluster at {self.address} could not grow the trees: "
                    f"{type(fault).__name__}: {_first_line(fault)} Its workers need Offramp and "
                    f"LightGBM {lgb.__version__}, must read {_path_of(part)!r}, and reach each "
                    "other on any port. Without --dask one machine learns from the same file."
                ) from fault
            return Trees.from_text(estimator.to_local().booster_.model_to_string())

    @contextmanager
    def _client(self) -> Iterator[Any]:
        try:
            from distributed import Client
        except ImportError:
            raise RequestError(
                "Learning on a Dask cluster needs Dask: pip install 'offramp[dask]'."
            ) from None
        try:
            client = Client(self.address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as fault:
            raise RequestError(
                f"No Dask scheduler answers at {self.address!r} ({_first_line(fault)}); give its "
                "address, as in tcp://10.0.0.5:8786."
            ) from None
        try:
            with client.as_current():  # LightGBM asks for the current one
                yield client
        finally:
            client.close()


def _shared_out(part: StoredPart, shares: int) -> tuple[Any, Any, Any]:
    """Return features, labels and weights in so many shares; features are read by who has them."""
    import dask.array as da
    from dask import delayed

    rows = [some for some in np.array_split(np.arange(len(part)), shares) if len(some)]
    read = delayed(_rows_of, pure=False)
    X = da.concatenate(
        [
            da.from_delayed(
                read(StoredTable(part.X.table, part.X.rows[some])),
                shape=(len(some), part.X.shape[1]),
                dtype=np.float32,
            )
            for some in rows
        ]
    )
    sizes = (tuple(len(some) for some in rows),)
    y = da.from_array(part.y, chunks=sizes)
    return X, y, da.from_array(part.weight, chunks=sizes)


def _path_of(part: StoredPart) -> str:
    return str(part.X.table.path) if isinstance(part.X.table, RowFile) else "the rows"


def _rows_of(some: StoredTable) -> Table:
    return some[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the screen what LightGBM says of its ports and of its own default argument."""
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.filterwarnings("ignore", message="Parameter n_jobs will be ignored")
        yield


def _first_line(fault: BaseException) -> str:
    return (str(fault).strip().splitlines() or ["no reason given"])[0][:300]
