"""The harness that looks for lost events sees one that is lost, and one that is there twice."""

from pathlib import Path

from benchmarks.fault_senders import Held, Ledger, held
from serving.store import Store
from tests.serving_events import event


def test_a_lost_and_a_doubled_event_are_seen(tmp_path: Path) -> None:
    database = str(tmp_path / "events.db")
    store = Store.open(database)
    store.append([event(time=n, id=str(n), number=str(min(n, 2))) for n in range(4)])
    store.close()
    ledger = Ledger(acknowledged={"0", "1", "2", "lost"})
    assert held(database, ledger) == Held(lost=1, twice=1, events=4)
    assert held(database, Ledger(acknowledged={"0"})).lost == 0
