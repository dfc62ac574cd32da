"""The benchmark of features compares equals: what the peers compute is what the kernel computes."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.feature_log import COMPARED, Work, random_events, work_of
from benchmarks.feature_peers import PEERS, Pandas
from benchmarks.feature_race import FOLD, DisagreementError, disagreement, prepared, raced
from benchmarks.measure import taken


@pytest.fixture(scope="module")
def work() -> Work:
    return work_of(random_events(2_000), COMPARED)


@pytest.mark.parametrize("engine", sorted(PEERS))
def test_a_peer_computes_what_the_kernel_computes(engine: str, work: Work) -> None:
    if engine != "pandas":
        pytest.importorskip(engine)
    disagreement(engine, work)


def test_a_peer_that_computes_something_else_is_found_out(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Pandas.columns
    monkeypatch.setattr(
        Pandas,
        "columns",
        lambda self, computed: (
            dict(right(self, computed)) | {"gap_std_hours": np.zeros(len(computed))}
        ),
    )
    with pytest.raises(DisagreementError, match="gap_std_hours"):
        disagreement("pandas", work)


def test_every_engine_is_given_the_same_events(work: Work) -> None:
    fewer = replace(work, samples=work.samples[:10])
    assert len(np.asarray(prepared(FOLD, fewer, 1)())) == 10
    assert len(prepared("pandas", work, 1)()) == len(work.log)  # type: ignore[arg-type]


def test_an_engine_runs_alone_and_says_what_it_took() -> None:
    row = raced(FOLD, 1_000, threads=1, runs=3)
    assert "note" not in row
    assert row["runs"] == 3
    assert row["core_seconds"] > 0


def test_a_peer_that_cannot_be_imported_is_a_row_that_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchmarks.feature_race.find_spec", lambda _: None)
    row = raced("duckdb", 100, threads=1, runs=1)
    assert row["engine"] == "duckdb"
    assert "not installed" in row["note"]


def test_what_is_held_for_a_moment_counts_as_peak() -> None:
    taking = taken(lambda: np.ones(8 * 2**20).sum())
    assert taking.peak_mib > 50
    assert taking.core_seconds > 0
